"""The parts of the panel of settings: for each, what holds now, and the menus and buttons that change it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from discord import ChannelType, SelectOption, ui

from cogs.presentation import choices
from cogs.presentation.choices import Standing, as_the_host_has_it, entry, label, line
from cogs.presentation.controls import (
    MENU,
    channel_menu,
    choice_menu,
    paged_menu,
    press,
    role_menu,
)
from cogs.presentation.text import plain
from cogs.presentation.words import LANGUAGES, _, style_label
from generator.profiles import model_label
from generator.server import Limits, ServerSettings, Shade
from generator.settings import Settings

DESK = "settings"
WEIGHTS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
SHOWN = 100  # characters of an option, by Discord
UNSET = "-"  # the value of a menu's first option, which goes back to the default

_STORY_CHANNELS = (ChannelType.text, ChannelType.news, ChannelType.forum, ChannelType.category)
_POST_CHANNELS = (ChannelType.text, ChannelType.news)


def where(now: Standing) -> list[ui.Item[Any]]:
    """Where stories are told, and by whom."""
    server = now.server
    return [
        _text(
            now,
            "channels",
            _("Where stories are told, also in threads. None chosen: wherever I may write."),
        ),
        channel_menu(
            "channels",
            now.channels(*server.channels),
            placeholder=_("Wherever I may write"),
            kinds=_STORY_CHANNELS,
            most=MENU,
        ),
        _text(now, "teller_roles", _("Who tells stories, by one of these roles. None chosen: everyone.")),
        role_menu("teller_roles", now.roles(*server.teller_roles), placeholder=_("Everyone"), most=MENU),
    ]


def pictures(now: Standing) -> list[ui.Item[Any]]:
    """What draws, and how pictures look."""
    server, host = now.server, now.host
    steps_and_size = _("Steps and size")
    usual_model = model_label(server.default_model(host))
    items: list[ui.Item[Any]] = []
    if len(host.model.names) > 1:
        items += [
            _text(now, "models", _("What an author may choose among.")),
            *_several(now, "models", host.model.names, server.models, _("All models")),
            _shown(
                "model",
                usual_model,
                _("What draws when an author does not choose."),
                hosts=server.model is None and server.default_model(host) == host.model.name,
            ),
            *_one_of(now, "model", server.offered_models(host), server.model),
        ]
    size = f"{now.usual('steps')} · {now.usual('width')} × {now.usual('height')}"
    if (server.steps, server.width, server.height) == (None, None, None):
        size = as_the_host_has_it(size)
    return [
        *items,
        _text(now, "styles", _("What an author may choose among.")),
        *_several(now, "styles", tuple(host.styles), server.styles, _("All styles")),
        _shown(
            "style",
            now.usual("style"),
            _("How pictures look when an author does not choose."),
            hosts=server.style is None and now.usual("style") == host.story.style,
        ),
        *_one_of(now, "style", server.offered_styles(host), server.style),
        ui.Section(
            ui.TextDisplay(line(f"**{steps_and_size}**", size)),
            accessory=press(DESK, "form", "look", _("Change")),
        ),
    ]


def limits(now: Standing, role: int | None) -> list[ui.Item[Any]]:
    """What members may ask for, and how often it is their turn; `role` is one whose turns are chosen now."""
    limits = now.server.limits
    numbers = "\n".join(bounds(now))
    items: list[ui.Item[Any]] = [
        ui.Section(ui.TextDisplay(numbers), accessory=press(DESK, "form", "limits", _("Change"))),
        _text(now, "limits.exempt_roles", _("The host’s own limits hold for everyone.")),
        role_menu(
            "limits.exempt_roles",
            now.roles(*limits.exempt_roles),
            placeholder=_("Nobody"),
            most=MENU,
        ),
        _text(now, "role_weights", _("While others wait, a member with × 2 has two turns to their one.")),
        role_menu("weigh", now.roles(role), placeholder=_("Choose a role to weigh")),
    ]
    if role is not None:
        items.append(_weights(now, role))
    return items


def bounds(now: Standing, *, all_of_them: bool = True) -> list[str]:
    """The limits in words, a line each; else only those that there are."""
    said = {name: now.said(f"limits.{name}") for name in Limits.model_fields if name != "exempt_roles"}
    if now.server.limits.scenes is not None:  # which the host may have lowered since
        said["scenes"] = str(now.server.most_scenes(now.host, ()))
    present = [name for name in said if all_of_them or name == "scenes" or getattr(now.server.limits, name)]
    return [line(label(f"limits.{name}"), said[name]) for name in present]


def _weights(now: Standing, role: int) -> ui.ActionRow[Any]:
    present = now.server.role_weights.get(role, 1.0)
    options = [
        SelectOption(
            label=_("As many turns as everyone") if weight == 1 else f"× {weight:g}",
            value=str(weight),
            default=weight == present,
        )
        for weight in WEIGHTS
    ]
    placeholder = _("How many turns?") if present in WEIGHTS else f"× {present:g}"
    return choice_menu(DESK, f"weight.{role}", options, placeholder=placeholder)


def moderation(now: Standing) -> list[ui.Item[Any]]:
    """What is not drawn or not shown."""
    server = now.server
    shades = [
        SelectOption(label=choices.shade(each).capitalize(), value=each, default=each is server.shade)
        for each in Shade
    ]
    words = now.said("refused_words")
    hint = _("Added to the words I never draw.")
    return [
        _text(now, "shade", _("What becomes of a picture that is not fit for this channel.")),
        choice_menu(DESK, "shade", shades),
        ui.Section(
            ui.TextDisplay(f"{entry('refused_words', words)}\n-# {hint}"),
            accessory=press(DESK, "form", "words", _("Change")),
        ),
        _text(now, "reports_channel", _readers(now)),
        channel_menu(
            "reports_channel",
            now.channels(server.reports_channel),
            placeholder=_("Nowhere"),
            kinds=_POST_CHANNELS,
        ),
    ]


def _readers(now: Standing) -> str:
    """Who should read the reports, and a warning where everybody does."""
    channel = now.guild.get_channel(now.server.reports_channel or 0)
    if channel is not None and channel.permissions_for(now.guild.default_role).view_channel:
        return _(
            "⚠️ Everyone can view this channel and reads what is reported. Best choose one for moderators."
        )
    return _("Best a channel that only moderators read.")


def sharing(now: Standing) -> list[ui.Item[Any]]:
    """Language, gallery, and whether messages are read."""
    server = now.server
    languages = [
        SelectOption(label=_("As set in Discord"), value=UNSET, default=not server.language),
        *(
            SelectOption(label=name, value=code, default=code == server.language)
            for code, name in LANGUAGES.items()
        ),
    ]
    reading = [
        SelectOption(label=_("No"), value="no", default=not server.read_messages),
        SelectOption(label=_("Yes"), value="yes", default=server.read_messages),
    ]
    return [
        _text(now, "language", _("Of what everybody sees; your own answers come in your language.")),
        choice_menu(DESK, "language", languages),
        _text(now, "gallery_channel", _("Where finished stories are posted too.")),
        channel_menu(
            "gallery_channel",
            now.channels(server.gallery_channel),
            placeholder=_("Nowhere"),
            kinds=_POST_CHANNELS,
        ),
        _text(
            now, "read_messages", _("Whether writing in the thread of a story told together adds a scene.")
        ),
        # Where the host lets me read nothing, there is nothing to choose.
        *([choice_menu(DESK, "read_messages", reading)] if now.host.bot.read_messages else []),
    ]


def altered(
    present: ServerSettings,
    setting: str,
    values: Sequence[str],
    host: Settings,
    page: int | None = None,
) -> ServerSettings:
    """The settings after something was chosen in one of these menus, on a page of it if it has several."""
    if setting in ("models", "styles"):
        known = host.model.names if setting == "models" else tuple(host.styles)
        return present.chosen({setting: _offered(known, getattr(present, setting), values, page)})
    name, _dot, role = setting.partition(".")
    if name == "weight":
        weights = present.role_weights | {int(role): float(values[0])}
        return present.altered(role_weights={each: w for each, w in weights.items() if w != 1})
    return present.chosen({setting: _value(setting, values, host)})


def _offered(
    known: Sequence[str], before: Sequence[str], values: Sequence[str], page: int | None
) -> tuple[str, ...]:
    """What is offered once this is chosen of a page: what is on other pages stays; nothing is all."""
    start, end = (0, len(known)) if page is None else (page * MENU, (page + 1) * MENU)
    names = tuple(
        name
        for place, name in enumerate(known)
        if (name[-SHOWN:] in values if start <= place < end else name in before)
    )
    return () if len(names) == len(known) else names


def _value(setting: str, values: Sequence[str], host: Settings) -> Any:
    one = values[0] if values and values[0] != UNSET else None
    match setting:
        case "channels" | "teller_roles" | "limits.exempt_roles":
            return tuple(map(int, values))
        case "reports_channel" | "gallery_channel":
            return int(one) if one else None
        case "model":
            return next((name for name in host.model.names if name[-SHOWN:] == one), None)
        case "shade":
            return Shade(values[0])
        case "read_messages":
            return one == "yes"
        case _:
            return one


def _text(now: Standing, setting: str, hint: str) -> ui.TextDisplay[Any]:
    return ui.TextDisplay(f"{entry(setting, now.said(setting))}\n-# {hint}")


def _shown(setting: str, value: str, hint: str, *, hosts: bool) -> ui.TextDisplay[Any]:
    """What holds in effect, and whether it does because the server leaves it to the host."""
    shown = plain(style_label(value), 60)
    return ui.TextDisplay(f"{entry(setting, as_the_host_has_it(shown) if hosts else shown)}\n-# {hint}")


def _several(
    now: Standing, setting: str, known: Sequence[str], chosen: Sequence[str], placeholder: str
) -> list[ui.ActionRow[Any]]:
    options = [_option(name, default=name in chosen) for name in known]
    page = now.page(setting)
    return paged_menu(DESK, setting, options, page, placeholder=placeholder, several=True)


def _one_of(now: Standing, setting: str, known: Sequence[str], chosen: str | None) -> list[ui.ActionRow[Any]]:
    unset = SelectOption(label=_("As the host has it"), value=UNSET, default=chosen not in known)
    options = [unset, *(_option(name, default=name == chosen) for name in known)]
    return paged_menu(DESK, setting, options, now.page(setting))


def _option(name: str, *, default: bool) -> SelectOption:
    """A style or a model, whose name may be longer than an option's."""
    return SelectOption(label=model_label(style_label(name))[-SHOWN:], value=name[-SHOWN:], default=default)
