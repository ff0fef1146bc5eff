"""Animals: one gentle template of head, body and limbs.

A figure stands at (0, 0) and is 100 units high; it looks at the reader, its tail to the right.
"""

from __future__ import annotations

from generator.storybook.faces import FACES, draw_eye, face_plain
from generator.storybook.look import BEAK, HEAD_X, HEAD_Y, Look, belly_colour
from generator.storybook.shapes import WHITE, Colour, Sketch, darker, lighter


def draw_body(sketch: Sketch, look: Look) -> None:
    """Body, legs and the pattern that chance gave."""
    coat, kind, wide = look.coat, look.character, look.traits.build
    w = 22 * wide
    limb = darker(coat, 0.18)
    foot = BEAK if kind in ("duck", "owl", "penguin") else (limb if kind != "fox" else (92, 62, 58))
    if kind == "hedgehog":
        for i in range(9):
            a = -46 + i * 5
            sketch.poly([(-w - 12, a), (-w + 6, a - 5), (-w + 6, a + 5)], darker(coat, 0.42))
            sketch.poly([(w + 12, a), (w - 6, a - 5), (w - 6, a + 5)], darker(coat, 0.42))
    sketch.ellipse(-w * 0.52, -4, 10, 6, foot)
    sketch.ellipse(w * 0.52, -4, 10, 6, foot)
    fill = (WHITE if look.coat != WHITE else coat) if kind == "panda" else coat
    sketch.blob(
        [
            (0, -50),
            (w * 0.8, -42),
            (w, -20),
            (w * 0.75, -4),
            (0, -1),
            (-w * 0.75, -4),
            (-w, -20),
            (-w * 0.8, -42),
        ],
        fill,
    )
    draw_pattern(sketch, look, w)


def draw_pattern(sketch: Sketch, look: Look, w: float) -> None:
    """The belly, and spots or stripes on it."""
    kind, pattern, coat = look.character, look.traits.pattern, look.coat
    if kind == "panda":
        sketch.blob(
            [(-w * 0.85, -46), (0, -50), (w * 0.85, -46), (w * 0.9, -34), (0, -37), (-w * 0.9, -34)],
            coat,
            edge=False,
        )
    if kind == "penguin":
        sketch.ellipse(0, -21, w * 0.72, 20, WHITE, edge=False)
        return
    mark = darker(coat, 0.32) if sum(coat) > 260 else lighter(coat, 0.3)
    if pattern == 1 or kind in ("fox", "hedgehog", "owl", "monkey"):
        sketch.ellipse(0, -19, w * 0.62, 16, belly_colour(look), edge=False)
    if pattern == 2:
        draw_spots(sketch, w, mark)
    if pattern == 3:
        draw_stripes(sketch, w, mark)


def draw_spots(sketch: Sketch, w: float, mark: Colour) -> None:
    """Five spots."""
    for x, y, r in ((-0.6, -34, 4), (0.55, -30, 5), (-0.5, -14, 4.5), (0.6, -12, 3.5), (0.05, -40, 3)):
        sketch.ellipse(x * w, y, r, r, mark, edge=False)


def draw_stripes(sketch: Sketch, w: float, mark: Colour) -> None:
    """Three stripes on either side."""
    for y in (-38, -28, -18):
        for side in (-1, 1):
            sketch.stroke(
                [(side * w * 0.95, y), (side * w * 0.65, y + 2), (side * w * 0.42, y - 1)],
                4,
                mark,
                2,
                edge=False,
            )


def draw_arm(sketch: Sketch, look: Look, side: int, hand: tuple[float, float]) -> None:
    """An arm, wing or flipper from the shoulder to where its hand is."""
    kind, w = look.character, 19 * look.traits.build
    colour = darker(look.coat, 0.1)
    start = (side * w, -41.0)
    middle = ((start[0] + hand[0]) / 2 + side * 4, (start[1] + hand[1]) / 2 + 3)
    if kind in ("duck", "owl", "penguin"):
        sketch.stroke([start, middle, hand], 9, colour, 12)
    else:
        sketch.stroke([start, middle, hand], 9.5, colour, 8.5)
        paw = WHITE if look.traits.pattern == 1 and kind in ("cat", "dog", "rabbit") else colour
        sketch.ellipse(*hand, 5.4, 5.4, paw)


def draw_head(sketch: Sketch, look: Look) -> None:
    """Head and face."""
    kind, coat = look.character, look.coat
    rx, ry = {
        "frog": (33, 23),
        "pig": (31, 27),
        "elephant": (28, 27),
        "fox": (31, 25),
        "mouse": (27, 25),
    }.get(kind, (30.0, 26.5))
    face = {"panda": WHITE, "monkey": coat}.get(kind, coat)
    if kind == "fox":  # cheeks that come to a point
        sketch.blob(
            [
                (0, -94),
                (22, -88),
                (32, -70),
                (40, -58),
                (20, -48),
                (0, -43),
                (-20, -48),
                (-40, -58),
                (-32, -70),
                (-22, -88),
            ],
            coat,
        )
    else:
        sketch.ellipse(HEAD_X, HEAD_Y, rx, ry, face)
    if kind == "duck" and look.traits.ears:
        for i in range(look.traits.ears + 1):
            sketch.stroke([(0, -93), (3 + 4 * i, -101), (8 + 4 * i, -102)], 3.5, coat, 2)
    FACES.get(kind, face_plain)(sketch, look)
    if kind not in ("owl", "frog"):
        for side in (-1, 1):
            draw_eye(sketch, look, side * 13.0, -70.0)
    if kind not in ("owl", "duck", "penguin", "frog", "elephant"):
        for side in (-1, 1):
            sketch.ellipse(side * 21, -60, 5, 3.4, (240, 130, 130), 0.45, edge=False)
