"""Settings in words: what each is called, and what its value means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import discord

from cogs.presentation.text import plain
from cogs.presentation.words import LANGUAGES, _, listed, style_label
from generator import storyboard
from generator.profiles import model_label
from generator.server import ServerSettings, Shade, flat
from generator.settings import Settings

LISTED = 8
"""How many channels, roles or words are named before the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the settings of one server stand at one moment."""

    guild: discord.Guild
    host: Settings
    server: ServerSettings
    turned: tuple[str, int | None] = ("", None)  #: a setting with a long menu, and the page that is wanted

    def page(self, setting: str) -> int | None:
        """The page that a setting's menu is turned to, if somebody has turned it."""
        return self.turned[1] if self.turned[0] == setting else None

    def said(self, setting: str) -> str:
        """What holds now."""
        if setting == "read_messages" and not self.host.bot.read_messages:
            return _("no, since the host lets me read no messages")
        return self.told(setting, flat(self.server)[setting])

    def told(self, setting: str, value: Any) -> str:
        """What a value, as JSON has it, means; what is not there any more is said to be gone."""
        if setting.startswith("model"):
            return _named(setting, value, {name: model_label(name) for name in self.host.model.names})
        if setting.startswith("style"):
            return _named(setting, value, {name: style_label(name) for name in self.host.styles})
        if setting.startswith("limits.") and value is None:
            value = getattr(self.host.limits, setting.removeprefix("limits."))
            return _("no limit") if value is None else as_the_host_has_it(value)
        return _told(setting, value, self.guild)

    def usual(self, option: str) -> Any:
        """What an option of a story is here when its author does not say."""
        return storyboard.usual(option, self.host, self.server)

    def channels(self, *ids: int | None) -> list[int]:
        """Those that are still there."""
        return [each for each in ids if each is not None and self.guild.get_channel(each)]

    def roles(self, *ids: int | None) -> list[int]:
        """Those that are still there."""
        return [each for each in ids if each is not None and self.guild.get_role(each)]


def label(setting: str) -> str:
    """What a setting is called."""
    return {
        "channels": _("Channels"),
        "teller_roles": _("Storytellers"),
        "models": _("Models offered"),
        "model": _("Usual model"),
        "styles": _("Styles offered"),
        "style": _("Usual style"),
        "steps": _("Steps"),
        "width": _("Width"),
        "height": _("Height"),
        "guidance_scale": _("Guidance"),
        "identity_strength": _("Identity"),
        "limits.stories_at_once": _("Stories at once"),
        "limits.scenes": _("Scenes in a story"),
        "limits.frames_a_day": _("Daily pictures, each"),
        "limits.server_frames_a_day": _("Daily pictures, in all"),
        "limits.exempt_roles": _("Free of these limits"),
        "role_weights": _("Turns"),
        "shade": _("Unfit pictures"),
        "refused_words": _("Refused words"),
        "reports_channel": _("Reports go to"),
        "gallery_channel": _("Gallery"),
        "language": _("Language"),
        "read_messages": _("Scenes from messages"),
    }.get(setting, setting)


def as_the_host_has_it(value: object) -> str:
    """A value that a server has not chosen."""
    return _("{value}, as the host has it").format(value=value)


def line(name: str, value: object) -> str:
    """``Steps: 16``."""
    return _("{name}: {value}").format(name=name, value=value)


def entry(setting: str, value: object) -> str:
    """The same of a setting, its name in bold."""
    return line(f"**{label(setting)}**", value)


def _told(setting: str, value: Any, guild: discord.Guild) -> str:
    match setting:
        case "channels" | "reports_channel" | "gallery_channel" | "teller_roles" | "limits.exempt_roles":
            return _in_guild(setting, value, guild)
        case "role_weights":
            return weights({int(role): weight for role, weight in value.items()}, guild)
        case _:
            return _plain(setting, value)


def _in_guild(setting: str, value: Any, guild: discord.Guild) -> str:
    ids = value if isinstance(value, list) else [value] if value else []
    if not ids:
        return {
            "channels": _("wherever I may write"),
            "teller_roles": _("everyone"),
            "limits.exempt_roles": _("nobody"),
        }.get(setting, _("nowhere"))
    return roles(ids, guild) if setting.endswith("roles") else channels(ids, guild)


def _plain(setting: str, value: Any) -> str:
    match setting:
        case "refused_words":
            return few([f"“{plain(word, 30)}”" for word in value]) or _("none of your own")
        case "shade":
            return shade(Shade(value))
        case "language":
            return LANGUAGES.get(value, value) if value else _("as set in Discord")
        case "read_messages":
            return _("yes") if value else _("no")
    if value is None:
        return _("as the host has it")
    return str(value)


def _named(setting: str, value: Any, known: dict[str, str]) -> str:
    """Models or styles, by what the host calls them now."""
    if not value:
        return _("all") if setting.endswith("s") else _("as the host has it")
    gone = _("⚠️ {name} (gone)")
    return few(
        [
            plain(known[name], 60) if name in known else gone.format(name=plain(model_label(name), 60))
            for name in ([value] if isinstance(value, str) else value)
        ]
    )


def channels(ids: Iterable[int], guild: discord.Guild) -> str:
    """Channels as links."""
    return few([f"<#{each}>" if guild.get_channel(each) else _("⚠️ a deleted channel") for each in ids])


def roles(ids: Iterable[int], guild: discord.Guild) -> str:
    """Roles as mentions, which call nobody where only one person reads them."""
    return few([_role(each, guild) for each in ids])


def weights(role_weights: dict[int, float], guild: discord.Guild) -> str:
    """Roles and how many turns their members have."""
    pairs = sorted(role_weights.items(), key=lambda pair: -pair[1])
    return few([f"{_role(role, guild)} × {weight:g}" for role, weight in pairs]) or _("the same for all")


def _role(role_id: int, guild: discord.Guild) -> str:
    return f"<@&{role_id}>" if guild.get_role(role_id) else _("⚠️ a deleted role")


def shade(value: Shade) -> str:
    """What happens to a picture that is not fit for everybody."""
    return {
        Shade.SPOILER: _("hidden until tapped"),
        Shade.BLUR: _("blurred"),
        Shade.REFUSE: _("not shown"),
    }[value]


def few(names: list[str]) -> str:
    """The first names, and how many more there are."""
    if len(names) <= LISTED:
        return listed(names)
    return _("{names} and {more} more").format(names=listed(names[:LISTED]), more=len(names) - LISTED)
