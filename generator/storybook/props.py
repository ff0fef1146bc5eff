"""What somebody does: where the hands are, and the things they hold; in the figure's own coordinates."""

from __future__ import annotations

from itertools import pairwise
from math import cos, pi, sin

import numpy as np

from generator.storybook.palette import PAINT
from generator.storybook.shapes import BLACK, WHITE, Colour, Sketch, darker, lighter
from generator.storybook.wear import WOOD

Hand = tuple[float, float]

HANDS: dict[str, tuple[Hand, Hand]] = {
    "standing": ((-28, -22), (28, -22)),
    "reading": ((-19, -22), (19, -22)),
    "sleeping": ((-20, -26), (20, -26)),
    "eating": ((-27, -22), (24, -44)),
    "fishing": ((-26, -24), (28, -38)),
    "kite": ((-28, -24), (34, -62)),
    "ball": ((-32, -34), (34, -32)),
    "dancing": ((-40, -68), (40, -68)),
    "painting": ((-27, -24), (36, -44)),
    "guitar": ((-14, -18), (32, -36)),
    "cycling": ((-17, -28), (24, -28)),
    "tea": ((-26, -24), (21, -42)),
    "watering": ((-26, -24), (34, -32)),
    "cooking": ((-26, -24), (36, -34)),
}
"""Where the left and the right hand are."""

CARRYING: dict[str, Hand] = {"balloon": (-36, -44), "umbrella": (-31, -46), "basket": (-33, -24)}
"""Where the left hand is that carries something."""


LARGE: dict[str, tuple[float, float, float]] = {
    "reading": (0, -24, 1.15), "eating": (24, -40, 1.5), "fishing": (28, -34, 1.15), "ball": (28, 0, 1.4),
    "guitar": (0, -16, 1.25), "tea": (21, -40, 1.4), "watering": (32, -20, 1.2), "cooking": (30, 2, 1.25),
}  # fmt: skip
"""Around which point a thing is drawn larger, and how much."""


def behind(sketch: Sketch, activity: str, rng: np.random.Generator) -> None:
    """What stands or flies behind the figure."""
    if activity == "kite":
        colour, other = two_colours(rng)
        x, y = 62.0, -124.0
        sketch.stroke([(34, -62), (44, -80), (x, y + 20)], 1.8, (120, 110, 110), edge=False)
        sketch.stroke(
            [(x, y + 24), (x + 8, y + 38), (x - 2, y + 50), (x + 6, y + 62)], 2.4, other, edge=False
        )
        sketch.poly([(x, y - 28), (x + 22, y), (x, y + 28), (x - 22, y)], colour)
        sketch.poly([(x, y - 28), (x + 22, y), (x, y)], other, edge=False)
        sketch.poly([(x, y + 28), (x - 22, y), (x, y)], other, edge=False)
    elif activity == "painting":
        easel(sketch, rng)
    elif activity == "cycling":
        bicycle(sketch, two_colours(rng)[0])


def before(sketch: Sketch, activity: str, rng: np.random.Generator) -> None:
    """What is held before the figure; around its hand as large as it must be to be recognised."""
    draw = {
        "reading": book, "sleeping": blanket, "eating": ice_cream, "fishing": rod, "ball": ball,
        "dancing": notes, "guitar": guitar, "cycling": handlebar, "tea": cup, "watering": can,
        "cooking": pot, "painting": brush,
    }.get(activity)  # fmt: skip
    if draw is None:
        return
    frame = sketch.frame
    if activity in LARGE:
        sketch.frame = frame.grown(*LARGE[activity])
    draw(sketch, rng)
    sketch.frame = frame


def two_colours(rng: np.random.Generator) -> tuple[Colour, Colour]:
    """A bright colour and another."""
    bright = ("red", "yellow", "green", "blue", "purple", "orange")
    one, other = rng.choice(len(bright), 2, replace=False)
    return PAINT[bright[one]], PAINT[bright[other]]


def book(sketch: Sketch, rng: np.random.Generator) -> None:
    """An open book, its cover to the reader."""
    colour, _ = two_colours(rng)
    for s in (-1, 1):
        sketch.poly([(0, -35), (s * 25, -40), (s * 25, -12), (0, -8)], colour)
        sketch.poly([(0, -37), (s * 23, -42), (s * 23, -39), (0, -34)], WHITE)
    sketch.poly([(-2, -36), (2, -36), (2, -7), (-2, -7)], darker(colour))
    sketch.box(7, -32, 20, -28, lighter(colour, 0.6), edge=False)


def blanket(sketch: Sketch, rng: np.random.Generator) -> None:
    """A blanket up to the chest, and sleep's letters."""
    colour, other = two_colours(rng)
    sketch.blob([(-36, -22), (0, -27), (36, -22), (46, 4), (0, 8), (-46, 4)], colour)
    for x in (-24, 0, 24):
        sketch.stroke([(x * 0.9, -23), (x * 1.15, 4)], 4, other, edge=False)
    for x, y, r in ((36, -98, 4.0), (48, -113, 5.5), (63, -131, 7.5)):
        z = [(x - r, y - r), (x + r, y - r), (x - r, y + r), (x + r, y + r)]
        for start, end in pairwise(z):
            sketch.stroke([start, end], 4.4, (250, 246, 255), edge=False)
        for start, end in pairwise(z):
            sketch.stroke([start, end], 2.2, (110, 100, 190), edge=False)


def ice_cream(sketch: Sketch, rng: np.random.Generator) -> None:
    """A cone with three scoops near the mouth."""
    sketch.poly([(17, -46), (33, -46), (25, -22)], (226, 168, 100))
    for x, y, colour in ((19, -50, (250, 196, 206)), (31, -50, (250, 236, 196)), (25, -59, (176, 116, 84))):
        sketch.ellipse(x, y, 8.5, 8.5, colour)
    sketch.ellipse(25, -68, 3, 3, PAINT["red"], edge=False)


def rod(sketch: Sketch, rng: np.random.Generator) -> None:
    """A rod and a fish on its line."""
    sketch.stroke([(22, -24), (44, -66), (66, -96)], 3.4, WOOD, 1.8)
    sketch.stroke([(66, -96), (68, -44)], 1.3, (110, 100, 100), edge=False)
    colour, _ = two_colours(rng)
    sketch.poly([(66, -26), (55, -10), (77, -10)], darker(colour, 0.15))
    sketch.ellipse(66, -34, 10, 15, colour)
    sketch.ellipse(62.5, -41, 2.4, 2.4, BLACK, edge=False)


def ball(sketch: Sketch, rng: np.random.Generator) -> None:
    """A striped ball at the feet."""
    colour, other = two_colours(rng)
    sketch.ellipse(45, -16, 17, 17, colour)
    sketch.ellipse(45, -16, 7, 16.6, WHITE, edge=False)
    sketch.ellipse(45, -16, 17, 5, other, edge=False)
    sketch.ellipse(40, -25, 4, 3, WHITE, 0.7, edge=False)


def note(sketch: Sketch, x: float, y: float, colour: Colour) -> None:
    """A quaver."""
    sketch.ellipse(x, y, 7, 5.4, colour, edge=False)
    sketch.stroke([(x + 5.6, y), (x + 5.6, y - 23)], 3, colour, edge=False)
    sketch.stroke([(x + 5.6, y - 23), (x + 15, y - 16)], 4.4, colour, edge=False)


def notes(sketch: Sketch, rng: np.random.Generator) -> None:
    """Music in the air, and confetti."""
    for at in ((-60, -92), (52, -98), (-50, -48), (60, -52)):
        note(sketch, *at, (96, 70, 150))
    for _ in range(12):
        x, y = rng.uniform(-70, 70), rng.uniform(-128, -20)
        if abs(x) > 36:
            sketch.ellipse(x, y, 3.6, 3.6, two_colours(rng)[0], edge=False)


def guitar(sketch: Sketch, rng: np.random.Generator) -> None:
    """A guitar across the belly."""
    wood: Colour = (206, 138, 74)
    sketch.stroke([(4, -20), (48, -46)], 6, darker(wood, 0.4))
    sketch.box(44, -53, 56, -43, darker(wood, 0.5), radius=2)
    sketch.ellipse(-11, -14, 17, 14, wood, turn=-0.5)
    sketch.ellipse(6, -23, 12, 10.5, wood, turn=-0.5)
    sketch.ellipse(0, -19, 5, 5, (90, 56, 40), edge=False)
    note(sketch, -48, -72, (96, 70, 150))
    note(sketch, 50, -84, (96, 70, 150))


def bicycle(sketch: Sketch, colour: Colour) -> None:
    """Two wheels and a frame, under the figure."""
    for s in (-1, 1):
        ring = [
            (s * 36 + r * cos(pi * i / 12), -2 + r * sin(pi * i / 12))
            for r, turn in ((20, 1), (15.5, -1))
            for i in range(0, 25 * turn, turn)
        ]
        sketch.poly(ring, (70, 66, 76), edge=False)
        for i in range(3):
            a = pi * i / 3 + 0.4
            sketch.stroke(
                [(s * 36 + 16 * cos(a), -2 + 16 * sin(a)), (s * 36 - 16 * cos(a), -2 - 16 * sin(a))],
                1.2,
                (150, 150, 156),
                edge=False,
            )
    for path in (
        ((-36, -2), (-14, -20)),
        ((-14, -20), (24, -22)),
        ((36, -2), (24, -30)),
        ((-36, -2), (4, 0)),
        ((4, 0), (24, -22)),
    ):
        sketch.stroke(list(path), 4, colour, edge=False)


def handlebar(sketch: Sketch, rng: np.random.Generator) -> None:
    """What the hands hold on a bicycle, and the pedal."""
    sketch.stroke([(12, -32), (24, -31), (34, -34)], 4, (70, 66, 76))
    sketch.ellipse(4, 2, 6, 4, (70, 66, 76))


def steam(sketch: Sketch, x: float, y: float) -> None:
    """Two curls of steam."""
    for dx in (-5, 4):
        sketch.stroke(
            [(x + dx, y), (x + dx + 4, y - 7), (x + dx - 1, y - 14), (x + dx + 3, y - 21)],
            2.4,
            WHITE,
            1.2,
            edge=False,
        )


def cup(sketch: Sketch, rng: np.random.Generator) -> None:
    """A cup of tea with steam, and a pot on the ground."""
    colour, other = two_colours(rng)
    sketch.ellipse(37, -39, 6, 6, colour)
    sketch.ellipse(37, -39, 3, 3, WHITE, edge=False)
    sketch.blob([(13, -48), (36, -48), (34, -34), (24, -31), (15, -34)], colour)
    sketch.ellipse(24.5, -48, 11.5, 3, (170, 104, 60), edge=False)
    steam(sketch, 25, -53)
    sketch.ellipse(-48, -12, 16, 13, other)
    sketch.stroke([(-60, -12), (-70, -18), (-72, -24)], 5, other)
    sketch.ellipse(-48, -25, 7, 3, darker(other))
    sketch.ellipse(-48, -29, 3, 3, darker(other))


def can(sketch: Sketch, rng: np.random.Generator) -> None:
    """A watering can over a row of tulips."""
    colour, other = two_colours(rng)
    for x, petal in ((52, colour), (66, other), (78, colour)):
        sketch.stroke([(x, 4), (x, -14)], 2.4, (86, 150, 70), edge=False)
        sketch.poly(
            [(x - 5, -22), (x - 2, -17), (x, -23), (x + 2, -17), (x + 5, -22), (x + 4, -12), (x - 4, -12)],
            petal,
        )
    steel: Colour = (128, 164, 190)
    sketch.stroke([(44, -38), (62, -48)], 5, steel, 4)
    sketch.ellipse(63, -49, 4, 6, steel, turn=-0.5)
    sketch.blob([(26, -46), (48, -46), (47, -24), (27, -24)], steel)
    for x, y in ((66, -42), (70, -36), (64, -34), (72, -29), (67, -28)):
        sketch.ellipse(x, y, 1.6, 2.8, (110, 180, 236), edge=False)


def pot(sketch: Sketch, rng: np.random.Generator) -> None:
    """A pot over a fire, and the spoon in it."""
    colour, _ = two_colours(rng)
    for x, high in ((40, 16), (50, 22), (60, 16)):
        sketch.blob(
            [(x - 6, 3), (x - 4, -6), (x, 3 - high), (x + 4, -6), (x + 6, 3)], (250, 150, 54), edge=False
        )
    sketch.stroke([(36, -34), (46, -28), (52, -18)], 3, WOOD)
    sketch.blob([(28, -26), (72, -26), (68, -4), (50, 0), (32, -4)], darker(colour, 0.35))
    sketch.ellipse(50, -26, 22, 5, (232, 186, 96))
    steam(sketch, 44, -34)
    steam(sketch, 58, -34)


def easel(sketch: Sketch, rng: np.random.Generator) -> None:
    """A canvas on three legs, a small landscape on it."""
    for x in (38, 62, 86):
        sketch.stroke([(62, -88), (x, 4)], 3.6, WOOD)
    sketch.box(40, -82, 86, -36, WHITE)
    sketch.box(43, -79, 83, -39, (176, 216, 240), edge=False)
    sketch.poly([(43, -52), (58, -60), (83, -50), (83, -39), (43, -39)], (128, 184, 98), edge=False)
    sketch.ellipse(73, -71, 5, 5, (250, 200, 70), edge=False)


def brush(sketch: Sketch, rng: np.random.Generator) -> None:
    """A brush in the hand."""
    sketch.stroke([(33, -42), (46, -52)], 2.6, WOOD)
    sketch.ellipse(47, -53, 3.4, 2.6, two_colours(rng)[0], edge=False)
