"""Buttons that still work after a restart: what they need to know is in their custom id."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import TYPE_CHECKING, Any, Self, TypeVar

import discord
from discord import ui

from cogs.place import check_place, person
from cogs.presentation.answers import answer, answer_error
from cogs.presentation.text import plain
from generator.errors import NotFound

if TYPE_CHECKING:
    from bot import Samefox
    from generator.studio import Studio

_ButtonT = TypeVar("_ButtonT", bound="ui.DynamicItem[Any]")
_Callback = Callable[[_ButtonT, discord.Interaction[Any]], Coroutine[Any, Any, None]]


def answering_errors(callback: _Callback[_ButtonT]) -> _Callback[_ButtonT]:
    """discord.py only logs what a dynamic item raises; the person who pressed it should hear about it too."""

    @wraps(callback)
    async def answered(self: _ButtonT, interaction: discord.Interaction[Any]) -> None:
        try:
            await callback(self, interaction)
        except Exception as error:
            await answer_error(interaction, error)

    return answered


class CancelButton(ui.DynamicItem[ui.Button[Any]], template=r"samefox:cancel:(?P<story>\d+)"):
    """Stops a story; for its author and for moderators."""

    def __init__(self, story_id: int) -> None:
        super().__init__(
            ui.Button(
                label="Cancel",
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
        studio = _studio(interaction)
        story = await studio.archive.story(self.story_id)
        if interaction.user.id != story.author.id and not interaction.permissions.manage_messages:
            await answer(
                interaction, f"Only {plain(story.author.name, 40)} or a moderator can stop this story."
            )
        elif await studio.cancel(story.id):
            await answer(interaction, "✖️ Stopped. What is already drawn stays in the thread.")
        else:
            await answer(interaction, "There is nothing left to stop; everything is drawn already.")


class RerollButton(ui.DynamicItem[ui.Button[Any]], template=r"samefox:reroll:(?P<take>\d+)"):
    """Draws a frame again with a new seed."""

    def __init__(self, take_id: int) -> None:
        super().__init__(
            ui.Button(
                label="Reroll", emoji="🎲", style=discord.ButtonStyle.primary, custom_id=reroll_id(take_id)
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
        await draw_again(interaction, self.take_id, same_seed=False)


class AgainButton(ui.DynamicItem[ui.Button[Any]], template=r"samefox:again:(?P<take>\d+)"):
    """Draws a frame again with its own seed."""

    def __init__(self, take_id: int, label: str = "Same seed") -> None:
        super().__init__(
            ui.Button(
                label=label, emoji="♻️", style=discord.ButtonStyle.secondary, custom_id=again_id(take_id)
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
        await draw_again(interaction, self.take_id, same_seed=True)


async def draw_again(interaction: discord.Interaction[Any], take_id: int, *, same_seed: bool) -> None:
    """Put another take of a frame in line, and say so to the person who pressed."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    check_place(interaction)
    studio = _studio(interaction)
    parent = await studio.archive.take(take_id)
    if (await studio.archive.story(parent.story_id)).thread_id != interaction.channel_id:
        # The button is older than the archive, whose numbers have begun anew since.
        raise NotFound("I do not remember this picture any more, so I cannot draw it again.")
    seed = parent.recipe.seed if same_seed else None
    take = await studio.reroll(take_id, person(interaction), seed=seed)
    await answer(
        interaction,
        f"🎨 Frame {take.frame + 1} is being drawn again with seed {take.recipe.seed}; it will appear here.",
    )


def _studio(interaction: discord.Interaction[Any]) -> Studio:
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


BUTTONS = (CancelButton, RerollButton, AgainButton)
