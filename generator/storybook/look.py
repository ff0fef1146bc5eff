"""How somebody is painted."""

from __future__ import annotations

from dataclasses import dataclass

from generator.storybook.attributes import Traits
from generator.storybook.shapes import Colour, mix

HEAD_X, HEAD_Y = 0.0, -68.0
ROSE: Colour = (240, 160, 160)
BEAK: Colour = (246, 166, 54)
CREAM: Colour = (252, 238, 214)


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody is painted."""

    character: str
    coat: Colour
    iris: Colour
    skin: Colour
    hair: Colour
    traits: Traits
    asleep: bool


def belly_colour(look: Look) -> Colour:
    """The lighter side of a coat, which a pale coat has darker to be seen."""
    pale = sum(look.coat) > 690
    return mix(look.coat, (226, 206, 186), 0.7) if pale else mix(look.coat, CREAM, 0.72)
