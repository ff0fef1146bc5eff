"""Writes files that are there as a whole or not at all, and makes pictures small enough to post."""

from __future__ import annotations

import os
import secrets
from io import BytesIO
from pathlib import Path

from PIL import ExifTags, Image

from generator.press import metadata

JPEG_SIDE = 65500  #: pixels; what libjpeg can write
_QUALITIES = (95, 90, 85, 80)  #: below, fewer pixels look better than worse ones


def save(path: Path, data: bytes) -> None:
    """Write a file so that its name never stands for a part of it, whatever moment the power goes.

    When it returns, the file and its name have reached the disk. A crash may leave a ``.partial`` file
    beside it.
    """
    aside = path.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        with aside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename last; Windows cannot open folders and needs none of it."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fit(png: bytes, limit: int) -> tuple[bytes, str]:
    """Return a picture of at most ``limit`` bytes, and its file ending: ``png``, or else ``jpg``.

    A PNG that fits is returned as it is. Otherwise quality goes down a little, then size, half of the
    pixels at a time. The ``parameters`` text goes along, where other tools look for it in a JPEG.

    Raises:
        ValueError: not even a single pixel fits.

    """
    if len(png) <= limit:
        return png, "png"
    with Image.open(BytesIO(png), formats=["PNG"]) as opened:
        exif = _exif(opened.info.get(metadata.PARAMETERS))
        picture = opened.convert("RGB")
    picture.thumbnail((JPEG_SIDE, JPEG_SIDE), Image.Resampling.LANCZOS)
    while True:
        for quality in _QUALITIES:
            # WebP would be smaller, but takes seconds on a strip and cannot write every large picture.
            file = BytesIO()
            picture.save(file, "JPEG", quality=quality, subsampling="4:4:4", exif=exif)
            if file.tell() <= limit:
                return file.getvalue(), "jpg"
        if picture.size == (1, 1):
            raise ValueError(f"no picture fits in {limit} bytes")
        half = (max(1, round(picture.width * 0.7)), max(1, round(picture.height * 0.7)))
        picture = picture.resize(half, Image.Resampling.LANCZOS)


def _exif(parameters: str | None) -> Image.Exif:
    """Return the text as EXIF's user comment, in the encoding that other tools write there."""
    exif = Image.Exif()
    if parameters:
        comment = b"UNICODE\0" + parameters.encode("utf-16-be")
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    return exif
