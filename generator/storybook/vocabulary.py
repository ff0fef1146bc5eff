"""Which words the picture book knows; asked by the bot's process, so neither torch nor numpy is imported."""

from __future__ import annotations

import re
from functools import cache

from generator.storybook import words
from generator.storybook.attributes import CHARACTERS, COLOURS

EXAMPLES = (
    "a red fox in a blue hat: reading in a library | flying a kite in a meadow | in the village at night",
    "a blue penguin with a pink cape: in the library | fishing by the lake | in the mountains in the snow",
    "a grey robot with a yellow balloon: in the garden | playing guitar by the lake at sunset | in space",
    "a little white rabbit: in a meadow | in the kitchen | in the desert",
)
"""Stories that the picture book draws well: with seed 42 the judge reads all that they say."""


@cache
def known_words() -> frozenset[str]:
    """All words the picture book was trained with."""
    tables = (
        words.NAMES, words.CLOTHES, words.WORN, words.PLACE_WORDS, words.WEATHER_WORDS, words.TIME_WORDS,
        words.ACTIVITY_WORDS, words.STYLE_WORDS,
    )  # fmt: skip
    texts = [text for table in tables for forms in table.values() for text in forms]
    texts += [*CHARACTERS, *COLOURS, "gray", *words.MANNERS]
    return frozenset(re.findall(r"[a-z]+", " ".join(texts).lower())) | words.LITTLE_WORDS


def unknown_words(text: str) -> tuple[str, ...]:
    """The words of a text that the picture book cannot draw, each once, in the order they appear.

    Endings are forgiven: ``foxes`` is as good as ``fox``, and ``walks`` as ``walking``.
    """
    found = dict.fromkeys(re.findall(r"[^\W\d_]+", text.lower().replace("'s", "").replace("’s", "")))
    return tuple(word for word in found if len(word) > 1 and not known(word))


def known(word: str) -> bool:
    """Whether the word, or another form of it, was in the captions."""
    stems = {word} | {
        word[: -len(end)] for end in ("s", "es", "ed", "d", "ing", "er", "y") if word.endswith(end)
    }
    forms = {form for stem in stems if len(stem) > 2 for form in (stem, stem + "e", stem + "ing", stem + "s")}
    return word in known_words() or any(form in known_words() for form in forms)
