"""The whole story against a second implementation which does everything the original's way."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from diffusers import StableDiffusionXLPipeline

from generator.bench.original import Look, tell
from generator.diffusion.pipeline import Illustrator
from generator.diffusion.tiny import tiny
from generator.method.tokens import clip_tokenizer
from generator.method.windows import windows
from generator.story import Recipe, SvrMode

SUBJECT = "A photo of a red fox with coat"
SCENES = ["wearing a scarf in a meadow", "playing in the snow", "at the edge of a village with river"]
LOOK = {"seed": 42, "steps": 3, "guidance_scale": 5.0}
SIZE = 64


def recipes(window_length: int, mode: SvrMode, strength: float = 2.0) -> list[Recipe]:
    return [
        Recipe(
            model="tiny",
            subject=SUBJECT,
            prompt=window.prompt,
            express=window.express,
            suppress=window.suppress,
            width=SIZE,
            height=SIZE,
            scheduler="euler",
            svr=mode,
            identity_strength=strength,
            **LOOK,
        )
        for window in windows(SUBJECT, SCENES, window_length, clip_tokenizer().count)
    ]


@pytest.fixture(scope="module")
def pipe() -> StableDiffusionXLPipeline:
    return tiny()


def distance(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float((ours - theirs).norm() / theirs.norm())


@pytest.mark.parametrize("mode", [SvrMode.SVR, SvrMode.SVR_EOT])
@pytest.mark.parametrize("window_length", [2, 10])
def test_a_story_is_the_originals_and_at_strength_one_it_is_not(
    illustrator: Illustrator, pipe: StableDiffusionXLPipeline, mode: SvrMode, window_length: int
) -> None:
    look = Look(window_length=window_length, mode=mode, width=SIZE, height=SIZE, **LOOK)
    _, *original = tell(pipe, SUBJECT, SCENES, look)
    for recipe, frame in zip(recipes(window_length, mode), original, strict=True):
        assert distance(illustrator.latents([recipe]), frame) < 1e-5
        weaker = replace(recipe, identity_strength=1.0)
        assert distance(illustrator.latents([weaker]), frame) > 1e-2


def test_a_frame_does_not_depend_on_those_drawn_before_it(illustrator: Illustrator) -> None:
    first, second, _ = recipes(10, SvrMode.SVR)
    alone = illustrator.latents([second])
    illustrator.latents([first])
    assert torch.equal(illustrator.latents([second]), alone)
