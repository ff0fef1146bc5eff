"""A story's pages as pictures of one size: a title plate, and each picture with its caption under it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw

from generator.press.book import Book, Page, picture_size, read_picture
from generator.press.lettering import fitted, write

PAPER = (251, 247, 240)
INK = (43, 38, 34)
FADED = (139, 128, 116)
FOX = (232, 118, 45)

SIDES = (480, 1080)  #: pixels; smaller pictures are enlarged for the sake of the letters, larger ones reduced
_TALLEST = 1.6  #: heights that a picture may have of the widest's width, before it is made smaller


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """The measures of all plates of a book, in pixels; both sides are even, as video needs them."""

    width: int
    picture: int  #: the height left to a picture
    caption: int  #: the height of the band under it

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.picture + self.caption


def measure(book: Book, side: int = SIDES[1]) -> Plate:
    """Return measures that suit the book's pictures, its width at most `side`."""
    sizes = [picture_size(page) for page in book.pages]
    width = min(side, max(SIDES[0], max(width for width, _ in sizes)))
    tallest = min(_TALLEST, max(height / width for width, height in sizes))
    return Plate(width=_even(width), picture=_even(width * tallest), caption=_even(width * 0.2))


def plates(book: Book, plate: Plate) -> Iterator[Image.Image]:
    """Yield the title plate and then the pages, one at a time."""
    yield title_plate(book, plate)
    for page in book.pages:
        yield page_plate(page, plate)


def title_plate(book: Book, plate: Plate) -> Image.Image:
    """The title in the middle, a rule under it, and who told it when."""
    width, height = plate.size
    sheet = Image.new("RGB", plate.size, PAPER)
    draw = ImageDraw.Draw(sheet)
    title = fitted(book.title, (width * 0.8, height * 0.5), sizes_of_type(width, 0.085, 0.03))
    byline = fitted(book.byline, (width * 0.8, width * 0.12), sizes_of_type(width, 0.034, 0.024))
    top = height * 0.46 - title.height / 2 - byline.height / 2
    write(draw, title, width / 2, top, INK)
    rule = top + title.height + width * 0.05
    draw.line([(width * 0.44, rule), (width * 0.56, rule)], FOX, max(1, width // 270))
    write(draw, byline, width / 2, rule + width * 0.045, FADED)
    date = fitted(book.date, (width * 0.8, width * 0.05), sizes_of_type(width, 0.026, 0.024))
    write(draw, date, width / 2, rule + width * 0.055 + byline.height, FADED)
    return sheet


def page_plate(page: Page, plate: Plate) -> Image.Image:
    """The picture from edge to edge, its caption in the band below."""
    width = plate.width
    sheet = Image.new("RGB", plate.size, PAPER)
    picture = scaled(read_picture(page), (width, plate.picture))
    sheet.paste(picture, ((width - picture.width) // 2, (plate.picture - picture.height) // 2))
    draw = ImageDraw.Draw(sheet)
    room = plate.caption * (0.66 if page.credit else 0.84)
    caption = fitted(page.caption, (width * 0.9, room), sizes_of_type(width, 0.043, 0.021))
    credit = fitted(page.credit, (width * 0.9, width * 0.04), sizes_of_type(width, 0.024, 0.022))
    used = caption.height + (credit.height if page.credit else 0)
    top = plate.picture + (plate.caption - used) / 2
    write(draw, caption, width / 2, top, INK)
    if page.credit:
        write(draw, credit, width / 2, top + caption.height, FADED)
    return sheet


def scaled(
    picture: Image.Image, box: tuple[int, int], resampling: Image.Resampling = Image.Resampling.LANCZOS
) -> Image.Image:
    """The picture as large as the box lets it be."""
    scale = min(box[0] / picture.width, box[1] / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture if size == picture.size else picture.resize(size, resampling)


def sizes_of_type(width: float, largest: float, smallest: float) -> list[float]:
    """Sizes of type as parts of a width, each a little smaller than the one before."""
    sizes = [float(round(width * largest))]
    while sizes[-1] * 0.88 > width * smallest:
        sizes.append(float(round(sizes[-1] * 0.88)))
    return [*sizes, float(max(1, round(width * smallest)))]


def _even(pixels: float) -> int:
    return max(2, round(pixels / 2) * 2)
