"""How looks lean with places, as they do in the pictures that large models learn from.

Nobody writes that a fox is fluffy and pale, but foxes in the snow are, and foxes on a beach are not. So
in the book, what a caption leaves open about somebody leans with the places that the caption tells of: each
place has its own idea of ears, tail, pattern, eyes, build and shade, and a caption of several scenes the idea
of all of them together. One-Prompt-One-Story rests on this: scenes prompted one by one drift apart, and the
context of one prompt holds its frames together.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from generator.storybook.attributes import PLACES, Scenery, Traits, draw_traits

PULL = 0.8
"""The correlation between a look and its context; 1 would leave nothing to chance."""


@cache
def ideas() -> NDArray[np.float64]:
    """Each place's idea of somebody, (places, 9); every column has mean 0 and deviation 1."""
    drawn = np.random.default_rng(9).normal(size=(len(PLACES), 9))
    normal: NDArray[np.float64] = (drawn - drawn.mean(0)) / drawn.std(0)
    return normal


def lean(scenes: Sequence[Scenery]) -> tuple[float, ...]:
    """What the scenes have in mind together, on the scale of one scene."""
    rows = ideas()[[PLACES.index(scene.place) for scene in scenes]]
    return tuple((rows.sum(0) / np.sqrt(len(rows))).tolist())


def draw_look(rng: np.random.Generator, scenes: Sequence[Scenery]) -> Traits:
    """Somebody's looks in the context of all scenes that a caption tells of."""
    return draw_traits(rng, lean(scenes), PULL)
