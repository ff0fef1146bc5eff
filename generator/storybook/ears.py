"""Ears, each in three shapes, and what else is seen behind a head: a mane, spikes."""

from __future__ import annotations

from math import cos, pi, sin

from generator.storybook.look import CREAM, HEAD_Y, ROSE, Look
from generator.storybook.shapes import Colour, Sketch, darker, mix


def draw_ears(sketch: Sketch, look: Look) -> None:
    """Ears, mane or spikes behind the head."""
    if look.character == "lion":
        mane(sketch, look)
    elif look.character == "hedgehog":
        spikes(sketch, look)
    if look.character in EARS:
        for side in (-1.0, 1.0):
            EARS[look.character](sketch, look, side)


def mane(sketch: Sketch, look: Look) -> None:
    """A wreath of hair."""
    hair, e = darker(look.coat, 0.42), look.traits.ears
    for i in range(14):
        a = i * pi / 7
        sketch.ellipse(36 * cos(a), HEAD_Y + 32 * sin(a), 11 + e, 11 + e, hair, edge=i > 6)
    sketch.ellipse(0, HEAD_Y, 37, 33, hair, edge=False)


def spikes(sketch: Sketch, look: Look) -> None:
    """A crest of spikes."""
    for x in range(-4, 5):
        tip = (x * 11.5, HEAD_Y - 38 + 1.9 * x * x - 2 * look.traits.ears)
        sketch.poly([(x * 7 - 8, HEAD_Y - 6), tip, (x * 7 + 8, HEAD_Y - 6)], darker(look.coat, 0.42))


def inner(look: Look) -> Colour:
    """The inside of an ear."""
    return mix(look.coat, ROSE, 0.6)


def pointed(sketch: Sketch, look: Look, s: float) -> None:
    """A fox's or a cat's."""
    e = look.traits.ears
    lean, high = 5.0 * e, (-102 - 3 * e if look.character == "fox" else -97 - 2 * e)
    sketch.poly([(s * 6, -90), (s * (22 + lean), high), (s * 29, -76)], look.coat)
    sketch.poly([(s * 13, -89), (s * (21 + lean), high + 8), (s * 25, -80)], inner(look), edge=False)


def hanging(sketch: Sketch, look: Look, s: float) -> None:
    """A dog's, of three lengths."""
    drop = (-62, -54, -46)[look.traits.ears]
    corners = [(s * 20, -90), (s * 34, -86), (s * 41, drop - 6), (s * 35, drop), (s * 27, -70)]
    sketch.blob(corners, darker(look.coat, 0.36))


def upright(sketch: Sketch, look: Look, s: float) -> None:
    """A rabbit's; one may be bent."""
    e = look.traits.ears
    if e == 1 and s == 1:
        sketch.stroke([(s * 12, -86), (s * 16, -112), (s * 36, -106)], 14, look.coat, 11)
        sketch.stroke([(s * 13, -90), (s * 17, -110), (s * 34, -105)], 6, inner(look), 4, edge=False)
        return
    lean = 8 * e
    tip, within = [(s * (14 + lean / 2), -106), (s * (15 + lean), -128)], (s * (14 + lean / 2), -107)
    sketch.stroke([(s * 11, -86), *tip], 13, look.coat, 12)
    sketch.stroke([(s * 11, -88), within, (s * (15 + lean), -125)], 6, inner(look), 5, edge=False)


def small_round(sketch: Sketch, look: Look, s: float) -> None:
    """A bear's, a panda's or a lion's."""
    r = 9 + look.traits.ears
    sketch.ellipse(s * 23, -90, r, r, look.coat)
    inside = inner(look) if look.character != "panda" else look.coat
    sketch.ellipse(s * 23, -89, r * 0.55, r * 0.55, inside, edge=False)


def large_round(sketch: Sketch, look: Look, s: float) -> None:
    """A mouse's."""
    r = 15 + 1.5 * look.traits.ears
    sketch.ellipse(s * 27, -91, r, r, look.coat)
    sketch.ellipse(s * 27, -90, r * 0.66, r * 0.66, ROSE, edge=False)


def sideways(sketch: Sketch, look: Look, s: float) -> None:
    """A monkey's."""
    e = look.traits.ears
    sketch.ellipse(s * 32, -68, 10 + e, 11 + e, look.coat)
    sketch.ellipse(s * 32, -68, 6 + e, 7 + e, CREAM, edge=False)


def huge(sketch: Sketch, look: Look, s: float) -> None:
    """An elephant's."""
    r = 21 + 2 * look.traits.ears
    sketch.ellipse(s * 36, -66, r * 0.86, r + 2, darker(look.coat, 0.08))
    sketch.ellipse(s * 37, -65, r * 0.6, r * 0.74, inner(look), edge=False)


def folded(sketch: Sketch, look: Look, s: float) -> None:
    """A pig's."""
    e = look.traits.ears
    sketch.poly([(s * 8, -90), (s * (24 + 2 * e), -101 + 4 * e), (s * 28, -78)], darker(look.coat, 0.14))


def tuft(sketch: Sketch, look: Look, s: float) -> None:
    """An owl's."""
    e = look.traits.ears
    sketch.poly([(s * 8, -90), (s * (25 + 3 * e), -104), (s * 30, -74)], darker(look.coat, 0.14))


def bulge(sketch: Sketch, look: Look, s: float) -> None:
    """What a frog's eyes sit on."""
    sketch.ellipse(s * 17, -89, 12, 12, look.coat)


def little(sketch: Sketch, look: Look, s: float) -> None:
    """A hedgehog's."""
    sketch.ellipse(s * 22, -84, 6, 6, mix(look.coat, CREAM, 0.6))


EARS = {
    "fox": pointed, "cat": pointed, "dog": hanging, "rabbit": upright, "bear": small_round,
    "panda": small_round, "lion": small_round, "mouse": large_round, "monkey": sideways, "elephant": huge,
    "pig": folded, "owl": tuft, "frog": bulge, "hedgehog": little,
}  # fmt: skip
