"""What a painter draws while it learns: the same few stories every time, read by the judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline

from generator.diffusion.architecture import tokenizers
from generator.evaluation.drawing import Press
from generator.evaluation.judge import Judge
from generator.evaluation.measures import MEASURES
from generator.evaluation.methods import METHODS, Look
from generator.evaluation.stories import write_stories
from generator.storybook.model import SCHEDULER
from generator.storybook.training.sheets import save_sheet

LOOK = Look(steps=16, guidance_scale=4.0, scheduler="dpm-karras")


def draw_samples(
    networks: dict[str, Any], judge: Path, sheet: Path, device: torch.device
) -> dict[str, float]:
    """Each scene prompted alone: a sheet of half of them, and what the judge reads in all."""
    stories = write_stories(16, 5, 31)
    scheduler = EulerDiscreteScheduler.from_config(SCHEDULER)
    pipe = StableDiffusionXLPipeline(**networks, **tokenizers(), scheduler=scheduler, add_watermarker=False)
    recipes = [recipe for story in stories for recipe in METHODS[0].recipes(story, LOOK)]
    pictures = Press(pipe, device, 80).draw(recipes)
    pipe.to("cpu")
    save_sheet(torch.from_numpy(np.stack([np.asarray(picture) for picture in pictures[:40]])), sheet, 10)
    verdicts = Judge(judge, str(device)).read(pictures)
    told = [(story, verdicts[5 * i : 5 * i + 5]) for i, story in enumerate(stories)]
    return {name: MEASURES[name](told) for name in ("character", "colour", "wear", "place", "activity")}
