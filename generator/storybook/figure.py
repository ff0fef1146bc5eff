"""Somebody, put together: body, face, clothes, what they wear and what they do."""

from __future__ import annotations

import numpy as np

from generator.storybook import animals, people, props, wear
from generator.storybook.attributes import PEOPLE, Attributes
from generator.storybook.ears import draw_ears
from generator.storybook.look import Look
from generator.storybook.palette import HAIR, IRIS, PAINT, SKIN, coat
from generator.storybook.shapes import Colour, Frame, Sketch
from generator.storybook.tails import draw_tail


def draw_figure(sketch: Sketch, picture: Attributes, ground: float, rng: np.random.Generator) -> None:
    """The figure with its feet on ``ground``, in pixels from the top."""
    look, activity = look_of(picture), picture.scenery.activity
    raised = 14.0 if activity == "cycling" else 0.0
    scale = picture.size / 100
    stand = Frame(picture.x, ground, scale, picture.faces_left)
    sketch.layer = "figure"
    sketch.frame = stand
    if picture.scenery.place not in ("sea", "underwater"):
        sketch.ellipse(0, 1, 34, 5, (60, 50, 80), 0.22, edge=False)
    props.behind(sketch, activity, rng)
    sketch.frame = Frame(picture.x, ground - raised * scale, scale, picture.faces_left)
    draw_somebody(sketch, look, picture)
    props.before(sketch, activity, rng)
    sketch.frame = Frame()


def look_of(picture: Attributes) -> Look:
    """The paint for somebody."""
    subject, traits = picture.subject, picture.traits
    return Look(
        character=subject.character,
        coat=coat(subject.colour, traits),
        iris=IRIS[traits.iris],
        skin=SKIN[traits.skin],
        hair=HAIR[traits.iris],
        traits=traits,
        asleep=picture.scenery.activity == "sleeping",
    )


def draw_somebody(sketch: Sketch, look: Look, picture: Attributes) -> None:
    """From back to front, so that each part covers what is behind it."""
    worn, build = picture.subject.wear, look.traits.build
    colour: Colour = PAINT.get(picture.subject.wear_colour, (0.0, 0.0, 0.0))
    left, right = props.HANDS[picture.scenery.activity]
    left = props.CARRYING.get(worn, left)
    person = look.character in PEOPLE
    wear.behind(sketch, worn, colour, left)
    if person:
        people.draw_hair_behind(sketch, look)
        people.draw_clothes(sketch, look)
    else:
        draw_tail(sketch, look)
        animals.draw_body(sketch, look)
    arm = people.draw_sleeve if person else animals.draw_arm
    wear.on_body(sketch, worn, colour, build)
    arm(sketch, look, -1, left)
    wear.in_hand(sketch, worn, colour, left)
    arm(sketch, look, 1, right)
    if person:
        people.draw_person_head(sketch, look)
    else:
        draw_ears(sketch, look)
        animals.draw_head(sketch, look)
    wear.on_head(sketch, worn, colour)
