"""Kept characters, as those see them who may use them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import discord
from discord import SelectOption, ui

from cogs.presentation.controls import choice_menu, press
from cogs.presentation.forms import Field, Form
from cogs.presentation.text import fitting, plain, shorten
from cogs.presentation.words import _, style_label
from generator.archive.characters import LONGEST, Character
from generator.casting import suggested_name
from generator.story import Story, Take

DESK = "characters"
HOME = "home"
ROOM = 1800  # characters of the lines of one's own, and of those of the server's

FOX = discord.Colour(0xE8762D)
RED = discord.Colour(0xD83C3E)


def keep_form(story: Story, take: Take) -> Form:
    """A name for a story's character."""
    return _name_form(f"keep_{take.id}", _("Keep this character"), suggested_name(story.subject))


def rename_form(character: Character) -> Form:
    """Another name."""
    return _name_form(f"rename_{character.id}", _("Rename"), character.name)


def _name_form(name: str, title: str, value: str) -> Form:
    return Form(
        desk=DESK,
        name=name,
        page="",
        title=title,
        fields=(
            Field(
                label=_("Name"),
                description=_("You choose the character by it in /story tell."),
                placeholder=_("Rusty"),
                value=value,
                read=lambda text: {"name": text},
                length=LONGEST,
            ),
        ),
    )


def roster(own: Sequence[Character], shared: Sequence[Character]) -> ui.LayoutView:
    """All characters that somebody may use here."""
    parts: list[ui.Item[Any]] = []
    for heading, characters, setting in (
        (_("Your characters"), own, "own"),
        (_("Everybody’s in this server"), shared, "shared"),
    ):
        if characters:
            parts += [
                ui.TextDisplay(f"### {heading}\n" + fitting(partial(_lines, characters), LONGEST + 20, ROOM)),
                choice_menu(DESK, setting, _options(characters), placeholder=_("Choose a character")),
            ]
    if not parts:
        parts.append(
            ui.TextDisplay(
                "### 🦊 "
                + _("No characters yet")
                + "\n"
                + _(
                    "Under any picture, **More** and then **Keep this character** keep who is in it. "
                    "You can then tell further stories about them with /story tell."
                )
            )
        )
    return _view(ui.Container(*parts, accent_colour=FOX))


def portrait_card(
    character: Character, picture: str | None, *, may_change: bool, may_share: bool, news: str = ""
) -> ui.LayoutView:
    """One character, and what can be done with it; `picture` is the name of an attached one."""
    looks, number = character.looks, str(character.id)
    parts: list[ui.Item[Any]] = [ui.TextDisplay(news)] if news else []
    parts.append(ui.TextDisplay(f"### 🦊 {plain(character.name, LONGEST)}\n{plain(looks.subject, 500)}"))
    if picture is not None:
        described = shorten(f"{character.name}: {looks.subject}", 256)
        parts.append(
            ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{picture}", description=described))
        )
    parts.append(ui.TextDisplay("\n".join(f"-# {line}" for line in _facts(character))))
    parts.append(
        ui.ActionRow(
            press(DESK, "tell", number, _("Tell a story"), "📖", discord.ButtonStyle.primary),
            *([press(DESK, "rename", number, _("Rename"), "✏️")] if may_change else []),
        )
    )
    rest = [
        *([press(DESK, "share", number, _("Share here"), "🌍")] if may_share else []),
        *([press(DESK, "forget", number, _("Forget"), "🗑️")] if may_change else []),
        press(DESK, HOME, "0", _("All characters"), "📇"),
    ]
    parts.append(ui.ActionRow(*rest))
    return _view(ui.Container(*parts, accent_colour=FOX))


def forget_card(character: Character) -> ui.LayoutView:
    """Whether that is meant."""
    number = str(character.id)
    question = (
        _("Forget **{name}**, your character?")
        if character.guild_id is None
        else _("Forget **{name}**? Then nobody in this server can choose this character any more.")
    )
    return _view(
        ui.Container(
            ui.TextDisplay(
                question.format(name=plain(character.name, LONGEST))
                + "\n-# "
                + _("Stories that are told already stay as they are.")
            ),
            ui.ActionRow(
                press(DESK, "drop", number, _("Forget"), "🗑️", discord.ButtonStyle.danger),
                press(DESK, "show", number, _("Back"), "◀️"),
            ),
            accent_colour=RED,
        )
    )


def _lines(characters: Sequence[Character], length: int) -> str:
    return "\n".join(
        f"**{plain(each.name, min(LONGEST, length))}** · {plain(each.looks.subject, length)}"
        for each in characters
    )


def _options(characters: Sequence[Character]) -> list[SelectOption]:
    return [
        SelectOption(
            label=character.name, value=str(character.id), description=shorten(character.looks.subject, 100)
        )
        for character in characters
    ]


def _facts(character: Character) -> list[str]:
    looks = character.looks
    style = plain(style_label(looks.style or "–"), 40)
    lines = [_("style {style} · seed {seed}").format(style=style, seed=looks.seed)]
    if character.guild_id is not None:
        lines.append(_("shared by {name} with this server").format(name=plain(character.owner.name, 40)))
    return [*lines, _("In /story tell, choose it under “character”, and write only the scenes.")]


def _view(container: ui.Container[Any]) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    view.stop()
    return view
