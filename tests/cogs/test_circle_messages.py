"""Where a server lets the bot read messages, a scene is simply written in the thread."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot import Samefox
from generator.settings import BotSettings
from generator.story import Person
from tests.cogs.conftest import Stage, raised, texts
from tests.cogs.round import begun, prompt_of, taking_turns
from tests.cogs.test_listening import listened
from tests.conftest import Device, small


@pytest_asyncio.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory, device: Device) -> AsyncIterator[Stage]:
    settings = small(tmp_path_factory.mktemp("reading"))
    reading = settings.model_copy(update={"bot": BotSettings(data=settings.bot.data, read_messages=True)})
    async with raised(reading, device) as stage:
        await allow(stage, allowed=True)
        yield stage


async def allow(stage: Stage, *, allowed: bool) -> None:
    await stage.bot.studio.archive.servers.change(
        stage.env.guild.id, Person(id=1, name="Mo"), lambda now: now.altered(read_messages=allowed)
    )


async def test_only_a_host_who_wants_it_asks_discord_for_messages(stage: Stage) -> None:
    assert stage.bot.intents.message_content
    plain = stage.bot.settings.model_copy(update={"bot": BotSettings()})
    intents = Samefox(plain, stage.bot.studio).intents
    assert not intents.message_content
    assert not intents.messages


async def test_what_is_written_in_the_thread_is_a_scene_and_chatter_is_not(stage: Stage) -> None:
    fox = await begun(stage)
    await fox.shown()
    assert "just write it here" in await prompt_of(fox)
    thread = await fox.thread()
    scene = await stage.ben.send(thread, "in the\nsnow")
    await stage.mo.send(thread, "// how lovely!")
    await stage.mo.send(thread, "(me next)")
    await stage.mo.send(thread, "oh!", reply_to=scene)
    await stage.mo.send(stage.stories, "not here")
    story = await listened(fox)
    assert story.scenes == ("in the snow",)
    assert story.frames[0].author.name == "Ben"
    stored = stage.env.backend.get_message(thread.id, scene.id)
    assert len(stored.reactions) == 1, "a receipt"


async def test_out_of_turn_people_may_talk(stage: Stage) -> None:
    fox = await taking_turns(stage)
    thread = await fox.thread()
    await stage.ben.send(thread, "I can hardly wait")
    await stage.ann.send(thread, "by a river")
    await fox.until(lambda story, _: len(story.frames) == 1)
    await stage.ann.send(thread, "that was fun")
    story = await listened(fox)
    assert story.scenes == ("by a river",)


async def test_what_cannot_be_drawn_is_answered_in_the_thread_without_calling_anybody(stage: Stage) -> None:
    fox = await begun(stage)
    await fox.shown()
    await stage.ben.send(await fox.thread(), "very " * 90 + "far")
    await listened(fox)
    reply = (await fox.said())[-1]
    assert "tokens" in texts(reply)
    assert reply.ping_user_ids == []
    assert (await fox.story()).scenes == ()


async def test_a_server_that_does_not_want_it_is_left_alone(stage: Stage) -> None:
    fox = await begun(stage)
    await fox.shown()
    await allow(stage, allowed=False)
    await stage.ben.send(await fox.thread(), "in the snow")
    assert (await fox.shown()).scenes == ()
    await allow(stage, allowed=True)


async def test_what_others_write_than_those_who_may_tell_stories_is_chatter(stage: Stage) -> None:
    fox = await begun(stage)
    await fox.shown()
    servers, who = stage.bot.studio.archive.servers, Person(id=1, name="Mo")
    moderators = stage.env.guild.roles["Moderators"].id
    await servers.change(stage.env.guild.id, who, lambda now: now.altered(teller_roles=(moderators,)))
    try:
        await stage.ben.send(await fox.thread(), "in the snow")
        await stage.mo.send(await fox.thread(), "by a river")
        assert (await listened(fox)).scenes == ("by a river",)
    finally:
        await servers.change(stage.env.guild.id, who, lambda now: now.altered(teller_roles=()))
