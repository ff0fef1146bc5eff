"""A story that moves: a GIF, and a film for phones; both show the plates one after another."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
from PIL import Image

from generator.press.book import Book
from generator.press.plates import measure, plates

HOLD, TITLE_HOLD = 3.0, 2.2  #: seconds that a page and the title stand still
READING = 0.055  #: more seconds for each character of a caption beyond the first forty
FADE = 0.6  #: seconds from one plate to the next
LAST_HOLD = 1.5  #: more seconds for the last page
RATE = 24  #: pictures a second in a film; constant, which every phone can play and seek in


def film(book: Book, side: int, quality: int) -> bytes:
    """Return the story as an MP4: H.264 in yuv420p, to be played before all of it has arrived.

    `quality` is x264's constant rate factor: 18 is as good as the pictures, 6 more are half the size.
    """
    plate = measure(book, side)
    # Not in memory: the index is moved to the front by reading the file again.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "film.mp4")
        with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
            container.metadata["title"] = book.title
            stream = container.add_stream("libx264", rate=RATE)
            stream.width, stream.height = plate.size
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": str(quality), "preset": "veryfast", "tune": "animation", "threads": "2"}
            stream.codec_context.time_base = Fraction(1, RATE)
            number = 0
            for picture, seconds in _moves(book, side, round(FADE * RATE)):
                frame = av.VideoFrame.from_image(picture).reformat(  # type: ignore[no-untyped-call]
                    format="yuv420p"
                )
                for _ in range(round(seconds * RATE)):
                    frame.pts, frame.time_base = number, Fraction(1, RATE)
                    container.mux(stream.encode(frame))
                    number += 1
            container.mux(stream.encode(None))
        return path.read_bytes()


def gif(book: Book, side: int, fades: int) -> bytes:
    """Return the story as a GIF that repeats, with `fades` pictures between two plates."""
    pictures, durations = [], []
    for picture, seconds in _moves(book, side, fades):
        # A palette each, of a smaller picture: median cut takes a second on all the colours of a large one.
        palette = picture.reduce(4).quantize(256, Image.Quantize.MEDIANCUT)
        pictures.append(picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG))
        durations.append(round(seconds * 1000))
    file = BytesIO()
    pictures[0].save(
        file, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0, optimize=False
    )
    return file.getvalue()


def _holds(book: Book) -> Iterator[float]:
    """How many seconds each plate stands still, the title's first."""
    yield TITLE_HOLD
    for number, page in enumerate(book.pages, 1):
        reading = min(6.0, max(0, len(page.caption) - 40) * READING)
        yield HOLD + reading + (LAST_HOLD if number == len(book.pages) else 0)


def _moves(book: Book, side: int, fades: int) -> Iterator[tuple[Image.Image, float]]:
    """Yield what is seen one after another, and for how many seconds; at most two plates are in memory."""
    pause = FADE / max(1, fades)
    previous: Image.Image | None = None
    for plate, hold in zip(plates(book, measure(book, side)), _holds(book), strict=True):
        if previous is not None:
            for step in range(1, fades + 1):
                yield Image.blend(previous, plate, _eased(step / (fades + 1))), pause
        yield plate, hold
        previous = plate


def _eased(part: float) -> float:
    """A beginning and an end without a jerk (smoothstep)."""
    return part * part * (3 - 2 * part)
