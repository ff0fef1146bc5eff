"""A story at a glance: its pictures on a sheet that a phone shows well and that is sent quickly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from io import BytesIO

from PIL import Image

WIDTH = 1000  #: pixels, all that a phone shows
GAP = 6  #: pixels
PAPER = (251, 247, 240)


def columns(pictures: int) -> int:
    """How many pictures stand side by side: as many as leave each of them large enough on a phone."""
    return 1 if pictures == 1 else 2 if pictures <= 4 else 3 if pictures <= 12 else 4


def glance(pictures: Sequence[bytes]) -> bytes:
    """Return PNGs in reading order on one sheet, as a JPEG of a few hundred kilobytes.

    Each row is as wide as the sheet, so that nothing is empty; shorter rows come first, as a story opens.
    """
    files = iter(pictures)
    rows = [_row([_opened(next(files)) for _ in range(length)]) for length in _lengths(len(pictures))]
    sheet = Image.new("RGB", (WIDTH, sum(row.height for row in rows) + GAP * (len(rows) - 1)), PAPER)
    y = 0
    for row in rows:
        sheet.paste(row, (0, y))
        y += row.height + GAP
    file = BytesIO()
    sheet.save(file, "JPEG", quality=85, progressive=True)
    return file.getvalue()


def _lengths(pictures: int) -> list[int]:
    """How many pictures stand in each row, as even as they go."""
    rows = math.ceil(pictures / columns(pictures))
    return sorted(pictures // rows + (row < pictures % rows) for row in range(rows))


def _row(pictures: Sequence[Image.Image]) -> Image.Image:
    """The pictures side by side in one height, which makes them as wide as the sheet."""
    room = WIDTH - GAP * (len(pictures) - 1)
    height = room / sum(picture.width / picture.height for picture in pictures)
    row = Image.new("RGB", (WIDTH, max(1, round(height))), PAPER)
    x = 0.0
    for picture in pictures:
        width = picture.width / picture.height * height
        left, right = round(x), round(x + width)
        # The first step is a plain mean, which is fast; the second is a careful one.
        size = (max(1, right - left), row.height)
        row.paste(picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0), (left, 0))
        x += width + GAP
    return row


def _opened(png: bytes) -> Image.Image:
    with Image.open(BytesIO(png), formats=["PNG"]) as opened:
        return opened.convert("RGB")
