"""``python -m tests.burst``: a thousand `/story tell` from fifty servers at once, while frames are drawn.

The real bot in a process of its own, on a Discord served over a socket, which takes part of the same
processors. Prints how long Discord waited for the acknowledgements, which it does for three seconds, and the
processor time that one of them costs. ``--distance 0.1`` puts a tenth of a second between the two, as between
a bot and the real Discord: then it also counts how many answers can be on their way at once.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from time import monotonic, process_time

import psutil
from simcord import ChannelHandle, MemberActor

from bot import event_loop
from tests.wire import BotProcess, WireDiscord, slow

BOT = Path(__file__).parents[1] / "bot.py"
CONFIG = """
[story]
steps = 50
[limits]
waiting = 100000
"""
PROMPT = "a red fox: in a meadow | in the snow | by a river"


@dataclass(frozen=True)
class Burst:
    """What a burst took, in seconds."""

    waits: list[float]  #: from the moment in which all commands came to each one's acknowledgement, in order
    bot: float  #: processor time of the bot until the last of them
    discord: float  #: and of the simulated Discord


def people(discord: WireDiscord, servers: int, members: int) -> list[tuple[MemberActor, ChannelHandle]]:
    """Everybody, each with the channel of their server."""
    everybody = []
    for number in range(servers):
        guild = discord.world.create_guild(f"Server {number}")
        channel = guild.create_text_channel("stories")
        for name in range(members):
            user = discord.world.create_user(f"Member {number}-{name}")
            everybody.append((guild.add_member(user), channel))
    return everybody


async def burst(
    discord: WireDiscord, bot: BotProcess, everybody: list[tuple[MemberActor, ChannelHandle]]
) -> Burst:
    """Have everybody ask for a story, tell the bot all of it in one moment, and see them acknowledged."""
    before = len(discord.calls)

    def acknowledged() -> list[float]:
        return [call.at for call in discord.calls[before:] if call.path.endswith("/callback")]

    with discord.held():
        for member, channel in everybody:
            await member.slash(channel, "story tell", prompt=PROMPT)
        own, others, begun = process_time(), _processor_time(bot), monotonic()
    await discord.until(lambda: len(acknowledged()) >= len(everybody), 120)
    own, others = process_time() - own, _processor_time(bot) - others
    return Burst(sorted(at - begun for at in acknowledged()), others, own)


def _processor_time(bot: BotProcess) -> float:
    times = psutil.Process(bot.pid).cpu_times()
    return float(times.user + times.system)


async def main(servers: int, members: int, distance: float) -> None:
    """Print one burst's figures."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        (home / "config.toml").write_text(CONFIG)
        async with WireDiscord(home) as discord:
            everybody = people(discord, servers, members)
            discord.world.patient = False
            bot = await discord.start(BOT, "--config", str(home / "config.toml"))
            await discord.wait_ready(bot)
            member, channel = everybody[0]
            await member.slash(channel, "story tell", prompt=PROMPT)
            await discord.until(lambda: any("🖌" in str(call.json) for call in discord.calls), 120)
            discord.network = slow(distance / 2, distance / 2)
            gc.collect()
            gc.freeze()  # a Discord of so many people is not to be looked through for garbage meanwhile
            taken = await burst(discord, bot, everybody)
            await bot.kill()
    hundredths, each = quantiles(taken.waits, n=100), 1000 / len(taken.waits)
    print(f"{os.cpu_count()} cores, {len(everybody)} stories asked for in {servers} servers at once:")
    print(f"acknowledged in {hundredths[49]:.2f} s (median), {hundredths[98]:.2f} s (p99)")
    print(f"processor time of each: {taken.bot * each:.2f} ms, and {taken.discord * each:.2f} ms Discord's")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=int, default=50)
    parser.add_argument("--members", type=int, default=20, help="of each server")
    parser.add_argument("--distance", type=float, default=0.0, help="seconds to Discord and back")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=event_loop) as runner:
        runner.run(main(arguments.servers, arguments.members, arguments.distance))
