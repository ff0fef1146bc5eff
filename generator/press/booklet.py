"""A story as a PDF: a title page, a picture a page with its caption, and a colophon; all words are text."""

from __future__ import annotations

from io import BytesIO

from fpdf import FPDF
from fpdf.drawing_primitives import DeviceRGB
from PIL import Image

from generator.press.book import Book, Page, picture_size, read_picture
from generator.press.fonts import FILES, runs
from generator.press.lettering import LEADING, Setting, fitted, width
from generator.press.plates import FADED, FOX, INK, PAPER, sizes_of_type

WIDTH = 432.0  #: points, six inches: a phone shows the whole page, and four fit a sheet of paper
MARGIN = 30.0  #: points
_CAPTION = 104.0  #: points left to the words under a picture, page number included


def booklet(book: Book, side: int, quality: int) -> bytes:
    """Return the story as a PDF whose pictures are JPEGs with sides of at most `side` pixels."""
    ratio = min(1.6, max(height / width for width, height in map(picture_size, book.pages)))
    pdf = FPDF(unit="pt", format=(WIDTH, (WIDTH - 2 * MARGIN) * ratio + MARGIN + _CAPTION))
    pdf.set_auto_page_break(False)
    pdf.c_margin = 0
    pdf.set_page_background(DeviceRGB(*(value / 255 for value in PAPER)))
    for face, file in FILES.items():
        pdf.add_font(face, "", file)
    pdf.set_title(book.title)
    pdf.set_author(book.byline)
    pdf.set_creator("Samefox")
    _title_page(pdf, book)
    for number, page in enumerate(book.pages, 1):
        _picture_page(pdf, page, number, (side, quality))
    if book.colophon:
        _colophon(pdf, book)
    return bytes(pdf.output())


def _title_page(pdf: FPDF, book: Book) -> None:
    pdf.add_page()
    room = WIDTH - 2 * MARGIN
    title = fitted(book.title, (room, pdf.h * 0.5), sizes_of_type(WIDTH, 0.085, 0.03))
    byline = fitted(book.byline, (room, 60), (15, 13, 11))
    top = pdf.h * 0.42 - title.height / 2
    _write(pdf, title, top, INK)
    rule = top + title.height + 20
    _rule(pdf, rule)
    _write(pdf, byline, rule + 18, FADED)
    _write(pdf, fitted(book.date, (room, 20), (11,)), rule + 22 + byline.height, FADED)


def _picture_page(pdf: FPDF, page: Page, number: int, quality: tuple[int, int]) -> None:
    pdf.add_page()
    room, deepest = WIDTH - 2 * MARGIN, pdf.h - MARGIN - _CAPTION
    pixels = picture_size(page)
    scale = min(room / pixels[0], deepest / pixels[1])
    across, down = pixels[0] * scale, pixels[1] * scale
    jpeg = BytesIO(_jpeg(page, *quality))
    pdf.image(
        jpeg,
        x=(WIDTH - across) / 2,
        y=MARGIN + (deepest - down) / 2,
        w=across,
        h=down,
        alt_text=page.caption,
    )
    credit = fitted(page.credit, (room, 14), (9.5, 8.5))
    space = _CAPTION - 36 - (credit.height if page.credit else 0)
    caption = fitted(page.caption, (room, space), (17, 15, 13, 11.5, 10, 8.5, 7.5, 6.5))
    used = caption.height + (credit.height if page.credit else 0)
    top = pdf.h - _CAPTION + 8 + (_CAPTION - 36 - used) / 2
    _write(pdf, caption, top, INK)
    if page.credit:
        _write(pdf, credit, top + caption.height, FADED)
    _write(pdf, fitted(str(number), (room, 14), (9,)), pdf.h - 24, FADED)


def _colophon(pdf: FPDF, book: Book) -> None:
    pdf.add_page()
    room = WIDTH - 4 * MARGIN
    settings = [fitted(line, (room, 160), (10.5, 9.5, 8.5, 7.5, 6.5)) for line in book.colophon]
    top = pdf.h / 2 - sum(setting.height + 5 for setting in settings) / 2
    _rule(pdf, top - 18)
    for setting in settings:
        _write(pdf, setting, top, FADED)
        top += setting.height + 5


def _write(pdf: FPDF, setting: Setting, top: float, colour: tuple[int, int, int]) -> None:
    """Write lines, centred; one operation for each stretch of one face keeps the text whole for a search."""
    pdf.set_text_color(*colour)
    for number, line in enumerate(setting.lines):
        x = WIDTH / 2 - width(line, setting.size) / 2
        y = top + setting.size * LEADING * (number + 0.74)
        for face, part in runs(line):
            pdf.set_font(face, size=setting.size)
            # A cell's baseline is three tenths of the size below its middle.
            pdf.set_xy(x, y - 0.8 * setting.size)
            pdf.cell(width(part, setting.size), setting.size, part)
            x += width(part, setting.size)


def _rule(pdf: FPDF, y: float) -> None:
    pdf.set_draw_color(*FOX)
    pdf.set_line_width(1.2)
    pdf.line(WIDTH / 2 - 26, y, WIDTH / 2 + 26, y)


def _jpeg(page: Page, side: int, quality: int) -> bytes:
    picture = read_picture(page)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    file = BytesIO()
    picture.save(file, "JPEG", quality=quality, subsampling="4:4:4", optimize=True)
    return file.getvalue()
