"""Drawing a picture again, and everything that its menu offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import discord
from discord.ext import commands

from cogs.access import may_redraw, story_of, take_of
from cogs.presentation import forms
from cogs.presentation.controls import unpaged
from cogs.presentation.forms import Form, FormRefused
from cogs.presentation.menu import SHOWN, more_menu
from cogs.presentation.take_forms import DESK, refusal, remix_form, tune_all_form, tune_form
from cogs.redrawing import draw_again, draw_all_again
from generator.errors import Refusal, SamefoxError
from generator.story import Changes
from generator.storyboard import new_seed

if TYPE_CHECKING:
    from bot import Samefox

WHOLE = ("tuneall", "modelall")
"""What concerns all frames of a story."""


class TakesCog(commands.Cog, name=DESK):
    """The buttons and forms of takes; each names its take."""

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot

    async def pressed(self, interaction: discord.Interaction[Any], verb: str, what: str) -> None:
        """A menu or a form is wanted, or all frames with a new seed."""
        if verb == "more":
            await interaction.response.defer(ephemeral=True, thinking=True)
            view = await self._more(interaction, int(what))
            await interaction.followup.send(view=view, ephemeral=True)
        elif verb == "turn":
            await interaction.response.defer()
            setting, page = unpaged(what)
            take_id = int(setting.partition(".")[2])
            view = await self._more(interaction, take_id, (setting, page))
            await interaction.edit_original_response(view=view)
        elif verb == "all":
            await draw_all_again(interaction, int(what), Changes(seed=new_seed()))
        else:
            form = await self._form(interaction, what if verb == "correct" else f"{verb}_{what}")
            typed = forms.typed_before(form, interaction.message) if verb == "correct" else None
            await interaction.response.send_modal(forms.modal(form, typed))

    async def chosen(self, interaction: discord.Interaction[Any], setting: str, values: list[str]) -> None:
        """A model is chosen."""
        kind, _dot, take_id = unpaged(setting)[0].partition(".")
        names = self.bot.settings.model.names
        model = next((name for name in names if name[-SHOWN:] == values[0]), values[0])
        await self._draw(interaction, kind, int(take_id), Changes(model=model))

    async def _more(
        self, interaction: discord.Interaction[Any], take_id: int, turned: tuple[str, int | None] = ("", None)
    ) -> discord.ui.LayoutView:
        """What else can be done; a long menu may be turned to a page."""
        story = await story_of(interaction, take_id)
        server = await self.bot.studio.server(story.guild_id)
        frame, take = take_of(story, take_id)
        models = server.offered_models(self.bot.settings)
        whole = may_redraw(interaction, story)
        return more_menu(story, frame, take, models, whole=whole, turned=turned)

    async def _form(self, interaction: discord.Interaction[Any], name: str) -> Form:
        kind, _underscore, take_id = name.partition("_")
        story = await story_of(interaction, int(take_id))
        frame, take = take_of(story, int(take_id))
        if kind == "remix":
            return remix_form(frame, take)
        limits = self.bot.settings.limits
        return tune_form(frame, take, limits) if kind == "tune" else tune_all_form(story, take, limits)

    async def sent(self, interaction: discord.Interaction[Any], name: str, typed: list[str]) -> None:
        """A form was sent."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        form = await self._form(interaction, name)
        kind, _underscore, take_id = name.partition("_")
        try:
            changes = Changes(**forms.read(form, typed))
            await self._draw(interaction, kind, int(take_id), changes)
        except (FormRefused, Refusal) as error:
            reasons: Sequence[SamefoxError] = error.refusals if isinstance(error, FormRefused) else [error]
            await interaction.followup.send(view=refusal(form, typed, reasons), ephemeral=True)

    async def _draw(
        self, interaction: discord.Interaction[Any], kind: str, take_id: int, changes: Changes
    ) -> None:
        draw = draw_all_again if kind in WHOLE else draw_again
        await draw(interaction, take_id, changes)


async def setup(bot: Samefox) -> None:
    """Called by discord.py."""
    await bot.add_cog(TakesCog(bot))
