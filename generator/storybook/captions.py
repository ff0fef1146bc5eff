"""Captions as people write them, and prompts of the shape that stories have: a subject and several scenes."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

import numpy as np

from generator.storybook import words
from generator.storybook.attributes import NATURAL, PEOPLE, Attributes, Scenery, Subject, choose


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is told; the picture shows one of the scenes."""

    subject: str
    scenes: tuple[str, ...]
    shown: int  #: which of the scenes; 0 where there is none

    @property
    def text(self) -> str:
        """The subject and the scenes, joined by single spaces as a story's frames are."""
        return " ".join((self.subject, *self.scenes))


def held_out(subject: Subject) -> bool:
    """Whether this combination is kept from training, so that evaluation can ask for what is new.

    A tenth of those who wear something, by a hash of character, colour and what they wear.
    """
    description = f"{subject.character} {subject.colour} {subject.wear}"
    return subject.wear != "nothing" and zlib.crc32(description.encode()) % 10 == 0


def natural_name(rng: np.random.Generator, character: str) -> str:
    """A character's name; mostly the usual one."""
    names = words.NAMES.get(character, (character,))
    return names[0] if rng.random() < 0.75 else choose(rng, names)


def subject_text(
    rng: np.random.Generator, subject: Subject, style: str | None, *, colour: bool = True, wear: bool = True
) -> str:
    """Who it is, with as much as should be said."""
    name = natural_name(rng, subject.character)
    paint = "gray" if subject.colour == "grey" and rng.random() < 0.2 else subject.colour
    person = subject.character in PEOPLE and subject.character != "robot"
    if rng.random() < 0.25:
        name = (
            f"{choose(rng, words.MANNERS)} {paint} {name}"
            if colour and not person
            else f"{choose(rng, words.MANNERS)} {name}"
        )
    elif colour and not person:
        name = f"{paint} {name}"
    parts = [with_article(name if rng.random() < 0.93 else f"the {name}")]
    if colour and person:
        parts.append(article(choose(rng, words.CLOTHES[subject.character]).format(paint)))
    if wear and subject.wear != "nothing":
        said = article(choose(rng, words.WORN[subject.wear]).format(subject.wear_colour))
        parts.append(f"and {said}" if len(parts) > 1 and rng.random() < 0.3 else said)
    text = " ".join(parts)
    return with_style(rng, text, style) if style else text


def with_article(name: str) -> str:
    """A name with its article."""
    if name.startswith("the "):
        return name
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def article(text: str) -> str:
    """``a`` turned into ``an`` where a vowel follows."""
    return re.sub(r"\ba (?=[aeiou])", "an ", text)


def with_style(rng: np.random.Generator, text: str, style: str) -> str:
    """The drawing's manner, before or after who is in it."""
    return choose(rng, words.STYLE_WORDS[style]).format(text)


def scene_text(rng: np.random.Generator, scenery: Scenery, said: frozenset[str]) -> str:
    """Where, when and what, as far as ``said`` names it; mostly what happens comes first."""
    tables = {
        "activity": words.ACTIVITY_WORDS, "place": words.PLACE_WORDS,
        "weather": words.WEATHER_WORDS, "time": words.TIME_WORDS,
    }  # fmt: skip
    parts = [choose(rng, table[getattr(scenery, name)]) for name, table in tables.items() if name in said]
    if rng.random() < 0.3:
        first = parts[:1] if "activity" in said and rng.random() < 0.6 else []
        rest = parts[len(first) :]
        parts = first + [rest[i] for i in rng.permutation(len(rest))]
    return (", " if rng.random() < 0.15 else " ").join(parts)


def said_of(rng: np.random.Generator, scenery: Scenery) -> frozenset[str]:
    """What somebody would mention: what is unusual nearly always, the place mostly."""
    chances = {
        "activity": 0.93 if scenery.activity != "standing" else 0.3,
        "place": 0.9,
        "weather": 0.94 if scenery.weather != "clear" else 0.06,
        "time": 0.94 if scenery.time != "day" else 0.02,
    }
    return frozenset(name for name, chance in chances.items() if rng.random() < chance)


def write_prompt(rng: np.random.Generator, picture: Attributes, others: tuple[Scenery, ...]) -> Prompt:
    """A caption for a picture, the scenes of ``others`` mentioned beside its own."""
    subject, style = picture.subject, picture.style
    natural = subject.colour in NATURAL[subject.character]
    say_style = rng.random() < (0.3 if style == "storybook" else 0.88)
    opening = subject_text(
        rng,
        subject,
        style if say_style else None,
        colour=bool(rng.random() < (0.6 if natural else 0.97)),
        wear=bool(rng.random() < 0.95),
    )
    own = scene_text(rng, picture.scenery, said_of(rng, picture.scenery))
    beside = [scene_text(rng, other, brief(rng, said_of(rng, other))) for other in others]
    beside = [text for text in beside if text and text != own]
    if not own:
        return Prompt(opening, (), 0)
    shown = int(rng.integers(len(beside) + 1))
    return Prompt(opening, (*beside[:shown], own, *beside[shown:]), shown)


def brief(rng: np.random.Generator, said: frozenset[str]) -> frozenset[str]:
    """At most two things, as a story's scenes say."""
    names = sorted(said)
    return frozenset(names[i] for i in rng.permutation(len(names))[:2])
