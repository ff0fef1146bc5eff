"""Which story a person means, whether they may know of it, and what of it they may decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from cogs.place import moderates_server
from generator.errors import NotFound
from generator.story import Frame, Story, Take

if TYPE_CHECKING:
    from bot import Samefox
    from generator.studio import Studio


def studio_of(interaction: discord.Interaction[Any]) -> Studio:
    """The studio behind the bot that was asked."""
    bot: Samefox = interaction.client
    return bot.studio


async def story_of(interaction: discord.Interaction[Any], take_id: int) -> Story:
    """The story of the take that a pressed button names.

    Raises:
        NotFound: there is none any more, or the button means one of an archive since deleted.
    """
    studio = studio_of(interaction)
    story = await studio.archive.story((await studio.archive.take(take_id)).story_id)
    message_id = interaction.message.id if interaction.message is not None else interaction.id
    return meant(interaction, story, message_id)


def meant(interaction: discord.Interaction[Any], story: Story, message_id: int) -> Story:
    """The story, if a message in this server can mean it.

    Raises:
        NotFound: it means one of an archive since deleted.
    """
    # The numbers of a new archive begin anew. Nothing about a story is posted before its card, and Discord's
    # ids are in the order of time.
    if story.guild_id != interaction.guild_id or story.card_id is None or message_id < story.card_id:
        raise NotFound("I do not remember this picture any more, so nothing can be done with it.")
    return story


def take_of(story: Story, take_id: int) -> tuple[Frame, Take]:
    """A take of a story, and its frame.

    Raises:
        NotFound: the story has no such take.
    """
    for frame in (*story.frames, *story.taken_back):
        for take in frame.takes:
            if take.id == take_id:
                return frame, take
    raise NotFound("There is no picture {number} here any more.", number=take_id)


def known(interaction: discord.Interaction[Any], story: Story) -> Story:
    """The story, if this person may know of it in this server.

    Raises:
        NotFound: they may not, and are told no more than if there were none.
    """
    seen = may_see(interaction, story.place_id, story.thread_id, story.author.id)
    if story.guild_id != interaction.guild_id or not seen:
        raise NotFound("There is no story {number} here any more.", number=story.id)
    return story


def may_see(
    interaction: discord.Interaction[Any], place_id: int, thread_id: int | None, author_id: int
) -> bool:
    """Whether this person may know of a story that is for the readers of a place, and told in a thread."""
    if interaction.user.id == author_id or moderates_server(interaction.user):
        return True
    if interaction.channel_id in (place_id, thread_id):
        return True
    guild, member = interaction.guild, interaction.user
    channel = guild.get_channel_or_thread(place_id) if guild is not None else None
    if channel is None or not isinstance(member, discord.Member):
        return False
    return (
        channel.type is not discord.ChannelType.private_thread
        and channel.permissions_for(member).view_channel
    )


def may_choose(interaction: discord.Interaction[Any], story: Story, frame: Frame) -> bool:
    """Whether this person decides which take stands for a frame."""
    return interaction.user.id in (story.author.id, frame.author.id) or _moderates(interaction, story)


def may_redraw(interaction: discord.Interaction[Any], story: Story) -> bool:
    """Whether this person decides about the story as a whole."""
    return interaction.user.id == story.author.id or _moderates(interaction, story)


def _moderates(interaction: discord.Interaction[Any], story: Story) -> bool:
    """Whether this person is a moderator where a story is told; elsewhere, a channel's own is none."""
    if interaction.channel_id in (story.channel_id, story.thread_id):
        return interaction.permissions.manage_messages
    return moderates_server(interaction.user)
