"""Whatever moment the bot is killed (SIGKILL), a restart finishes the story and posts nothing twice."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import pytest_asyncio
from simcord import ChannelHandle
from wire import BotProcess, WireDiscord, after
from wire.network import calm

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOT = Path(__file__).parents[1] / "bot.py"
CONFIG = """
[model]
name = "tiny"
devices = ["cpu"]
[story]
steps = 4
width = 64
height = 64
[bot]
data = "data"
"""
SCENES = ("wearing a scarf in a meadow", "playing in the snow", "at a river", "asleep under a tree")
PROMPT = f"a red fox: {' | '.join(SCENES)}"
KILLS = int(os.environ.get("KILLS", "3"))  #: how many moments; `KILLS=20` before a release
MOMENTS = [(number + random.Random(number).random()) / KILLS for number in range(KILLS)]
WRITES = range(1, KILLS + 1)
TOLD = 180.0  #: seconds for loading the model and telling a story, on a busy machine
QUIET = 1.0  #: seconds in which something posted twice would show


@dataclass
class Stage:
    """The bot on its Discord, with stories told one after the other into the same archive."""

    discord: WireDiscord
    config: Path
    bot: BotProcess | None = None
    duration: float = 0.0  #: seconds that an undisturbed story takes
    stories: dict[int, set[str]] = field(default_factory=dict)  #: what every earlier story had posted

    async def open(self) -> BotProcess:
        """Have a running bot."""
        if self.bot is None or self.bot.exit_status is not None:
            self.bot = await self.discord.start(BOT, "--config", str(self.config))
        await self.discord.wait_ready(self.bot)
        return self.bot

    async def kill(self) -> None:
        assert self.bot is not None
        await self.discord.kill(self.bot)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the archive, whoever else has it open."""
        archive = self.config.parent / "data" / "archive.sqlite3"
        with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()

    def newest_story(self) -> int:
        return int(self.rows("SELECT coalesce(max(id), 0) FROM stories")[0][0])

    async def settled(self, story: int) -> None:
        """Wait until the bot owes the story nothing, and then says nothing more for a while."""
        query = "SELECT settled FROM stories WHERE id = ?"
        try:
            await self.discord.until(lambda: self.rows(query, story) == [(1,)], TOLD)
            await self.discord.until(lambda: monotonic() - self.discord.calls[-1].at > QUIET, TOLD)
        except TimeoutError as error:
            assert self.bot is not None
            error.add_note(self.bot.printed()[-4000:])
            raise

    def public(self, channel: ChannelHandle) -> list[dict[str, Any]]:
        return [message for message in self.discord.messages(channel) if not message.get("flags", 0) & 64]

    def posted(self) -> set[str]:
        """The ids of every message in the channel and its threads."""
        channels = (self.discord.channel, *self.discord.threads())
        return {str(message["id"]) for channel in channels for message in self.public(channel)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    home = tmp_path_factory.mktemp("samefox")
    config = home / "config.toml"
    config.write_text(CONFIG)
    async with WireDiscord(home) as discord:
        stage = Stage(discord, config)
        await stage.open()
        for story in (1, 2):  # the first one waits for the model to be loaded
            began = monotonic()
            assert (await discord.slash("Ann", "story tell", prompt=PROMPT)).acknowledged
            await stage.settled(story)
            stage.duration = monotonic() - began - QUIET
            assert_told_once(stage, story)
        yield stage


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_story_is_told_once_although_the_bot_is_killed_in_the_middle(
    stage: Stage, moment: float
) -> None:
    await stage.open()
    before, earlier = stage.newest_story(), stage.posted()
    telling = asyncio.create_task(stage.discord.slash("Ann", "story tell", prompt=PROMPT))
    await asyncio.sleep(moment * stage.duration)
    await stage.kill()
    await telling
    await assert_finished(stage, before, earlier)


@pytest.mark.parametrize("write", WRITES)
async def test_a_story_is_told_once_although_the_bot_never_hears_what_discord_did(
    stage: Stage, write: int
) -> None:
    bot = await stage.open()
    before, earlier = stage.newest_story(), stage.posted()
    stage.discord.network = after(write, bot.kill)
    await stage.discord.slash("Ann", "story tell", prompt=PROMPT)
    await stage.discord.until(lambda: bot.exit_status is not None, TOLD)
    stage.discord.network = calm
    await assert_finished(stage, before, earlier)


async def assert_finished(stage: Stage, before: int, earlier: set[str]) -> None:
    """Start the bot again: the story that was accepted, if any, is told; nothing else has changed."""
    story = stage.newest_story()
    await stage.open()
    if story == before:  # killed before it was accepted: the author saw that nobody answered
        await asyncio.sleep(QUIET)
        assert stage.posted() == earlier
        return
    assert story == before + 1
    await stage.settled(story)
    assert earlier <= stage.posted()
    assert_told_once(stage, story)


def assert_told_once(stage: Stage, story: int) -> None:
    """One card, one thread on it, each frame and the strip once; each take drawn once."""
    [(card, thread, strip)] = stage.rows(
        "SELECT card_id, thread_id, strip_id FROM stories WHERE id = ?", story
    )
    cards = [message["id"] for message in stage.public(stage.discord.channel) if message["author"].get("bot")]
    assert len(cards) == len(set(cards)) == story - missing(stage, story), "one card for each story"
    assert str(card) in cards
    [home] = [channel for channel in stage.discord.threads() if channel.id == thread]
    messages = stage.public(home)
    pictures = [message for message in messages if message["attachments"]]
    takes = stage.rows("SELECT id, frame, message_id, path, state FROM takes JOIN jobs ON take_id = id"
                       " WHERE story_id = ? ORDER BY frame", story)  # fmt: skip
    assert [(frame, state) for _, frame, _, _, state in takes] == [(n, "drawn") for n in range(len(SCENES))]
    assert Counter(int(m["id"]) for m in pictures) == Counter([*(take[2] for take in takes), strip])
    for _, frame, message_id, path, _ in takes:
        [message] = [m for m in pictures if int(m["id"]) == message_id]
        assert SCENES[frame] in str(message)
        [attachment] = message["attachments"]
        assert stage.discord.file(attachment) == (stage.config.parent / "data" / path).read_bytes()


def missing(stage: Stage, story: int) -> int:
    """How many stories up to this one have no card; none should."""
    return int(stage.rows("SELECT count(*) FROM stories WHERE id <= ? AND card_id IS NULL", story)[0][0])
