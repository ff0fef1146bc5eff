"""Buttons, menus and forms that work after a restart: each names its desk, which does the rest."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, Self, TypeAlias

import discord
from discord import ui

from cogs.presentation import forms
from cogs.presentation.serving import answering_errors, served


class Desk(Protocol):
    """The cog that a panel belongs to, found by its name."""

    async def pressed(self, interaction: discord.Interaction[Any], verb: str, what: str) -> None:
        """A button was pressed."""

    async def chosen(self, interaction: discord.Interaction[Any], setting: str, values: list[str]) -> None:
        """Something was chosen in a menu: texts, or the ids of channels or roles."""

    async def sent(self, interaction: discord.Interaction[Any], name: str, typed: list[str]) -> None:
        """A form was sent, perhaps one that was opened before a restart."""


_AnyMenu: TypeAlias = "ui.Select[Any] | ui.ChannelSelect[Any] | ui.RoleSelect[Any] | ui.UserSelect[Any]"


class Press(
    ui.DynamicItem[ui.Button[Any]],
    template=r"samefox:(?P<desk>\w+):press:(?P<verb>\w+):(?P<what>[\w.]+)",
):
    """A button of a panel."""

    def __init__(self, button: ui.Button[Any], desk: str, verb: str, what: str) -> None:
        super().__init__(button)
        self._desk, self._verb, self._what = desk, verb, what

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Made anew from the pressed button."""
        assert isinstance(item, ui.Button)
        return cls(item, match["desk"], match["verb"], match["what"])

    @answering_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Let the desk see to it."""
        await _desk(interaction, self._desk).pressed(interaction, self._verb, self._what)


class Menu(
    ui.DynamicItem[Any],
    template=r"samefox:(?P<desk>\w+):menu:(?P<setting>[\w.]+)",
):
    """A menu of a panel: of texts, channels, roles or people."""

    def __init__(self, menu: _AnyMenu, desk: str, setting: str) -> None:
        super().__init__(menu)
        self._desk, self._setting = desk, setting

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Made anew from the used menu."""
        assert isinstance(item, ui.Select | ui.ChannelSelect | ui.RoleSelect | ui.UserSelect)
        return cls(item, match["desk"], match["setting"])

    @answering_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Let the desk see to it."""
        values = [value if isinstance(value, str) else str(value.id) for value in self.item.values]
        await _desk(interaction, self._desk).chosen(interaction, self._setting, values)


def press(
    desk: str,
    verb: str,
    what: str,
    label: str | None,
    emoji: str | None = None,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    *,
    disabled: bool = False,
) -> Press:
    """A button."""
    custom_id = f"samefox:{desk}:press:{verb}:{what}"
    button: ui.Button[Any] = ui.Button(
        label=label, emoji=emoji, style=style, custom_id=custom_id, disabled=disabled
    )
    return Press(button, desk, verb, what)


def choice_menu(
    desk: str,
    setting: str,
    options: Sequence[discord.SelectOption],
    *,
    placeholder: str | None = None,
    several: bool = False,
) -> ui.ActionRow[Any]:
    """A menu of texts; of `several`, none may be chosen too."""
    menu: ui.Select[Any] = ui.Select(
        custom_id=f"samefox:{desk}:menu:{setting}",
        id=_id(setting),
        options=list(options[:MENU]),
        placeholder=placeholder,
        min_values=0 if several else 1,
        max_values=len(options[:MENU]) if several else 1,
    )
    return ui.ActionRow(Menu(menu, desk, setting))


def paged_menu(
    desk: str,
    setting: str,
    options: Sequence[discord.SelectOption],
    page: int | None = None,
    *,
    placeholder: str | None = None,
    several: bool = False,
) -> list[ui.ActionRow[Any]]:
    """A menu of texts, with buttons to turn it where they are too many for one.

    The desk hears of the page with the setting, and takes it off with `unpaged`. Without a page, the menu is
    turned to the first thing that is chosen.
    """
    if len(options) <= MENU:
        return [choice_menu(desk, setting, options, placeholder=placeholder, several=several)]
    pages = -(-len(options) // MENU)
    chosen = next((place for place, option in enumerate(options) if option.default), 0)
    page = chosen // MENU if page is None else min(page, pages - 1)
    shown = options[page * MENU : (page + 1) * MENU]
    buttons = [press(desk, "page", f"{setting}.page{page}", f"{page + 1}/{pages}", disabled=True)]
    if page > 0:
        buttons.insert(0, press(desk, "turn", f"{setting}.page{page - 1}", "◀"))
    if page < pages - 1:
        buttons.append(press(desk, "turn", f"{setting}.page{page + 1}", "▶"))
    menu = choice_menu(desk, f"{setting}.page{page}", shown, placeholder=placeholder, several=several)
    return [menu, ui.ActionRow(*buttons)]


def unpaged(setting: str) -> tuple[str, int | None]:
    """A setting, and the page that its menu is turned to; None if it has but one."""
    found = re.fullmatch(r"(.+)\.page(\d+)", setting)
    return (found[1], int(found[2])) if found else (setting, None)


def channel_menu(
    setting: str,
    chosen: Iterable[int],
    *,
    placeholder: str,
    kinds: Sequence[discord.ChannelType],
    most: int = 1,
) -> ui.ActionRow[Any]:
    """A menu of the server's channels, of which none may be chosen too."""
    menu: ui.ChannelSelect[Any] = ui.ChannelSelect(
        custom_id=f"samefox:settings:menu:{setting}",
        id=_id(setting),
        channel_types=list(kinds),
        placeholder=placeholder,
        min_values=0,
        max_values=most,
        default_values=[discord.SelectDefaultValue.from_channel(discord.Object(each)) for each in chosen],
    )
    return ui.ActionRow(Menu(menu, "settings", setting))


def role_menu(setting: str, chosen: Iterable[int], *, placeholder: str, most: int = 1) -> ui.ActionRow[Any]:
    """A menu of the server's roles, of which none may be chosen too."""
    menu: ui.RoleSelect[Any] = ui.RoleSelect(
        custom_id=f"samefox:settings:menu:{setting}",
        id=_id(setting),
        placeholder=placeholder,
        min_values=0,
        max_values=most,
        default_values=[discord.SelectDefaultValue.from_role(discord.Object(each)) for each in chosen],
    )
    return ui.ActionRow(Menu(menu, "settings", setting))


MENU = 25
"""As many as a menu of Discord's holds."""


def _id(setting: str) -> int:
    """A number of its own: a menu must not inherit what was chosen in its place on another page."""
    return zlib.crc32(setting.encode()) >> 1


def _desk(interaction: discord.Interaction[Any], name: str) -> Desk:
    desk: Any = interaction.client.get_cog(name)
    return desk  # type: ignore[no-any-return]


async def receive(interaction: discord.Interaction[Any]) -> None:
    """Let the desk read a form of its, if that is what was sent."""
    if (form := forms.sent(interaction)) is not None:
        desk = _desk(interaction, form.desk)
        await served(interaction, lambda: desk.sent(interaction, form.name, form.typed))


CONTROLS = (Press, Menu)
