"""Which language a text is in, as far as its letters and its writer's own language tell."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

# The first word of a letter's Unicode name, and the language it most likely is.
_SCRIPTS = {
    "CJK": "zh",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CYRILLIC": "ru",
    "GREEK": "el",
    "ARABIC": "ar",
    "HEBREW": "he",
    "THAI": "th",
    "DEVANAGARI": "hi",
    "BENGALI": "bn",
    "TAMIL": "ta",
    "TELUGU": "te",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
}

_SAME_SCRIPT = {"zh": {"zh-TW", "ja"}, "ru": {"uk", "bg"}, "hi": {"mr", "ne"}, "ar": {"fa", "ur"}}
"""Languages that share the letters of another: the writer's own decides."""

_LATIN = frozenset(
    {"cs", "da", "de", "es", "fi", "fr", "hr", "hu", "id", "it", "lt", "nl", "no", "pl", "pt",
     "ro", "sv", "tr", "vi"}
)  # fmt: skip
"""Languages of Discord's that are written in Latin letters, English left out."""

_ENGLISH = frozenset(
    {"the", "with", "and", "of", "his", "her", "their", "its", "under", "from", "near", "into",
     "wearing", "this", "that", "there", "who", "what", "through"}
)  # fmt: skip
"""Small words that mark English, and are none in the languages above."""

_ARTICLES = frozenset({"a", "an"})
_NO_ARTICLE_A = frozenset({"da", "de", "fi", "id", "lt", "nl", "no", "sv", "tr", "vi"})
"""Languages in which a lone “a” is no word, so that it marks English."""


def foreign_language(text: str, locale: str | None = None) -> str | None:
    """The language of a text that is not English, such as ``zh`` or ``zh-TW``; None for English.

    Other letters than Latin ones speak for themselves. A text in Latin letters is taken to be in the language
    of its writer's `locale`, unless a small word of it is English; without a locale it counts as English.
    """
    own = _language(locale)
    scripts = Counter(filter(None, map(_script, text)))
    if scripts:
        language = (
            "ja" if {"HIRAGANA", "KATAKANA"} & scripts.keys() else _SCRIPTS[scripts.most_common(1)[0][0]]
        )
        if language == "ru" and set(text.casefold()) & set("іїєґ"):
            return "uk"
        return own if own in _SAME_SCRIPT.get(language, ()) else language
    words = set(re.findall(r"[^\W\d_]+", text.casefold()))
    if own not in _LATIN or not words:
        return None
    return None if words & (_ENGLISH | (_ARTICLES if own in _NO_ARTICLE_A else frozenset())) else own


def in_latin_letters(text: str) -> bool:
    """Whether no letter of a text is one that a model trained on English has never met."""
    return not any(map(_script, text))


def _script(character: str) -> str | None:
    """The script of a letter, if it is one of those above."""
    if character.isascii() or not character.isalpha():
        return None
    name = unicodedata.name(character, "").partition(" ")[0]
    return name if name in _SCRIPTS else None


def _language(locale: str | None) -> str | None:
    """A locale of Discord's without its region, where the region does not matter: ``es-ES`` is ``es``."""
    if locale is None or locale == "zh-TW":
        return locale
    return locale.partition("-")[0]
