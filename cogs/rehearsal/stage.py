"""A rehearsal from the first curtain to the last."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import discord
import simcord
from discord.ext import commands

from .meadow import LOCALES, Meadow
from .once import Find, tell_once
from .page import Page
from .tongues import own_languages
from .world import World

log = logging.getLogger(__name__)

#: Seconds a command of the bot may take; both cores may be busy drawing.
PATIENCE = 30.0


async def rehearse(
    bot: commands.AutoShardedBot,
    data: Path,
    *,
    once: tuple[str, Path] | None = None,
    find: Find | None = None,
) -> int:
    """Run the bot in a simulated Discord until Ctrl-C, or until it has told one story.

    Args:
        bot: constructed and not started; everything that works while it sleeps is running already, because
            simcord waits after each action for all work the bot itself began.
        data: the archive's folder; the simulated Discord is kept in ``rehearsal`` beside it.
        once: a prompt to tell, and the folder for the result.
        find: needed with ``once``.

    Returns:
        The exit status.

    Raises:
        SamefoxError: the story of ``once`` could not be told.
    """
    world = World(data / "rehearsal")
    async with attached(bot, world) as (env, meadow):
        if once is not None and find is not None:
            news = await tell_once(meadow, find, *once)
            again = "" if news else " again; it had been told before, so nothing was drawn"
            print(f"The story is in {once[1]}{again}.", flush=True)  # noqa: T201
            return 0
        async with Page(env, meadow, world) as page:
            print(f"Fox Meadow is open at {page.address} (Ctrl-C closes it).", flush=True)  # noqa: T201
            await _interrupted()
    return 0


@asynccontextmanager
async def attached(bot: commands.AutoShardedBot, world: World) -> AsyncIterator[tuple[simcord.Env, Meadow]]:
    """The bot, awake in this world."""
    env = simcord.Env(bot, shard_count=1, settle_timeout=PATIENCE)
    env.backend = world.backend
    meadow = Meadow(env)
    with world.kept(), own_languages(LOCALES):
        await env.start()
        watching = asyncio.create_task(_report(env))
        try:
            with env.time_context():
                yield env, meadow
        finally:
            watching.cancel()
            await env.shutdown()


async def _report(env: simcord.Env) -> None:
    """Log what the bot raised, as simcord keeps it to itself; of commands, the bot's tree speaks."""
    seen = 0
    while True:
        for error in env.errors_since(seen):
            if not isinstance(error, discord.app_commands.AppCommandError):
                log.error("The bot raised an error.", exc_info=error)
        seen = env.error_cursor
        await asyncio.sleep(0.5)


async def _interrupted() -> None:
    """Wait for Ctrl-C, or for a polite kill."""
    over, loop = asyncio.Event(), asyncio.get_running_loop()
    with suppress(NotImplementedError):  # Windows: asyncio.run turns Ctrl-C into a cancellation
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, over.set)
    await over.wait()
    with suppress(NotImplementedError):  # a second Ctrl-C does not wait
        loop.remove_signal_handler(signal.SIGINT)
    print("Fox Meadow is closed; it will be as you left it.", file=sys.stderr)  # noqa: T201
