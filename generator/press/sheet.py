"""A story on one sheet: its pictures in a grid, with their captions under a title."""

from __future__ import annotations

import math
from io import BytesIO

from PIL import Image, ImageDraw

from generator.press.book import Book, picture_size, read_picture
from generator.press.glance import columns
from generator.press.lettering import Setting, fitted, write
from generator.press.plates import FADED, FOX, INK, PAPER, scaled, sizes_of_type

MAX_PIXELS = 40_000_000  #: of the sheet, 120 MB while it is made
_CELLS = (
    360,
    768,
)  #: pixels; a picture's width on the sheet, so that captions can be read and pixels afforded


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


def _caption(text: str, cell: int) -> Setting:
    return fitted(text, (cell, cell * 0.3), sizes_of_type(cell, 0.062, 0.042))


def _png(sheet: Image.Image) -> bytes:
    file = BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()
