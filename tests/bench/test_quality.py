"""What the judge says of pictures that were drawn in two ways."""

from __future__ import annotations

import numpy as np

from generator.bench.quality import SCENES, Drawn, table
from generator.evaluation.judge import Judge
from generator.evaluation.stories import write_stories
from generator.storybook.attributes import draw_attributes, draw_subject, draw_traits
from generator.storybook.illustrator import illustrate


def story(judge: Judge, seed: int) -> Drawn:
    rng = np.random.default_rng(seed)
    subject, traits = draw_subject(rng), draw_traits(rng)
    pictures = [illustrate(draw_attributes(rng, subject, traits, "storybook")) for _ in range(SCENES)]
    return Drawn(pictures, judge.read(pictures))


def test_the_same_pictures_are_not_apart_and_others_are() -> None:
    judge, stories = Judge(), write_stories(1, SCENES, 1)
    one, other = story(judge, 1), story(judge, 2)
    same, apart = one.against(one, stories), other.against(one, stories)
    assert (same["same attributes"], same["identity from exact"], same["pixels from exact"]) == (1, 0, 0)
    assert apart["same attributes"] < 1 and apart["identity from exact"] > 0.1
    assert apart["pixels from exact"] > 10
    report = table({"exact": same, "another": apart, "fp8": "torchao is not installed"}, SCENES)
    assert "100.0 %" in report and "torchao is not installed" in report and f"{SCENES} frames" in report
