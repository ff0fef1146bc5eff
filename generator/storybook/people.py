"""People, and the robot: the same template as the animals', in clothes of the subject's colour."""

from __future__ import annotations

from generator.storybook.faces import draw_eye, nose, smile
from generator.storybook.look import HEAD_Y, Look
from generator.storybook.shapes import BLACK, WHITE, Colour, Sketch, darker, lighter, mix

STEEL: Colour = (206, 212, 220)


def draw_hair_behind(sketch: Sketch, look: Look) -> None:
    """Long hair, and a robot's antenna."""
    kind, t = look.character, look.traits.tail
    if kind == "girl":
        if t == 0:
            sketch.blob([(-32, -80), (0, -100), (32, -80), (36, -40), (0, -36), (-36, -40)], look.hair)
        elif t == 1:
            for s in (-1, 1):
                sketch.stroke([(s * 26, -78), (s * 42, -66), (s * 40, -42)], 15, look.hair, 8)
        else:
            for s in (-1, 1):
                sketch.ellipse(s * 22, -94, 11, 11, look.hair)
    elif kind == "robot":
        sketch.stroke([(0, -92), (0, -108)], 3.4, darker(STEEL, 0.3))
        sketch.ellipse(0, -110, 5.5, 5.5, (236, 84, 76))
        for s in (-1, 1):
            sketch.box(s * 34 - 5, -76, s * 34 + 5, -60, darker(look.coat, 0.3), radius=2)


def draw_clothes(sketch: Sketch, look: Look) -> None:
    """Legs, and dress, sweater, robe or case."""
    kind, coat, w = look.character, look.coat, 20 * look.traits.build
    shoe = darker(mix(coat, BLACK, 0.5), 0.2)
    if kind == "robot":
        for s in (-1, 1):
            sketch.box(s * w * 0.5 - 5, -14, s * w * 0.5 + 5, -2, STEEL)
            sketch.ellipse(s * w * 0.5, -3, 10, 5.5, darker(coat, 0.3))
        sketch.box(-w - 2, -46, w + 2, -10, coat, radius=6)
        sketch.box(-w * 0.6, -38, w * 0.6, -20, lighter(coat, 0.5), radius=3, edge=False)
        for i, colour in enumerate(
            ((236, 84, 76), (248, 208, 76), (104, 176, 84))[: 1 + look.traits.pattern % 3]
        ):
            sketch.ellipse(-8 + 8 * i, -29, 3, 3, colour, edge=False)
        return
    if kind != "wizard":
        leg = look.skin if kind == "girl" else (84, 92, 132)
        for s in (-1, 1):
            sketch.box(s * 8 - 5, -20, s * 8 + 5, -3, leg)
            sketch.ellipse(s * 9, -3, 8.5, 5, shoe)
    if kind == "girl":
        sketch.blob(
            [
                (0, -50),
                (w * 0.6, -46),
                (w * 0.75, -30),
                (w * 1.25, -13),
                (0, -9),
                (-w * 1.25, -13),
                (-w * 0.75, -30),
                (-w * 0.6, -46),
            ],
            coat,
        )
    elif kind == "boy":
        sketch.blob(
            [
                (0, -49),
                (w * 0.85, -45),
                (w, -28),
                (w * 0.9, -15),
                (0, -13),
                (-w * 0.9, -15),
                (-w, -28),
                (-w * 0.85, -45),
            ],
            coat,
        )
    else:
        sketch.poly([(-w * 0.7, -48), (w * 0.7, -48), (w * 1.45, -1), (-w * 1.45, -1)], coat)
    draw_cloth(sketch, look, w)


def draw_cloth(sketch: Sketch, look: Look, w: float) -> None:
    """The pattern of the clothes."""
    mark = lighter(look.coat, 0.55) if sum(look.coat) < 600 else darker(look.coat, 0.25)
    if look.traits.pattern == 1:
        sketch.box(-w * 0.8, -31, w * 0.8, -27, mark, edge=False)
    elif look.traits.pattern == 2:
        for x, y in ((-0.5, -38), (0.4, -36), (0, -27), (-0.6, -20), (0.6, -19)):
            sketch.ellipse(x * w, y, 3, 3, mark, edge=False)
    elif look.traits.pattern == 3:
        for y in (-38, -29, -20):
            sketch.box(-w * 0.74, y, w * 0.74, y + 3, mark, edge=False)


def draw_sleeve(sketch: Sketch, look: Look, side: int, hand: tuple[float, float]) -> None:
    """An arm from the shoulder to where its hand is."""
    w = 15 * look.traits.build
    start = (side * w, -42.0)
    middle = ((start[0] + hand[0]) / 2 + side * 4, (start[1] + hand[1]) / 2 + 3)
    if look.character == "robot":
        sketch.stroke([start, middle, hand], 6, darker(STEEL, 0.15))
        sketch.ellipse(*hand, 5.6, 5.6, darker(look.coat, 0.25))
        return
    sketch.stroke(
        [start, middle, hand], 9.5, darker(look.coat, 0.12), 10.5 if look.character == "wizard" else 9
    )
    sketch.ellipse(*hand, 5, 5, look.skin)


def draw_person_head(sketch: Sketch, look: Look) -> None:
    """Head, face and hair."""
    kind = look.character
    if kind == "robot":
        sketch.box(-31, -93, 31, -48, look.coat, radius=9)
        sketch.box(-25, -84, 25, -55, lighter(look.coat, 0.62), radius=6, edge=False)
        for s in (-1, 1):
            draw_eye(sketch, look, s * 11.0, -72.0, 6.2)
        sketch.box(-9, -62, 9, -58.6, BLACK, edge=False)
        return
    for s in (-1, 1):
        sketch.ellipse(s * 28, -67, 5, 6, look.skin)
    sketch.ellipse(0, HEAD_Y, 28, 26, look.skin)
    for s in (-1, 1):
        draw_eye(sketch, look, s * 11.5, -67.0, 5.2)
        sketch.ellipse(s * 19, -58, 5, 3.4, (240, 120, 120), 0.45, edge=False)
    nose(sketch, -60, 2.4, 1.8, darker(look.skin, 0.25))
    if kind == "wizard":
        draw_wizard(sketch, look)
        return
    smile(sketch, -53, 6)
    draw_hair(sketch, look)


def draw_hair(sketch: Sketch, look: Look) -> None:
    """A fringe, in one of three cuts."""
    e, hair = look.traits.ears, look.hair
    if look.character == "girl":
        part = (0, -12, 12)[e]
        sketch.blob(
            [(-30, -66), (-28, -88), (0, -98), (28, -88), (30, -66), (22, -78), (part, -86), (-22, -78)], hair
        )
    elif e == 0:
        sketch.blob(
            [(-30, -70), (-26, -90), (0, -97), (26, -90), (30, -70), (20, -80), (0, -79), (-20, -80)], hair
        )
    elif e == 1:
        for x in (-20, -10, 0, 10, 20):
            sketch.poly([(x - 9, -83), (x + 1, -102 + abs(x) * 0.4), (x + 9, -83)], hair)
    else:
        for x in (-22, -12, 0, 12, 22):
            sketch.ellipse(x, -88 + abs(x) * 0.3, 9, 9, hair)


def draw_wizard(sketch: Sketch, look: Look) -> None:
    """A long beard and a pointed hat with a star."""
    long = (-26, -18, -30)[look.traits.tail]
    beard = WHITE if look.traits.ears != 1 else (190, 190, 196)
    sketch.blob(
        [(-26, -62), (-12, -58), (0, -60), (12, -58), (26, -62), (20, -42), (0, long), (-20, -42)], beard
    )
    smile(sketch, -54, 4)
    sketch.poly([(-27, -84), (4, -130), (27, -84)], look.coat)
    sketch.ellipse(0, -84, 36, 6.5, darker(look.coat, 0.2))
    sketch.ellipse(3, -101, 5, 5, (250, 214, 90), edge=False)
