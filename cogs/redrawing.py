"""Drawing again what a person has seen."""

from __future__ import annotations

from typing import Any

import discord

from cogs.access import may_choose, may_redraw, story_of, studio_of
from cogs.place import NotAllowed, check_place, check_server, check_there, person, roles_of
from cogs.presentation.answers import answer
from cogs.presentation.words import _, ngettext
from generator.errors import NotFound
from generator.limits import Standing, standing
from generator.story import Changes


async def draw_again(interaction: discord.Interaction[Any], take_id: int, changes: Changes) -> None:
    """Put another take of a frame in line, and say so to the person who asked for it."""
    if not interaction.response.is_done():
        await interaction.response.defer(ephemeral=True, thinking=True)
    may = await _admitted(interaction)
    story = await story_of(interaction, take_id)
    frame = story.frame_of(take_id)
    if frame.position is None:
        raise NotFound(
            "This scene has been taken out of the story, so it is not drawn again; please choose a picture "
            "of another scene."
        )
    await check_there(interaction, story, frame.message_id)
    chooses = may_choose(interaction, story, frame)
    take = await studio_of(interaction).redraw(
        take_id, person(interaction), changes, chooses=chooses, standing=may, locale=str(interaction.locale)
    )
    await answer(
        interaction,
        _("🎨 Frame {number} is being drawn again with seed {seed}; look at its message.").format(
            number=(frame.position or 0) + 1, seed=take.recipe.seed
        )
        + ("" if interaction.channel_id == story.thread_id else f" → <#{story.thread_id}>"),
    )


async def draw_all_again(interaction: discord.Interaction[Any], take_id: int, changes: Changes) -> None:
    """Put another take of every frame of a take's story in line, for those whose story it is."""
    if not interaction.response.is_done():
        await interaction.response.defer(ephemeral=True, thinking=True)
    may = await _admitted(interaction)
    story = await story_of(interaction, take_id)
    if not may_redraw(interaction, story):
        raise NotAllowed(
            "Only {name} or a moderator can have the whole story drawn again; you can draw single pictures "
            "again, or tell the story yourself with the line in a picture’s recipe.",
            name=story.author.name[:40],
        )
    await check_there(interaction, story)
    story = await studio_of(interaction).redraw_story(story.id, person(interaction), changes, standing=may)
    await answer(
        interaction,
        ngettext(
            "🎨 The story’s {count} frame is being drawn again; look at its message.",
            "🎨 All {count} frames are being drawn again; look at their messages.",
            len(story.frames),
        ).format(count=len(story.frames)),
    )


async def _admitted(interaction: discord.Interaction[Any]) -> Standing:
    """What the member's roles mean for the queue, once it is known that they may draw here at all.

    Raises:
        WrongPlace: it could not be shown, or is not wanted here.
        NotAllowed: it is not wanted from this member.
    """
    check_place(interaction)
    server = await studio_of(interaction).server(interaction.guild_id or 0)
    check_server(interaction, server)
    return standing(roles_of(interaction.user), server)
