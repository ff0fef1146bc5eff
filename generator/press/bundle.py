"""A story as a ZIP: its pictures with their recipes inside, and everything known of it in ``story.json``."""

from __future__ import annotations

import zipfile
from io import BytesIO

from generator.press.book import Book, png_of
from generator.press.files import fit

_EPOCH = (1980, 1, 1, 0, 0, 0)  #: ZIP's first moment; the same story gives the same bytes


def bundle(book: Book, limit: int | None = None) -> bytes:
    """Return the ZIP; with a limit, each picture becomes a JPEG that gets an even share of those bytes.

    A PNG's recipe is in the PNG; a JPEG keeps the readable half of it, and ``story.json`` has all of it.
    """
    file = BytesIO()
    share = None if limit is None else limit // len(book.pages)
    with zipfile.ZipFile(file, "w") as archive:
        for number, page in enumerate(book.pages, 1):
            data = png_of(page)
            data, ending = (data, "png") if share is None else fit(data, min(share, len(data) - 1))
            archive.writestr(_entry(f"{book.name}/frame-{number:02}.{ending}"), data)
        for name, text in (("story.json", book.record), ("story.txt", _text(book))):
            archive.writestr(_entry(f"{book.name}/{name}", zipfile.ZIP_DEFLATED), text)
    return file.getvalue()


def _entry(name: str, compression: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type, entry.external_attr = compression, 0o644 << 16
    return entry


def _text(book: Book) -> str:
    """The story to be read."""
    lines = [
        f"{number}. {page.caption}{f' ({page.credit})' if page.credit else ''}"
        for number, page in enumerate(book.pages, 1)
    ]
    return "\n".join([book.title, f"{book.byline}, {book.date}", "", *lines, "", *book.colophon, ""])
