"""Those who draw: others' code and ours, each in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Protocol

import torch
from PIL import Image
from torch import Tensor

from generator.bench import original
from generator.bench.gauges import work_of
from generator.bench.stage import SCENES, SUBJECT, Stage
from generator.diffusion.pipeline import decode, noise
from generator.diffusion.plan import Plan
from generator.story import Recipe

Done = Callable[[Image.Image], None]


class Drawer(Protocol):
    """Draws frames in some way."""

    def draw(self, recipes: Sequence[Recipe], done: Done) -> None:
        """Draw them all, and call ``done`` with each picture once it is finished, in any thread."""
        ...

    def latents(self, recipes: Sequence[Recipe]) -> Tensor:
        """The first frame's latents (1, 4, h, w) before they are decoded, drawn in the same way."""
        ...

    def work(self, recipes: Sequence[Recipe]) -> float:
        """TFLOP of all of these frames."""
        ...


class Stock:
    """diffusers' own pipeline, called as its documentation does: one prompt, one picture."""

    def __init__(self, stage: Stage) -> None:
        self._pipe: Any = stage.plain()
        self._device = stage.device

    def draw(self, recipes: Sequence[Recipe], done: Done) -> None:
        """One after the other."""
        for recipe in recipes:
            done(self._call(recipe, "pil")[0])

    def latents(self, recipes: Sequence[Recipe]) -> Tensor:
        """The first one's."""
        latents: Tensor = self._call(recipes[0], "latent")
        return latents

    def work(self, recipes: Sequence[Recipe]) -> float:
        """They are all alike."""
        return len(recipes) * work_of(lambda: self._call(recipes[0], "pil"))

    def _call(self, recipe: Recipe, kind: str) -> Any:
        return self._pipe(
            recipe.prompt,
            width=recipe.width,
            height=recipe.height,
            num_inference_steps=recipe.steps,
            guidance_scale=recipe.guidance_scale,
            latents=noise(recipe, torch.Generator().manual_seed(recipe.seed)).to(
                self._device, self._pipe.dtype
            ),
            output_type=kind,
        ).images


class Original:
    """The original's way; of the whole story, only as many frames as are asked for."""

    def __init__(self, stage: Stage) -> None:
        self._pipe: Any = stage.plain()

    @torch.inference_mode()
    def draw(self, recipes: Sequence[Recipe], done: Done) -> None:
        """The subject's own picture too, which nobody sees."""
        told = self._tell(recipes[0])
        decode(self._pipe, next(told).float())
        for _ in recipes:
            done(decode(self._pipe, next(told).float()))

    @torch.inference_mode()
    def latents(self, recipes: Sequence[Recipe]) -> Tensor:
        """The first frame's, which the subject's own come before."""
        told = self._tell(recipes[0])
        next(told)
        return next(told)

    def work(self, recipes: Sequence[Recipe]) -> float:
        """Counted of the subject's picture and of one frame, in one step and in two."""
        once, twice = (self._counted(recipe) for recipe in (*of(recipes[:1], 1), *of(recipes[:1], 2)))
        more = recipes[0].steps - 1
        subject, frame = (one + more * (two - one) for one, two in zip(once, twice, strict=True))
        return subject + len(recipes) * frame

    @torch.inference_mode()
    def _counted(self, recipe: Recipe) -> list[float]:
        told = self._tell(recipe)
        return [work_of(lambda: decode(self._pipe, next(told).float())) for _ in range(2)]

    def _tell(self, recipe: Recipe) -> Iterator[Tensor]:
        look = original.Look(
            window_length=len(SCENES),
            mode=recipe.svr,
            seed=recipe.seed,
            steps=recipe.steps,
            guidance_scale=recipe.guidance_scale,
            width=recipe.width,
            height=recipe.height,
        )
        return original.tell(self._pipe, SUBJECT, SCENES, look)


class Ours:
    """The bot's own illustrator."""

    def __init__(self, stage: Stage, plan: Plan, together: int) -> None:
        self._stage, self._plan, self._together = stage, plan, together
        self._illustrator = stage.illustrator(plan)
        self._illustrator.prepare(stage.recipes()[0])

    def draw(self, recipes: Sequence[Recipe], done: Done) -> None:
        """As many at once as the method says; decoded while the next are drawn if the bot would do so."""
        batches = [
            recipes[start : start + self._together] for start in range(0, len(recipes), self._together)
        ]
        if not self._plan.beside:
            for batch in batches:
                for picture in self._illustrator.draw(batch):
                    done(picture)
            return
        with ThreadPoolExecutor(1) as developer:
            developing = [
                developer.submit(self._develop, one[None], done)
                for batch in batches
                for one in self._illustrator.denoise(batch)
            ]
        for each in developing:
            each.result()

    def _develop(self, latents: Tensor, done: Done) -> None:
        for picture in self._illustrator.finish(latents):
            done(picture)

    def latents(self, recipes: Sequence[Recipe]) -> Tensor:
        """Drawn together with the others of its batch."""
        return self._illustrator.latents(recipes[: self._together])[:1]

    def work(self, recipes: Sequence[Recipe]) -> float:
        """They are all alike."""
        return len(recipes) * self._stage.work(recipes[0], self._plan.levers)


def of(recipes: Sequence[Recipe], steps: int) -> list[Recipe]:
    """The recipes with another number of steps."""
    return [replace(recipe, steps=steps) for recipe in recipes]
