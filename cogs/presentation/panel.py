"""The panel of a server's settings: what holds now, and the menus and buttons that change it.

One message, of Components V2 (at most 40 components and 4000 characters): a page that shows everything, and a
page for each of its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import discord
from discord import SelectOption, ui

from cogs.presentation import parts
from cogs.presentation.choices import Standing, entry, label, line
from cogs.presentation.controls import choice_menu, press
from cogs.presentation.parts import DESK
from cogs.presentation.text import plain, shorten
from cogs.presentation.words import _, ngettext, style_label
from generator.profiles import model_label
from generator.server import Change

FOX = discord.Colour(0xE8762D)
RED = discord.Colour(0xD83C3E)

HOME = "home"
HISTORY = "history"
RESET = "reset"

PARTS: dict[str, tuple[str, ...]] = {
    "where": ("channels", "teller_roles"),
    "pictures": ("models", "model", "styles", "style", "steps", "width", "height"),
    "limits": ("limits", "role_weights"),
    "moderation": ("shade", "refused_words", "reports_channel"),
    "sharing": ("language", "gallery_channel", "read_messages"),
}
"""The parts of the panel, and the fields of `ServerSettings` that each changes."""

_MAKERS: dict[str, Callable[[Standing], list[ui.Item[Any]]]] = {
    "where": parts.where,
    "pictures": parts.pictures,
    "moderation": parts.moderation,
    "sharing": parts.sharing,
}

LINES = 6  # changes on a page of the history


def title(part: str) -> str:
    """What a part of the panel is called."""
    return {
        "where": _("📍 Where & who"),
        "pictures": _("🎨 Pictures"),
        "limits": _("⏳ Limits & turns"),
        "moderation": _("🛡️ Moderation"),
        "sharing": _("🌍 Language & sharing"),
    }[part]


def _short_titles() -> dict[str, str]:
    """The parts on buttons, of which a phone shows several side by side."""
    return {
        "where": _("📍 Where"),
        "pictures": _("🎨 Pictures"),
        "limits": _("⏳ Limits"),
        "moderation": _("🛡️ Moderation"),
        "sharing": _("🌍 Language"),
    }


class Panel(Standing):
    """The panel of one server at one moment."""

    def home(self) -> ui.LayoutView:
        """Everything at a glance."""
        heading = _("## ⚙️ Settings of {server}\n-# Only you see this. What you change holds at once.")
        items: list[ui.Item[Any]] = [ui.TextDisplay(heading.format(server=plain(self.guild.name, 60)))]
        for part in PARTS:
            items += [ui.Separator(), ui.TextDisplay(f"**{title(part)}**\n{self._summary(part)}")]
        changes = [press(DESK, "open", part, short) for part, short in _short_titles().items()]
        buttons = (
            press(DESK, "open", HISTORY, _("Who changed what"), "🕓"),
            press(DESK, "open", RESET, _("Reset…"), "↩️"),
        )
        return layout(*items, ui.Separator(), ui.ActionRow(*changes), ui.ActionRow(*buttons))

    def part(
        self, name: str, notice: str = "", *, correct: str | None = None, role: int | None = None
    ) -> ui.LayoutView:
        """One part, to be changed; `correct` is a form to open again, `role` one whose turns are chosen."""
        items = parts.limits(self, role) if name == "limits" else _MAKERS[name](self)
        return layout(
            ui.TextDisplay(f"## {title(name)}"),
            *items,
            ui.Separator(),
            ui.ActionRow(press(DESK, "open", HOME, _("All settings"), "⬅️")),
            notice=notice,
            button=press(DESK, "correct", correct, _("Correct it"), "✏️", discord.ButtonStyle.primary)
            if correct
            else None,
        )

    def history(self, changes: Sequence[Change], number: int, *, more: bool) -> ui.LayoutView:
        """Who changed what, newest first, a page of it."""
        lines = [self._change(change) for change in changes]
        text = "\n".join(lines) or _("Nobody has changed anything yet.")
        buttons = [press(DESK, "open", HOME, _("All settings"), "⬅️")]
        if number or more:
            buttons += [
                press(DESK, "newer", str(max(0, number - 1)), _("Newer"), disabled=number == 0),
                press(DESK, "older", str(number + 1), _("Older"), disabled=not more),
            ]
        return layout(
            ui.TextDisplay(_("## 🕓 Who changed what")),
            ui.TextDisplay(text),
            ui.Separator(),
            ui.ActionRow(*buttons),
        )

    def reset(self) -> ui.LayoutView:
        """What shall be as on the first day."""
        options = [
            SelectOption(label=_("Everything"), value="everything", emoji="↩️"),
            *(SelectOption(label=title(part), value=part) for part in PARTS),
        ]
        text = _(
            "## ↩️ Reset\nWhat you choose is at once as on the first day. “Who changed what” keeps how it was."
        )
        return layout(
            ui.TextDisplay(text),
            choice_menu(DESK, RESET, options, placeholder=_("Choose what to reset")),
            ui.Separator(),
            ui.ActionRow(press(DESK, "open", HOME, _("All settings"), "⬅️")),
        )

    # -- at a glance ------------------------------------------------------------------------------------

    def _summary(self, part: str) -> str:
        if part == "pictures":
            return self._look()
        if part == "limits":
            return self._bounds()
        return "\n".join(line(label(setting), self.said(setting)) for setting in PARTS[part])

    def _look(self) -> str:
        model = plain(model_label(self.server.default_model(self.host)), 60)
        style = plain(style_label(self.usual("style")), 40)
        offered, steps = len(self.server.offered_styles(self.host)), self.usual("steps")
        return _("Model: {model}\nStyle: {style}, of {offered} offered\n{steps} · {width} × {height}").format(
            model=model,
            style=style,
            offered=offered,
            steps=ngettext("{count} step", "{count} steps", steps).format(count=steps),
            width=self.usual("width"),
            height=self.usual("height"),
        )

    def _bounds(self) -> str:
        lines = parts.bounds(self, all_of_them=False)
        if self.server.limits.exempt_roles:
            lines.append(line(label("limits.exempt_roles"), self.said("limits.exempt_roles")))
        if self.server.role_weights:
            lines.append(line(label("role_weights"), self.said("role_weights")))
        return "\n".join(lines)

    def _change(self, change: Change) -> str:
        who = plain(change.person.name, 40) or _("somebody who was forgotten")
        before, after = (
            shorten(self.told(change.setting, value), 200) for value in (change.before, change.after)
        )
        when = f"<t:{int(change.at.timestamp())}:R>"
        return f"{entry(change.setting, f'{before} → {after}')}\n-# {who} · {when}"


def layout(*items: ui.Item[Any], notice: str = "", button: ui.Item[Any] | None = None) -> ui.LayoutView:
    """A panel's message; a notice stands above it."""
    view = ui.LayoutView(timeout=None)
    if notice:
        row = [ui.ActionRow(button)] if button is not None else []
        view.add_item(ui.Container(ui.TextDisplay(notice), *row, accent_colour=RED))
    view.add_item(ui.Container(*items, accent_colour=FOX))
    view.stop()  # its controls find their way without it
    return view
