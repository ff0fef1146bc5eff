"""What somebody wears or carries."""

from __future__ import annotations

from math import cos, pi, sin

from generator.storybook.shapes import Colour, Sketch, darker, lighter

WOOD: Colour = (158, 108, 66)


def behind(sketch: Sketch, wear: str, colour: Colour, hand: tuple[float, float]) -> None:
    """What is seen behind the body."""
    if wear == "cape":
        sketch.blob(
            [(0, -54), (28, -48), (50, -10), (40, 1), (0, -3), (-40, 1), (-50, -10), (-28, -48)], colour
        )
    elif wear == "backpack":
        for s in (-1, 1):
            sketch.box(s * 28 - 13, -50, s * 28 + 13, -10, colour, radius=8)
            sketch.box(s * 30 - 9, -28, s * 30 + 9, -14, darker(colour, 0.25), radius=3)
    elif wear == "balloon":
        sketch.stroke(
            [hand, (hand[0] - 5, hand[1] - 30), (hand[0] - 3, hand[1] - 54)], 1.5, (110, 100, 100), edge=False
        )
        sketch.poly(
            [(hand[0] - 7, hand[1] - 50), (hand[0] + 1, hand[1] - 50), (hand[0] - 3, hand[1] - 57)],
            darker(colour),
        )
        sketch.ellipse(hand[0] - 3, hand[1] - 79, 21, 25, colour)
        sketch.ellipse(hand[0] - 10, hand[1] - 89, 5, 7, lighter(colour, 0.6), edge=False)
    elif wear == "umbrella":
        draw_umbrella(sketch, colour, hand)


def draw_umbrella(sketch: Sketch, colour: Colour, hand: tuple[float, float]) -> None:
    """An open umbrella over the head, held up."""
    x, top = hand[0] + 4, -112.0
    sketch.stroke([(hand[0], hand[1] + 8), (x, top)], 3, WOOD)
    arc = [(x + 46 * cos(pi * (1 - i / 10)), top - 34 * sin(pi * i / 10) + 8) for i in range(11)]
    scallops = [
        (x + 46 - 92 * (i + 0.5) / 4 + 11.5 * d, top + (2 if d == 0 else 8))
        for i in range(4)
        for d in (0, -1)
    ]
    sketch.poly(arc + scallops, colour)
    sketch.poly([(x - 12, top + 4), (x, top - 26), (x + 12, top + 4)], lighter(colour, 0.25), edge=False)


def on_body(sketch: Sketch, wear: str, colour: Colour, build: float) -> None:
    """What is worn at the neck and chest."""
    w = 20 * build
    if wear == "scarf":
        sketch.poly([(w * 0.1, -42), (w * 0.85, -42), (w * 1.05, -11), (w * 0.2, -9)], darker(colour, 0.14))
        sketch.poly([(w * 0.2, -17), (w * 1.0, -19), (w * 1.03, -14), (w * 0.2, -12)], lighter(colour, 0.5))
        sketch.blob([(-w - 5, -48), (0, -53), (w + 5, -48), (w + 4, -36), (0, -33), (-w - 4, -36)], colour)
    elif wear == "bow tie":
        for s in (-1, 1):
            sketch.blob([(0, -41), (s * 10, -49), (s * 21, -52), (s * 21, -30), (s * 10, -33)], colour)
        sketch.ellipse(0, -41, 5.6, 6.4, darker(colour, 0.25))
    elif wear == "cape":
        sketch.blob(
            [(-w, -48), (0, -52), (w, -48), (w * 0.9, -42), (0, -43), (-w * 0.9, -42)], darker(colour, 0.15)
        )
        sketch.ellipse(0, -44, 4, 4, (250, 214, 90))
    elif wear == "backpack":
        for s in (-1, 1):
            sketch.stroke(
                [(s * w * 0.5, -48), (s * w * 0.68, -34), (s * w * 0.8, -16)], 7.5, darker(colour, 0.1)
            )


def on_head(sketch: Sketch, wear: str, colour: Colour) -> None:
    """What is worn on the head."""
    if wear == "hat":
        sketch.blob([(-23, -87), (-21, -110), (0, -117), (21, -110), (23, -87)], colour)
        sketch.ellipse(0, -87, 39, 7.5, darker(colour, 0.12))
        sketch.box(-22.5, -98, 22.5, -91, lighter(colour, 0.6), edge=False)
    elif wear == "crown":
        corners = [(-24, -84), (-30, -112), (-13, -100), (0, -118), (13, -100), (30, -112), (24, -84)]
        sketch.poly([(float(x), float(y)) for x, y in corners], colour)
        for x, y in ((-30, -112), (0, -118), (30, -112)):
            sketch.ellipse(x, y, 4.4, 4.4, lighter(colour, 0.6))
        sketch.box(-24, -90, 24, -84, lighter(colour, 0.4), edge=False)
    elif wear == "glasses":
        for s in (-1, 1):
            ring = [
                (s * 13 + r * cos(pi * i / 10), -70 + r * sin(pi * i / 10))
                for r, turn in ((14, 1), (9, -1))
                for i in range(0, 21 * turn, turn)
            ]
            sketch.poly(ring, colour, edge=False)
        sketch.box(-3, -73, 3, -68, colour, edge=False)


def in_hand(sketch: Sketch, wear: str, colour: Colour, hand: tuple[float, float]) -> None:
    """What is carried before the body."""
    if wear != "basket":
        return
    x, y = hand[0] + 1, hand[1] + 4
    arc = [(x + 16 * cos(pi * (1 + i / 8)), y + 8 + 14 * sin(pi * (1 + i / 8))) for i in range(9)]
    sketch.stroke(arc, 3.6, darker(colour, 0.2), edge=False)
    for dx in (-11, 0, 11):
        sketch.ellipse(x + dx, y + 6, 6, 6, (236, 84, 76) if dx else (250, 214, 90))
    sketch.poly([(x - 20, y + 8), (x + 20, y + 8), (x + 15, y + 27), (x - 15, y + 27)], colour)
    sketch.box(x - 22, y + 6, x + 22, y + 13, darker(colour, 0.18), edge=True)
