"""What somebody wears or carries."""

from __future__ import annotations

from math import cos, pi, sin

from generator.storybook.shapes import Colour, Sketch, darker, lighter

WOOD: Colour = (158, 108, 66)


def behind(sketch: Sketch, wear: str, colour: Colour, hand: tuple[float, float]) -> None:
    """What is seen behind the body."""
    if wear == "cape":
        sketch.blob(
            [(0, -52), (24, -48), (40, -8), (30, 0), (0, -3), (-30, 0), (-40, -8), (-24, -48)], colour
        )
    elif wear == "backpack":
        for s in (-1, 1):
            sketch.box(s * 27 - 9, -46, s * 27 + 9, -14, colour, radius=6)
            sketch.box(s * 28 - 7, -28, s * 28 + 7, -16, darker(colour, 0.25), radius=3)
    elif wear == "balloon":
        sketch.stroke(
            [hand, (hand[0] - 5, hand[1] - 30), (hand[0] - 3, hand[1] - 54)], 1.5, (110, 100, 100), edge=False
        )
        sketch.poly(
            [(hand[0] - 7, hand[1] - 50), (hand[0] + 1, hand[1] - 50), (hand[0] - 3, hand[1] - 57)],
            darker(colour),
        )
        sketch.ellipse(hand[0] - 3, hand[1] - 76, 17, 21, colour)
        sketch.ellipse(hand[0] - 9, hand[1] - 84, 4, 6, lighter(colour, 0.6), edge=False)
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
        sketch.blob([(-w - 2, -47), (0, -51), (w + 2, -47), (w + 1, -39), (0, -37), (-w - 1, -39)], colour)
        sketch.poly([(w * 0.25, -42), (w * 0.8, -42), (w * 0.95, -17), (w * 0.35, -16)], darker(colour, 0.14))
        sketch.box(w * 0.38, -23, w * 0.9, -20, lighter(colour, 0.5), edge=False)
    elif wear == "bow tie":
        for s in (-1, 1):
            sketch.poly([(0, -42), (s * 15, -50), (s * 15, -34)], colour)
        sketch.ellipse(0, -42, 4, 4.5, darker(colour, 0.2))
    elif wear == "cape":
        sketch.blob(
            [(-w, -48), (0, -52), (w, -48), (w * 0.9, -42), (0, -43), (-w * 0.9, -42)], darker(colour, 0.15)
        )
        sketch.ellipse(0, -44, 4, 4, (250, 214, 90))
    elif wear == "backpack":
        for s in (-1, 1):
            sketch.stroke(
                [(s * w * 0.6, -47), (s * w * 0.75, -34), (s * w * 0.85, -20)], 5, darker(colour, 0.1)
            )


def on_head(sketch: Sketch, wear: str, colour: Colour) -> None:
    """What is worn on the head."""
    if wear == "hat":
        sketch.blob([(-20, -88), (-17, -108), (0, -113), (17, -108), (20, -88)], colour)
        sketch.ellipse(0, -88, 34, 6, darker(colour, 0.12))
        sketch.box(-19, -96, 19, -90, lighter(colour, 0.55), edge=False)
    elif wear == "crown":
        corners = [(-20, -86), (-24, -108), (-11, -99), (0, -113), (11, -99), (24, -108), (20, -86)]
        sketch.poly([(float(x), float(y)) for x, y in corners], colour)
        for x, y in ((-24, -108), (0, -113), (24, -108)):
            sketch.ellipse(x, y, 3.4, 3.4, lighter(colour, 0.6))
        sketch.box(-20, -91, 20, -86, lighter(colour, 0.3), edge=False)
    elif wear == "glasses":
        for s in (-1, 1):
            ring = [
                (s * 13 + r * cos(pi * i / 10), -70 + r * sin(pi * i / 10))
                for r, turn in ((12, 1), (8.6, -1))
                for i in range(0, 21 * turn, turn)
            ]
            sketch.poly(ring, colour, edge=False)
        sketch.box(-3, -72, 3, -69, colour, edge=False)


def in_hand(sketch: Sketch, wear: str, colour: Colour, hand: tuple[float, float]) -> None:
    """What is carried before the body."""
    if wear != "basket":
        return
    x, y = hand[0] + 1, hand[1] + 4
    arc = [(x + 12 * cos(pi * (1 + i / 8)), y + 10 + 13 * sin(pi * (1 + i / 8))) for i in range(9)]
    sketch.stroke(arc, 3, darker(colour, 0.2), edge=False)
    sketch.poly([(x - 15, y + 9), (x + 15, y + 9), (x + 11, y + 25), (x - 11, y + 25)], colour)
    sketch.box(x - 16, y + 7, x + 16, y + 12, darker(colour, 0.18), edge=True)
    for dx in (-8, 0, 8):
        sketch.ellipse(x + dx, y + 6, 4, 4, (236, 84, 76) if dx else (250, 214, 90), edge=False)
