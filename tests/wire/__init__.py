"""A small Discord on this machine that speaks the wire protocol, for testing the bot as a real process.

simcord tests a bot inside the test's own process. Here the bot is what an operator starts: `python bot.py`
with a token, HTTP requests and a websocket. So it can be killed at any moment and started again, while the
guild, its messages and its members live on in the test.
"""

from .network import Call, Network, after, drop, slow
from .process import BotProcess
from .server import WireDiscord

__all__ = ["BotProcess", "Call", "Network", "WireDiscord", "after", "drop", "slow"]
