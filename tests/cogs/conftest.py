"""The real bot in a simulated Discord, with a real studio behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import discord
import pytest
import pytest_asyncio
from simcord import ChannelHandle, Env, MemberActor
from simcord.backend.models import Message
from simcord.components import walk_components
from simcord.results import ResponseMessage

from bot import Samefox, opened
from cogs.posting import telling
from generator.settings import Settings
from generator.story import Story, TakeState
from tests.conftest import PATIENCE, Device, small

MODERATOR = discord.Permissions(manage_messages=True, manage_threads=True)
SETTLED = 180.0  # seconds; whoever acts does not wait for what the bot does later than that
BRISK = 0.1  # seconds between two edits of a card, here


@pytest.fixture(scope="session", autouse=True)
def pace() -> Iterator[float]:
    """Cards are edited sooner than Discord wants it, since every story waits for that; what it wants."""
    with pytest.MonkeyPatch.context() as patch:
        wanted = telling.EDIT_INTERVAL
        patch.setattr(telling, "EDIT_INTERVAL", BRISK)
        yield wanted


@dataclass
class Stage:
    """A server with members, and what can be seen in it."""

    env: Env
    bot: Samefox
    stories: ChannelHandle
    ann: MemberActor
    ben: MemberActor
    mo: MemberActor

    def messages(self, channel_id: int) -> list[Message]:
        """What stands in a channel or thread for everybody, oldest first."""
        return [m for m in self.env.backend.messages.get(channel_id, {}).values() if not m.is_ephemeral]

    async def tell(self, prompt: str, **options: object) -> int:
        """Have Ann tell a story; its number."""
        before = await self.newest()
        await self.ann.slash(self.stories, "story tell", prompt=prompt, **options)
        number = await self.newest()
        assert number > before, "it was refused"
        return number

    async def newest(self) -> int:
        """The number of the story that was asked for last; 0 before the first."""
        rows = await self.bot.studio.archive._connection.fetch("SELECT max(id) FROM stories")
        return next(int(row[0] or 0) for row in rows)

    def card(self, story: Story) -> Message:
        """A story's card."""
        return next(m for m in self.messages(self.stories.id) if m.id == story.card_id)

    def frames(self, story: Story) -> list[Message]:
        """The messages with pictures in a story's thread."""
        assert story.thread_id is not None
        return [m for m in self.messages(story.thread_id) if m.attachments]

    def shown(self, message: Message) -> ResponseMessage:
        """A message as members click on it."""
        return ResponseMessage(self.env, message)

    async def told(self, story_id: int) -> Story:
        """Wait until a story owes nobody a message any more."""
        async with asyncio.timeout(PATIENCE):
            while story_id in await self.bot.studio.archive.unsettled():
                await asyncio.sleep(0.02)
        return await self.bot.studio.archive.story(story_id)

    async def drawing(self, story_id: int) -> Story:
        """Wait until a device has begun with a story."""
        async with asyncio.timeout(PATIENCE):
            while True:
                story = await self.bot.studio.archive.story(story_id)
                if any(take.state is TakeState.DRAWING for take in story.takes):
                    return story
                await asyncio.sleep(0.02)


def texts(message: Message) -> str:
    """All words on a message."""
    found = [str(part["content"]) for part in walk(message) if part.get("content")]
    return "\n".join([message.content, *found]).strip()


def custom_ids(message: Message) -> list[str]:
    """The custom ids of a message's buttons."""
    return [str(part["custom_id"]) for part in walk(message) if part.get("custom_id")]


def walk(message: Message) -> list[dict[str, Any]]:
    return list(walk_components(message.components))


@asynccontextmanager
async def raised(settings: Settings, device: Device | None = None) -> AsyncIterator[Stage]:
    """The curtain goes up on an empty server with three members; without a device, on one of its own."""
    with device.lent() if device is not None else nullcontext():
        async with opened(settings, settings.bot.data) as bot:
            # Not simcord.run(): its context variables do not outlive the step from a fixture to its test.
            env = Env(bot, shard_count=1, settle_timeout=SETTLED)
            await env.start()
            try:
                guild = env.create_guild("Fox Meadow")
                moderators = guild.create_role("Moderators", permissions=MODERATOR)
                yield Stage(
                    env=env,
                    bot=bot,
                    stories=guild.create_text_channel("stories"),
                    ann=guild.add_member(env.create_user("Ann")),
                    ben=guild.add_member(env.create_user("Ben")),
                    mo=guild.add_member(env.create_user("Mo"), roles=[moderators]),
                )
                assert env.errors == [], "the bot raised what it should have answered"
            finally:
                await env.shutdown()


@pytest_asyncio.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory, device: Device) -> AsyncIterator[Stage]:
    """A stage that a module's tests share."""
    async with raised(small(tmp_path_factory.mktemp("stage")), device) as stage:
        yield stage
