"""``python -m tests.burst``: a thousand `/story tell` from fifty servers at once, while frames are drawn.

The real bot in a process of its own, on a Discord served over a socket, which takes part of the machine too.
Prints how long Discord waited for the acknowledgements, which it does for three seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from pathlib import Path
from statistics import quantiles
from time import monotonic

from simcord import ChannelHandle, MemberActor

from tests.wire import WireDiscord

BOT = Path(__file__).parents[1] / "bot.py"
CONFIG = """
[story]
steps = 50
[limits]
waiting = 100000
"""
PROMPT = "a red fox: in a meadow | in the snow | by a river"


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


async def burst(discord: WireDiscord, everybody: list[tuple[MemberActor, ChannelHandle]]) -> list[float]:
    """Have everybody tell a story; the seconds until each was acknowledged."""
    asked: dict[int, float] = {}
    discord.world.on_interaction = lambda interaction: asked.setdefault(interaction.id, monotonic())
    before = len(discord.calls)
    for member, channel in everybody:
        await member.slash(channel, "story tell", prompt=PROMPT)

    def acknowledged() -> list[float]:
        calls = (call for call in discord.calls[before:] if call.path.endswith("/callback"))
        return [call.at - asked[int(call.path.split("/")[2])] for call in calls]

    await discord.until(lambda: len(acknowledged()) >= len(everybody), 120)
    return acknowledged()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=int, default=50)
    parser.add_argument("--members", type=int, default=20, help="of each server")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "config.toml").write_text(CONFIG)
        async with WireDiscord(home) as discord:
            everybody = people(discord, arguments.servers, arguments.members)
            discord.world.patient = False
            bot = await discord.start(BOT, "--config", str(home / "config.toml"))
            await discord.wait_ready(bot)
            member, channel = everybody[0]
            await member.slash(channel, "story tell", prompt=PROMPT)
            await discord.until(lambda: any("🖌" in str(call.json) for call in discord.calls), 120)
            taken = sorted(await burst(discord, everybody))
            await bot.kill()
    hundredths = quantiles(taken, n=100)
    print(f"{os.cpu_count()} cores, {len(taken)} stories asked for in {arguments.servers} servers at once:")
    print(f"acknowledged in {hundredths[49]:.2f} s (median), {hundredths[98]:.2f} s (p99), {taken[-1]:.2f} s")


if __name__ == "__main__":
    asyncio.run(main())
