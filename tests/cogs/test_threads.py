"""What members do in threads: stories that are told inside one, and who may know of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
import pytest_asyncio
from simcord import ChannelHandle

from tests.cogs.conftest import Stage, raised
from tests.cogs.test_gallery import said, tell, visit
from tests.conftest import Device, small


@pytest_asyncio.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory, device: Device) -> AsyncIterator[Stage]:
    async with raised(small(tmp_path_factory.mktemp("threads")), device) as stage:
        yield stage


async def opened(stage: Stage, channel: ChannelHandle, kind: discord.ChannelType) -> ChannelHandle:
    """A thread with Ann in it."""
    place: Any = stage.bot.get_channel(channel.id)
    thread = await place.create_thread(name="a corner", type=kind)
    await thread.add_user(discord.Object(stage.ann.id))
    await stage.env.settle()
    return next(each for each in channel.threads if each.id == thread.id)


async def archived(stage: Stage, thread: ChannelHandle) -> None:
    """Nobody has written for a day."""
    place: Any = stage.bot.get_channel(thread.id)
    await place.edit(archived=True)
    await stage.env.settle()
    assert stage.bot.get_channel(thread.id) is None


async def test_a_story_told_in_a_thread_stays_in_the_gallery_once_the_thread_is_archived(
    stage: Stage,
) -> None:
    thread = await opened(stage, stage.stories, discord.ChannelType.public_thread)
    story = await tell(stage, "a red fox: in a meadow", channel=thread)
    await archived(stage, thread)
    assert f"story {story.id}" in (await visit(stage, stage.ben, character="fox")).text
    assert "no story" not in said(
        stage, await stage.ben.slash(stage.stories, "story show", number=str(story.id))
    )
    for command in ("story show", "story continue", "story seed"):
        (choice,) = await stage.ben.autocomplete(stage.stories, command, "number", "fox")
        assert choice["value"] == str(story.id)


async def test_what_was_told_in_a_private_thread_stays_private_once_that_is_archived(stage: Stage) -> None:
    thread = await opened(stage, stage.stories, discord.ChannelType.private_thread)
    story = await tell(stage, "a secret mole: in a hole", channel=thread)
    for already in (False, True):
        if already:
            await archived(stage, thread)
        assert "No finished story" in (await visit(stage, stage.ben, character="mole")).text
        refused = await stage.ben.slash(stage.stories, "story show", number=str(story.id))
        assert f"no story {story.id}" in said(stage, refused)
        assert await stage.ben.autocomplete(stage.stories, "story continue", "number", "mole") == []
        assert f"story {story.id}" in (await visit(stage, stage.ann, character="mole")).text


async def test_a_thread_whose_channel_is_not_for_everybody_is_not_either(stage: Stage) -> None:
    guild = stage.env.guild
    hidden = discord.PermissionOverwrite(view_channel=False)
    seen = discord.PermissionOverwrite(view_channel=True)
    channel = guild.create_text_channel(
        "few", overwrites={guild.default_role: hidden, stage.ann: seen, guild.me: seen}
    )
    thread = await opened(stage, channel, discord.ChannelType.public_thread)
    story = await tell(stage, "a shy hare: in the snow", channel=thread)
    await archived(stage, thread)
    assert "No finished story" in (await visit(stage, stage.ben, character="hare")).text
    assert f"story {story.id}" in (await visit(stage, stage.ann, character="hare")).text


async def test_what_was_told_in_a_thread_that_is_deleted_is_not_shown_to_others_any_more(
    stage: Stage,
) -> None:
    thread = await opened(stage, stage.stories, discord.ChannelType.public_thread)
    story = await tell(stage, "a loud frog: in a pond", channel=thread)
    assert f"story {story.id}" in (await visit(stage, stage.ben, character="frog")).text
    place: Any = stage.bot.get_channel(thread.id)
    await place.delete()
    await stage.env.settle()
    assert "No finished story" in (await visit(stage, stage.ben, character="frog")).text
    refused = await stage.ben.slash(stage.stories, "story show", number=str(story.id))
    assert f"no story {story.id}" in said(stage, refused)
    assert f"story {story.id}" in (await visit(stage, stage.ann, character="frog")).text
