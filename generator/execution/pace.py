"""How long a picture takes, from what pictures of its shape took lately."""

from __future__ import annotations

from collections.abc import Hashable

from generator.shape import Shape, shape
from generator.story import Recipe

MEMORY = 0.3  # the weight of the newest measurement in the running mean


class Pace:
    """A running mean of seconds a picture for each shape; of a shape that was never drawn, by its work."""

    def __init__(self) -> None:
        self._means: dict[Hashable, float] = {}  # by shape: seconds; by model: seconds a unit of work

    def measured(self, recipe: Recipe, seconds: float) -> None:
        """Learn from a picture just drawn."""
        drawn = shape(recipe)
        self._learn(drawn, seconds)
        self._learn(drawn.model, seconds / drawn.work)

    def seconds(self, recipe: Recipe) -> float | None:
        """What a picture like this takes, or None if its model has drawn none yet."""
        return self.of(shape(recipe))

    def of(self, wanted: Shape) -> float | None:
        """What a picture of this shape takes, or None if its model has drawn none yet."""
        if (known := self._means.get(wanted)) is not None:
            return known
        rate = self._means.get(wanted.model)
        return None if rate is None else rate * wanted.work

    def _learn(self, key: Hashable, value: float) -> None:
        mean = self._means.get(key, value)
        self._means[key] = mean + MEMORY * (value - mean)
