"""Buttons that still work after a restart: what they need to know is in their custom id."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import ui

from cogs.access import may_choose, may_redraw, meant, story_of, studio_of
from cogs.presentation.answers import answer
from cogs.presentation.serving import answering_errors
from cogs.presentation.text import plain
from cogs.presentation.words import _, listed
from cogs.redrawing import draw_again
from generator.story import Changes, Story
from generator.storyboard import new_seed


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


class _OfTake:
    """A button about a take, which its custom id names."""

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Made anew from the pressed button."""
        return cls(int(match["take"]))  # type: ignore[call-arg]  # as the buttons are


class RerollButton(_OfTake, ui.DynamicItem[ui.Button[Any]], template=r"samefox:reroll:(?P<take>\d+)"):
    """Draws a frame again with a new seed."""

    def __init__(self, take_id: int) -> None:
        super().__init__(
            ui.Button(
                label=_("Reroll"), emoji="🎲", style=discord.ButtonStyle.primary, custom_id=reroll_id(take_id)
            )
        )
        self.take_id = take_id

    @answering_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Draw the frame with a new seed."""
        await draw_again(interaction, self.take_id, Changes(seed=new_seed()))


class AgainButton(_OfTake, ui.DynamicItem[ui.Button[Any]], template=r"samefox:again:(?P<take>\d+)"):
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


class ChooseButton(_OfTake, ui.DynamicItem[ui.Button[Any]], template=r"samefox:choose:(?P<take>\d+)"):
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
