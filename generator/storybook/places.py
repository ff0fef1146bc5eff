"""Places out of doors: each a function that paints everything behind the figure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from generator.storybook.palette import PAINT
from generator.storybook.shapes import WHITE, Colour, darker, lighter, mix
from generator.storybook.stage import (
    GRASS,
    SAND,
    SNOW,
    TRUNK,
    WATER,
    Stage,
    flower,
    house,
    palm,
    pine,
    tree,
)


def meadow(stage: Stage) -> None:
    """Soft hills and a few flowers."""
    stage.hill(150, mix(GRASS, (170, 214, 170), 0.5))
    stage.hill(176, GRASS, 8)
    for _ in range(9):
        flower(
            stage,
            stage.between(4, 252),
            stage.between(198, 252),
            3.2,
            [WHITE, PAINT["yellow"], PAINT["pink"]][stage.rng.integers(3)],
        )


def forest(stage: Stage) -> None:
    """Firs behind firs."""
    stage.hill(150, (92, 140, 96), 5)
    for count, y, size, leaf in ((8, 164, 92, (108, 156, 116)), (6, 186, 130, (66, 122, 84))):
        for i in range(count):
            pine(
                stage,
                256 * (i + 0.5) / count + stage.between(-10, 10),
                y,
                size * stage.between(0.85, 1.15),
                leaf,
            )
    stage.hill(186, (118, 160, 88), 5)
    for _ in range(2):
        toadstool(stage, stage.between(8, 248), stage.between(214, 248))


def toadstool(stage: Stage, x: float, y: float) -> None:
    """A red cap on a white foot."""
    stage.sketch.box(x - 3, y - 10, x + 3, y, WHITE)
    stage.sketch.blob([(x - 10, y - 9), (x, y - 19), (x + 10, y - 9)], PAINT["red"])


def park(stage: Stage) -> None:
    """Autumn trees, fallen leaves and a bench."""
    autumn: tuple[Colour, ...] = ((236, 150, 60), (222, 96, 60), (244, 196, 80))
    stage.hill(160, (206, 190, 104), 5)
    for i in range(4):
        tree(
            stage,
            32 + 64 * i + stage.between(-9, 9),
            182,
            108 * stage.between(0.85, 1.15),
            autumn[(i + int(stage.rng.integers(3))) % 3],
        )
    stage.hill(184, (218, 178, 92), 4)
    x = stage.between(4, 40) if stage.rng.random() < 0.5 else stage.between(180, 214)
    for y in (188, 197):
        stage.sketch.box(x, y, x + 44, y + 5, TRUNK)
    for dx in (4, 36):
        stage.sketch.box(x + dx, 186, x + dx + 4, 214, darker(TRUNK, 0.4))
    for _ in range(18):
        stage.sketch.ellipse(
            stage.between(0, 256),
            stage.between(196, 254),
            4,
            2.4,
            autumn[stage.rng.integers(3)],
            turn=stage.between(0, 3),
            edge=False,
        )


def beach(stage: Stage) -> None:
    """Sea to the horizon, sand, a palm and a starfish."""
    s = stage.sketch
    s.box(-4, 128, 260, 190, WATER)
    for _ in range(6):
        x, y = stage.between(0, 240), stage.between(136, 168)
        s.stroke([(x, y), (x + 8, y - 2), (x + 18, y)], 2, lighter(WATER, 0.6), edge=False)
    stage.hill(180, WHITE, 4)
    stage.hill(185, SAND, 4)
    palm(stage, stage.between(14, 44) if stage.rng.random() < 0.5 else stage.between(212, 242), 206)
    x = stage.between(30, 226)
    star = [
        (x + (9 if i % 2 else 4) * np.cos(i * np.pi / 5), 246 + (9 if i % 2 else 4) * np.sin(i * np.pi / 5))
        for i in range(10)
    ]
    s.poly(star, (240, 130, 90))
    s.ellipse(stage.between(20, 236), 238, 5, 4, (250, 206, 206))


def sea(stage: Stage) -> None:
    """Open water; the boat comes before the figure."""
    s = stage.sketch
    s.box(-4, 136, 260, 260, WATER)
    for y in (150, 168, 188):
        for _ in range(4):
            x = stage.between(-10, 240)
            s.stroke([(x, y), (x + 10, y - 4), (x + 22, y)], 2.6, lighter(WATER, 0.5), edge=False)
    x = stage.between(10, 50) if stage.rng.random() < 0.5 else stage.between(196, 226)
    s.blob([(x, 137), (x + 12, 126), (x + 28, 137)], (150, 176, 130), edge=False)


def mountains(stage: Stage) -> None:
    """Three peaks with snow on top."""
    for middle, high, wide, colour in (
        (52, 112, 84, (150, 156, 184)),
        (200, 124, 92, (138, 146, 176)),
        (126, 138, 88, (164, 168, 194)),
    ):
        x = middle + stage.between(-14, 14)
        top = 190 - high * stage.between(0.92, 1.1)
        stage.sketch.poly([(x - wide, 192), (x, top), (x + wide, 192)], colour)
        cap = 0.3 * (192 - top)
        stage.sketch.poly(
            [
                (x - wide * 0.3, top + cap),
                (x, top),
                (x + wide * 0.3, top + cap),
                (x + 10, top + cap - 9),
                (x, top + cap + 3),
                (x - 12, top + cap - 8),
            ],
            SNOW,
            edge=False,
        )
    stage.hill(180, (132, 176, 112), 6)
    for x in (stage.between(6, 40), stage.between(216, 250)):
        pine(stage, x, 206, 48, (80, 132, 92))
    for _ in range(4):
        stage.sketch.ellipse(stage.between(0, 256), stage.between(212, 250), 8, 5, (170, 168, 168))


def desert(stage: Stage) -> None:
    """Dunes and cacti."""
    stage.hill(152, (240, 200, 130), 10)
    stage.hill(176, (246, 214, 146), 8)
    for x, y, size in ((stage.between(14, 58), 198, 1.15), (stage.between(198, 242), 192, 0.95)):
        green: Colour = (92, 156, 92)
        stage.sketch.stroke([(x, y), (x, y - 62 * size)], 17 * size, green)
        stage.sketch.stroke(
            [(x, y - 22 * size), (x + 19 * size, y - 24 * size), (x + 20 * size, y - 46 * size)],
            10 * size,
            green,
        )
        stage.sketch.stroke(
            [(x, y - 32 * size), (x - 18 * size, y - 34 * size), (x - 18 * size, y - 54 * size)],
            10 * size,
            green,
        )
        stage.sketch.ellipse(x, y - 70 * size, 5 * size, 4 * size, PAINT["pink"], edge=False)
    for _ in range(3):
        stage.sketch.ellipse(stage.between(0, 256), stage.between(218, 250), 7, 4, (206, 160, 110))


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


def lake(stage: Stage) -> None:
    """Still water between hills, reeds and lilies."""
    s = stage.sketch
    stage.hill(138, (122, 170, 124), 11)
    s.ellipse(128, 182, 150, 34, (112, 182, 216))
    for _ in range(5):
        x, y = stage.between(20, 220), stage.between(160, 200)
        s.stroke([(x, y), (x + 22, y)], 1.8, (206, 232, 244), edge=False)
    for _ in range(5):
        x, y = stage.between(10, 246), stage.between(168, 200)
        s.ellipse(x, y, 10, 4, (92, 160, 90))
        s.ellipse(x + 2, y - 4, 4, 3, PAINT["pink"], edge=False)
    stage.hill(212, GRASS, 5)
    for side in (0, 214):
        for _ in range(5):
            x, high = side + stage.between(2, 42), stage.between(34, 58)
            s.stroke([(x, 222), (x + 2, 222 - high)], 2.4, (96, 140, 76), edge=False)
            s.ellipse(x + 2, 220 - high, 3.4, 9, (130, 88, 60))


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


def jungle(stage: Stage) -> None:
    """Huge leaves, lianas and bright flowers."""
    s = stage.sketch
    s.box(-4, -4, 260, 200, (120, 178, 120), 0.75, edge=False)
    for _ in range(8):
        x = stage.between(0, 256)
        s.stroke(
            [(x, -6), (x + stage.between(-14, 14), 50), (x + stage.between(-8, 8), stage.between(70, 130))],
            4,
            (78, 128, 70),
            2,
        )
    stage.hill(178, (84, 142, 76), 6)
    for i in range(9):
        left = i % 2 == 0
        x, y = (stage.between(-6, 40) if left else stage.between(216, 262)), stage.between(60, 214)
        turn = stage.between(0.2, 0.9) * (1 if left else -1)
        leaf = [(60, 132, 76), (88, 160, 84), (50, 112, 72)][stage.rng.integers(3)]
        s.ellipse(x, y, 42, 15, leaf, turn=-turn)
        s.stroke(
            [(x - 34 * np.cos(turn), y + 34 * np.sin(turn)), (x + 34 * np.cos(turn), y - 34 * np.sin(turn))],
            1.8,
            lighter(leaf, 0.4),
            edge=False,
        )
    stage.hill(206, (106, 162, 86), 4)
    for _ in range(5):
        flower(
            stage,
            stage.between(0, 256),
            stage.between(216, 254),
            5.4,
            PAINT[("orange", "purple", "red")[stage.rng.integers(3)]],
        )


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
    "meadow": meadow, "forest": forest, "park": park, "beach": beach, "sea": sea, "mountains": mountains,
    "desert": desert, "city": city, "village": village, "castle": castle, "garden": garden, "farm": farm,
    "lake": lake, "cave": cave, "jungle": jungle, "space": space, "underwater": underwater,
}  # fmt: skip
