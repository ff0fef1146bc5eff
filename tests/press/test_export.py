"""A told story becomes files to take home: whole, legible, and no larger than the place allows."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import av
import pypdfium2.raw
import pytest
from PIL import Image, ImageChops
from pypdfium2 import PdfDocument

from generator.press.book import Book, Keepsake, Kind, Page, PressFailed, TooLarge, png_of
from generator.press.export import make
from generator.press.fonts import MISSING, face_of, printable, runs
from generator.press.glance import glance
from generator.press.lettering import LEADING, fitted, width
from generator.press.process import print_apart

MB = 1024 * 1024
CAPTIONS = ("in a meadow", "佩戴围巾于草地，雪地嬉戏", "with a friend 🦊", "Łódź – “far away”")
COLOURS = ((200, 30, 30), (30, 160, 30), (30, 30, 200), (220, 200, 40))
Whole = Callable[[Kind], Keepsake]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A story of four scenes, a quarter of each picture its own colour and the rest noise."""
    folder, pages = tmp_path_factory.mktemp("book"), []
    for number, (caption, colour) in enumerate(zip(CAPTIONS, COLOURS, strict=True)):
        picture = Image.frombytes("RGB", (96, 96), random.Random(number).randbytes(96 * 96 * 3))
        picture.paste(colour, (0, 0, 48, 48))
        picture.save(folder / f"{number}.png")
        pages.append(Page(picture=folder / f"{number}.png", caption=caption, credit="" if number else "Ben"))
    return Book(
        name="story-12",
        title="A red fox",
        byline="told by Ann",
        date="22 November 2026",
        pages=tuple(pages),
        colophon=("Seed 7", "Story 12"),
        record=json.dumps({"seed": 7}),
    )


@pytest.fixture(scope="module")
def whole(book: Book) -> Whole:
    """The story as each kind, made once, where there is room for all."""
    return cache(lambda kind: make(book, kind, 10 * MB))


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def near(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) < 30 for a, b in zip(pixel[:3], colour, strict=True))


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_keeps_to_the_limit_that_it_is_given(book: Book, whole: Whole, kind: Kind) -> None:
    made = whole(kind)
    # Not a byte less: x264 reads memory that it never wrote, and a film is not always of the same size.
    limit = len(made.data) * 9 // 10
    smaller = make(book, kind, limit)
    assert len(smaller.data) <= limit and len(made.data) <= 10 * MB
    assert (made.reduced, smaller.reduced) == (False, True)
    assert made.filename.startswith("story-12.")


@pytest.mark.parametrize("kind", [Kind.PDF, Kind.GIF, Kind.MP4, Kind.ZIP])
def test_what_cannot_be_made_small_enough_is_refused_by_what_can(book: Book, kind: Kind) -> None:
    with pytest.raises(TooLarge, match=rf"A {kind.name} .* does not fit into 0\.000191 MB.* strip or a grid"):
        make(book, kind, 200)


def test_the_booklets_words_can_be_found_and_copied(whole: Whole) -> None:
    with PdfDocument(whole(Kind.PDF).data) as pdf:
        texts = [page.get_textpage().get_text_range() for page in pdf]
        images = [len(list(page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]))) for page in pdf]
        assert pdf.get_metadata_value("Title") == "A red fox"
    for part in ("A red fox", "told by Ann", "22 November 2026"):
        assert part in texts[0]
    for caption, text in zip(CAPTIONS, texts[1:-1], strict=True):
        assert caption in re.sub(r"\r?\n", "", text)
    assert "Ben" in texts[1]
    assert "Seed 7" in texts[-1]
    assert images == [0, 1, 1, 1, 1, 0]


def test_the_grid_shows_the_pictures_in_reading_order_under_a_title(whole: Whole) -> None:
    sheet = opened(whole(Kind.GRID).data).convert("RGB")
    sheet = sheet.reduce(12)  # so that of the noise only its mean remains
    found = []
    for colour in COLOURS:
        bands = ImageChops.difference(sheet, Image.new("RGB", sheet.size, colour)).split()
        distance = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
        box = distance.point(lambda value: 255 * (value < 9)).getbbox()
        assert box is not None
        found.append(box[:2])
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = found
    assert x0 < x1 and x2 < x3 and y0 < y2 and abs(y0 - y1) < 3 and abs(y2 - y3) < 3
    assert y0 > 4, "there is a title above"


def test_the_gif_repeats_and_gives_time_to_read(whole: Whole) -> None:
    film = opened(whole(Kind.GIF).data)
    assert film.info["loop"] == 0
    pauses = []
    for frame in range(film.n_frames):  # type: ignore[attr-defined]
        film.seek(frame)
        pauses.append(film.info["duration"])
    assert sorted(pauses)[-5:] == [2200, 3000, 3000, 3000, 4500]


def test_the_film_plays_on_phones_from_its_first_byte_and_shows_every_scene(whole: Whole) -> None:
    data = whole(Kind.MP4).data
    assert data.index(b"moov") < data.index(b"mdat"), "its index stands in front"
    with av.open(io.BytesIO(data)) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert stream.width % 2 == stream.height % 2 == 0
        assert float(stream.duration * stream.time_base) == pytest.approx(
            2.2 + 3 * 4 + 1.5 + 4 * 0.6, abs=0.3
        )
        corners = [frame.to_ndarray(format="rgb24")[20, 20] for frame in film.decode(video=0)]
    for colour in COLOURS:
        shown = sum(near(tuple(int(v) for v in corner), colour) for corner in corners)
        assert shown >= 3 * 24


def test_the_zip_holds_the_very_pictures_and_what_is_known_of_them(book: Book, whole: Whole) -> None:
    with zipfile.ZipFile(io.BytesIO(whole(Kind.ZIP).data)) as archive:
        for number, page in enumerate(book.pages, 1):
            assert archive.read(f"story-12/frame-{number:02}.png") == png_of(page)
        assert json.loads(archive.read("story-12/story.json")) == {"seed": 7}
        assert CAPTIONS[1] in archive.read("story-12/story.txt").decode()


def test_the_press_in_its_own_process_gives_the_same_file(book: Book, whole: Whole) -> None:
    assert print_apart(book, Kind.PDF, 10 * MB).filename == "story-12.pdf"
    assert print_apart(book, Kind.ZIP, 10 * MB) == whole(Kind.ZIP)
    with pytest.raises(TooLarge):
        print_apart(book, Kind.ZIP, 200)


def test_a_picture_that_is_gone_is_told_in_a_sentence(book: Book, tmp_path: Path) -> None:
    pages = (*book.pages[:2], replace(book.pages[2], picture=tmp_path / "gone.png"))
    with pytest.raises(PressFailed, match="could not be printed"):
        print_apart(replace(book, pages=pages), Kind.GRID, 10 * MB)


def test_what_no_font_has_is_marked_and_told(book: Book) -> None:
    assert printable("a fox 🦊❤️ 红狐 きつね 여우 Łódź Привет") == (
        "a fox 🦊❤ 红狐 きつね 여우 Łódź Привет",
        "",
    )
    assert printable("𝓯𝓸𝔁 says ไทย!\u200f\n👩🏽‍🌾") == (f"fox says {MISSING}! 👩🌾", "ไทย")
    assert all(face_of(character) for character in MISSING + "…")


def test_no_glyph_is_the_empty_box(book: Book) -> None:
    text, _ = printable("".join(map(chr, range(32, 0x3000))) + "红狐🦊")
    for face, part in runs(text):
        assert all(face_of(character) is not None for character in part), face


@pytest.mark.parametrize(
    "text",
    ["", "a", "a red fox " * 40, "佩戴围巾于草地。" * 30, "w" * 900, "🦊" * 200, "（（（" * 9],
)
def test_any_text_stays_inside_its_box(text: str) -> None:
    setting = fitted(text, (200.0, 60.0), (20, 14, 10))
    assert setting.height <= 60 or len(setting.lines) == 1
    assert all(width(line, setting.size) <= 200.5 for line in setting.lines)
    assert setting.height == pytest.approx(len(setting.lines) * setting.size * LEADING)


def test_chinese_lines_do_not_begin_with_a_closing_sign() -> None:
    for across in range(60, 200, 7):
        setting = fitted("红狐佩戴围巾，于草地嬉戏。然后（在村庄）边缘临溪。", (across, 2000.0), (20,))
        assert not any(line[0] in "，。）" or line[-1] == "（" for line in setting.lines)
        assert "".join(setting.lines) == "红狐佩戴围巾，于草地嬉戏。然后（在村庄）边缘临溪。"


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (2, 1), (3, 2), (5, 2), (7, 3), (20, 5)])
def test_a_glance_is_as_wide_as_a_phone_and_nowhere_empty(book: Book, count: int, rows: int) -> None:
    sheet = opened(glance([png_of(page) for page in book.pages * 5][:count]))
    assert sheet.width == 1000
    below = sheet.crop((0, sheet.height - 60, 1000, sheet.height - 20)).convert("L").reduce(20)
    assert max(below.tobytes()) < 230, "the last row has no paper at its side"
    assert rows * 240 < sheet.height < 1600
