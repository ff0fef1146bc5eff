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


_EMOJI = "[\U0001f1e6-\U0001f1ff]{2}|[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
_SHAPED = "[\ufe0f\U0001f3fb-\U0001f3ff]*"  # in colour, or of a skin
_WORD = re.compile(rf"[^\W\d_]+|(?:{_EMOJI}){_SHAPED}(?:\u200d(?:{_EMOJI}){_SHAPED})*")
_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "y")
_IN_PLACE_OF_E = ("es", "ed", "ing", "er", "y")  #: riding, of ride


def unknown_words(text: str) -> tuple[str, ...]:
    """The words of a text that the picture book cannot draw, each once, in the order they appear.

    Endings are forgiven: ``foxes`` is as good as ``fox``, and ``walks`` as ``walking``. An emoji is a word
    that was in no caption.
    """
    found = dict.fromkeys(_WORD.findall(text.lower().replace("'s", "").replace("’s", "")))
    return tuple(word for word in found if (len(word) > 1 or not word.isalpha()) and not known(word))


def known(word: str) -> bool:
    """Whether the word, or another form of it, was in the captions."""
    stems = {stem for stem in (word, *_without(word, _ENDINGS)) if len(stem) > 2}
    forms = {form for stem in stems for form in (stem, stem + "ing")}
    forms |= {stem + "s" for stem in stems if not stem.endswith(("s", "u"))}  # no dres is a dress
    forms |= {stem + "e" for stem in _without(word, _IN_PLACE_OF_E) if len(stem) > 2}
    return word in known_words() or not forms.isdisjoint(known_words() - words.LITTLE_WORDS)


def _without(word: str, endings: tuple[str, ...]) -> set[str]:
    return {word[: -len(end)] for end in endings if word.endswith(end)}
