"""Finds the messages that a killed process posted without living to note them.

The nonce keeps a message from being posted twice within minutes; after a longer rest, the bot's own messages
are searched for what marks them: the ids of their buttons and the names of their pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import discord

from cogs.presentation.buttons import again_id, cancel_id, reroll_id
from generator.archive.archive import Archive
from generator.story import Story

if TYPE_CHECKING:
    from bot import Samefox

LOOK_BACK = 1000  # messages searched
CLOCK_SKEW = timedelta(hours=1)  # by which the host's clock may be ahead of Discord's


async def adopt_messages(bot: Samefox, archive: Archive, story: Story) -> Story:
    """Note a story's messages that are there already; the story as it is known then."""
    if story.card_id is None:
        # It was posted right after the story began, however much was said in the channel since.
        seen = await _signs(bot, story.channel_id, story, oldest_first=True)
        if (card_id := seen.get(cancel_id(story.id))) is not None:
            await archive.set_card(story.id, card_id)
    if story.thread_id is not None:
        seen = await _signs(bot, story.thread_id, story, oldest_first=False)
        for frame in story.frames:
            marks = [mark for take in frame.takes for mark in (reroll_id(take.id), again_id(take.id))]
            found = next((seen[mark] for mark in marks if mark in seen), None)
            if frame.message_id is None and found is not None:
                await archive.set_message(frame.id, found)
        if story.strip_id is None and (strip_id := seen.get(strip_name(story))) is not None:
            await archive.set_strip(story.id, strip_id)
    return await archive.story(story.id)


def strip_name(story: Story) -> str:
    """What the file of a story's strip is called, without its ending; the strip is recognised by it."""
    return f"story-{story.id}"


async def _signs(bot: Samefox, channel_id: int, story: Story, *, oldest_first: bool) -> dict[str, int]:
    """The bot's own messages in a place, by what marks them."""
    assert bot.user is not None
    signs: dict[str, int] = {}
    place = bot.get_partial_messageable(channel_id, guild_id=story.guild_id)
    since = story.created_at - CLOCK_SKEW
    async for message in place.history(limit=LOOK_BACK, after=since, oldest_first=oldest_first):
        if message.author.id == bot.user.id:
            signs.update(dict.fromkeys(_marks(message), message.id))
    return signs


def _marks(message: discord.Message) -> Iterator[str]:
    """The custom ids of a message's buttons, and the names of its pictures without their endings."""
    for item in discord.ui.LayoutView.from_message(message).walk_children():
        if isinstance(item, discord.ui.MediaGallery):
            # Not message.attachments: Discord leaves out files that components show.
            yield from (PurePosixPath(urlsplit(picture.media.url).path).stem for picture in item.items)
        elif custom_id := getattr(item, "custom_id", None):
            yield custom_id
