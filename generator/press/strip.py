"""Lays a story's frames side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from io import BytesIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generator.press import metadata
from generator.story import Recipe

ROW = 5  #: frames that stand in a row at most
MAX_PIXELS = 40_000_000  #: of the whole strip, 160 MB while it is made; 20 frames of 1024² have 21 million
PAPER = "white"


def strip(pngs: Sequence[bytes], captions: Sequence[str] = ()) -> bytes:
    """Return the frames as one PNG, in reading order; the same frames give the same bytes.

    Up to five stand in one row, edge to edge and full size. More are spread over rows as evenly as they
    go (7 are 4 + 3), with a gutter between them like in a comic, shorter rows centred. Frames of other
    sizes are scaled to the tallest one's height. The captions become the file's ``Description``, and it
    carries the frames' recipes, as far as these have them.

    Raises:
        ValueError: there are no frames.

    """
    if not pngs:
        raise ValueError("a strip needs at least one frame")
    lengths = list(row_lengths(len(pngs)))
    sizes = [_size(png) for png in pngs]
    height = max(height for _, height in sizes)
    widths = _widths(sizes, height)
    if (pixels := height * len(lengths) * max(map(sum, _rows(widths, lengths)))) > MAX_PIXELS:
        height = max(1, int(height * math.sqrt(MAX_PIXELS / pixels)))
        widths = _widths(sizes, height)
    recipes = [found[0] for png in pngs if (found := metadata.read(png)) is not None]
    return _encoded(_pasted(pngs, _rows(widths, lengths), height), captions, recipes)


def row_lengths(frames: int) -> Iterator[int]:
    """Yield how many frames stand in each row, longer rows first."""
    rows = math.ceil(frames / ROW)
    for row in range(rows):
        yield frames // rows + (row < frames % rows)


def _size(png: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(png), formats=["PNG"]) as image:
        return image.size


def _widths(sizes: Sequence[tuple[int, int]], height: int) -> list[int]:
    """Return the frames' widths once all have the same height."""
    return [max(1, round(w * height / h)) for w, h in sizes]


def _rows(widths: Sequence[int], lengths: Sequence[int]) -> list[list[int]]:
    remaining = iter(widths)
    return [[next(remaining) for _ in range(length)] for length in lengths]


def _pasted(pngs: Sequence[bytes], rows: Sequence[Sequence[int]], height: int) -> Image.Image:
    """Return the sheet; one frame at a time is decoded."""
    gutter = max(1, height // 64) if len(rows) > 1 else 0
    breadths = [sum(row) + gutter * (len(row) - 1) for row in rows]
    sheet = Image.new("RGB", (max(breadths), (height + gutter) * len(rows) - gutter), PAPER)
    frames = iter(pngs)
    for index, row in enumerate(rows):
        x = (sheet.width - breadths[index]) // 2
        for width in row:
            sheet.paste(_frame(next(frames), (width, height)), (x, index * (height + gutter)))
            x += width + gutter
    return sheet


def _frame(png: bytes, size: tuple[int, int]) -> Image.Image:
    with Image.open(BytesIO(png), formats=["PNG"]) as opened:
        frame = opened.convert("RGB")
    return frame if frame.size == size else frame.resize(size, Image.Resampling.LANCZOS)


def _encoded(sheet: Image.Image, captions: Sequence[str], recipes: Sequence[Recipe]) -> bytes:
    texts = PngInfo()
    if recipes and len(written := metadata.recipes_to_json(recipes)) <= metadata.MAX_TEXT:
        texts.add_itxt(metadata.RECIPES, written)
    if captions:
        texts.add_itxt("Description", "\n".join(captions))
    file = BytesIO()
    sheet.save(file, "PNG", pnginfo=texts)
    return file.getvalue()
