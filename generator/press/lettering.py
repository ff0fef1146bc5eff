"""Sets text: breaks it into lines, finds the size in which it fits, and writes it on a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import ImageDraw

from generator.press.fonts import advance, font, runs

LEADING = 1.45  #: from one line's foot to the next, in sizes

# Between ideographs and kana a line may end anywhere, but neither before a closing sign nor after an opening
# one (JIS X 4051's kinsoku, its commonest cases).
_OPENING = "（「『《〈【“‘(["
_CLOSING = "、。，．！？：；）」』》〉】”’…ー々)],.!?:;"
_WIDE = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60"
_PIECES = re.compile(
    rf"\s+|[{re.escape(_OPENING)}]*(?:[{_WIDE}]|[^\s{_WIDE}{re.escape(_OPENING)}]+)[{re.escape(_CLOSING)}]*"
    r"|\S"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Lines of text in one size, in whatever unit the width was given."""

    lines: tuple[str, ...]
    size: float

    @property
    def height(self) -> float:
        """From the top of the first line to the foot of the last."""
        return len(self.lines) * self.size * LEADING


def width(text: str, size: float) -> float:
    """How wide a line of text is, in the unit of its size."""
    # Without kerning, which the PDF does not have either; a letter's width is looked up but once.
    return size * sum(advance(face, letter) for face, part in runs(text) for letter in part)


def fitted(text: str, box: tuple[float, float], sizes: Sequence[float]) -> Setting:
    """Set the text in the first of the sizes in which it fits the box; in the last, it is cut if it must.

    The lines are as even as they go without needing another one.
    """
    across, down = box
    for size in sizes:
        lines = list(_even(text, across, size))
        if len(lines) * size * LEADING <= down:
            return Setting(lines=tuple(lines), size=size)
    room = max(1, int(down / (sizes[-1] * LEADING)))
    lines = list(_lines(text, across, sizes[-1]))[:room]
    while lines[-1] and width(lines[-1] + "…", sizes[-1]) > across:
        lines[-1] = lines[-1][:-1]
    return Setting(lines=(*lines[:-1], lines[-1].rstrip() + "…"), size=sizes[-1])


def write(
    draw: ImageDraw.ImageDraw, setting: Setting, centre: float, top: float, fill: tuple[int, int, int]
) -> None:
    """Write lines of text on a picture, centred."""
    for number, line in enumerate(setting.lines):
        size = round(setting.size)
        x = centre - width(line, size) / 2
        # The baseline: ascent and descent share a line's height as they do in most books.
        y = top + setting.size * LEADING * (number + 0.74)
        for face, part in runs(line):
            draw.text((x, y), part, fill, font(face, size), anchor="ls")
            x += width(part, size)


def _even(text: str, across: float, size: float) -> Iterator[str]:
    """The lines with the smallest width that needs no more of them: no last line of a single word."""
    lines = list(_lines(text, across, size))
    low, high = across / 2, across
    while len(lines) > 1 and high - low > size / 2:
        middle = (low + high) / 2
        if len(list(_lines(text, middle, size))) > len(lines):
            low = middle
        else:
            high = middle
    return _lines(text, high, size)


def _lines(text: str, across: float, size: float) -> Iterator[str]:
    """Break greedily."""
    line, length = "", 0.0
    for piece in _pieces(text, across, size):
        more = width(piece, size)
        if line and length + more > across and not piece.isspace():
            yield line.rstrip()
            line, length = "", 0.0
        if line or not piece.isspace():
            line, length = line + piece, length + more
    if line or not text:
        yield line.rstrip()


def _pieces(text: str, across: float, size: float) -> Iterator[str]:
    """What must not be broken, and of a word that is wider than a line, what fits one."""
    for piece in _PIECES.findall(text):
        if width(piece, size) <= across:
            yield piece
            continue
        part, length = "", 0.0
        for letter in piece:
            more = width(letter, size)
            if part and length + more > across:
                yield part
                part, length = "", 0.0
            part, length = part + letter, length + more
        yield part
