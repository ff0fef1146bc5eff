from __future__ import annotations

from dataclasses import replace

import pytest

from generator.execution.pace import Pace
from generator.shape import shape
from generator.story import Storyboard


def test_nothing_is_promised_before_anything_was_measured(board: Storyboard) -> None:
    assert Pace().seconds(board.recipes[0]) is None


def test_the_newest_measurement_moves_the_mean_but_does_not_replace_it(board: Storyboard) -> None:
    pace = Pace()
    pace.measured(board.recipes[0], 10.0)
    pace.measured(board.recipes[0], 20.0)
    assert 10.0 < pace.seconds(board.recipes[0]) < 20.0


def test_scenes_and_seeds_do_not_matter_but_sizes_and_steps_do(board: Storyboard) -> None:
    pace = Pace()
    pace.measured(board.recipes[0], 10.0)
    assert pace.seconds(replace(board.recipes[1], seed=9)) == 10.0
    for other in ({"width": 128}, {"steps": 3}, {"guidance_scale": 1.0}):
        assert pace.seconds(replace(board.recipes[0], **other)) != 10.0
        pace.measured(replace(board.recipes[0], **other), 90.0)
    assert pace.seconds(board.recipes[0]) == 10.0


def test_a_shape_that_was_never_drawn_is_estimated_by_its_work(board: Storyboard) -> None:
    recipe, pace = board.recipes[0], Pace()
    pace.measured(recipe, 10.0)
    assert pace.seconds(replace(recipe, width=128)) == pytest.approx(20.0)
    assert 5.0 < (pace.seconds(replace(recipe, steps=1)) or 0.0) < 10.0, "decoding takes as long"
    assert pace.seconds(replace(recipe, model="another")) is None


def test_the_work_of_sdxl_is_counted_in_tflop(board: Storyboard) -> None:
    recipe = replace(board.recipes[0], width=1024, height=1024, steps=50, guidance_scale=5.0)
    assert shape(recipe).work == pytest.approx(50 * 13.52 + 10.5)
