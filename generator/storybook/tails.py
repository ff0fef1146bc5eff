"""Tails, each in three shapes."""

from __future__ import annotations

from generator.storybook.look import CREAM, ROSE, Look
from generator.storybook.shapes import Sketch, darker, lighter


def draw_tail(sketch: Sketch, look: Look) -> None:
    """The tail, behind everything else."""
    if look.character in TAILS:
        TAILS[look.character](sketch, look)


def brush(sketch: Sketch, look: Look) -> None:
    """A fox's, with a pale tip."""
    t = look.traits.tail
    tip = [(20, -8), (44, -12), (52 - 4 * t, -36 - 8 * t), (44 + 4 * t, -58 - 4 * t)]
    sketch.stroke(tip, 13, look.coat, 20 + 3 * t)
    sketch.ellipse(tip[-1][0], tip[-1][1] - 2, 9 + t, 12 + t, CREAM)


def long(sketch: Sketch, look: Look) -> None:
    """A cat's or a monkey's, sometimes with a dark tip."""
    t = look.traits.tail
    path = [(16, -10), (40, -8), (46, -34), (36 + 8 * t, -50), (44 + 7 * t, -62 + 6 * t)]
    sketch.stroke(path, 8, look.coat, 6)
    if t == 1:
        sketch.ellipse(*path[-1], 5, 6, darker(look.coat, 0.4))


def thin(sketch: Sketch, look: Look) -> None:
    """A mouse's, a pig's or an elephant's."""
    t, kind = look.traits.tail, look.character
    path = [(16, -8), (34, -6), (40, -22 - 4 * t), (48, -26 - 8 * t)]
    sketch.stroke(path, 5 if kind != "pig" else 4.5, ROSE if kind == "mouse" else darker(look.coat, 0.15), 3)


def tufted(sketch: Sketch, look: Look) -> None:
    """A lion's."""
    t = look.traits.tail
    sketch.stroke([(16, -10), (38, -8), (46, -30), (42, -46)], 6, look.coat, 5)
    sketch.ellipse(42, -50, 7 + t, 9 + t, darker(look.coat, 0.45))


def wagging(sketch: Sketch, look: Look) -> None:
    """A dog's."""
    t = look.traits.tail
    sketch.stroke([(18, -14), (34, -20), (38 + 4 * t, -40), (30 + 8 * t, -48)], 10, look.coat, 5 + 2 * t)


def cotton(sketch: Sketch, look: Look) -> None:
    """A rabbit's."""
    t = look.traits.tail
    sketch.ellipse(23, -12, 8 + t, 8 + t, lighter(look.coat, 0.6))


def stub(sketch: Sketch, look: Look) -> None:
    """A bear's."""
    sketch.ellipse(23, -12, 6 + look.traits.tail, 6, darker(look.coat, 0.1))


def feathers(sketch: Sketch, look: Look) -> None:
    """A bird's."""
    t = look.traits.tail
    sketch.poly([(12, -16), (36 + 3 * t, -14 - 3 * t), (16, -2)], darker(look.coat, 0.2))


TAILS = {
    "fox": brush, "cat": long, "monkey": long, "mouse": thin, "elephant": thin, "pig": thin, "lion": tufted,
    "dog": wagging, "rabbit": cotton, "bear": stub, "panda": stub, "hedgehog": stub, "duck": feathers,
    "owl": feathers, "penguin": feathers,
}  # fmt: skip
