"""How much work a picture is."""

from __future__ import annotations

from dataclasses import dataclass

from generator.story import Lora, Recipe

STEP = 6.76  # TFLOP of one branch of SDXL's network for 1024 × 1024 pixels
DECODING = 10.5  # TFLOP of its decoder for as many


@dataclass(frozen=True, slots=True)
class Shape:
    """All of a recipe that decides how much work its picture is; what has one shape can be drawn together."""

    model: str
    loras: tuple[Lora, ...]
    freeu: bool
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
        loras=recipe.loras,
        freeu=recipe.freeu,
        width=recipe.width,
        height=recipe.height,
        steps=recipe.steps,
        scheduler=recipe.scheduler,
        guided=recipe.guidance_scale > 1,
    )
