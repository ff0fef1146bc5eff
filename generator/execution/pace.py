"""How long a picture takes, from what pictures of its shape took lately."""

from __future__ import annotations

from collections.abc import Hashable

from generator.shape import Shape, shape
from generator.story import Recipe

MEMORY = 0.3  # the weight in the running mean of what was measured last: of a picture, or of several at once


class Pace:
    """A running mean of seconds a picture for each shape; of a shape that was never drawn, by its work."""

    def __init__(self) -> None:
        self._means: dict[Hashable, float] = {}  # by shape: seconds; by model: seconds a unit of work

    def measured(self, recipe: Recipe, seconds: float, together: int = 1) -> None:
        """Learn from a picture that was just drawn, at once with others that have the same share."""
        drawn = shape(recipe)
        weight = 1 - (1 - MEMORY) ** (1 / together)
        self._learn(drawn, seconds, weight)
        self._learn(drawn.model, seconds / drawn.work, weight)

    def seconds(self, recipe: Recipe) -> float | None:
        """What a picture like this takes, or None if its model has drawn none yet."""
        return self.of(shape(recipe))

    def of(self, wanted: Shape) -> float | None:
        """What a picture of this shape takes, or None if its model has drawn none yet."""
        if (known := self._means.get(wanted)) is not None:
            return known
        rate = self._means.get(wanted.model)
        return None if rate is None else rate * wanted.work

    def _learn(self, key: Hashable, value: float, weight: float) -> None:
        mean = self._means.get(key, value)
        self._means[key] = mean + weight * (value - mean)
