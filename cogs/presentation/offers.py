"""What is offered while somebody types an option, and how its label is read back.

A phone may send the label that was tapped instead of what it stands for, and whoever reads a label types it
as it stands. So every option that offers something takes text, also where a number is meant, and what is
offered is understood by its label, in capitals and full width too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from discord.app_commands import Choice

from cogs.presentation.keepsakes import kinds
from cogs.presentation.text import shorten
from cogs.presentation.words import style_label
from generator.archive.characters import Character, name_key
from generator.archive.titles import Title
from generator.errors import OptionRefused
from generator.press.book import Kind
from generator.profiles import model_label
from generator.story import Person, Story

OFFERED = 25
"""As many choices as Discord shows."""

SHOWN = 100  # characters of a choice, by Discord

_NUMBERED = re.compile(r"\s*[#＃]?\s*(\d{1,15})\s*(?:·.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Offer:
    """One line under an option."""

    value: str  #: what is to be sent
    label: str  #: what people read

    @property
    def shown(self) -> str:
        """The label as Discord has room for it."""
        return shorten(self.label, SHOWN)


def offered(offers: Iterable[Offer], typed: str = "") -> list[Choice[str]]:
    """The first offers that what was typed is a part of."""
    wanted = name_key(typed)
    found = [each for each in offers if wanted in name_key(f"{each.value} {each.label}\n{each.shown}")]
    return [Choice(name=each.shown, value=each.value) for each in found[:OFFERED]]


def meant(offers: Sequence[Offer], text: str) -> str | None:
    """What a text stands for: the value that it is, or whose label it is; None if it is neither."""
    wanted = name_key(text)
    values = [each.value for each in offers if name_key(each.value) == wanted]
    labels = [each.value for each in offers if name_key(each.shown) == wanted]
    return next(iter(values + labels), None)


# -- words ----------------------------------------------------------------------------------------------


def styles(names: Iterable[str]) -> list[Offer]:
    """Styles, in the language spoken at the moment."""
    return [Offer(name, style_label(name)) for name in names]


def style_called(text: str | None, names: Iterable[str]) -> str | None:
    """The style that somebody means; else the text itself, which will be refused."""
    return text and (meant(styles(names), text) or text)


def models(names: Iterable[str]) -> list[Offer]:
    """Models by what people know of them, which is no folder of the host's."""
    return [Offer(_model_shown(name), _model_shown(name)) for name in names]


def model_called(text: str | None, names: Iterable[str]) -> str | None:
    """The model that somebody means; else the text itself, which will be refused."""
    return text and next((each for each in names if name_key(_model_shown(each)) == name_key(text)), text)


def _model_shown(name: str) -> str:
    return model_label(name)[:SHOWN]


def characters(known: Iterable[Character]) -> list[Offer]:
    """Characters that somebody may use, their own first; of two with one name, the first."""
    named = {
        name_key(each.name): Offer(each.name, f"{each.name} · {each.looks.subject}")
        for each in reversed(list(known))
    }
    return list(reversed(named.values()))


def people(known: Iterable[Person]) -> list[Offer]:
    """People by name, and by number too where several bear it."""
    everybody = list(known)
    names = Counter(name_key(each.name) for each in everybody)
    alone = [each for each in everybody if each.name and names[name_key(each.name)] == 1]
    return [
        Offer(str(each.id), each.name if each in alone else f"{each.name[:60]} · {each.id}".strip(" ·"))
        for each in everybody
    ]


def formats() -> list[Offer]:
    """What can be made of a story."""
    return [Offer(kind, label) for kind, (_emoji, label) in kinds().items()]


def format_called(text: str) -> Kind:
    """The format that somebody means.

    Raises:
        OptionRefused: there is no such.
    """
    kind = meant(formats(), text)
    if kind is None:
        raise OptionRefused(
            "There is no format “{text}”; please choose one of {formats}.",
            text=text,
            formats=list(map(str, Kind)),
        )
    return Kind(kind)


# -- numbers --------------------------------------------------------------------------------------------


def stories(titles: Iterable[Title]) -> list[Offer]:
    """Stories by number, subject and author."""
    return [numbered(each.story_id, each.subject, each.author_name) for each in titles]


def scenes(story: Story) -> list[Offer]:
    """A story's scenes, counted from 1."""
    return [numbered(number, frame.scene) for number, frame in enumerate(story.frames, 1)]


def numbered(number: int, *facts: str) -> Offer:
    """Something with a number, which its label begins with."""
    return Offer(str(number), " · ".join([str(number), *facts]))


def number_in(text: str) -> int | None:
    """The number that is typed alone, or begins a label; None if there is none, as in “3 little pigs”."""
    found = _NUMBERED.fullmatch(text)
    return int(found[1]) if found else None


def number_of(text: str) -> int:
    """The number that somebody means.

    Raises:
        OptionRefused: it is none.
    """
    number = number_in(text)
    if not number:
        raise OptionRefused(
            "“{text}” is no number; please choose one of those that are offered, or write one like 7.",
            text=shorten(text, 60),
        )
    return number
