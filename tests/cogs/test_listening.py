"""What is written in a story's thread while nobody was up, or the connection was lost, is read afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import discord
import pytest
import pytest_asyncio
from simcord import ChannelHandle

from bot import Samefox
from generator.settings import BotSettings, Settings
from generator.story import Person, Story
from tests.cogs.conftest import Stage, raised, texts
from tests.cogs.round import Round, begun, taking_turns
from tests.conftest import PATIENCE, Device, small


@pytest_asyncio.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory, device: Device) -> AsyncIterator[Stage]:
    async with raised(reading(tmp_path_factory.mktemp("listening")), device) as stage:
        await allow(stage)
        yield stage


def reading(folder: Path) -> Settings:
    settings = small(folder)
    return settings.model_copy(update={"bot": BotSettings(data=settings.bot.data, read_messages=True)})


async def allow(stage: Stage, **choices: Any) -> None:
    """What the server wants."""
    await stage.bot.studio.archive.servers.change(
        stage.env.guild.id,
        Person(id=1, name="Mo"),
        lambda now: now.altered(**{"read_messages": True, "teller_roles": ()} | choices),
    )


@asynccontextmanager
async def away(stage: Stage) -> AsyncIterator[None]:
    """The connection is lost, and its session cannot be resumed."""
    shard = stage.bot.get_shard(0)
    assert shard is not None
    await shard.disconnect()
    try:
        yield
    finally:
        await shard.reconnect()
    await stage.env.settle()


async def listened(fox: Round) -> Story:
    """Wait until all that members wrote in a thread is known, and nothing is owed."""
    hearing = fox.stage.bot.studio.archive.hearing
    me = fox.stage.env.backend.bot_user.id
    last = max(message.id for message in await fox.said() if message.author_id != me)
    async with asyncio.timeout(PATIENCE):
        while True:
            heard = await hearing.heard(fox.id)
            if (heard.last_id or 0) >= last and heard.receipt_id is None:
                break
            await asyncio.sleep(0.02)
    return await fox.shown()


async def receipts(stage: Stage, thread: ChannelHandle, message_id: int) -> int:
    return len(stage.env.backend.get_message(thread.id, message_id).reactions)


async def test_what_was_written_meanwhile_becomes_scenes_in_its_order_once(stage: Stage) -> None:
    fox = await begun(stage, scenes="in a barn")
    await fox.shown()
    thread = await fox.thread()
    await stage.ben.send(thread, "in a meadow")
    await listened(fox)
    async with away(stage):
        sent = [
            await stage.ann.send(thread, "in the snow"),
            await stage.mo.send(thread, "// how lovely!"),
            await stage.ben.send(thread, "in the kitchen"),
        ]
    told = ("in a barn", "in a meadow", "in the snow", "in the kitchen")
    story = await listened(fox)
    assert story.scenes == told
    assert [frame.author.name for frame in story.frames] == ["Ann", "Ben", "Ann", "Ben"]
    assert [await receipts(stage, thread, message.id) for message in sent] == [1, 0, 1]
    async with away(stage):
        pass
    await stage.mo.send(thread, "in the desert")
    assert (await listened(fox)).scenes == (*told, "in the desert")


async def test_the_first_message_of_a_session_comes_after_those_that_were_missed(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    fox = await begun(stage)
    await fox.shown()
    thread = await fox.thread()
    stage.env.inject_error("GET", f"/channels/{thread.id}/messages", status=403, code=50001, times=1)
    async with away(stage):
        await stage.ann.send(thread, "in the snow")
    async with asyncio.timeout(PATIENCE):
        while "cannot be read" not in caplog.text:
            await asyncio.sleep(0.02)
    assert (await fox.story()).scenes == ()
    await stage.ben.send(thread, "in the kitchen")
    assert (await listened(fox)).scenes == ("in the snow", "in the kitchen")


async def test_turns_are_taken_as_if_it_had_just_been_written(stage: Stage) -> None:
    fox = await taking_turns(stage)
    thread = await fox.thread()
    async with away(stage):
        await stage.ben.send(thread, "I can hardly wait")
        await stage.ann.send(thread, "in a meadow")
        await stage.ann.send(thread, "that was fun")
        await stage.ben.send(thread, "in the snow")
    assert (await listened(fox)).scenes == ("in a meadow", "in the snow")
    async with away(stage):  # it is Ann's turn now, and what she said before stays chatter
        pass
    assert (await listened(fox)).scenes == ("in a meadow", "in the snow")


async def test_who_may_not_tell_stories_or_has_left_wrote_chatter(stage: Stage) -> None:
    fox = await begun(stage)
    await fox.shown()
    thread = await fox.thread()
    eve = stage.env.guild.add_member(stage.env.create_user("Eve"))
    await allow(stage, teller_roles=(stage.env.guild.roles["Moderators"].id,))
    try:
        async with away(stage):
            await stage.ben.send(thread, "in the snow")
            await stage.mo.send(thread, "in the kitchen")
        assert (await listened(fox)).scenes == ("in the kitchen",)
    finally:
        await allow(stage)
    async with away(stage):
        await eve.send(thread, "in the desert")
        stage.env.guild.remove_member(eve)
    assert (await listened(fox)).scenes == ("in the kitchen",)


async def test_a_process_killed_after_its_answer_answers_once(stage: Stage) -> None:
    fox = await begun(stage)
    await fox.shown()
    thread = await fox.thread()
    async with away(stage):
        refused = await stage.ben.send(thread, "very " * 90 + "far")
    await listened(fox)
    replies = [each for each in await fox.said() if "tokens" in texts(each)]
    assert len(replies) == 1 and replies[0].ping_user_ids == []
    await behind(stage, fox, refused.id - 1)
    async with away(stage):
        await stage.ben.send(thread, "in the snow")
    assert (await listened(fox)).scenes == ("in the snow",)
    assert len([each for each in await fox.said() if "tokens" in texts(each)]) == 1


async def behind(stage: Stage, fox: Round, message_id: int | None, receipt_id: int | None = None) -> None:
    """As if the process had died before it noted more."""
    await stage.bot.studio.archive._connection.update(
        "UPDATE circles SET heard_id = ?, receipt_id = ? WHERE story_id = ?", (message_id, receipt_id, fox.id)
    )


async def test_a_receipt_that_a_killed_process_owed_is_given(stage: Stage) -> None:
    fox = await begun(stage)
    await fox.shown()
    thread = await fox.thread()
    scene = await stage.ben.send(thread, "in the snow")
    await listened(fox)
    message = await discord.PartialMessage(channel=stage.bot.get_channel(thread.id), id=scene.id).fetch()
    await message.clear_reactions()
    await behind(stage, fox, scene.id, scene.id)
    async with away(stage):
        pass
    await listened(fox)
    assert await receipts(stage, thread, scene.id) == 1


async def test_what_was_said_while_a_server_did_not_want_it_stays_chatter(stage: Stage) -> None:
    fox = await begun(stage)
    await fox.shown()
    thread = await fox.thread()
    await allow(stage, read_messages=False)
    await stage.ben.send(thread, "nobody listens")
    await deaf(fox)
    async with away(stage):
        await stage.ben.send(thread, "nobody at all")
    await allow(stage)
    async with away(stage):
        pass
    await stage.ben.send(thread, "in the snow")
    assert (await listened(fox)).scenes == ("in the snow",)
    async with away(stage):
        await stage.ann.send(thread, "in the kitchen")
    assert (await listened(fox)).scenes == ("in the snow", "in the kitchen")


async def deaf(fox: Round) -> None:
    """Wait until it is noted that nothing in a thread is for its story."""
    async with asyncio.timeout(PATIENCE):
        while (await fox.stage.bot.studio.archive.hearing.heard(fox.id)).last_id is not None:
            await asyncio.sleep(0.02)


async def test_without_leave_to_read_nothing_is_read_later(stage: Stage) -> None:
    fox = await begun(stage)
    await fox.shown()
    thread = await fox.thread()
    without = stage.bot.settings.model_copy(update={"bot": BotSettings(data=stage.bot.settings.bot.data)})
    hearing, settings = stage.bot, stage.bot.settings
    await stage.env.restart_bot(Samefox(without, hearing.studio))
    await stage.ben.send(thread, "nobody listens")
    await deaf(fox)
    stage.bot = Samefox(settings, hearing.studio)
    await stage.env.restart_bot(stage.bot)
    await stage.ben.send(thread, "in the snow")
    assert (await listened(fox)).scenes == ("in the snow",)
