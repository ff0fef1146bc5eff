"""A story's frames stand side by side, in order and undamaged."""

from __future__ import annotations

import random
from io import BytesIO

import pytest
from PIL import Image

from generator.press.strip import MAX_PIXELS, row_lengths, strip

COLOURS = (
    (200, 30, 30),
    (30, 200, 30),
    (30, 30, 200),
    (200, 200, 30),
    (30, 200, 200),
    (200, 30, 200),
    (90, 90, 90),
)
WHITE = (255, 255, 255)


def frame(colour: tuple[int, int, int], size: tuple[int, int] = (64, 64), mode: str = "RGB") -> bytes:
    file = BytesIO()
    Image.new("RGB", size, colour).convert(mode).save(file, "PNG")
    return file.getvalue()


def opened(png: bytes) -> Image.Image:
    image = Image.open(BytesIO(png))
    assert image.format == "PNG"
    return image


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_up_to_five_frames_stand_edge_to_edge_in_full_size(count: int) -> None:
    pixels = [random.Random(n).randbytes(64 * 64 * 3) for n in range(count)]
    frames = [Image.frombytes("RGB", (64, 64), data) for data in pixels]
    files = [BytesIO() for _ in frames]
    for image, file in zip(frames, files, strict=True):
        image.save(file, "PNG")
    sheet = opened(strip([file.getvalue() for file in files]))
    assert sheet.size == (64 * count, 64)
    for n in range(count):
        assert sheet.crop((64 * n, 0, 64 * (n + 1), 64)).tobytes() == pixels[n]


@pytest.mark.parametrize(
    ("frames", "rows"),
    [
        (1, [1]),
        (5, [5]),
        (6, [3, 3]),
        (7, [4, 3]),
        (8, [4, 4]),
        (10, [5, 5]),
        (11, [4, 4, 3]),
        (20, [5, 5, 5, 5]),
    ],
)
def test_more_frames_are_spread_evenly_over_rows(frames: int, rows: list[int]) -> None:
    assert list(row_lengths(frames)) == rows


def test_seven_frames_are_four_and_three_in_reading_order_with_a_gutter_and_centred() -> None:
    sheet = opened(strip([frame(colour) for colour in COLOURS]))
    assert sheet.size == (4 * 64 + 3, 2 * 64 + 1)
    first = [sheet.getpixel((65 * n + 32, 32)) for n in range(4)]
    second = [sheet.getpixel((32 + 65 * n + 32, 65 + 32)) for n in range(3)]
    assert (*first, *second) == COLOURS
    assert {sheet.getpixel((64, 10)), sheet.getpixel((10, 64)), sheet.getpixel((10, 100))} == {WHITE}


def test_frames_of_other_sizes_are_scaled_to_the_tallest() -> None:
    sheet = opened(strip([frame(COLOURS[0], (64, 64)), frame(COLOURS[1], (64, 32))]))
    assert sheet.size == (64 + 128, 64)
    assert sheet.getpixel((64 + 127, 63)) == COLOURS[1]


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1"])
def test_a_frame_in_another_mode_is_as_good(mode: str) -> None:
    sheet = opened(strip([frame((255, 255, 255), mode=mode), frame(COLOURS[0])]))
    assert (sheet.mode, sheet.getpixel((0, 0))) == ("RGB", WHITE)


def test_the_same_frames_are_the_same_bytes() -> None:
    frames = [frame(colour) for colour in COLOURS]
    assert strip(frames, ["a"] * 7) == strip(frames, ["a"] * 7)


def test_the_captions_of_any_script_are_in_the_file() -> None:
    assert (
        opened(strip([frame(COLOURS[0])] * 2, ["in the snow", "雪地嬉戏"])).info["Description"]
        == "in the snow\n雪地嬉戏"
    )
    assert "Description" not in opened(strip([frame(COLOURS[0])])).info


def test_twenty_large_frames_are_laid_out_full_size() -> None:
    assert opened(strip([frame(COLOURS[0], (1024, 1024))] * 20)).size == (
        5 * 1024 + 4 * 16,
        4 * 1024 + 3 * 16,
    )


def test_a_strip_never_grows_beyond_its_bound() -> None:
    sheet = opened(strip([frame(COLOURS[0], (8, 2048))] * 6 + [frame(COLOURS[1], (2048, 8))]))
    assert MAX_PIXELS * 0.9 < sheet.width * sheet.height < MAX_PIXELS * 1.1


def test_no_frames_are_no_strip() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        strip([])
