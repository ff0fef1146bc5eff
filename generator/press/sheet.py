"""A story on one sheet: its pictures in a grid, with or without words."""

from __future__ import annotations

import math
from io import BytesIO

from PIL import Image, ImageDraw

from generator.press.book import Book, picture_size, read_picture
from generator.press.lettering import Setting, fitted, write
from generator.press.plates import FADED, FOX, INK, PAPER, scaled, sizes_of_type

MAX_PIXELS = 40_000_000  #: of the sheet, 120 MB while it is made
GLANCE = 1000  #: pixels; the width of a sheet that is only looked at on a screen
_CELLS = (
    360,
    768,
)  #: pixels; a picture's width on the sheet, so that captions can be read and pixels afforded


def columns(pictures: int) -> int:
    """How many pictures stand side by side: as many as leave each of them large enough on a phone."""
    return 1 if pictures == 1 else 2 if pictures <= 4 else 3 if pictures <= 12 else 4


def grid(book: Book) -> bytes:
    """Return the pictures with their captions under a title, as a PNG in reading order."""
    across = columns(len(book.pages))
    down = math.ceil(len(book.pages) / across)
    ratio = max(height / width for width, height in map(picture_size, book.pages))
    widest = max(width for width, _ in map(picture_size, book.pages))
    cell = min(_CELLS[1], max(_CELLS[0], widest))
    cell = min(cell, int(math.sqrt(MAX_PIXELS / (across * down * (ratio + 0.4)))))
    gap = round(cell * 0.07)
    width = across * cell + (across + 1) * gap
    captions = [_caption(page.caption, cell) for page in book.pages]
    title = fitted(book.title, (width - 2 * gap, cell * 0.5), sizes_of_type(cell, 0.11, 0.05))
    byline = fitted(
        f"{book.byline} · {book.date}", (width - 2 * gap, cell * 0.12), sizes_of_type(cell, 0.05, 0.035)
    )
    header = gap * 1.4 + title.height + byline.height + gap
    rows = [captions[start : start + across] for start in range(0, len(captions), across)]
    heights = [cell * ratio + max(caption.height for caption in row) + gap * 1.2 for row in rows]
    sheet = Image.new("RGB", (width, round(header + sum(heights) + gap * 0.4)), PAPER)
    draw = ImageDraw.Draw(sheet)
    write(draw, title, width / 2, gap * 1.2, INK)
    rule = gap * 1.4 + title.height
    draw.line([(width / 2 - cell * 0.09, rule), (width / 2 + cell * 0.09, rule)], FOX, max(1, cell // 180))
    write(draw, byline, width / 2, rule + gap * 0.3, FADED)
    for number, page in enumerate(book.pages):
        row, column = divmod(number, across)
        indent = (across - len(rows[row])) * (cell + gap) / 2  # a shorter last row is centred
        x, y = gap + indent + column * (cell + gap), header + sum(heights[:row])
        picture = scaled(read_picture(page), (cell, round(cell * ratio)))
        sheet.paste(picture, (round(x + (cell - picture.width) / 2), round(y)))
        write(draw, captions[number], x + cell / 2, y + cell * ratio + gap * 0.3, INK)
    return _png(sheet)


def glance(pictures: list[bytes], width: int = GLANCE) -> bytes:
    """Return the pictures edge to edge on a sheet for a phone, as a JPEG of a few hundred kilobytes."""
    across = columns(len(pictures))
    gap = 6
    cell = (width - gap * (across - 1)) // across
    small = [_small(picture, cell) for picture in pictures]
    rows = [small[start : start + across] for start in range(0, len(small), across)]
    heights = [max(picture.height for picture in row) for row in rows]
    sheet = Image.new("RGB", (width, sum(heights) + gap * (len(rows) - 1)), PAPER)
    for number, row in enumerate(rows):
        x = (width - len(row) * cell - gap * (len(row) - 1)) // 2
        for picture in row:
            sheet.paste(picture, (x, sum(heights[:number]) + gap * number))
            x += cell + gap
    file = BytesIO()
    sheet.save(file, "JPEG", quality=85, optimize=True, progressive=True)
    return file.getvalue()


def _small(png: bytes, width: int) -> Image.Image:
    with Image.open(BytesIO(png), formats=["PNG"]) as opened:
        picture = opened.convert("RGB")
    return scaled(picture, (width, round(width * 1.6)), Image.Resampling.BOX)


def _caption(text: str, cell: int) -> Setting:
    return fitted(text, (cell, cell * 0.3), sizes_of_type(cell, 0.062, 0.042))


def _png(sheet: Image.Image) -> bytes:
    file = BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()
