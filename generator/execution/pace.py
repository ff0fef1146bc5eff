"""How much work a picture is, and how long it takes, from what pictures of its shape took lately."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from generator.story import Recipe

MEMORY = 0.3  # the weight of the newest measurement in the running mean

STEP = 6.76  # TFLOP of one branch of SDXL's network for 1024 × 1024 pixels
DECODING = 10.5  # TFLOP of its decoder for as many


@dataclass(frozen=True, slots=True)
class Shape:
    """All of a recipe that decides how much work its picture is."""

    model: str
    width: int
    height: int
    steps: int
    scheduler: str
    guided: bool  #: then there are two branches to denoise

    @property
    def work(self) -> float:
        """TFLOP on SDXL; of other models it is only a proportion."""
        branches = 2 if self.guided else 1
        return (self.steps * branches * STEP + DECODING) * self.width * self.height / 1024**2


def shape(recipe: Recipe) -> Shape:
    """A recipe's shape."""
    return Shape(
        model=recipe.model,
        width=recipe.width,
        height=recipe.height,
        steps=recipe.steps,
        scheduler=recipe.scheduler,
        guided=recipe.guidance_scale > 1,
    )


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
