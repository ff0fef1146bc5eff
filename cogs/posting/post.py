"""Sends, edits and deletes the messages of stories."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import discord
from discord.utils import MISSING

from generator.moderation.values import Posting
from generator.press import files
from generator.story import Story

if TYPE_CHECKING:
    from discord.ui import LayoutView

    from bot import Samefox

UPLOAD_LIMIT = 10 * 1024 * 1024  # bytes, of a server without boosts

UNKNOWN_MESSAGE = 10008  # Discord's error codes
THREAD_ARCHIVED = 50083

T = TypeVar("T")


class Post:
    """What Discord is asked to do with a story's messages."""

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot
        self.posted: list[Posting] = []  #: all that is new

    def place(self, channel_id: int, story: Story) -> discord.PartialMessageable:
        """A channel or thread to post in, without a question to Discord whether it is there."""
        return self.bot.get_partial_messageable(channel_id, guild_id=story.guild_id)

    def thread(self, story: Story) -> discord.PartialMessageable:
        """Where a story's frames go."""
        assert story.thread_id is not None, "a story is introduced before anything of it is posted"
        return self.place(story.thread_id, story)

    async def send(self, story: Story, name: str, view: LayoutView, attached: list[discord.File]) -> int:
        """Post a message in a story's thread; its id."""
        assert story.thread_id is not None, "a story is introduced before anything of it is posted"
        return await self.post(story.thread_id, story, name, view=view, files=attached)

    async def post(self, channel_id: int, story: Story, name: str, **message: Any) -> int:
        """Post a message of a story; its id. Within minutes, one of each name is posted once."""
        sent = await self.place(channel_id, story).send(nonce=nonce(story, name), **message)
        self.posted.append(Posting(story.guild_id, channel_id, sent.id))
        return sent.id

    async def edit(
        self,
        channel_id: int,
        story: Story,
        message_id: int,
        view: LayoutView,
        attached: list[discord.File] | None = None,
    ) -> bool:
        """Edit a message, leaving its files as they are if none are given; False if somebody deleted it."""
        message = self.place(channel_id, story).get_partial_message(message_id)
        attachments = MISSING if attached is None else attached
        try:
            await self.awake(channel_id, lambda: message.edit(view=view, attachments=attachments))
        except discord.NotFound as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
            return False
        return True

    async def delete(self, story: Story, message_id: int) -> None:
        """Delete a message in a story's thread, if it is still there."""
        message = self.thread(story).get_partial_message(message_id)
        with suppress(discord.NotFound):
            await self.awake(message.channel.id, message.delete)

    async def awake(self, channel_id: int, act: Callable[[], Awaitable[T]]) -> T:
        """Do something with a message; a thread that fell asleep is woken, as a new message would wake it."""
        try:
            return await act()
        except discord.HTTPException as error:
            if error.code != THREAD_ARCHIVED:
                raise
        thread = await self.bot.fetch_channel(channel_id)
        assert isinstance(thread, discord.Thread), "nothing else is archived"
        await thread.edit(archived=False)
        return await act()

    async def file(self, story: Story, png: bytes, name: str) -> discord.File:
        """A picture as an attachment that the story's server takes."""
        guild = self.bot.get_guild(story.guild_id)
        limit = guild.filesize_limit if guild is not None else UPLOAD_LIMIT
        data, ending = await asyncio.to_thread(files.fit, png, limit)
        return discord.File(io.BytesIO(data), filename=f"{name}.{ending}")


def fingerprint(view: LayoutView) -> str:
    """What a message shows, in short."""
    components = json.dumps(view.to_components(), sort_keys=True)  # type: ignore[no-untyped-call]
    return hashlib.sha256(components.encode()).hexdigest()[:16]


def nonce(story: Story, name: str) -> str:
    """At most 25 characters; the time keeps it apart from that of an archive since deleted."""
    return f"{story.created_at.timestamp() * 1000 % 10**10:.0f}-{name}"[:25]


def will_pass(error: Exception) -> bool:
    """Whether it is worth asking Discord again: it is overloaded or out of reach, and has not said no."""
    if isinstance(error, discord.HTTPException):
        return error.status == 429 or error.status >= 500
    return True
