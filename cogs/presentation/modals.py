"""Forms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from cogs.presentation.answers import answer_error
from cogs.presentation.words import _

if TYPE_CHECKING:
    from bot import Samefox

OnWritten = Callable[["discord.Interaction[Samefox]", str, str], Awaitable[None]]
"""Called with the interaction, the subject and the scenes as they were typed."""


class StoryModal(ui.Modal):
    """A subject, and one scene a line."""

    def __init__(self, on_written: OnWritten, subject: str = "", scenes: str = "") -> None:
        # Seconds; discord.py keeps a form until then, also a dismissed one.
        super().__init__(title=_("Write a story"), timeout=3600)
        self._on_written = on_written
        self.subject: ui.TextInput[StoryModal] = ui.TextInput(
            placeholder=_("A photo of a red fox with coat"), default=subject[:1000] or None, max_length=1000
        )
        self.scenes: ui.TextInput[StoryModal] = ui.TextInput(
            style=discord.TextStyle.paragraph,
            placeholder=_("wearing a scarf in a meadow\nplaying in the snow\nby a river"),
            default=scenes[:4000] or None,
            max_length=4000,
        )
        self.add_item(
            ui.Label(
                text=_("Who is it about?"),
                description=_("This stays the same in every picture."),
                component=self.subject,
            )
        )
        self.add_item(
            ui.Label(text=_("What happens?"), description=_("One scene a line."), component=self.scenes)
        )

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Hand over what was typed."""
        await self._on_written(interaction, self.subject.value, self.scenes.value)

    async def on_error(  # type: ignore[override]  # a modal has no item that could be at fault
        self, interaction: discord.Interaction[Any], error: Exception
    ) -> None:
        """Tell the person."""
        await answer_error(interaction, error)


class CorrectView(ui.View):
    """A button under a refusal that brings back what was typed, ready to be corrected."""

    def __init__(self, on_written: OnWritten, subject: str, scenes: str) -> None:
        super().__init__(timeout=840)  # seconds; the refusal itself can be answered for 15 minutes
        self._on_written = on_written
        self._subject = subject
        self._scenes = scenes
        self.correct.label = _("Correct it")

    @ui.button(emoji="✏️", style=discord.ButtonStyle.primary)
    async def correct(
        self, interaction: discord.Interaction[Samefox], button: ui.Button[CorrectView]
    ) -> None:
        """Open the form with the text in it."""
        await interaction.response.send_modal(StoryModal(self._on_written, self._subject, self._scenes))
