"""``/me``: what is a member's own, in every server."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import discord
from discord import SelectOption, app_commands, ui
from discord.ext import commands

from cogs.presentation import forms
from cogs.presentation.answers import acknowledge
from cogs.presentation.choices import label, line
from cogs.presentation.controls import paged_menu, press, unpaged
from cogs.presentation.forms import FormRefused
from cogs.presentation.panel import layout
from cogs.presentation.parts import UNSET
from cogs.presentation.settings_forms import member_form
from cogs.presentation.text import plain
from cogs.presentation.words import _, style_label
from generator import storyboard
from generator.server import MemberDefaults, ServerSettings

if TYPE_CHECKING:
    from bot import Samefox
    from cogs.presentation.forms import Form

DESK = "me"
FORM = "mine"


@app_commands.guild_only()
class MeCog(commands.GroupCog, name=DESK, group_name=DESK, group_description="What is yours"):
    """The commands under ``/me``; those of other files are added to its group."""

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot

    @app_commands.command(name="defaults")
    async def defaults(self, interaction: discord.Interaction[Samefox]) -> None:
        """What your stories are drawn with when you do not say."""
        await acknowledge(interaction)
        await interaction.followup.send(view=await self._panel(interaction), ephemeral=True)

    async def pressed(self, interaction: discord.Interaction[Any], verb: str, what: str) -> None:
        """The form is wanted, or all is to be cleared."""
        if verb in ("form", "correct"):
            form = await self._form(interaction)
            typed = forms.typed_before(form, interaction.message) if verb == "correct" else None
            await interaction.response.send_modal(forms.modal(form, typed))
            return
        await interaction.response.defer()
        if verb == "clear":
            await self._keep(interaction, MemberDefaults())
        page = unpaged(what)[1] if verb == "turn" else None
        await interaction.edit_original_response(view=await self._panel(interaction, page=page))

    async def chosen(self, interaction: discord.Interaction[Any], setting: str, values: list[str]) -> None:
        """A style is chosen."""
        await interaction.response.defer()
        mine = await self.bot.studio.defaults(interaction.user.id)
        await self._keep(interaction, mine.altered(style=None if values[0] == UNSET else values[0]))
        await interaction.edit_original_response(view=await self._panel(interaction))

    async def sent(self, interaction: discord.Interaction[Any], name: str, typed: list[str]) -> None:
        """The form was sent."""
        await interaction.response.defer()
        form = await self._form(interaction)
        refusal = ""
        try:
            changes = forms.read(form, typed)
        except FormRefused as refused:
            refusal = forms.refusal_text(form, typed, refused)
        else:
            mine = await self.bot.studio.defaults(interaction.user.id)
            await self._keep(interaction, mine.altered(**changes))
        await interaction.edit_original_response(view=await self._panel(interaction, refusal))

    async def _keep(self, interaction: discord.Interaction[Any], defaults: MemberDefaults) -> None:
        await self.bot.studio.archive.servers.set_defaults(interaction.user.id, defaults)

    async def _form(self, interaction: discord.Interaction[Any]) -> Form:
        mine, server = await self._known(interaction)
        usual = partial(storyboard.usual, settings=self.bot.settings, server=server)
        return member_form(mine, usual, self.bot.settings.limits)

    async def _known(self, interaction: discord.Interaction[Any]) -> tuple[MemberDefaults, ServerSettings]:
        studio = self.bot.studio
        return await studio.defaults(interaction.user.id), await studio.server(interaction.guild_id or 0)

    async def _panel(
        self, interaction: discord.Interaction[Any], refusal: str = "", page: int | None = None
    ) -> ui.LayoutView:
        """What holds for this member, and where it comes from; a long menu may be turned to a page."""
        mine, server = await self._known(interaction)
        usual = partial(storyboard.usual, settings=self.bot.settings, server=server, member=mine)
        numbers = "\n".join(
            _marked(line(label(name), f"{usual(name):g}"), own=getattr(mine, name) is not None)
            for name in ("steps", "guidance_scale", "identity_strength")
        )
        size = line(_("Size"), f"{usual('width')} × {usual('height')}")
        style = line(_("**Style**"), plain(style_label(usual("style")), 40))
        heading = _("## ✨ Your defaults\n-# What your stories are drawn with, in every server.")
        return layout(
            ui.TextDisplay(heading),
            ui.Section(
                ui.TextDisplay(f"{numbers}\n{_marked(size, own=mine.width is not None)}"),
                accessory=press(DESK, "form", FORM, _("Change")),
            ),
            ui.TextDisplay(_marked(style, own=usual("style") == mine.style)),
            *paged_menu(DESK, "style", self._styles(mine, server), page),
            ui.ActionRow(
                press(DESK, "clear", "all", _("Clear all of mine"), "🧹", disabled=mine == MemberDefaults())
            ),
            notice=refusal,
            button=press(DESK, "correct", FORM, _("Correct it"), "✏️", discord.ButtonStyle.primary)
            if refusal
            else None,
        )

    def _styles(self, mine: MemberDefaults, server: ServerSettings) -> list[SelectOption]:
        offered = server.offered_styles(self.bot.settings)
        unset = SelectOption(label=_("None of my own"), value=UNSET, default=mine.style not in offered)
        return [
            unset,
            *(
                SelectOption(label=style_label(name), value=name, default=name == mine.style)
                for name in offered
            ),
        ]


def _marked(text: str, *, own: bool) -> str:
    """A member's own choice is told from what is usual."""
    return _("{choice} · *yours*").format(choice=text) if own else text


async def setup(bot: Samefox) -> None:
    """Called by discord.py."""
    await bot.add_cog(MeCog(bot))
