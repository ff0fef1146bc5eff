"""``/settings``: a server's own settings, changed by those who may manage it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import discord
from discord import app_commands, ui
from discord.ext import commands

from cogs.place import NotAllowed, person
from cogs.presentation import forms
from cogs.presentation.answers import acknowledge
from cogs.presentation.controls import unpaged
from cogs.presentation.forms import FormRefused
from cogs.presentation.panel import HISTORY, LINES, PARTS, RESET, Panel
from cogs.presentation.parts import DESK, altered
from cogs.presentation.settings_forms import SERVER_FORMS
from generator.server import ServerSettings, pruned

if TYPE_CHECKING:
    from bot import Samefox

Alter: TypeAlias = Callable[[ServerSettings], ServerSettings]


class SettingsCog(commands.Cog, name=DESK):
    """The command and its panel."""

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot

    @app_commands.command(name="settings")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    async def settings(self, interaction: discord.Interaction[Samefox]) -> None:
        """What holds in this server: channels, pictures, limits, moderation, language."""
        await acknowledge(interaction)
        _check(interaction)
        panel = await self._panel(interaction)
        await interaction.followup.send(view=panel.home(), ephemeral=True)

    # -- the panel's controls ---------------------------------------------------------------------------

    async def pressed(self, interaction: discord.Interaction[Any], verb: str, what: str) -> None:
        """A page is opened or turned, or a form is wanted."""
        _check(interaction)
        if verb in ("form", "correct"):
            form = SERVER_FORMS[what](await self._panel(interaction))
            typed = forms.typed_before(form, interaction.message) if verb == "correct" else None
            await interaction.response.send_modal(forms.modal(form, typed))
            return
        await interaction.response.defer()
        panel = await self._panel(interaction)
        if verb in ("newer", "older") or what == HISTORY:
            view = await self._history(panel, 0 if what == HISTORY else int(what))
        elif what == RESET:
            view = panel.reset()
        elif verb == "turn":
            setting, page = unpaged(what)
            view = replace(panel, turned=(setting, page)).part(_part_of(setting))
        else:
            view = panel.part(what) if what in PARTS else panel.home()
        await interaction.edit_original_response(view=view)

    async def chosen(self, interaction: discord.Interaction[Any], setting: str, values: list[str]) -> None:
        """A setting is chosen in a menu."""
        _check(interaction)
        await interaction.response.defer()
        if setting == "weigh":
            panel = await self._panel(interaction)
            view = panel.part("limits", role=int(values[0]) if values else None)
        elif setting == RESET:
            panel = await self._change(interaction, _fresh(values[0]))
            view = panel.home()
        else:
            host, (name, page) = self.bot.settings, unpaged(setting)
            panel = await self._change(
                interaction, lambda present: altered(present, name, values, host, page)
            )
            view = replace(panel, turned=(name, page)).part(_part_of(name))
        await interaction.edit_original_response(view=view)

    async def sent(self, interaction: discord.Interaction[Any], name: str, typed: list[str]) -> None:
        """A form was sent."""
        _check(interaction)
        await interaction.response.defer()
        panel = await self._panel(interaction)
        form = SERVER_FORMS[name](panel)
        try:
            changes = forms.read(form, typed)
        except FormRefused as refused:
            view = panel.part(form.page, forms.refusal_text(form, typed, refused), correct=name)
        else:
            view = (await self._change(interaction, lambda present: present.chosen(changes))).part(form.page)
        await interaction.edit_original_response(view=view)

    # -- what they do -----------------------------------------------------------------------------------

    async def _panel(self, interaction: discord.Interaction[Any]) -> Panel:
        """How things stand."""
        assert interaction.guild is not None
        server = await self.bot.studio.server(interaction.guild.id)
        return Panel(guild=interaction.guild, host=self.bot.settings, server=server)

    async def _change(self, interaction: discord.Interaction[Any], alter: Alter) -> Panel:
        """Keep a change, drop what the server has deleted since, and see how things stand."""
        guild = interaction.guild
        assert guild is not None
        channels, roles = {each.id for each in guild.channels}, {each.id for each in guild.roles}
        host = self.bot.settings
        server = await self.bot.studio.archive.servers.change(
            guild.id, person(interaction), lambda present: alter(pruned(present, channels, roles, host))
        )
        return Panel(guild=guild, host=host, server=server)

    async def _history(self, panel: Panel, number: int) -> ui.LayoutView:
        changes = await self.bot.studio.archive.servers.changes(
            panel.guild.id, limit=LINES + 1, offset=number * LINES
        )
        return panel.history(changes[:LINES], number, more=len(changes) > LINES)


def _check(interaction: discord.Interaction[Any]) -> None:
    """Make sure, at each step, that this member may manage the server: a panel outlives a role."""
    if not interaction.permissions.manage_guild:
        raise NotAllowed(
            "Only members who may Manage Server can change these settings; please ask one of them, or choose "
            "defaults of your own with /me defaults."
        )


def _fresh(part: str) -> Alter:
    """What sets a part of the settings, or everything, back."""
    fields = PARTS.get(part) or tuple(ServerSettings.model_fields)
    return lambda present: present.altered(**{name: getattr(ServerSettings(), name) for name in fields})


def _part_of(setting: str) -> str:
    """The part of the panel that shows a setting."""
    field = setting.split(".")[0]
    return next((part for part, fields in PARTS.items() if field in fields), "limits")


async def setup(bot: Samefox) -> None:
    """Called by discord.py."""
    await bot.add_cog(SettingsCog(bot))
