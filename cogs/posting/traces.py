"""Finds the messages that a killed process posted without living to note them.

The nonce keeps a message from being posted twice within minutes; after a longer rest, the bot's own messages
are searched for what marks them: the ids of their buttons and the names of their pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import discord

from cogs.presentation.buttons import again_id, cancel_id, reroll_id
from cogs.presentation.circle import manage_id
from generator.archive.archive import Archive
from generator.story import Story
from generator.together.circle import Phase
from generator.together.rules import polled

if TYPE_CHECKING:
    from bot import Samefox

LOOK_BACK = 1000  # messages searched
OPEN_POLL = "poll"  # marks a poll that can be voted in; a story has one at a time
CLOCK_SKEW = timedelta(hours=1)  # by which the host's clock may be ahead of Discord's


async def adopt_messages(bot: Samefox, archive: Archive, story: Story) -> None:
    """Note a story's messages that are there already."""
    if story.card_id is None:
        # It was posted right after the story began, however much was said in the channel since.
        seen = await _signs(bot, story.channel_id, story, oldest_first=True)
        for mark in (cancel_id(story.id), manage_id(story.id, on_card=True)):
            if mark in seen:
                await archive.set_card(story.id, seen[mark][-1])
    if story.thread_id is not None:
        seen = await _signs(bot, story.thread_id, story, oldest_first=False)
        for frame in (*story.frames, *story.taken_back):
            marks = [mark for take in frame.takes for mark in (reroll_id(take.id), again_id(take.id))]
            found = next((seen[mark][-1] for mark in marks if mark in seen), None)
            if frame.message_id is None and found is not None:
                await archive.set_message(frame.id, found)
        if story.strip_id is None and (strips := seen.get(strip_name(story))):
            await archive.set_strip(story.id, strips[-1])
        await _adopt_gathering(bot, archive, story, seen)


async def _adopt_gathering(bot: Samefox, archive: Archive, story: Story, seen: dict[str, list[int]]) -> None:
    """Note the messages that only a story told together has; of its prompts, keep the newest."""
    known = await archive.circles.posted(story.id)
    if known is None or story.thread_id is None:
        return
    circle, posts = known
    if posts.prelude_id is None and (preludes := seen.get(prelude_name(story))):
        await archive.circles.set_prelude(story.id, preludes[-1])
    if circle.phase is Phase.VOTING and circle.poll_id is None and (polls := seen.get(OPEN_POLL)):
        await archive.circles.change(
            story.id, lambda now, _: (polled(now, polls[0], datetime.now(UTC)), None)
        )
    prompts = sorted(seen.get(manage_id(story.id), ()))
    if prompts and prompts[-1] > (posts.prompt_id or 0):
        await archive.circles.set_prompt(story.id, prompts[-1])
    thread = bot.get_partial_messageable(story.thread_id, guild_id=story.guild_id)
    for old in prompts[:-1]:
        with suppress(discord.NotFound):
            await thread.get_partial_message(old).delete()


async def posted_as(bot: Samefox, channel_id: int, story: Story, mark: str) -> int | None:
    """The newest of the bot's messages in a channel that has this mark, since the story began."""
    found = (await _signs(bot, channel_id, story, oldest_first=False)).get(mark)
    return max(found) if found else None


def strip_name(story: Story) -> str:
    """What the file of a story's strip is called, without its ending; the strip is recognised by it."""
    return f"story-{story.id}"


def prelude_name(story: Story) -> str:
    """What the file of the frames from an earlier story is called, without its ending."""
    return f"prelude-{story.id}"


async def _signs(bot: Samefox, channel_id: int, story: Story, *, oldest_first: bool) -> dict[str, list[int]]:
    """The bot's own messages in a place, by what marks them."""
    assert bot.user is not None
    signs: dict[str, list[int]] = {}
    place = bot.get_partial_messageable(channel_id, guild_id=story.guild_id)
    since = story.created_at - CLOCK_SKEW
    async for message in place.history(limit=LOOK_BACK, after=since, oldest_first=oldest_first):
        if message.author.id == bot.user.id:
            for mark in set(_marks(message)):
                signs.setdefault(mark, []).append(message.id)
    return signs


def _marks(message: discord.Message) -> Iterator[str]:
    """What marks a message: custom ids of buttons, names of pictures without their endings, an open poll."""
    if message.poll is not None and not message.poll.is_finalised():
        yield OPEN_POLL
    for item in discord.ui.LayoutView.from_message(message).walk_children():
        if isinstance(item, discord.ui.MediaGallery):
            # Not message.attachments: Discord leaves out files that components show.
            yield from (PurePosixPath(urlsplit(picture.media.url).path).stem for picture in item.items)
        elif custom_id := getattr(item, "custom_id", None):
            yield custom_id
