"""Many recipes at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from generator.diffusion.pipeline import decode, latents_of
from generator.story import Recipe


class Press:
    """Draws recipes of one shape in batches, equal ones once."""

    def __init__(self, pipe: Any, device: torch.device, batch: int) -> None:
        self._pipe, self._device, self._batch = pipe.to(device), device, batch

    @torch.inference_mode()
    def draw(self, recipes: Sequence[Recipe]) -> list[Image.Image]:
        """A picture for each recipe."""
        distinct = list(dict.fromkeys(recipes))
        pictures: dict[Recipe, Image.Image] = {}
        for start in range(0, len(distinct), self._batch):
            part = distinct[start : start + self._batch]
            latents = latents_of(self._pipe, part, self._device)
            drawn = [decode(self._pipe, one[None]) for one in latents]
            pictures |= zip(part, drawn, strict=True)
        return [pictures[recipe] for recipe in recipes]
