"""Killed (SIGKILL) in the middle of a story told together, the bot finishes it once when it is back."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from simcord import ChannelHandle

from tests.test_kill import CONFIG, TOLD, Stage
from tests.wire import WireDiscord, after
from tests.wire.network import calm

ALL = int(os.environ.get("KILLS", "3")) >= 20  #: every moment, as before a release
SCENE_WRITES = range(1, 9) if ALL else (4, 5)  #: the picture, and the buttons below it
POLL_WRITES = range(1, 7) if ALL else (2,)
CLOSE_WRITES = range(1, 7) if ALL else (3,)

FRAMES = "SELECT count(*) FROM frames WHERE story_id = ?"
PROPOSALS = "SELECT count(*) FROM proposals WHERE story_id = ?"
MEMBERS = "SELECT count(*) FROM circle_members WHERE story_id = ?"
POLLED = "SELECT poll_id IS NOT NULL FROM circles WHERE story_id = ?"
CLOSED = "SELECT phase = 'closed' FROM circles WHERE story_id = ?"


class Round:
    """A story told together on the wire."""

    def __init__(self, stage: Stage, story_id: int) -> None:
        self.stage = stage
        self.id = story_id

    def one(self, query: str) -> Any:
        [(value,)] = self.stage.rows(query, self.id)
        return value

    @property
    def thread(self) -> ChannelHandle:
        thread_id = self.one("SELECT thread_id FROM stories WHERE id = ?")
        return next(place for place in self.stage.discord.threads() if place.id == thread_id)

    def said(self) -> list[dict[str, Any]]:
        return self.stage.public(self.thread)

    def prompts(self) -> list[dict[str, Any]]:
        return [m for m in self.said() if f"samefox:circle:press:manage:{self.id}'" in str(m["components"])]

    async def add(self, who: str, text: str) -> None:
        await self.stage.discord.member(who).slash(self.thread, "scene add", text=text)

    async def press(self, who: str, verb: str) -> None:
        await self.stage.discord.click(who, self.prompts()[-1], f"samefox:circle:press:{verb}:{self.id}")

    async def heard(self, number: int, query: str) -> None:
        """Wait until the bot has written down so many."""
        await self.stage.discord.until(lambda: self.one(query) == number, TOLD)

    async def settled(self) -> None:
        await self.stage.settled(self.stage.stories())

    def check(self, scenes: int) -> None:
        """Each scene once, each with one picture; the buttons once, below all."""
        shown = self.stage.rows(
            "SELECT message_id FROM frames WHERE story_id = ? AND position IS NOT NULL", self.id
        )
        pictures = [int(m["id"]) for m in self.said() if m["attachments"]]
        assert sorted(pictures) == sorted(message_id for (message_id,) in shown)
        assert len(shown) == scenes
        assert [m["id"] for m in self.prompts()] == [self.said()[-1]["id"]]


@pytest_asyncio.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    home = tmp_path_factory.mktemp("samefox")
    (home / "config.toml").write_text(CONFIG)
    async with WireDiscord(home) as discord:
        stage = Stage(discord, home)
        await stage.open()
        yield stage


async def begun(stage: Stage, **options: Any) -> Round:
    await stage.open()
    before = stage.stories()
    await stage.discord.slash("Ann", "story together", subject="a red fox", **options)
    await stage.discord.until(lambda: stage.told(before + 1), TOLD)
    story = Round(stage, before + 1)
    await story.settled()
    return story


async def killed_at(
    stage: Stage, write: int, act: Callable[[], Awaitable[object]], heard: Callable[[], bool]
) -> None:
    """Do something, kill the bot at its so many-th write to Discord, and start it again."""
    bot = await stage.open()
    stage.discord.network = after(write, bot.kill)
    await act()
    stories = stage.stories()
    await stage.discord.until(lambda: bot.exit_status is not None or (heard() and stage.told(stories)), TOLD)
    stage.discord.network = calm
    await stage.discord.kill(bot)
    stage.discord.forget_nonces()  # the bot must find its messages by itself
    await stage.open()
    await stage.settled(stories)


@pytest.mark.parametrize("write", SCENE_WRITES)
async def test_a_scene_is_drawn_and_posted_once_and_the_buttons_stay_at_the_end(
    stage: Stage, write: int
) -> None:
    fox = await begun(stage, scenes="in a meadow")
    fox.check(1)
    await killed_at(stage, write, lambda: fox.add("Ben", "in the snow"), lambda: fox.one(FRAMES) == 2)
    assert fox.one(FRAMES) == 2 or write == 1, "only before the bot answered, nothing was promised"
    fox.check(fox.one(FRAMES))


@pytest.mark.parametrize("write", POLL_WRITES)
async def test_a_poll_is_posted_once_and_its_votes_count_although_the_bot_was_dead(
    stage: Stage, write: int
) -> None:
    fox = await begun(stage, mode="vote")
    await fox.add("Ann", "in the snow")
    await fox.add("Ben", "by a river")
    await fox.heard(2, PROPOSALS)
    await fox.settled()
    await killed_at(stage, write, lambda: fox.press("Ben", "vote"), lambda: bool(fox.one(POLLED)))
    if not fox.one(POLLED):  # killed before it was heard
        await fox.press("Ben", "vote")
        await stage.discord.until(lambda: fox.one(POLLED), TOLD)
        await fox.settled()
    [poll] = [message for message in fox.said() if message.get("poll")]
    assert stage.bot is not None
    await stage.discord.kill(stage.bot)
    backend = stage.discord.world.backend
    for who in ("Ann", "Ben"):
        backend.add_poll_vote(fox.thread.id, int(poll["id"]), 2, stage.discord.member(who).id)
    pass_time(stage, fox)
    await stage.open()
    await stage.discord.until(lambda: fox.one(FRAMES) == 1, TOLD)
    await fox.settled()
    [(words,)] = stage.rows("SELECT scene FROM takes WHERE story_id = ?", fox.id)
    assert words == "by a river"
    fox.check(1)


@pytest.mark.parametrize("write", CLOSE_WRITES)
async def test_a_closed_story_says_who_wrote_what_once(stage: Stage, write: int) -> None:
    fox = await begun(stage, scenes="in a meadow")

    await stage.discord.click("Ann", fox.prompts()[-1], f"samefox:circle:press:manage:{fox.id}")
    await stage.discord.until(lambda: panels(fox))
    await killed_at(
        stage,
        write,
        lambda: stage.discord.click("Ann", panels(fox)[-1], f"samefox:circle:press:close:{fox.id}"),
        lambda: bool(fox.one(CLOSED)),
    )
    if not fox.one(CLOSED):
        return  # killed before it was heard
    recaps = [m for m in fox.said() if f"story-{fox.id}." in str(m["components"])]
    assert [int(m["id"]) for m in recaps] == [fox.one("SELECT strip_id FROM stories WHERE id = ?")]
    assert fox.prompts() == []


def panels(fox: Round) -> list[dict[str, Any]]:
    """The panels that only their owner sees."""
    return [m for m in fox.stage.discord.messages(fox.thread) if "press:close" in str(m["components"])]


async def test_a_turn_that_ended_while_the_bot_was_dead_has_passed_on_when_it_is_back(stage: Stage) -> None:
    fox = await begun(stage, mode="turns", scenes="in a meadow")
    for who in ("Ben", "Mo"):
        await fox.press(who, "join")
    await fox.heard(3, MEMBERS)
    await fox.settled()
    assert stage.bot is not None
    await stage.discord.kill(stage.bot)
    pass_time(stage, fox)
    await stage.open()
    await stage.discord.until(lambda: "Ben’s turn" in str(fox.prompts()[-1]).replace("\\", ""), TOLD)
    await fox.settled()
    fox.check(1)


def pass_time(stage: Stage, fox: Round) -> None:
    """What a dead bot's archive looks like hours later."""
    past = (datetime.now(UTC) - timedelta(hours=5)).isoformat()
    with closing(sqlite3.connect(stage.home / "data" / "archive.sqlite3")) as connection:
        connection.execute("UPDATE circles SET deadline = ? WHERE story_id = ?", (past, fox.id))
        connection.commit()
