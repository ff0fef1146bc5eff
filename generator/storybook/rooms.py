"""Places indoors; time and weather are seen through the window."""

from __future__ import annotations

from collections.abc import Callable

from generator.storybook.palette import PAINT
from generator.storybook.shapes import WHITE, Colour, darker, lighter, mix
from generator.storybook.sky import sky_colours
from generator.storybook.stage import Stage

WOOD: Colour = (190, 140, 92)


def room(stage: Stage, wall: Colour, floor: Colour) -> None:
    """Wall and floor."""
    stage.sketch.box(-4, -4, 260, 196, wall, edge=False)
    stage.sketch.box(-4, 190, 260, 196, lighter(wall, 0.5), edge=False)
    stage.sketch.box(-4, 196, 260, 262, floor)
    for i in range(3):
        stage.sketch.box(-4, 212 + 17 * i, 260, 213.4 + 17 * i, darker(floor, 0.14), edge=False)


def window(stage: Stage, x: float, y: float, w: float, h: float) -> None:
    """A window to the weather outside."""
    s, scenery = stage.sketch, stage.scenery
    top, low = sky_colours(scenery)
    s.layer = "glow"
    s.box(x - 5, y - 5, x + w + 5, y + h + 5, (250, 244, 232))
    for i in range(5):
        s.box(x, y + h * i / 5, x + w, y + h, mix(top, low, i / 4), edge=False)
    outside(stage, x, y, w, h)
    s.box(x + w / 2 - 2, y, x + w / 2 + 2, y + h, (250, 244, 232), edge=False)
    s.box(x, y + h / 2 - 2, x + w, y + h / 2 + 2, (250, 244, 232), edge=False)
    stage.plain()


def outside(stage: Stage, x: float, y: float, w: float, h: float) -> None:
    """Sun or moon and what falls, seen through the panes."""
    s, weather, time = stage.sketch, stage.scenery.weather, stage.scenery.time
    if weather in ("clear", "rainbow", "snow"):
        at, r, colour = {
            "day": (0.26, 8.0, (255, 216, 92)),
            "sunset": (0.7, 11.0, (255, 170, 80)),
            "night": (0.26, 8.0, (255, 246, 214)),
        }[time]
        s.ellipse(x + w * 0.26, y + h * at, r, r, colour, edge=False)
    if weather == "rainbow":
        for i, name in enumerate(("red", "yellow", "green", "blue")):
            s.stroke(
                [(x + 4 + 3 * i, y + h - 3), (x + w / 2, y + 12 + 6 * i), (x + w - 4 - 3 * i, y + h - 3)],
                5,
                PAINT[name],
                edge=False,
            )
    if weather == "storm":
        s.poly(
            [
                (x + w * 0.8, y + 3),
                (x + w * 0.6, y + h * 0.5),
                (x + w * 0.7, y + h * 0.5),
                (x + w * 0.58, y + h * 0.9),
                (x + w * 0.9, y + h * 0.4),
                (x + w * 0.8, y + h * 0.4),
            ],
            (255, 236, 110),
        )
    falling(stage, x, y, w, h)
    if time == "night" and weather in ("clear", "rainbow"):
        for _ in range(8):
            dx, dy = stage.between(3, w - 3), stage.between(3, h - 3)
            s.ellipse(x + dx, y + dy, 1.2, 1.2, (255, 246, 214), edge=False)


def falling(stage: Stage, x: float, y: float, w: float, h: float) -> None:
    """Rain or snow behind the panes."""
    s, weather = stage.sketch, stage.scenery.weather
    for _ in range({"rain": 16, "storm": 14, "snow": 20}.get(weather, 0)):
        dx, dy = x + stage.between(2, w - 3), y + stage.between(2, h - 10)
        if weather == "snow":
            s.ellipse(dx, dy + 4, 2, 2, (255, 255, 255), edge=False)
        else:
            s.box(dx, dy, dx + 1.6, dy + 8, (226, 238, 252), edge=False)


def kitchen(stage: Stage) -> None:
    """A stove, a cupboard, pans and a table."""
    s = stage.sketch
    room(stage, [(250, 232, 190), (214, 234, 222), (246, 218, 206)][stage.rng.integers(3)], (216, 176, 136))
    window(stage, stage.between(90, 112), 24, 62, 62)
    for i in range(3):
        x = 14 + 23 * i
        s.stroke([(x, 30), (x, 46)], 2.4, (90, 86, 96), edge=False)
        s.ellipse(x, 56, 10, 11, [(190, 110, 76), (110, 114, 128), (206, 130, 90)][i])
    s.box(-4, 136, 78, 214, (250, 246, 238))
    s.box(-4, 130, 82, 138, WOOD)
    s.box(12, 158, 64, 200, (96, 98, 112), radius=4)
    s.box(18, 164, 58, 182, (246, 170, 90), radius=3, edge=False)
    for x in (18, 36, 54):
        s.ellipse(x, 148, 4, 4, (90, 90, 100), edge=False)
    s.box(184, 130, 260, 214, mix(WOOD, WHITE, 0.3))
    s.box(180, 125, 260, 133, WOOD)
    for x in (190, 224):
        s.box(x, 142, x + 30, 204, mix(WOOD, WHITE, 0.12), radius=2)
    s.ellipse(222, 118, 18, 9, PAINT["blue"])
    for x, name in ((214, "red"), (224, "orange"), (231, "green")):
        s.ellipse(x, 111, 6.4, 6.4, PAINT[name])


def bedroom(stage: Stage) -> None:
    """A bed, a lamp, a picture on the wall and a rug."""
    s = stage.sketch
    room(stage, [(206, 216, 240), (240, 210, 220), (216, 230, 206)][stage.rng.integers(3)], (206, 166, 130))
    window(stage, stage.between(14, 40), 26, 58, 62)
    cover = PAINT[("red", "blue", "green", "purple", "yellow")[stage.rng.integers(5)]]
    s.box(148, 110, 156, 214, darker(WOOD, 0.25))
    s.box(252, 92, 262, 214, darker(WOOD, 0.25))
    s.box(152, 152, 258, 200, (250, 246, 238), radius=4)
    s.box(150, 158, 224, 204, cover, radius=5)
    for x in (164, 184, 204):
        s.ellipse(x, 180, 5, 5, lighter(cover, 0.6), edge=False)
    s.ellipse(240, 150, 18, 11, WHITE)
    s.box(2, 160, 42, 212, WOOD)
    s.box(2, 184, 42, 187, darker(WOOD), edge=False)
    stage.glow()
    s.poly([(8, 138), (16, 112), (30, 112), (38, 138)], (255, 226, 130))
    stage.plain()
    s.box(21, 138, 25, 160, darker(WOOD))
    s.ellipse(128, 236, 100, 17, lighter(cover, 0.55))
    s.box(172, 40, 218, 76, WOOD)
    s.box(176, 44, 214, 72, (176, 216, 240), edge=False)
    s.poly([(176, 72), (194, 52), (214, 72)], (128, 184, 98), edge=False)


def library(stage: Stage) -> None:
    """Shelves full of books up to the ceiling."""
    s = stage.sketch
    room(stage, (226, 206, 176), (170, 118, 84))
    names = ("red", "orange", "yellow", "green", "blue", "purple", "brown", "pink")
    for left, right in ((-4, 88), (168, 260)):
        s.box(left, 8, right, 206, darker(WOOD, 0.3))
        for row in range(4):
            floor = 54 + 47 * row
            s.box(left + 5, floor - 40, right - 5, floor, darker(WOOD, 0.6), edge=False)
            x = left + 6.0
            while x < right - 12:
                w, h = stage.between(6, 11), stage.between(24, 37)
                s.box(
                    x, floor - h, x + w, floor, mix(PAINT[names[stage.rng.integers(8)]], (180, 140, 110), 0.2)
                )
                x += w + 0.6
    window(stage, 100, 24, 56, 76)
    s.ellipse(128, 236, 96, 16, (176, 80, 84))
    s.ellipse(128, 236, 82, 12, (206, 130, 110), edge=False)
    for i, name in enumerate(("blue", "red", "green")):
        s.box(100, 184 - 8 * i, 146 - 5 * i, 192 - 8 * i, PAINT[name])


ROOMS: dict[str, Callable[[Stage], None]] = {"kitchen": kitchen, "bedroom": bedroom, "library": library}
