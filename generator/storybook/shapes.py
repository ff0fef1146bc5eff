"""Shapes as polygons: what every picture is put together from, before a style renders it.

Coordinates are pixels of a 256 × 256 picture, x to the right and y down; a figure is drawn in its own
coordinates first and moved into the picture with ``Frame``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Colour = tuple[float, float, float]

WHITE: Colour = (252.0, 250.0, 245.0)
BLACK: Colour = (52.0, 46.0, 52.0)


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled polygon."""

    points: Points  #: (n, 2)
    fill: Colour
    alpha: float = 1.0
    layer: str = "back"  #: back, figure, or glow, which no dusk darkens
    edge: bool = True  #: whether a style that outlines shapes outlines this one


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a figure's coordinates lie in the picture."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    flip: bool = False
    turn: float = 0.0  #: radians

    def place(self, points: Points) -> Points:
        """The points in the picture."""
        x, y = points[:, 0] * (-1 if self.flip else 1), points[:, 1]
        c, s = cos(self.turn), sin(self.turn)
        return np.stack([self.x + self.scale * (c * x - s * y), self.y + self.scale * (s * x + c * y)], 1)

    def grown(self, x: float, y: float, by: float) -> Frame:
        """The same coordinates ``by`` times as large around a point of theirs, which stays where it is."""
        ((left, top),) = self.place(np.array([(x * (1 - by), y * (1 - by))]))
        return replace(self, x=float(left), y=float(top), scale=self.scale * by)


@dataclass(slots=True)
class Sketch:
    """Collects shapes, from the farthest to the nearest."""

    shapes: list[Shape] = field(default_factory=list)
    frame: Frame = field(default_factory=Frame)
    layer: str = "back"

    def add(self, points: Points, fill: Colour, alpha: float = 1.0, *, edge: bool = True) -> None:
        """Lay a polygon over what is there."""
        self.shapes.append(Shape(self.frame.place(points), fill, alpha, self.layer, edge))

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        fill: Colour,
        alpha: float = 1.0,
        turn: float = 0.0,
        *,
        edge: bool = True,
    ) -> None:
        """An ellipse by its centre and radii."""
        self.add(ellipse(x, y, rx, ry, turn), fill, alpha, edge=edge)

    def box(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        fill: Colour,
        alpha: float = 1.0,
        radius: float = 0.0,
        *,
        edge: bool = True,
    ) -> None:
        """A rectangle, its corners rounded."""
        self.add(box(left, top, right, bottom, radius), fill, alpha, edge=edge)

    def blob(
        self, corners: Sequence[tuple[float, float]], fill: Colour, alpha: float = 1.0, *, edge: bool = True
    ) -> None:
        """A smooth closed curve through corners."""
        self.add(smooth(np.array(corners)), fill, alpha, edge=edge)

    def poly(
        self, corners: Sequence[tuple[float, float]], fill: Colour, alpha: float = 1.0, *, edge: bool = True
    ) -> None:
        """A polygon with sharp corners."""
        self.add(np.array(corners, dtype=float), fill, alpha, edge=edge)

    def stroke(
        self,
        path: Sequence[tuple[float, float]],
        width: float,
        fill: Colour,
        end: float | None = None,
        *,
        edge: bool = True,
    ) -> None:
        """A rounded band along a smooth path, from ``width`` to ``end`` thick."""
        self.add(band(np.array(path, dtype=float), width, width if end is None else end), fill, edge=edge)


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> Points:
    """The outline of an ellipse; the larger, the more corners."""
    count = int(np.clip(10 + 0.8 * max(rx, ry), 10, 48))
    angles = np.linspace(0, 2 * pi, count, endpoint=False)
    dx, dy = rx * np.cos(angles), ry * np.sin(angles)
    return np.stack([x + cos(turn) * dx - sin(turn) * dy, y + sin(turn) * dx + cos(turn) * dy], 1)


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> Points:
    """The outline of a rectangle with rounded corners."""
    if radius <= 0:
        return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], dtype=float)
    corners = ((right, top, -pi / 2), (right, bottom, 0.0), (left, bottom, pi / 2), (left, top, pi))
    points = []
    for x, y, start in corners:
        cx = x - radius if x == right else x + radius
        cy = y - radius if y == bottom else y + radius
        points += [
            (cx + radius * cos(start + t), cy + radius * sin(start + t))
            for t in (0.0, pi / 6, pi / 3, pi / 2)
        ]
    return np.array(points)


def smooth(corners: Points, closed: bool = True, steps: int = 5) -> Points:
    """A Catmull-Rom curve through corners (n, 2)."""
    p = corners.astype(float)
    if closed:
        before, after, beyond = np.roll(p, 1, 0), np.roll(p, -1, 0), np.roll(p, -2, 0)
        start = p
    else:
        padded = np.concatenate([p[:1], p, p[-1:]])
        before, start, after, beyond = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = (q[:, None] for q in (before, start, after, beyond))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    points: Points = curve.reshape(-1, 2)
    return points if closed else np.concatenate([points, p[-1:]])


def band(path: Points, start: float, end: float) -> Points:
    """The outline of a brush stroke with round ends."""
    line = smooth(path, closed=False) if len(path) > 2 else path
    direction = np.gradient(line, axis=0)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True) + 1e-9
    normal = np.stack([-direction[:, 1], direction[:, 0]], 1)
    radius = np.linspace(start, end, len(line))[:, None] / 2
    turn = np.linspace(-pi / 2, pi / 2, 5)[1:-1, None]
    cap_end = line[-1] + radius[-1] * (np.cos(turn) * direction[-1] - np.sin(turn) * normal[-1])[::1]
    cap_start = line[0] - radius[0] * (np.cos(turn) * direction[0] - np.sin(turn) * normal[0])
    return np.concatenate([line + radius * normal, cap_end, (line - radius * normal)[::-1], cap_start])


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """``one`` with a share of ``other`` in it."""
    r, g, b = (a + (c - a) * share for a, c in zip(one, other, strict=True))
    return (r, g, b)


def darker(colour: Colour, share: float = 0.25) -> Colour:
    """A colour in the shade."""
    return mix(colour, (40.0, 30.0, 60.0), share)


def lighter(colour: Colour, share: float = 0.35) -> Colour:
    """A colour in the light."""
    return mix(colour, WHITE, share)
