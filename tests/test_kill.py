"""Whatever moment the bot is killed (SIGKILL), a restart finishes the story and posts nothing twice."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import pytest_asyncio
from simcord import ChannelHandle

from tests.wire import BotProcess, WireDiscord, after
from tests.wire.network import calm
from tests.wire.process import ended

BOT = Path(__file__).parents[1] / "bot.py"
CONFIG = """
[model]
name = "tiny"
devices = ["cpu"]
[story]
steps = 4
width = 64
height = 64
"""
SCENES = ("wearing a scarf in a meadow", "playing in the snow", "at a river", "asleep under a tree")
PROMPT = f"a red fox: {' | '.join(SCENES)}"
KILLS = int(os.environ.get("KILLS", "3"))  #: random moments; `KILLS=20` before a release
MOMENTS = [(number + random.Random(number).random()) / KILLS for number in range(KILLS)]
WRITES = range(1, 21) if KILLS >= 20 else (2, 6)  #: the second posts the card, the sixth the first frame
TOLD = 600.0  #: seconds for loading the model and telling a story, on a busy machine
QUIET = 1.0  #: seconds in which something posted twice would show


@dataclass
class Stage:
    """The bot on its Discord, with stories told one after the other into the same archive."""

    discord: WireDiscord
    home: Path
    bot: BotProcess | None = None
    duration: float = 0.0  #: seconds that an undisturbed story takes

    async def open(self) -> BotProcess:
        """Have a running bot."""
        if self.bot is None or self.bot.exit_status is not None:
            self.bot = await self.discord.start(BOT, "--config", str(self.home / "config.toml"))
        await self.discord.wait_ready(self.bot)
        return self.bot

    async def tell(self) -> None:
        await self.discord.slash("Ann", "story tell", prompt=PROMPT)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the archive, whoever else has it open."""
        archive = self.home / "data" / "archive.sqlite3"
        with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()

    def stories(self) -> int:
        return int(self.rows("SELECT count(*) FROM stories")[0][0])

    def told(self, stories: int) -> bool:
        """Whether so many stories are there, and the bot owes nothing to any of them."""
        return self.stories() == stories and not self.rows("SELECT id FROM stories WHERE NOT settled")

    async def settled(self, stories: int) -> None:
        """Wait until so many stories are told, and then the bot says nothing more for a while."""
        try:
            await self.discord.until(lambda: self.told(stories), TOLD)
            await self.discord.until(lambda: monotonic() - self.discord.calls[-1].at > QUIET, TOLD)
        except TimeoutError as error:
            assert self.bot is not None
            error.add_note(self.bot.printed()[-4000:])
            raise

    def public(self, channel: ChannelHandle) -> list[dict[str, Any]]:
        """What everybody sees."""
        return [message for message in self.discord.messages(channel) if not message.get("flags", 0) & 64]

    def posted(self) -> set[str]:
        """The ids of every message in the channel and its threads."""
        channels = (self.discord.channel, *self.discord.threads())
        return {str(message["id"]) for channel in channels for message in self.public(channel)}


@pytest_asyncio.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    home = tmp_path_factory.mktemp("samefox")
    (home / "config.toml").write_text(CONFIG)
    async with WireDiscord(home) as discord:
        stage = Stage(discord, home)
        await stage.open()
        for story in (1, 2):  # the first one waits for the model to be loaded
            earlier = stage.posted()
            began = monotonic()
            await stage.tell()
            await stage.settled(story)
            stage.duration = monotonic() - began - QUIET
            assert_told_once(stage, story, earlier)
        yield stage


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_story_is_told_once_although_the_bot_is_killed_in_the_middle(
    stage: Stage, moment: float
) -> None:
    bot = await stage.open()
    before, earlier = stage.stories(), stage.posted()
    telling = asyncio.create_task(stage.tell())
    await asyncio.sleep(moment * stage.duration)
    await stage.discord.kill(bot)
    await telling
    await assert_finished(stage, before, earlier)


@pytest.mark.parametrize("write", WRITES)
async def test_a_story_is_told_once_although_the_bot_never_hears_what_discord_did(
    stage: Stage, write: int
) -> None:
    bot = await stage.open()
    before, earlier = stage.stories(), stage.posted()
    stage.discord.network = after(write, bot.kill)
    await stage.tell()
    await stage.discord.until(lambda: bot.exit_status is not None or stage.told(before + 1), TOLD)
    stage.discord.network = calm
    await stage.discord.kill(bot)  # if the story had fewer writes
    stage.discord.forget_nonces()  # the bot must find its messages by itself
    await assert_finished(stage, before, earlier)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_the_bots_process_never_meets_torch(stage: Stage) -> None:
    bot = await stage.open()
    assert stage.stories(), "told in it"
    assert "torch" not in Path(f"/proc/{bot.pid}/maps").read_text()


async def test_the_drawing_process_ends_with_a_killed_bot(stage: Stage) -> None:
    bot = await stage.open()
    drawing = await stage.discord.until(bot.children, TOLD)
    await stage.discord.kill(bot)
    await stage.discord.until(lambda: all(map(ended, drawing)), TOLD)


async def assert_finished(stage: Stage, before: int, earlier: set[str]) -> None:
    """Start the bot again: the story that was accepted, if any, is told; nothing else has changed."""
    accepted = stage.stories()
    await stage.open()
    await stage.settled(accepted)
    assert earlier <= stage.posted()
    if accepted == before:  # killed before that: the author saw that nobody answered
        assert stage.posted() == earlier
    else:
        assert_told_once(stage, accepted, earlier)


def assert_told_once(stage: Stage, story: int, earlier: set[str]) -> None:
    """One card, one thread on it, each frame and the strip once; each take drawn once."""
    [(card, thread, strip)] = stage.rows(
        "SELECT card_id, thread_id, strip_id FROM stories WHERE id = ?", story
    )
    cards = [message["id"] for message in stage.public(stage.discord.channel)]
    assert [message_id for message_id in cards if message_id not in earlier] == [str(card)], "one card"
    [place] = [channel for channel in stage.discord.threads() if channel.id == thread]
    pictures = {int(m["id"]): m for m in stage.public(place) if m["attachments"]}
    takes = stage.rows(
        "SELECT position, message_id, path FROM takes JOIN jobs ON take_id = takes.id"
        " JOIN frames ON frames.id = frame_id"
        " WHERE takes.story_id = ? AND state = 'drawn' ORDER BY position",
        story,
    )
    assert [frame for frame, _, _ in takes] == list(range(len(SCENES))), "each frame drawn once"
    assert sorted(pictures) == sorted([*(message_id for _, message_id, _ in takes), strip]), "posted once"
    for frame, message_id, path in takes:
        assert SCENES[frame] in str(pictures[message_id]["components"])
        [attachment] = pictures[message_id]["attachments"]
        assert stage.discord.file(attachment) == (stage.home / "data" / path).read_bytes()
