from dataclasses import replace

import numpy as np
import torch

from generator.diffusion.checkpoints import load
from generator.diffusion.pipeline import Illustrator
from generator.diffusion.plan import Plan
from generator.evaluation.drawing import Press
from generator.evaluation.methods import METHODS, Look
from generator.evaluation.stories import write_stories

LOOK = Look(steps=2, guidance_scale=4.0, scheduler="dpm-karras")


def test_a_batch_is_drawn_as_the_bot_draws_its_frames_one_by_one() -> None:
    story = replace(write_stories(1, 2, 9)[0], seed=3)
    recipes = list(METHODS[4].recipes(story, LOOK))
    press = Press(load("storybook", torch.float32), torch.device("cpu"), 2)
    illustrator = Illustrator(Plan())
    for ours, recipe in zip(press.draw(recipes), recipes, strict=True):
        theirs = np.asarray(illustrator.draw([recipe])[0], np.int16)
        assert np.abs(np.asarray(ours, np.int16) - theirs).max() <= 1
