"""How long a picture takes, from what pictures of its shape took lately."""

from __future__ import annotations

from generator.story import Recipe

MEMORY = 0.3  # the weight of the newest measurement in the running mean


class Pace:
    """A running mean of seconds a frame for each shape of recipe."""

    def __init__(self) -> None:
        self._means: dict[tuple[object, ...], float] = {}

    def measured(self, recipe: Recipe, seconds: float) -> None:
        """Learn from a picture just drawn."""
        shape = _shape(recipe)
        mean = self._means.get(shape, seconds)
        self._means[shape] = mean + MEMORY * (seconds - mean)

    def seconds(self, recipe: Recipe) -> float | None:
        """What a picture like this takes, or None if none was drawn yet."""
        return self._means.get(_shape(recipe))


def _shape(recipe: Recipe) -> tuple[object, ...]:
    """What decides the work: with guidance there are two branches to denoise."""
    guided = recipe.guidance_scale > 1
    return recipe.model, recipe.width, recipe.height, recipe.steps, recipe.scheduler, guided
