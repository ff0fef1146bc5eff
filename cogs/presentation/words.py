"""What the bot says, in the language of whoever reads it.

Every sentence for people in Discord is a literal English template with named fields: in a cog
``_("Frame {number} is drawn.").format(number=…)``, below the cogs in an error or a `Sentence`. The catalogue
of a language is a file ``locales/LANGUAGE.po``, read as it is: there is nothing to compile.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from generator.errors import SamefoxError
from generator.sentence import Sentence

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "zh-CN": "简体中文"}
"""Discord's code of each language the bot speaks, to the name that its readers give it."""

LOCALES = Path(__file__).with_name("locales")

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


@contextmanager
def speaking(locale: object) -> Iterator[None]:
    """Speak the language of one of Discord's locales, or English where it is none of `LANGUAGES`."""
    token = _language.set(spoken(locale))
    try:
        yield
    finally:
        _language.reset(token)


def spoken(locale: object) -> str:
    """The one of `LANGUAGES` for a locale; Simplified Chinese is not taken to be read by all Chinese."""
    code = str(locale)
    return code if code in LANGUAGES else ENGLISH


def language() -> str:
    """Which of `LANGUAGES` is spoken at the moment."""
    return _language.get()


def _(template: str) -> str:
    """The template in the language spoken at the moment."""
    return catalogue(_language.get()).gettext(template)


def ngettext(singular: str, plural: str, number: int) -> str:
    """The template for this number of things in the language spoken at the moment."""
    return catalogue(_language.get()).ngettext(singular, plural, number)


def pgettext(kind: str, text: str) -> str:
    """A text that means something else elsewhere, in the language spoken at the moment."""
    return catalogue(_language.get()).pgettext(kind, text)


def style_label(style: str) -> str:
    """What a style is called; the names of a host's own are their own words."""
    return pgettext("style", style)


def say(sentence: Sentence | SamefoxError) -> str:
    """What came from below the cogs, in the language spoken at the moment."""
    if isinstance(sentence, SamefoxError):
        sentence = sentence.sentence
    return sentence.said(_, listed)


def listed(items: Sequence[str]) -> str:
    """``a, b, c``, as the language spoken at the moment lists things."""
    return _(", ").join(items)


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """A language's translations; English has none."""
    if language == ENGLISH:
        return gettext.NullTranslations()
    with (LOCALES / f"{language}.po").open("rb") as file:
        messages = read_po(file, locale=Locale.parse(language, sep="-"))
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
