"""Buttons that still work after a restart: what they need to know is in their custom id."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import TYPE_CHECKING, Any, Self, TypeVar

import discord
from discord import ui

from cogs.place import (
    NotAllowed,
    check_place,
    check_server,
    check_there,
    moderates_server,
    person,
    roles_of,
)
from cogs.presentation.answers import answer, answer_error
from cogs.presentation.text import plain
from cogs.presentation.words import _, listed, ngettext
from generator.errors import NotFound
from generator.limits import Standing, standing
from generator.story import Changes, Frame, Story, Take
from generator.storyboard import new_seed

if TYPE_CHECKING:
    from bot import Samefox
    from generator.studio import Studio

_ButtonT = TypeVar("_ButtonT", bound="ui.DynamicItem[Any]")
_Callback = Callable[[_ButtonT, discord.Interaction[Any]], Coroutine[Any, Any, None]]


def answering_errors(callback: _Callback[_ButtonT]) -> _Callback[_ButtonT]:
    """Let a dynamic item's callback be `served`; all of them go through here."""

    @wraps(callback)
    async def answered(self: _ButtonT, interaction: discord.Interaction[Any]) -> None:
        await served(interaction, lambda: callback(self, interaction))

    return answered


async def served(interaction: discord.Interaction[Any], serve: Callable[[], Awaitable[None]]) -> None:
    """Turn away whom moderators have excluded, and tell the person what went wrong.

    Everything that is pressed, chosen or sent goes through here; discord.py only logs what it raises.
    """
    try:
        if interaction.guild_id is not None and not _takes_away(interaction):
            await studio_of(interaction).gate.check_person(interaction.guild_id, interaction.user.id)
        await serve()
    except Exception as error:
        await answer_error(interaction, error)


def _takes_away(interaction: discord.Interaction[Any]) -> bool:
    """Whether a button only deletes what is a person's own, which also those may who are excluded."""
    data: Any = interaction.data
    return str(data.get("custom_id", "")).startswith("samefox:forget:")


class CancelButton(ui.DynamicItem[ui.Button[Any]], template=r"samefox:cancel:(?P<story>\d+)"):
    """Stops a story; for its author and for moderators."""

    def __init__(self, story_id: int) -> None:
        super().__init__(
            ui.Button(
                label=_("Cancel"),
                emoji="✖️",
                style=discord.ButtonStyle.secondary,
                custom_id=cancel_id(story_id),
            )
        )
        self.story_id = story_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Made anew from the pressed button."""
        return cls(int(match["story"]))

    @answering_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Stop the story."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        studio = studio_of(interaction)
        assert interaction.message is not None
        story = meant(interaction, await studio.archive.story(self.story_id), interaction.message.id)
        if not may_redraw(interaction, story):
            await answer(
                interaction,
                _("Only {name} or a moderator can stop this story.").format(
                    name=plain(story.author.name, 40)
                ),
            )
        elif await studio.cancel(story.id):
            await answer(interaction, _("✖️ Stopped. What is already drawn stays in the thread."))
        else:
            await answer(interaction, _("There is nothing left to stop; everything is drawn already."))


class RerollButton(ui.DynamicItem[ui.Button[Any]], template=r"samefox:reroll:(?P<take>\d+)"):
    """Draws a frame again with a new seed."""

    def __init__(self, take_id: int) -> None:
        super().__init__(
            ui.Button(
                label=_("Reroll"), emoji="🎲", style=discord.ButtonStyle.primary, custom_id=reroll_id(take_id)
            )
        )
        self.take_id = take_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Made anew from the pressed button."""
        return cls(int(match["take"]))

    @answering_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Draw the frame with a new seed."""
        await draw_again(interaction, self.take_id, Changes(seed=new_seed()))


class AgainButton(ui.DynamicItem[ui.Button[Any]], template=r"samefox:again:(?P<take>\d+)"):
    """Draws a frame again with its own seed."""

    def __init__(self, take_id: int, label: str | None = None) -> None:
        super().__init__(
            ui.Button(
                label=label or _("Same seed"),
                emoji="♻️",
                style=discord.ButtonStyle.secondary,
                custom_id=again_id(take_id),
            )
        )
        self.take_id = take_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Made anew from the pressed button."""
        return cls(int(match["take"]))

    @answering_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Draw the frame with its own seed."""
        await draw_again(interaction, self.take_id, Changes())


class PageButton(ui.DynamicItem[ui.Button[Any]], template=r"samefox:page:(?P<take>\d+):(?P<way>[<>])"):
    """Turns a frame's message to another take; for anybody, since it decides nothing."""

    def __init__(self, take_id: int, *, forth: bool) -> None:
        way = ">" if forth else "<"
        super().__init__(ui.Button(label="▶" if forth else "◀", custom_id=f"samefox:page:{take_id}:{way}"))
        self.take_id = take_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Made anew from the pressed button."""
        return cls(int(match["take"]), forth=match["way"] == ">")

    @answering_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Turn the page."""
        await interaction.response.defer()
        story = await story_of(interaction, self.take_id)
        await studio_of(interaction).turn(self.take_id)
        await _turn_here(interaction, story, self.take_id)


class ChooseButton(ui.DynamicItem[ui.Button[Any]], template=r"samefox:choose:(?P<take>\d+)"):
    """Lets a take stand for its frame; for those whose frame it is."""

    def __init__(self, take_id: int, *, chosen: bool = False) -> None:
        super().__init__(
            ui.Button(
                label=_("Chosen") if chosen else _("Use this"),
                emoji="✅" if chosen else "👍",
                style=discord.ButtonStyle.secondary if chosen else discord.ButtonStyle.success,
                disabled=chosen,
                custom_id=f"samefox:choose:{take_id}",
            )
        )
        self.take_id = take_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Made anew from the pressed button."""
        return cls(int(match["take"]))

    @answering_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Choose the take."""
        await interaction.response.defer(ephemeral=True)
        story = await story_of(interaction, self.take_id)
        frame = story.frame_of(self.take_id)
        if not may_choose(interaction, story, frame):
            names = {plain(person.name, 40): None for person in (frame.author, story.author)}
            await answer(
                interaction,
                _("Only {names} or a moderator can decide which take is in the story.").format(
                    names=listed(list(names))
                ),
            )
            return
        await studio_of(interaction).choose(self.take_id)
        await _turn_here(interaction, story, self.take_id)


async def _turn_here(interaction: discord.Interaction[Any], story: Story, take_id: int) -> None:
    """Turn the message that bears the button too, where that is not the frame's own, in its thread."""
    assert interaction.message is not None
    if interaction.message.id != story.frame_of(take_id).message_id:
        await interaction.client.get_cog("gallery").turned(interaction, take_id)


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
            "again, or tell the story yourself with the line in a picture's recipe.",
            name=story.author.name[:40],
        )
    await check_there(interaction, story)
    story = await studio_of(interaction).redraw_story(story.id, person(interaction), changes, standing=may)
    await answer(
        interaction,
        ngettext(
            "🎨 The story's {count} frame is being drawn again; look at its message.",
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


def studio_of(interaction: discord.Interaction[Any]) -> Studio:
    """The studio behind the bot that was asked."""
    bot: Samefox = interaction.client
    return bot.studio


def cancel_id(story_id: int) -> str:
    """The custom id of a story's Cancel button; the card is recognised by it."""
    return f"samefox:cancel:{story_id}"


def reroll_id(take_id: int) -> str:
    """The custom id of a take's Reroll button; a frame's message is recognised by it."""
    return f"samefox:reroll:{take_id}"


def again_id(take_id: int) -> str:
    """The custom id of a take's Same seed button; every message about a take has it."""
    return f"samefox:again:{take_id}"


BUTTONS = (CancelButton, RerollButton, AgainButton, PageButton, ChooseButton)
