"""Where places are painted, and what several of them have: hills, trees, flowers, houses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generator.storybook.attributes import Scenery
from generator.storybook.shapes import Colour, Sketch, darker, lighter, mix

GRASS: Colour = (140, 192, 100)
SAND: Colour = (244, 220, 164)
TRUNK: Colour = (140, 98, 66)
WATER: Colour = (88, 164, 214)
SNOW: Colour = (244, 248, 252)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a place is painted."""

    sketch: Sketch
    scenery: Scenery
    rng: np.random.Generator

    @property
    def snowy(self) -> bool:
        """Whether snow lies on things."""
        return self.scenery.weather == "snow"

    def soil(self, colour: Colour) -> Colour:
        """The ground's colour, under snow where there is snow."""
        return mix(colour, SNOW, 0.86) if self.snowy else colour

    def between(self, low: float, high: float) -> float:
        """A chance number."""
        return float(self.rng.uniform(low, high))

    def glow(self) -> None:
        """What follows shines at night."""
        self.sketch.layer = "glow" if self.scenery.time == "night" else "back"

    def plain(self) -> None:
        """What follows is lit by the sky."""
        self.sketch.layer = "back"

    def hill(self, y: float, colour: Colour, swing: float = 12) -> None:
        """Ground from y down to the picture's end, its edge in waves."""
        xs = np.linspace(-10, 266, 24)
        edge = y + swing * np.sin(xs / self.between(32, 60) + self.between(0, 6))
        corners = [*zip(xs.tolist(), edge.tolist(), strict=True), (266.0, 262.0), (-10.0, 262.0)]
        self.sketch.poly(corners, self.soil(colour))


def tree(stage: Stage, x: float, y: float, size: float, leaf: Colour) -> None:
    """A round tree with its foot at (x, y)."""
    s = stage.sketch
    s.poly(
        [
            (x - size * 0.09, y),
            (x - size * 0.06, y - size * 0.6),
            (x + size * 0.06, y - size * 0.6),
            (x + size * 0.09, y),
        ],
        TRUNK,
    )
    for dx, dy, r in ((-0.22, -0.62, 0.24), (0.22, -0.62, 0.24), (0, -0.82, 0.28), (0, -0.58, 0.22)):
        s.ellipse(x + dx * size, y + dy * size, r * size, r * size, leaf)
    s.ellipse(x - 0.08 * size, y - 0.86 * size, 0.12 * size, 0.1 * size, lighter(leaf, 0.25), edge=False)
    if stage.snowy:
        s.ellipse(x, y - 0.98 * size, 0.22 * size, 0.11 * size, SNOW, edge=False)


def pine(stage: Stage, x: float, y: float, size: float, leaf: Colour) -> None:
    """A fir of three storeys."""
    stage.sketch.box(x - size * 0.05, y - size * 0.2, x + size * 0.05, y, TRUNK)
    for low, high, wide in ((0.14, 0.55, 0.3), (0.38, 0.78, 0.24), (0.6, 1.02, 0.17)):
        tri = [(x - wide * size, y - low * size), (x, y - high * size), (x + wide * size, y - low * size)]
        stage.sketch.poly(tri, leaf)
        if stage.snowy:
            stage.sketch.poly(
                [
                    (x - wide * size * 0.5, y - (low + high) / 2 * size),
                    (x, y - high * size),
                    (x + wide * size * 0.5, y - (low + high) / 2 * size),
                ],
                SNOW,
                edge=False,
            )


def flower(stage: Stage, x: float, y: float, size: float, colour: Colour) -> None:
    """A daisy on its stem."""
    stage.sketch.stroke([(x, y), (x, y - size * 2.4)], size * 0.4, (88, 150, 72), edge=False)
    for i in range(5):
        a = i * 2 * np.pi / 5
        stage.sketch.ellipse(
            x + size * 0.8 * np.cos(a),
            y - size * 2.6 + size * 0.8 * np.sin(a),
            size * 0.62,
            size * 0.62,
            colour,
            edge=False,
        )
    stage.sketch.ellipse(x, y - size * 2.6, size * 0.5, size * 0.5, (252, 214, 90), edge=False)


def house(stage: Stage, x: float, y: float, w: float, h: float, wall: Colour, roof: Colour) -> None:
    """A house with a door and lit windows, its left foot at (x, y)."""
    s = stage.sketch
    s.box(x, y - h, x + w, y, wall)
    s.poly([(x - 5, y - h), (x + w / 2, y - h - w * 0.55), (x + w + 5, y - h)], SNOW if stage.snowy else roof)
    s.box(x + w * 0.58, y - h * 0.52, x + w * 0.84, y, darker(roof, 0.3))
    stage.glow()
    pane: Colour = (255, 226, 120) if stage.scenery.time == "night" else (190, 224, 240)
    s.box(x + w * 0.14, y - h * 0.76, x + w * 0.44, y - h * 0.4, pane)
    stage.plain()


def palm(stage: Stage, x: float, y: float) -> None:
    """A palm with its foot at (x, y)."""
    lean = 12 if x < 128 else -12
    stage.sketch.stroke([(x, y), (x + lean * 0.3, y - 50), (x + lean, y - 96)], 11, (176, 128, 84), 7)
    for a in (-2.9, -2.3, -1.6, -0.9, -0.25):
        tip = (x + lean + 40 * np.cos(a), y - 92 + 34 * np.sin(a) + 12)
        mid = (x + lean + 22 * np.cos(a), y - 104 + 24 * np.sin(a))
        stage.sketch.stroke([(x + lean, y - 96), mid, tip], 11, (96, 168, 90), 3)
