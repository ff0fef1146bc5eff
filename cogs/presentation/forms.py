"""Forms of text fields that survive a restart: what was typed is read from the interaction, not from memory.

A form is described by values; the same description fills it in, reads it, and shows what was typed again when
some of it is not possible.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import discord
from discord import ui

from cogs.presentation.text import plain, quote_block
from cogs.presentation.words import _, say
from generator.errors import OptionRefused
from generator.settings import LimitSettings
from generator.storyboard import bounds

Read = Callable[[str], dict[str, Any]]
"""From what was typed to what it changes; raises `OptionRefused`."""

_ID = re.compile(r"samefox:form:(?P<desk>\w+):(?P<name>\w+)")
_BLOCK = re.compile(r"```\n(.*)\n```", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One text field."""

    label: str
    value: str  #: what is in it when the form opens
    read: Read
    description: str = ""
    placeholder: str = ""
    long: bool = False  #: of several lines; such a field is its form's only one
    length: int = 12  #: characters at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form, and who reads it."""

    desk: str  #: the name of the cog
    name: str
    page: str  #: what is shown once it is saved
    title: str
    fields: tuple[Field, ...]


class Sent(NamedTuple):
    """A form that was sent."""

    desk: str
    name: str
    typed: list[str]


class FormRefused(Exception):
    """Some of what was typed is not possible."""

    def __init__(self, refusals: Sequence[OptionRefused]) -> None:
        super().__init__(*map(str, refusals))
        self.refusals = tuple(refusals)


def modal(form: Form, typed: Sequence[str] | None = None) -> ui.Modal:
    """The form with its present values in it, or what was `typed` before."""
    opened = ui.Modal(title=form.title, custom_id=f"samefox:form:{form.desk}:{form.name}")
    for number, field in enumerate(form.fields):
        text = field.value if typed is None else typed[number]
        opened.add_item(
            ui.Label(
                text=field.label,
                description=field.description or None,
                component=ui.TextInput(
                    custom_id=str(number),
                    style=discord.TextStyle.paragraph if field.long else discord.TextStyle.short,
                    default=text[: field.length] or None,
                    placeholder=field.placeholder or None,
                    max_length=field.length,
                    required=False,
                ),
            )
        )
    opened.stop()  # whoever listens to interactions reads it; nothing needs to be kept in memory
    return opened


def sent(interaction: discord.Interaction[Any]) -> Sent | None:
    """The form, if one of these was sent."""
    data: Any = interaction.data
    if interaction.type is not discord.InteractionType.modal_submit:
        return None
    if not (named := _ID.fullmatch(data["custom_id"])):
        return None
    inputs = sorted((part["component"] for part in data["components"]), key=lambda part: part["custom_id"])
    return Sent(named["desk"], named["name"], [str(part["value"]) for part in inputs])


def read(form: Form, typed: Sequence[str]) -> dict[str, Any]:
    """What the form changes.

    Raises:
        FormRefused: some of it is not possible; all that is not is told at once.
    """
    changes: dict[str, Any] = {}
    refusals: list[OptionRefused] = []
    for field, text in zip(form.fields, typed, strict=True):
        try:
            changes |= field.read(text.strip())
        except OptionRefused as refusal:
            refusals.append(refusal)
    if refusals:
        raise FormRefused(refusals)
    return changes


def refusal_text(form: Form, typed: Sequence[str], refused: FormRefused) -> str:
    """Why nothing was saved, and what was typed."""
    reasons = "\n".join(f"- {plain(say(refusal), 300)}" for refusal in refused.refusals[:5])
    said = _("⚠️ **Nothing is saved yet.**\n{reasons}").format(reasons=reasons)
    return "\n\n".join(filter(None, [said, brought_back(form, typed)]))


def brought_back(form: Form, typed: Sequence[str]) -> str:
    """What was typed, from where `typed_before` reads it again; nothing if nothing was."""
    if not any(text.strip() for text in typed):
        return ""
    named = zip(form.fields, typed, strict=True)
    lines = typed if form.fields[0].long else [f"{field.label}: {text}" for field, text in named]
    hint = _("Here is what you wrote, so that you can correct it:")
    return f"{hint}\n{quote_block(chr(10).join(lines))}"


def typed_before(form: Form, message: discord.Message | None) -> list[str] | None:
    """What `brought_back` on this message says was typed; None if it is not there."""
    children = ui.LayoutView.from_message(message).walk_children() if message is not None else ()
    texts = [item.content for item in children if isinstance(item, ui.TextDisplay)]
    block = next((found[1] for text in texts if (found := _BLOCK.search(text))), None)
    if block is None or form.fields[0].long:
        return None if block is None else [block.replace("\u200b", "")]
    lines = block.replace("\u200b", "").split("\n")
    if len(lines) != len(form.fields):
        return None
    return [line.partition(":")[2].strip() for line in lines]


def size_hint(limits: LimitSettings, usual: str) -> str:
    """What can be written as a size, and what no size means."""
    least, most, multiple = bounds("width", limits)
    hint = _("Width x height, each a multiple of {multiple} from {least} to {most}; empty: {usual}.")
    return hint.format(multiple=multiple, least=least, most=most, usual=usual)


def number(setting: str, label: str, least: float, most: float, *, whole: bool = True) -> Read:
    """Reads a number; nothing typed is no number."""

    def reading(text: str) -> dict[str, Any]:
        if not text:
            return {setting: None}
        try:
            value = int(text) if whole else float(text.replace(",", "."))
        except ValueError:
            value = least - 1
        if least <= value <= most:
            return {setting: value}
        raise OptionRefused(
            "{label}: “{text}” is not possible; please write {least} to {most}, or nothing.",
            label=label,
            text=text,
            least=f"{least:.10g}",
            most=f"{most:.10g}",
        )

    return reading
