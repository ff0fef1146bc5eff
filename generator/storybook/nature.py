"""Places in nature: each a function that paints everything behind the figure."""

from __future__ import annotations

import numpy as np

from generator.storybook.palette import PAINT
from generator.storybook.shapes import WHITE, Colour, darker, lighter, mix
from generator.storybook.stage import GRASS, SAND, SNOW, TRUNK, WATER, Stage, flower, palm, pine, tree


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
