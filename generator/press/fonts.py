"""The fonts that the house brings along, so that captions look the same on every host.

A serif for Latin, Greek, Cyrillic, Chinese, Japanese and Korean; emoji in the same black; and a second serif
for the letters that the first lacks. No other alphabets: what cannot be written is marked, never dropped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from PIL import ImageFont

FOLDER = Path(__file__).with_name("fonts")
SERIF, EMOJI, LETTERS = "serif", "emoji", "letters"
FILES = {SERIF: FOLDER / "serif.otf", EMOJI: FOLDER / "emoji.ttf", LETTERS: FOLDER / "letters.ttf"}
"""Each face and its file, in the order in which they are asked for a character."""

_RULER = 200  #: pixels; the size in which widths are measured
MISSING = "〓"  #: the printers' mark for a type that is not in the case
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_IDEOGRAPH = re.compile(r"[\u2e80-\u9fff\uac00-\ud7a3]")
_UNSEEN = re.compile(r"[\ufe00-\ufe0f\U000e0000-\U000e01ef]")  # variation selectors and tags


def printable(text: str) -> tuple[str, str]:
    """Return the text as it can be printed, and the characters that no font here has.

    Letters in fancy dress become plain ones; other missing characters become one `MISSING` each run.
    """
    lacking: list[str] = []

    def shown(character: str) -> str:
        if character.isspace():
            return " "
        if unicodedata.category(character) in ("Cf", "Cc") or ord(character) in _SKIN_TONES:
            return ""
        if face_of(character) is not None:
            return character
        simple = unicodedata.normalize("NFKC", character)
        if all(face_of(each) for each in simple):
            return simple
        lacking.append(character)
        return MISSING

    composed = unicodedata.normalize("NFC", _UNSEEN.sub("", text))
    written = re.sub(f"{MISSING}+", MISSING, "".join(shown(character) for character in composed))
    return re.sub(" +", " ", written).strip(), "".join(dict.fromkeys(lacking))


def runs(text: str) -> Iterator[tuple[str, str]]:
    """Yield stretches of the text with the face that writes each."""
    # The serif is a Chinese one: these signs of its are as wide as an ideograph, lost between letters.
    shared = "" if _IDEOGRAPH.search(text) else "“”‘’…—"

    def face(character: str) -> str:
        return LETTERS if character in shared else face_of(character) or SERIF

    for name, stretch in groupby(text, face):
        yield name, "".join(stretch)


@cache
def face_of(character: str) -> str | None:
    """The first face that has this character."""
    return next((face for face in FILES if ord(character) in _characters(face)), None)


@cache
def font(face: str, size: int) -> ImageFont.FreeTypeFont:
    """A face in a size of pixels."""
    return ImageFont.truetype(FILES[face], size, layout_engine=ImageFont.Layout.BASIC)


@cache
def advance(face: str, character: str) -> float:
    """How far a character moves the pen, in sizes."""
    return font(face, _RULER).getlength(character) / _RULER


@cache
def _characters(face: str) -> frozenset[int]:
    with TTFont(FILES[face], lazy=True) as opened:
        return frozenset(opened.getBestCmap())
