"""From a book to a file that fits: quality goes down a little, then size, until the limit is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias

from generator.press import files
from generator.press.book import Book, Keepsake, Kind, Page, TooLarge, png_of, weight_of
from generator.press.booklet import booklet
from generator.press.bundle import bundle
from generator.press.fonts import MISSING, printable
from generator.press.moving import film, gif
from generator.press.sheet import grid
from generator.press.strip import strip

log = logging.getLogger(__name__)

_MB = 1024 * 1024
_Made: TypeAlias = tuple[bytes, str, bool]  # its file, the file's ending, whether it is less than it could be

# The settings of each kind, from the best to the least that is still worth having.
_BOOKLETS = ((1536, 95), (1024, 90), (1024, 80), (768, 75), (512, 70), (320, 60))  # side, JPEG's quality
_FILMS = ((1080, 20), (1080, 26), (720, 24), (720, 30), (480, 30), (360, 36))  # side, x264's rate factor
_GIFS = ((480, 6), (480, 3), (360, 3), (280, 2), (280, 0), (200, 0), (140, 0))  # side, pictures of a fade


def make(book: Book, kind: Kind, limit: int) -> Keepsake:
    """Return the story as a file of at most `limit` bytes.

    Raises:
        TooLarge: it cannot be made that small; the sentence names what can.
        OSError: a picture is not there any more.

    """
    book, unprinted = _printable(book)
    if unprinted:
        log.warning("No font here has %s; marked with %s in %s", " ".join(unprinted), MISSING, book.name)
    data, ending, reduced = _MAKERS[kind](book, limit)
    return Keepsake(filename=f"{book.name}.{ending}", data=data, reduced=reduced, unprinted=unprinted)


def _strip(book: Book, limit: int) -> _Made:
    pictures = [png_of(page) for page in book.pages]
    return _fitted(strip(pictures, [page.caption for page in book.pages]), limit)


def _grid(book: Book, limit: int) -> _Made:
    return _fitted(grid(book), limit)


def _fitted(png: bytes, limit: int) -> _Made:
    data, ending = files.fit(png, limit)
    return data, ending, data != png


def _pdf(book: Book, limit: int) -> _Made:
    return _first(_BOOKLETS, lambda side, quality: booklet(book, side, quality), limit, "PDF")


def _gif(book: Book, limit: int) -> _Made:
    return _first(_GIFS, lambda side, fades: gif(book, side, fades), limit, "GIF")


def _mp4(book: Book, limit: int) -> _Made:
    return _first(_FILMS, lambda side, quality: film(book, side, quality), limit, "MP4")


def _zip(book: Book, limit: int) -> _Made:
    heaviest = weight_of(book)
    if heaviest < limit and len(whole := bundle(book)) <= limit:
        return whole, "zip", False
    words = len(book.record) + 4096 + 256 * len(book.pages)
    try:
        small = bundle(book, max(1, limit - words))
    except ValueError as error:  # not even a pixel each
        raise _too_large("ZIP", limit) from error
    if len(small) > limit:
        raise _too_large("ZIP", limit)
    return small, "zip", True


def _first(
    rungs: Iterable[tuple[int, int]], make: Callable[[int, int], bytes], limit: int, kind: str
) -> _Made:
    """The first that fits; rungs that cannot, by the size of the one before, are passed over."""
    smallest_side, size = 0, 0
    for side, quality in rungs:
        if size and size * (side / smallest_side) ** 2 > limit * 2:
            continue
        data = make(side, quality)
        if len(data) <= limit:
            return data, kind.lower(), size > 0
        smallest_side, size = side, len(data)
    raise _too_large(kind, limit)


def _too_large(kind: str, limit: int) -> TooLarge:
    return TooLarge(
        "A {kind} of this story does not fit into {limit} MB, which is what this server lets me post; a "
        "strip or a grid does, so please choose one of them.",
        kind=kind,
        limit=f"{limit / _MB:.3g}",
    )


def _printable(book: Book) -> tuple[Book, str]:
    """The book in characters that the fonts have, and those that they lack."""
    lacking: dict[str, None] = {}

    def shown(text: str) -> str:
        written, missing = printable(text)
        lacking.update(dict.fromkeys(missing))
        return written

    def page(page: Page) -> Page:
        return replace(page, caption=shown(page.caption), credit=shown(page.credit))

    printed = replace(
        book,
        title=shown(book.title),
        byline=shown(book.byline),
        date=shown(book.date),
        pages=tuple(page(each) for each in book.pages),
        colophon=tuple(shown(line) for line in book.colophon),
    )
    return printed, "".join(lacking)


_MAKERS: dict[Kind, Callable[[Book, int], _Made]] = {
    Kind.STRIP: _strip,
    Kind.GRID: _grid,
    Kind.PDF: _pdf,
    Kind.GIF: _gif,
    Kind.MP4: _mp4,
    Kind.ZIP: _zip,
}
