"""Places out of doors that are built, or that nobody walks to; and all places out of doors by name."""

from __future__ import annotations

from collections.abc import Callable

from generator.storybook import nature
from generator.storybook.palette import PAINT
from generator.storybook.shapes import WHITE, Colour, darker, lighter, mix
from generator.storybook.stage import GRASS, SAND, Stage, flower, house


def city(stage: Stage) -> None:
    """High houses with many windows, and a street."""
    s = stage.sketch
    walls: tuple[Colour, ...] = (
        (176, 186, 206),
        (206, 176, 166),
        (160, 170, 190),
        (216, 200, 176),
        (186, 160, 176),
    )
    x = -6.0
    while x < 256:
        wide, high = stage.between(34, 52), stage.between(84, 156)
        s.box(x, 196 - high, x + wide, 200, walls[stage.rng.integers(5)])
        stage.glow()
        for row in range(int(high // 24)):
            for column in range(2 if wide < 42 else 3):
                left, top = x + 6 + column * 13, 202 - high + row * 22
                pane: Colour = (255, 228, 130) if stage.scenery.time == "night" else (222, 238, 248)
                s.box(left, top, left + 8, top + 11, pane, edge=False)
        stage.plain()
        x += wide + 2
    s.box(-4, 194, 260, 208, stage.soil((206, 202, 200)))
    s.box(-4, 206, 260, 262, stage.soil((122, 122, 134)))
    for x in range(-10, 260, 46):
        s.box(x, 247, x + 24, 251, WHITE, edge=False)


def village(stage: Stage) -> None:
    """Small houses side by side."""
    stage.hill(158, (160, 200, 130), 6)
    roofs: tuple[Colour, ...] = ((206, 92, 76), (170, 110, 84), (110, 126, 170))
    walls: tuple[Colour, ...] = ((252, 236, 206), (246, 214, 196), (226, 236, 230))
    for i in range(4):
        w = stage.between(44, 54)
        house(
            stage,
            -8 + i * 68 + stage.between(-5, 5),
            196 + stage.between(-7, 3),
            w,
            stage.between(42, 54),
            walls[stage.rng.integers(3)],
            roofs[stage.rng.integers(3)],
        )
    stage.hill(194, GRASS, 3)
    stage.sketch.blob(
        [(100, 200), (156, 200), (190, 262), (66, 262)], stage.soil((232, 212, 176)), edge=False
    )


def castle(stage: Stage) -> None:
    """Towers with flags, on a hill."""
    s = stage.sketch
    wall: Colour = [(206, 200, 206), (222, 206, 190), (190, 196, 216)][stage.rng.integers(3)]
    roof = PAINT[("red", "blue", "purple")[stage.rng.integers(3)]]
    stage.hill(166, (150, 196, 120), 6)
    s.box(52, 112, 204, 192, wall)
    for x in range(54, 200, 20):
        s.box(x, 103, x + 11, 114, wall)
    for x, top, w in ((34, 84, 36), (186, 84, 36), (108, 62, 40)):
        s.box(x, top, x + w, 192, darker(wall, 0.06))
        s.poly([(x - 6, top), (x + w / 2, top - 44), (x + w + 6, top)], roof)
        s.poly([(x + w / 2, top - 58), (x + w / 2 + 16, top - 52), (x + w / 2, top - 46)], PAINT["yellow"])
        stage.glow()
        s.box(
            x + w / 2 - 4,
            top + 14,
            x + w / 2 + 4,
            top + 30,
            (255, 226, 120) if stage.scenery.time == "night" else (96, 96, 124),
            radius=3,
        )
        stage.plain()
    stage.hill(186, GRASS, 4)


def garden(stage: Stage) -> None:
    """A fence, and rows of big flowers."""
    s = stage.sketch
    stage.hill(150, (130, 186, 110), 5)
    for x in range(-4, 262, 17):
        s.poly([(x, 190), (x, 148), (x + 5.5, 140), (x + 11, 148), (x + 11, 190)], WHITE)
    s.box(-4, 158, 260, 164, WHITE)
    stage.hill(184, GRASS, 3)
    petals = [PAINT[name] for name in ("red", "pink", "yellow", "purple", "orange")]
    for i in range(13):
        flower(
            stage,
            8 + i * 20 + stage.between(-5, 5),
            stage.between(198, 212),
            stage.between(5.4, 7.2),
            petals[stage.rng.integers(5)],
        )
    for i in range(5):
        flower(
            stage,
            20 + i * 54 + stage.between(-9, 9),
            stage.between(244, 256),
            6.5,
            petals[stage.rng.integers(5)],
        )


def farm(stage: Stage) -> None:
    """A red barn, a field in rows and hay."""
    s = stage.sketch
    stage.hill(152, (190, 206, 116), 5)
    x = stage.between(2, 22) if stage.rng.random() < 0.5 else stage.between(146, 164)
    s.box(x, 118, x + 84, 186, (200, 76, 66))
    s.poly([(x - 6, 120), (x + 12, 92), (x + 42, 78), (x + 72, 92), (x + 90, 120)], stage.soil((138, 74, 70)))
    s.box(x + 26, 144, x + 58, 186, (250, 240, 226))
    for a, b in (((x + 27, 145), (x + 57, 185)), ((x + 57, 145), (x + 27, 185))):
        s.stroke([a, b], 3.4, (200, 76, 66), edge=False)
    stage.hill(182, (222, 196, 110), 3)
    for i in range(7):
        s.stroke(
            [(128 + (i - 3) * 22, 188), (128 + (i - 3) * 70, 260)], 3, stage.soil((196, 160, 84)), edge=False
        )
    for hx in (222 if x < 128 else 36, 190 if x < 128 else 70):
        s.ellipse(hx, 190, 17, 15, (240, 206, 104))
        s.ellipse(hx, 190, 9, 8, (214, 172, 80), edge=False)


def cave(stage: Stage) -> None:
    """Dark rock, hanging stones and crystals that shine."""
    s = stage.sketch
    s.box(-4, -4, 260, 260, (66, 58, 80))
    s.ellipse(128, 128, 116, 118, (94, 84, 110), edge=False)
    s.ellipse(128, 136, 82, 88, (122, 110, 136), edge=False)
    for i in range(9):
        x, long = 14 + i * 29 + stage.between(-6, 6), stage.between(26, 64)
        s.poly([(x - 14, -4), (x, long), (x + 14, -4)], (58, 50, 72))
    stage.hill(206, (84, 74, 98), 6)
    s.layer = "glow"
    for x in (stage.between(8, 34), stage.between(40, 60), stage.between(196, 216), stage.between(222, 248)):
        colour = [(120, 220, 230), (220, 140, 240), (140, 240, 180)][stage.rng.integers(3)]
        high = stage.between(26, 50)
        s.poly(
            [(x - 9, 216), (x - 5, 216 - high), (x + 1, 206 - high), (x + 6, 216 - high * 0.8), (x + 9, 216)],
            colour,
        )
    stage.plain()


def space(stage: Stage) -> None:
    """The moon's ground under stars and a ringed planet."""
    s = stage.sketch
    s.box(-4, -4, 260, 260, (26, 22, 58), edge=False)
    for _ in range(44):
        r = stage.between(0.7, 2)
        s.ellipse(stage.between(0, 256), stage.between(0, 190), r, r, (255, 246, 220), edge=False)
    x = stage.between(36, 66) if stage.rng.random() < 0.5 else stage.between(190, 220)
    planet = [(226, 160, 110), (140, 190, 226), (206, 140, 200)][stage.rng.integers(3)]
    s.ellipse(x, 52, 27, 27, planet)
    s.ellipse(x, 46, 25, 5, lighter(planet, 0.3), edge=False)
    s.stroke([(x - 46, 64), (x, 56), (x + 46, 40)], 5, (246, 226, 170), edge=False)
    s.ellipse(256 - x, stage.between(60, 90), 10, 10, (120, 190, 150))
    stage.hill(196, (178, 176, 192), 5)
    for _ in range(5):
        s.ellipse(stage.between(0, 256), stage.between(214, 252), stage.between(9, 20), 5, (150, 148, 168))


def underwater(stage: Stage) -> None:
    """Seaweed, fish, bubbles and coral."""
    s = stage.sketch
    s.box(-4, -4, 260, 90, (98, 196, 216), edge=False)
    for i in range(14):
        s.box(-4, 12 + 15 * i, 260, 264, mix((98, 196, 216), (32, 104, 160), (i + 1) / 14), edge=False)
    for _ in range(5):
        x, y, flip = stage.between(10, 246), stage.between(24, 150), 1 if stage.rng.random() < 0.5 else -1
        colour = PAINT[("orange", "yellow", "pink", "red")[stage.rng.integers(4)]]
        s.poly([(x - flip * 8, y), (x - flip * 20, y - 8), (x - flip * 20, y + 8)], darker(colour, 0.15))
        s.ellipse(x, y, 12, 7.5, colour)
        s.ellipse(x + flip * 6, y - 2, 1.8, 1.8, (40, 40, 60), edge=False)
    stage.hill(212, SAND, 5)
    for x in (stage.between(4, 26), stage.between(30, 56), stage.between(200, 226), stage.between(230, 252)):
        s.stroke(
            [(x, 228), (x + 9, 200), (x - 7, 172), (x + 5, stage.between(120, 152))], 9, (70, 160, 106), 3
        )
    for x in (stage.between(10, 70), stage.between(186, 246)):
        for dx in (-9, 0, 9):
            s.stroke([(x, 234), (x + dx * 0.7, 218), (x + dx * 1.4, 204)], 6, (240, 120, 130), 4)
    for _ in range(12):
        r = stage.between(2, 5)
        s.ellipse(stage.between(0, 256), stage.between(10, 200), r, r, (226, 246, 252), 0.6, edge=False)


OUTDOORS: dict[str, Callable[[Stage], None]] = {
    "meadow": nature.meadow, "forest": nature.forest, "park": nature.park, "beach": nature.beach,
    "sea": nature.sea, "mountains": nature.mountains, "desert": nature.desert, "lake": nature.lake,
    "jungle": nature.jungle, "city": city, "village": village, "castle": castle, "garden": garden,
    "farm": farm, "cave": cave, "space": space, "underwater": underwater,
}  # fmt: skip
