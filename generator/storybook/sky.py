"""Sky, weather and the light they give."""

from __future__ import annotations

import numpy as np

from generator.storybook.attributes import Scenery
from generator.storybook.shapes import WHITE, Colour, Sketch, mix

SKIES: dict[str, tuple[Colour, Colour]] = {
    "day": ((138, 200, 240), (222, 240, 246)),
    "sunset": ((226, 120, 120), (255, 208, 138)),
    "night": ((28, 34, 82), (70, 84, 140)),
}
"""At the top and at the horizon."""

GREY: Colour = (150, 160, 174)


def sky_colours(scenery: Scenery) -> tuple[Colour, Colour]:
    """The sky at its top and at the horizon."""
    top, low = SKIES[scenery.time]
    share = {"rain": 0.5, "storm": 0.68, "snow": 0.3}.get(scenery.weather, 0.0)
    cloud: Colour = GREY if scenery.time != "night" else (52, 56, 80)
    if scenery.weather == "storm":
        cloud = mix(cloud, (60, 62, 84), 0.6)
    return mix(top, cloud, share), mix(low, cloud, share * 0.9)


def light(scenery: Scenery, layer: str) -> tuple[float, float, float]:
    """What the time of day and the weather do to colours; a figure must stay recognisable."""
    if layer == "glow" or scenery.place in ("space", "underwater"):
        return (1.0, 1.0, 1.0)
    figure = layer == "figure"
    if scenery.time == "night":
        red, green, blue = (0.84, 0.85, 0.96) if figure else (0.46, 0.5, 0.74)
    elif scenery.time == "sunset":
        red, green, blue = (1.0, 0.95, 0.88) if figure else (1.0, 0.86, 0.74)
    else:
        red = green = blue = 1.0
    if scenery.weather in ("storm", "rain"):
        dim = 0.95 if figure else (0.78 if scenery.weather == "storm" else 0.88)
        red, green, blue = red * dim, green * dim, blue * dim
    return red, green, blue


def draw_sky(sketch: Sketch, scenery: Scenery, rng: np.random.Generator) -> None:
    """Sun or moon, stars and clouds, before a flat gradient."""
    sketch.layer = "glow"
    x = float(rng.choice([rng.uniform(20, 80), rng.uniform(176, 236)]))
    if scenery.weather not in ("rain", "storm"):
        draw_lights(sketch, scenery, x, rng)
    if scenery.weather == "rainbow":
        draw_rainbow(sketch, rng)
    sketch.layer = "back"
    draw_clouds(sketch, scenery, rng)
    if scenery.weather == "storm":
        draw_lightning(sketch, rng)


def draw_lights(sketch: Sketch, scenery: Scenery, x: float, rng: np.random.Generator) -> None:
    """Moon and stars, or the sun, low at sunset and hidden while it snows."""
    if scenery.time == "night":
        draw_night(sketch, x, rng)
    elif scenery.time == "sunset":
        for r, alpha in ((46, 0.18), (34, 0.3), (24, 1.0)):
            sketch.ellipse(x, 112, r, r, (255, 226, 140) if alpha < 1 else (255, 176, 84), alpha, edge=False)
    elif scenery.weather != "snow":
        sketch.ellipse(x, 36, 27, 27, (255, 238, 160), 0.4, edge=False)
        sketch.ellipse(x, 36, 18, 18, (255, 216, 92), edge=False)


def draw_night(sketch: Sketch, x: float, rng: np.random.Generator) -> None:
    """Stars, and a moon that may be a crescent."""
    for _ in range(26):
        r = rng.uniform(0.7, 1.8)
        sketch.ellipse(rng.uniform(0, 256), rng.uniform(0, 130), r, r, (255, 246, 214), edge=False)
    sketch.ellipse(x, 38, 22, 22, (255, 246, 210), 0.2, edge=False)
    sketch.ellipse(x, 38, 16, 16, (255, 246, 214), edge=False)
    if rng.random() < 0.6:
        sketch.ellipse(x + 7, 33, 13, 13, mix(*SKIES["night"], 0.15), edge=False)


def draw_rainbow(sketch: Sketch, rng: np.random.Generator) -> None:
    """Six bands from one side to the other."""
    angles, x = np.linspace(np.pi, 2 * np.pi, 28), rng.uniform(96, 160)
    bands = ((228, 84, 84), (246, 160, 70), (250, 222, 96), (120, 190, 100), (90, 150, 220), (150, 104, 196))
    for i, colour in enumerate(bands):
        outer, inner = 124 - 7 * i, 117 - 7 * i
        arc = [
            np.stack([x + r * np.cos(a), 150 + r * 1.04 * np.sin(a)], 1)
            for r, a in ((outer, angles), (inner, angles[::-1]))
        ]
        sketch.add(np.concatenate(arc), colour, 0.85, edge=False)


def draw_clouds(sketch: Sketch, scenery: Scenery, rng: np.random.Generator) -> None:
    """Round clouds; dark and many when it rains."""
    count = {"rain": 5, "storm": 6, "snow": 4}.get(scenery.weather, int(rng.integers(1, 4)))
    colour: Colour = {"rain": (196, 204, 214), "storm": (112, 116, 136)}.get(scenery.weather, WHITE)
    if scenery.time == "sunset":
        colour = mix(colour, (255, 190, 170), 0.5)
    for _ in range(count):
        x, y, r = rng.uniform(0, 256), rng.uniform(14, 70), rng.uniform(9, 17)
        for dx, dy, size in ((-1.5, 0.2, 0.8), (-0.5, -0.4, 1.05), (0.7, -0.25, 0.95), (1.6, 0.25, 0.7)):
            sketch.ellipse(x + dx * r, y + dy * r, r * size, r * size * 0.85, colour, 0.95, edge=False)
        sketch.box(x - 1.8 * r, y, x + 1.8 * r, y + 0.75 * r, colour, 0.95, radius=0.35 * r, edge=False)


def draw_lightning(sketch: Sketch, rng: np.random.Generator) -> None:
    """A bolt on either side."""
    sketch.layer = "glow"
    for x in (rng.uniform(20, 90), rng.uniform(166, 236))[: int(rng.integers(1, 3))]:
        bolt = [(6, 0), (-12, 34), (-2, 34), (-14, 74), (14, 26), (3, 26), (16, 0)]
        sketch.poly([(x + dx, 42 + dy) for dx, dy in bolt], (255, 236, 110))
    sketch.layer = "back"


def draw_weather(sketch: Sketch, scenery: Scenery, rng: np.random.Generator, share: float) -> None:
    """A share of what falls; most of it falls behind the figure, whose face is the story's."""
    sketch.layer = "glow"
    if scenery.weather in ("rain", "storm"):
        slant = rng.uniform(-0.3, 0.3)
        for _ in range(int(36 * share)):
            x, y, long = rng.uniform(0, 256), rng.uniform(0, 240), rng.uniform(15, 22)
            tip = (x + slant * long, y + long)
            drop = [(x, y), (x + 2.8, y), (tip[0] + 2.8, tip[1]), tip]
            sketch.poly(drop, (206, 228, 250), 0.75, edge=False)
    elif scenery.weather == "snow":
        for _ in range(int(44 * share)):
            r = rng.uniform(2.4, 4.6)
            sketch.ellipse(rng.uniform(0, 256), rng.uniform(0, 250), r, r, (255, 255, 255), 0.95, edge=False)
    sketch.layer = "back"
