"""What is measured of the bot itself; ``python -m tests.measure answers`` (start, growth, writes, …).

``growth`` prints how costs grow with the frames that wait and with the archive, ``forecast`` how far off the
times are that members are told, and ``answers`` how fast the bot answers while its own processor draws: the
time from `/story tell` to the answer, and the longest time for which the event loop did nothing else, while
frames are drawn on every core. The simulated Discord runs in the same process and is counted in. ``start``
prints how long the real bot takes from its start to its first answer, and its memory then, while its model is
loaded by another process. ``writes`` prints how many transactions a second the archive keeps when many come
at once, and ``picture`` how long the default model takes to load, and a frame to draw.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
from itertools import pairwise
from pathlib import Path
from time import monotonic, perf_counter

import psutil

from generator.script import read_script
from generator.settings import BotSettings, Settings, StorySettings
from generator.story import Options
from generator.storyboard import draft
from generator.storybook.vocabulary import EXAMPLES
from tests.burst import BOT
from tests.cogs.conftest import Stage, raised
from tests.growth import forecasts, growth, writes
from tests.wire import WireDiscord
from tests.wire.process import ended

ANSWERS = 30
STARTS = 5
TICK = 0.005  # seconds


async def watch_the_loop(stalls: list[float]) -> None:
    """Note by how much each short sleep was late."""
    while True:
        before = perf_counter()
        await asyncio.sleep(TICK)
        stalls.append(perf_counter() - before - TICK)


async def answers(stage: Stage) -> list[float]:
    """Seconds that each of many further stories waited for its answer."""
    taken = []
    for number in range(ANSWERS):
        before = perf_counter()
        await stage.ben.slash(stage.stories, "story tell", prompt=f"cat {number}: on a roof | in a box")
        taken.append(perf_counter() - before)
        await asyncio.sleep(0.3)
    return taken


async def main() -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = Settings(
            story=StorySettings(width=256, height=256, steps=50), bot=BotSettings(data=Path(folder))
        )
        async with raised(settings) as stage:
            await stage.drawing(await stage.tell("a red fox: in a meadow | in the snow | by a river"))
            stalls: list[float] = []
            watching = asyncio.create_task(watch_the_loop(stalls))
            taken = await answers(stage)
            watching.cancel()
            for story_id in await stage.bot.studio.archive.unsettled():
                await stage.bot.studio.cancel(story_id)
    print(f"{os.cpu_count()} cores, {ANSWERS} stories asked for while frames were drawn:")
    print(
        f"answered in {statistics.median(taken) * 1000:.0f} ms (median), {max(taken) * 1000:.0f} ms at most"
    )
    print(f"the event loop was late by {max(stalls) * 1000:.0f} ms at most")


async def start() -> None:
    """The first start, which registers the commands and writes Python's caches, and the later ones."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        (home / "config.toml").touch()
        os.environ["PYTHONPYCACHEPREFIX"] = str(home / "cache")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        async with WireDiscord(home) as discord:
            first, memory = await _first_answer(discord, home)
            later = [await _first_answer(discord, home) for _ in range(STARTS)]
    taken, memory = (
        statistics.median(seconds for seconds, _ in later),
        max(memory, *(rss for _, rss in later)),
    )
    print(f"{os.cpu_count()} cores, from the start to the first answer:")
    print(f"{taken:.2f} s (median of {STARTS}), the very first time {first:.2f} s; {memory:.0f} MB")


async def _first_answer(discord: WireDiscord, home: Path) -> tuple[float, float]:
    """Seconds from a start to the first answer, and MB of memory then."""
    begun = monotonic()
    bot = await discord.start(BOT, "--config", str(home / "config.toml"))
    await discord.wait_ready(bot)
    result = await discord.slash("Ann", "queue")
    taken = monotonic() - begun
    assert result.acknowledged
    memory = psutil.Process(bot.pid).memory_info().rss / 1e6
    children = bot.children()
    await discord.kill(bot)
    await discord.until(lambda: all(map(ended, children)), 60)
    return taken, memory


async def picture() -> None:
    """What a drawing process on a processor does first, and for each of the examples' frames, one by one."""
    moments = [perf_counter()]
    from generator.diffusion.pipeline import Illustrator
    from generator.diffusion.plan import Plan

    moments.append(perf_counter())
    illustrator = Illustrator(Plan())
    scripts = [read_script(text, max_scenes=9) for text in EXAMPLES]
    recipes = [frame for script in scripts for frame in draft(script, Options(seed=42), Settings()).recipes]
    illustrator.prepare(recipes[0])
    moments.append(perf_counter())
    for recipe in recipes:
        illustrator.draw([recipe])
        moments.append(perf_counter())
    imported, loaded, *drawn = (later - sooner for sooner, later in pairwise(moments))
    print(
        f"{os.cpu_count()} cores: imported in {imported:.1f} s, the model loaded in {loaded:.1f} s, a frame"
    )
    print(f"drawn in {statistics.median(drawn):.1f} s (median of {len(drawn)}; {max(drawn):.1f} s at most)")


MEASUREMENTS = {
    "answers": main, "start": start, "growth": growth, "writes": writes, "forecast": forecasts,
    "picture": picture,
}  # fmt: skip

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=MEASUREMENTS, default="answers")
    asyncio.run(MEASUREMENTS[parser.parse_args().what]())
