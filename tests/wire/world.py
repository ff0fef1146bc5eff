"""The world behind the wire: simcord's guild, members and messages, in real time and without its own bot.

simcord drives a bot in its own process and waits for the bot's tasks after every action. Here the bot is
elsewhere, so a member's action waits for what a member sees: the bot's acknowledgement, if it lives to give
one. The few private methods replaced for that are simcord's only seam for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import discord
from simcord import Env
from simcord._clock import Clock
from simcord.backend import Backend
from simcord.backend.models import Interaction

PATIENCE = 60.0  #: seconds a bot has to acknowledge; Discord gives it three, and a busy machine takes more
BEHIND = timedelta(seconds=2)  #: Discord's clock, seen from the bot's host
T = TypeVar("T")


class WallClock(Clock):
    """Real time, because the bot compares Discord's snowflakes with its own clock; but clocks never agree."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC) - BEHIND


class World(Env):
    """A simcord environment whose bot lives in another process."""

    def __init__(self) -> None:
        super().__init__(discord.Client(intents=discord.Intents(guilds=True)))  # never connected
        self.backend = Backend(clock=WallClock())
        self.patient = True  # whether an action waits for the bot
        self.patience = PATIENCE
        self.anybody_there: Callable[[], bool] = lambda: True
        self.on_interaction: Callable[[Interaction], object] = lambda interaction: None
        self._dispatched: Interaction | None = None

    def _begin_operation(self, label: str) -> None:
        """Let members act at the same time: there is no shared event loop to protect."""

    def _end_operation(self) -> None:
        """See `_begin_operation`."""

    def _notify_dispatch_observers(self, interaction: Interaction) -> None:
        self._dispatched = interaction
        self.on_interaction(interaction)

    async def _settle_internal(self, *, dispatch: str | None = None, **_: Any) -> None:
        interaction = self._dispatched
        if dispatch != "INTERACTION_CREATE" or interaction is None or not self.patient:
            return
        try:
            await until(lambda: interaction.responded or not self.anybody_there(), self.patience)
        except TimeoutError:
            return  # the result says that it was not acknowledged


async def until(condition: Callable[[], T], seconds: float) -> T:
    """Return the condition's first true value; raise `TimeoutError` after so many seconds."""
    async with asyncio.timeout(seconds):
        while not (value := condition()):
            await asyncio.sleep(0.01)
    return value
