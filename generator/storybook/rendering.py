"""Six ways to put shapes on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from generator.storybook.shapes import Colour, Points, Shape

SIZE = 256
OVER = 2
"""Pixels drawn for each pixel kept, in both directions."""

Pixels = NDArray[np.float32]


def render(
    shapes: Sequence[Shape],
    sky: tuple[Colour, Colour],
    lights: Mapping[str, NDArray[np.float64]],
    style: str,
    rng: np.random.Generator,
) -> Image.Image:
    """The shapes over a sky, far to near, lit by layer, in one of the styles."""
    image = gradient(sky)
    draw = ImageDraw.Draw(image, "RGBA")
    for shape in shapes:
        points = wobbled(shape.points, style, rng)
        fill = shape.fill if style != "ink" else pale(shape.fill)
        red, green, blue = (int(min(255.0, c * k)) for c, k in zip(fill, lights[shape.layer], strict=True))
        paint(draw, points * OVER, (red, green, blue, int(255 * shape.alpha)), style, edge=shape.edge)
    return FINISH[style](image, rng)


def gradient(sky: tuple[Colour, Colour]) -> Image.Image:
    """A sky from its top colour to its horizon's."""
    share = np.clip(np.linspace(0, 1.5, SIZE * OVER), 0, 1)[:, None, None]
    column = np.array(sky[0]) * (1 - share) + np.array(sky[1]) * share
    small = Image.fromarray(column.reshape(-1, 1, 3).astype(np.uint8))
    return small.resize((SIZE * OVER, SIZE * OVER), Image.Resampling.NEAREST)


def pale(colour: Colour) -> Colour:
    """A thin wash of a colour."""
    red, green, blue = (c + (255 - c) * 0.3 for c in colour)
    return (red, green, blue)


def wobbled(points: Points, style: str, rng: np.random.Generator) -> Points:
    """Edges as a hand draws them: unsteady in watercolour and crayon."""
    if style in ("watercolor", "crayon") and len(points) > 6:
        return points + rng.normal(0, 0.55 if style == "crayon" else 0.4, points.shape)
    return points


def paint(
    draw: ImageDraw.ImageDraw, points: Points, fill: tuple[int, int, int, int], style: str, *, edge: bool
) -> None:
    """One shape: its shadow or outline, then itself."""
    corners = points.ravel().tolist()
    if edge and style == "paper":
        for shift in (5, 3):
            draw.polygon((points + np.array([shift * 0.6, shift])).ravel().tolist(), (40, 30, 50, 70))
    draw.polygon(corners, fill)
    if not edge:
        return
    if style == "ink":
        draw.line(corners + corners[:2], (40, 34, 44, 255), 3)
    elif style in ("watercolor", "crayon", "storybook"):
        red, green, blue, _ = fill
        dark = (int(red * 0.62), int(green * 0.58), int(blue * 0.62))
        alpha = {"watercolor": 120, "crayon": 210, "storybook": 110}[style]
        draw.line(corners + corners[:2], (*dark, alpha), 6 if style == "crayon" else 3)


@cache
def noise(cell: int, seed: int) -> Pixels:
    """Smooth noise from 0 to 1, twice the picture's size, to be cut out anywhere."""
    rng = np.random.default_rng(seed)
    side = 2 * SIZE // cell + 1
    small = Image.fromarray((rng.random((side, side)) * 255).astype(np.uint8))
    large = small.resize((2 * SIZE, 2 * SIZE), Image.Resampling.BICUBIC)
    whole: Pixels = np.asarray(large, np.float32) / np.float32(255)
    return whole


def cut(cell: int, seed: int, rng: np.random.Generator) -> Pixels:
    """A piece (256, 256, 1) of noise."""
    top, left = rng.integers(SIZE, size=2)
    return noise(cell, seed)[top : top + SIZE, left : left + SIZE, None]


def pixels_of(image: Image.Image) -> Pixels:
    """The picture (256, 256, 3), its edges smoothed."""
    return np.asarray(image.reduce(OVER), np.float32)


def picture(pixels: Pixels) -> Image.Image:
    """Back to an image."""
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def finish_storybook(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Soft light."""
    pixels = pixels_of(image)
    return picture(pixels * (0.965 + 0.06 * cut(90, 1, rng)))


def finish_watercolor(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Pigment in pools on white paper, which shows at the edges."""
    soft = pixels_of(image.filter(ImageFilter.BoxBlur(1)))
    pools = 0.62 * cut(40, 3, rng) + 0.38 * cut(12, 4, rng)
    wash = 255 - (255 - soft) * (0.7 + 0.3 * pools)
    ramp = np.minimum(np.arange(SIZE), np.arange(SIZE)[::-1]).astype(np.float32)
    inset = np.minimum(ramp[:, None], ramp[None])[..., None] + 16 * (cut(12, 4, rng) - 0.5)
    paper = np.clip((inset - 4) / 7, 0, 1)
    return picture(wash * paper + 252 * (1 - paper))


def finish_ink(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Clean lines over a thin wash."""
    return picture(pixels_of(image))


def finish_crayon(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Wax that catches on the paper's grain, laid on in slanting strokes."""
    pixels = pixels_of(image)
    stroke = np.asarray(stroke_noise(), np.float32)
    top, left = rng.integers(SIZE, size=2)
    strokes = stroke[top : top + SIZE, left : left + SIZE, None]
    bare = np.clip((strokes * 0.95 + cut(4, 5, rng) * 0.15 - 0.5) * 1.5, 0, 0.42)
    wax = pixels + (np.array((250, 246, 236), np.float32) - pixels) * (0.4 + 0.6 * pixels.mean() / 255)
    return picture(pixels * (1 - bare) + wax * bare)


@cache
def stroke_noise() -> Pixels:
    """Noise drawn out along a slant."""
    base = noise(4, 6)
    total = np.sum([np.roll(base, (-k, k), (0, 1)) for k in range(12)], 0)
    out: Pixels = (total - total.min()) / (total.max() - total.min())
    return out


def finish_paper(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Sheets with a felt of fibres."""
    pixels = pixels_of(image)
    return picture(pixels * (0.95 + 0.06 * cut(6, 7, rng)))


def finish_pixel(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Large pixels, 64 to a side."""
    small = image.reduce(4 * OVER)
    return small.resize((SIZE, SIZE), Image.Resampling.NEAREST)


FINISH = {
    "storybook": finish_storybook, "watercolor": finish_watercolor, "ink": finish_ink,
    "crayon": finish_crayon, "paper": finish_paper, "pixel": finish_pixel,
}  # fmt: skip
