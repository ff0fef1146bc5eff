"""Finished stories go into the gallery, and into the channel that their server has for them, once each."""

from __future__ import annotations

import logging

import discord

from cogs.posting.glances import glance_file, shown_of
from cogs.posting.post import Post, will_pass
from cogs.posting.traces import posted_as
from cogs.presentation.gallery import shown_card
from generator.archive import gallery
from generator.story import Story

log = logging.getLogger(__name__)

NAME = "gallery"  # of the picture's file, before the story's number; the post is recognised by it


class Exhibition:
    """What is done with a story once it is told, and whenever it has changed since."""

    def __init__(self, post: Post, *, adopt: bool) -> None:
        self._bot = post.bot
        self._post = post
        self._adopt = adopt  # a killed process may have posted it without noting so
        self._shelf = post.bot.studio.archive.gallery

    async def show(self, story: Story) -> None:
        """Put the story into the gallery, and bring its post up to date; where it has none, it gets none.

        Raises:
            discord.HTTPException: Discord is out of reach for now.
        """
        post = await self._shelf.post(story.id)
        if post is None:
            await self._shelf.shelve(story, await self._posted(story))
        elif post.message_id is None or post.channel_id is None:
            await self._shelf.shelve(story)
        elif (shown := await self._shows(story, post.channel_id)) != post.posted:
            await self._shelf.shelve(
                story, await self._edited(story, post.channel_id, post.message_id, shown)
            )

    async def _shows(self, story: Story, channel_id: int) -> str:
        """What a post shows that may change, in short: the pictures, and whose story it is."""
        return f"{await shown_of(self._bot, story, channel_id)} {story.author.id}"

    async def _posted(self, story: Story) -> gallery.Post | None:
        """Post the story where the server wants it; None if it wants it nowhere, or does not let me."""
        channel_id = (await self._bot.studio.server(story.guild_id)).gallery_channel
        if channel_id is None or not self._may_be_shown(story, channel_id):
            return None
        try:
            message_id = await self._found(story, channel_id) if self._adopt else None
            shown = await self._shows(story, channel_id)
            if message_id is None:
                message_id = await self._send(story, channel_id)
        except discord.HTTPException as error:
            if will_pass(error):
                raise
            log.warning("Story %d could not be posted in its server's gallery: %s", story.id, error)
            return None
        return gallery.Post(channel_id=channel_id, message_id=message_id, posted=shown)

    async def _send(self, story: Story, channel_id: int) -> int:
        file = await glance_file(self._bot, story, channel_id, NAME)
        hearts = await self._shelf.hearts(story.id)
        view = shown_card(story, hearts, file.filename if file else None)
        return await self._post.post(channel_id, story, NAME, view=view, files=[file] if file else [])

    async def _edited(self, story: Story, channel_id: int, message_id: int, shown: str) -> gallery.Post:
        file = await glance_file(self._bot, story, channel_id, NAME)
        hearts = await self._shelf.hearts(story.id)
        view = shown_card(story, hearts, file.filename if file else None)
        try:
            await self._post.edit(channel_id, story, message_id, view, [file] if file else [])
        except discord.HTTPException as error:
            if will_pass(error):
                raise
            log.warning("Story %d could not be changed in its server's gallery: %s", story.id, error)
        return gallery.Post(channel_id=channel_id, message_id=message_id, posted=shown)

    async def _found(self, story: Story, channel_id: int) -> int | None:
        return await posted_as(self._bot, channel_id, story, f"{NAME}-{story.id}")

    def _may_be_shown(self, story: Story, channel_id: int) -> bool:
        """Whether everybody who reads the gallery may know of what was told where the story was."""
        guild = self._bot.get_guild(story.guild_id)
        told = guild.get_channel_or_thread(story.place_id) if guild is not None else None
        if guild is None or told is None or told.type is discord.ChannelType.private_thread:
            return False
        # A thread has no overwrites of its own; who reads its channel reads it.
        channel = told.parent if isinstance(told, discord.Thread) else told
        return channel is not None and (
            channel.id == channel_id or channel.permissions_for(guild.default_role).view_channel
        )
