"""A finished story as it goes to the press: frozen values, and nothing in them but what is to be printed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path

from PIL import Image

from generator.errors import Refusal, SamefoxError


class Kind(StrEnum):
    """What can be made of a story."""

    STRIP = "strip"  #: the pictures side by side, PNG or JPEG
    GRID = "grid"  #: the pictures with their captions on one sheet, PNG or JPEG
    PDF = "pdf"  #: a booklet: a title page, a picture a page, a colophon
    GIF = "gif"  #: a moving picture that plays everywhere
    MP4 = "mp4"  #: a film with a title card, captions and cross-fades
    ZIP = "zip"  #: the pictures as files, with their recipes


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One picture with the words under it."""

    picture: (
        Path | bytes
    )  #: a PNG; a file is read when its turn has come, and a long story is never in memory
    caption: str
    credit: str = ""  #: whose scene it is, as it is to be printed; empty where all are by one author


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A story in the words it is to be printed in, whatever language they are."""

    name: str  #: of its files, without an ending
    title: str
    byline: str  #: who told it
    date: str
    pages: tuple[Page, ...]
    colophon: tuple[str, ...] = ()  #: lines at the end: credits, seed and recipe
    record: str = ""  #: everything known of it as JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepsake:
    """A file to take home."""

    filename: str
    data: bytes
    reduced: bool = False  #: whether pictures became smaller or plainer, so that it fits
    unprinted: str = ""  #: the characters that no font here has; 〓 stands in their place


class TooLarge(Refusal):
    """A story cannot be made small enough for the place it is to be posted in."""


class PressFailed(SamefoxError):
    """The press broke down."""


def png_of(page: Page) -> bytes:
    """Return a page's picture as it is kept."""
    return page.picture if isinstance(page.picture, bytes) else page.picture.read_bytes()


def weight_of(book: Book) -> int:
    """Return how many bytes a book's pictures have."""
    return sum(
        len(page.picture) if isinstance(page.picture, bytes) else page.picture.stat().st_size
        for page in book.pages
    )


def read_picture(page: Page) -> Image.Image:
    """Return a page's picture in RGB."""
    with Image.open(BytesIO(png_of(page)), formats=["PNG"]) as opened:
        return opened.convert("RGB")


def picture_size(page: Page) -> tuple[int, int]:
    """Return a picture's width and height without decoding it."""
    file = BytesIO(page.picture) if isinstance(page.picture, bytes) else page.picture
    with Image.open(file, formats=["PNG"]) as opened:
        return opened.size
