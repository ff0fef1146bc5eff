"""From attributes to a picture: the scene put together as shapes, then rendered in its style."""

from __future__ import annotations

import numpy as np
from PIL import Image

from generator.storybook.attributes import INDOORS, WITHOUT_SKY, Attributes
from generator.storybook.figure import draw_figure
from generator.storybook.places import OUTDOORS
from generator.storybook.rendering import render
from generator.storybook.rooms import ROOMS
from generator.storybook.shapes import Frame, Sketch, darker, lighter
from generator.storybook.sky import draw_sky, draw_weather, light, sky_colours
from generator.storybook.stage import WATER, Stage


def illustrate(picture: Attributes) -> Image.Image:
    """The picture, 256 × 256 and RGB; equal attributes are equal pictures."""
    rng = np.random.default_rng(picture.seed)
    sketch, scenery = Sketch(), picture.scenery
    inside = scenery.place in INDOORS
    under_sky = not inside and scenery.place not in WITHOUT_SKY
    if under_sky:
        draw_sky(sketch, scenery, rng)
    sketch.layer = "back"
    (ROOMS if inside else OUTDOORS)[scenery.place](Stage(sketch, scenery, rng))
    if under_sky:
        draw_weather(sketch, scenery, rng, 0.8)
    draw_figure(sketch, picture, float(rng.uniform(226, 238)), rng)
    if scenery.place == "sea":
        draw_boat(sketch, picture, rng)
    if under_sky:
        draw_weather(sketch, scenery, rng, 0.2)
    lights = {layer: np.array(light(scenery, layer)) for layer in ("back", "figure", "glow")}
    return render(sketch.shapes, sky_colours(scenery), lights, picture.style, rng)


def draw_boat(sketch: Sketch, picture: Attributes, rng: np.random.Generator) -> None:
    """A boat around the figure's feet, and the waves before it."""
    wood = [(196, 120, 76), (206, 84, 76), (84, 130, 190)][rng.integers(3)]
    sketch.layer, sketch.frame = "back", Frame(picture.x, 224, picture.size / 100)
    sketch.poly([(-66, -20), (66, -20), (46, 14), (-46, 14)], wood)
    sketch.box(-68, -23, 68, -16, darker(wood, 0.2), radius=3)
    sketch.box(-58, -6, 58, -2, lighter(wood, 0.3), edge=False)
    sketch.frame = Frame()
    xs = np.linspace(-10, 266, 36)
    for y, colour in ((238, lighter(WATER, 0.3)), (246, darker(WATER, 0.1))):
        edge = y + 4 * np.sin(xs / 9 + rng.uniform(0, 6))
        sketch.poly([*zip(xs.tolist(), edge.tolist(), strict=True), (266.0, 262.0), (-10.0, 262.0)], colour)
