"""A story at a glance: its pictures on a sheet that a phone shows well and that is sent quickly."""

from __future__ import annotations

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
    """Return PNGs in reading order on one sheet, as a JPEG of a few hundred kilobytes."""
    across = columns(len(pictures))
    cell = (WIDTH - GAP * (across - 1)) // across
    small = [_small(picture, cell) for picture in pictures]
    rows = [small[start : start + across] for start in range(0, len(small), across)]
    heights = [max(picture.height for picture in row) for row in rows]
    sheet = Image.new("RGB", (WIDTH, sum(heights) + GAP * (len(rows) - 1)), PAPER)
    y = 0
    for row, height in zip(rows, heights, strict=True):
        x = (WIDTH - len(row) * (cell + GAP) + GAP) // 2  # a shorter last row is centred
        for picture in row:
            sheet.paste(picture, (x + (cell - picture.width) // 2, y + (height - picture.height) // 2))
            x += cell + GAP
        y += height + GAP
    file = BytesIO()
    sheet.save(file, "JPEG", quality=85, progressive=True)
    return file.getvalue()


def _small(png: bytes, width: int) -> Image.Image:
    """The picture as wide as its column, unless it is very tall; small ones are enlarged."""
    with Image.open(BytesIO(png), formats=["PNG"]) as opened:
        picture = opened.convert("RGB")
    scale = min(width / picture.width, 1.6 * width / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    # The first step is a plain mean, which is fast; the second is a careful one.
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
