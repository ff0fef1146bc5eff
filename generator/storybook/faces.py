"""Faces: an eye, a mouth, a nose, and what makes each kind of animal unmistakable."""

from __future__ import annotations

from generator.storybook.look import BEAK, CREAM, Look, belly_colour
from generator.storybook.shapes import BLACK, WHITE, Colour, Sketch, darker, lighter, mix


def draw_eye(sketch: Sketch, look: Look, x: float, y: float, r: float = 5.6) -> None:
    """A big eye with a light in it; closed when asleep."""
    style = look.traits.eyes
    dark = sum(look.coat) < 260 and look.character not in ("girl", "boy", "wizard", "panda", "monkey")
    if look.asleep:
        colour = WHITE if dark else BLACK
        sketch.stroke([(x - r, y), (x, y + 3.5), (x + r, y)], 2.2, colour, edge=False)
        return
    if style == 1 or dark:
        sketch.ellipse(x, y, r + 2.2, r + 2.6, WHITE, edge=False)
        sketch.ellipse(x, y + 0.6, r - 0.2, r + 0.2, look.iris, edge=False)
        sketch.ellipse(x, y + 0.8, r * 0.6, r * 0.62, BLACK, edge=False)
    else:
        sketch.ellipse(x, y, r - 0.6, r + 0.8, mix(BLACK, look.iris, 0.35), edge=False)
    sketch.ellipse(x + 1.6, y - 2, 1.9, 1.9, WHITE, edge=False)
    if style == 2:
        side = 1 if x > 0 else -1
        for dx, dy, ex, ey in ((4.2, -4.6, 7.0, -8.0), (5.2, -2.0, 8.8, -4.2)):
            sketch.stroke([(x + side * dx, y + dy), (x + side * ex, y + ey)], 1.5, BLACK, edge=False)


def smile(sketch: Sketch, y: float = -53.0, width: float = 5.0) -> None:
    """A small friendly mouth."""
    sketch.stroke([(-width, y), (0, y + width * 0.55), (width, y)], 2, BLACK, edge=False)


def nose(sketch: Sketch, y: float, rx: float = 4.2, ry: float = 3.0, fill: Colour = BLACK) -> None:
    """A nose."""
    sketch.ellipse(0, y, rx, ry, fill, edge=False)


def face_plain(sketch: Sketch, look: Look) -> None:
    """Nose and mouth alone."""
    nose(sketch, -60)
    smile(sketch)


def face_fox(sketch: Sketch, look: Look) -> None:
    """White cheeks to both sides of a long black nose."""
    for s in (-1, 1):
        sketch.blob(
            [(s * 2, -62), (s * 20, -64), (s * 36, -58), (s * 19, -50), (s * 2, -45)], CREAM, edge=False
        )
    nose(sketch, -55, 5, 4)
    smile(sketch, -49, 4)


def face_cat(sketch: Sketch, look: Look) -> None:
    """A pink nose and whiskers."""
    sketch.ellipse(0, -57, 9, 6.5, lighter(look.coat, 0.45), edge=False)
    if look.traits.pattern == 3:
        for x in (-7, 0, 7):
            sketch.stroke([(x, -93), (x * 0.8, -84)], 3.2, darker(look.coat, 0.4), 1.5, edge=False)
    nose(sketch, -60, 3.6, 2.6, (236, 120, 130))
    smile(sketch, -55, 5)
    line = BLACK if sum(look.coat) > 300 else WHITE
    for s in (-1, 1):
        for dy in (-2, 3):
            sketch.stroke([(s * 17, -57 + dy / 2), (s * 35, -58 + dy * 1.6)], 1.3, line, edge=False)


def face_dog(sketch: Sketch, look: Look) -> None:
    """A broad muzzle, a big nose, perhaps a patch and a tongue."""
    if look.traits.pattern == 2:
        sketch.ellipse(14, -71, 11, 13, darker(look.coat, 0.36), edge=False)
    sketch.ellipse(0, -55, 15, 11, belly_colour(look), edge=False)
    sketch.ellipse(0, -48, 4, 6, (238, 120, 130), edge=False)
    nose(sketch, -60, 6.5, 4.6)
    smile(sketch, -53, 6)


def face_rabbit(sketch: Sketch, look: Look) -> None:
    """A small nose over two teeth."""
    sketch.ellipse(0, -56, 10, 7, lighter(look.coat, 0.6), edge=False)
    sketch.box(-3.4, -54, 3.4, -48, WHITE, edge=False)
    nose(sketch, -60, 3.6, 2.6, (236, 120, 130))
    smile(sketch, -55, 6)


def face_bear(sketch: Sketch, look: Look) -> None:
    """A round light muzzle."""
    sketch.ellipse(0, -57, 13, 10, belly_colour(look) if look.character != "panda" else WHITE, edge=False)
    nose(sketch, -61, 5.4, 4)
    smile(sketch, -55, 5)


def face_panda(sketch: Sketch, look: Look) -> None:
    """Patches around the eyes."""
    for s in (-1, 1):
        sketch.ellipse(s * 13.5, -69, 9.5, 11, look.coat, turn=s * 0.5, edge=False)
        if not look.asleep:
            sketch.ellipse(s * 13, -70, 7.2, 7.6, WHITE, edge=False)
    nose(sketch, -60, 5, 3.6)
    smile(sketch, -55, 5)


def face_owl(sketch: Sketch, look: Look) -> None:
    """Eyes as large as plates and a beak between them."""
    for s in (-1, 1):
        sketch.ellipse(s * 13, -69, 14, 14, CREAM, edge=False)
        draw_eye(sketch, look, s * 12.0, -69.0, 7.6)
    sketch.poly([(-5, -62), (5, -62), (0, -51)], BEAK)


def face_duck(sketch: Sketch, look: Look) -> None:
    """A broad flat bill."""
    sketch.ellipse(0, -56, 17, 6.5, BEAK)
    sketch.stroke([(-14, -56), (0, -53), (14, -56)], 1.6, darker(BEAK, 0.4), edge=False)


def face_penguin(sketch: Sketch, look: Look) -> None:
    """A white face and a short beak."""
    for s in (-1, 1):
        sketch.ellipse(s * 11, -66, 14, 17, WHITE, edge=False)
    sketch.poly([(-6, -62), (6, -62), (0, -53)], BEAK)


def face_frog(sketch: Sketch, look: Look) -> None:
    """Eyes on top and a very wide mouth."""
    for s in (-1, 1):
        if not look.asleep:
            sketch.ellipse(s * 17, -90, 8.8, 9, WHITE, edge=False)
            sketch.ellipse(s * 16, -89, 5.4, 5.8, mix(BLACK, look.iris, 0.3), edge=False)
            sketch.ellipse(s * 16 + 1.5, -91, 1.8, 1.8, WHITE, edge=False)
        else:
            sketch.stroke([(s * 17 - 7, -89), (s * 17, -85), (s * 17 + 7, -89)], 2.2, BLACK, edge=False)
    sketch.ellipse(0, -57, 22, 9, lighter(look.coat, 0.4), edge=False)
    sketch.stroke([(-22, -62), (-10, -55), (10, -55), (22, -62)], 2.2, BLACK, edge=False)


def face_pig(sketch: Sketch, look: Look) -> None:
    """A snout with two nostrils."""
    sketch.ellipse(0, -58, 12, 8.5, darker(look.coat, 0.16))
    for s in (-1, 1):
        sketch.ellipse(s * 4.4, -58, 2.2, 3, darker(look.coat, 0.6), edge=False)
    smile(sketch, -48, 5)


def face_elephant(sketch: Sketch, look: Look) -> None:
    """A trunk."""
    t = look.traits.tail
    path = [(0, -64), (0, -48), (3 + 4 * t, -34), (14 + 4 * t, -32 - 5 * t)]
    sketch.stroke(path, 15, look.coat, 9)
    for y in (-54, -47, -41):
        sketch.stroke([(-5, y), (5, y + 1)], 1.5, darker(look.coat, 0.3), edge=False)
    for s in (-1, 1):
        sketch.poly([(s * 9, -52), (s * 15, -52), (s * 16, -42)], WHITE)


def face_lion(sketch: Sketch, look: Look) -> None:
    """A light muzzle with a brown nose."""
    sketch.ellipse(0, -55, 13, 9, CREAM, edge=False)
    nose(sketch, -60, 5.4, 4, (130, 74, 60))
    smile(sketch, -54, 5)


def face_hedgehog(sketch: Sketch, look: Look) -> None:
    """A pale face within the spikes."""
    sketch.ellipse(0, -63, 25, 20, mix(look.coat, CREAM, 0.75), edge=False)
    nose(sketch, -57, 5, 4)
    smile(sketch, -51, 4)


def face_monkey(sketch: Sketch, look: Look) -> None:
    """A pale face in the shape of a heart."""
    face: Colour = (246, 214, 178)
    for s in (-1, 1):
        sketch.ellipse(s * 11, -71, 13, 14, face, edge=False)
    sketch.ellipse(0, -57, 18, 13, face, edge=False)
    nose(sketch, -60, 3.4, 2, (120, 80, 66))
    smile(sketch, -54, 8)


def face_mouse(sketch: Sketch, look: Look) -> None:
    """A pink nose and whiskers."""
    nose(sketch, -58, 4.4, 3.6, (238, 110, 130))
    smile(sketch, -51, 4)
    for s in (-1, 1):
        sketch.stroke([(s * 13, -56), (s * 30, -53)], 1.2, BLACK, edge=False)
        sketch.stroke([(s * 13, -58), (s * 30, -60)], 1.2, BLACK, edge=False)


FACES = {
    "fox": face_fox, "cat": face_cat, "dog": face_dog, "rabbit": face_rabbit, "bear": face_bear,
    "panda": face_panda, "owl": face_owl, "duck": face_duck, "penguin": face_penguin, "frog": face_frog,
    "pig": face_pig, "elephant": face_elephant, "lion": face_lion, "hedgehog": face_hedgehog,
    "monkey": face_monkey, "mouse": face_mouse,
}  # fmt: skip
