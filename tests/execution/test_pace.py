from __future__ import annotations

from dataclasses import replace

from generator.execution.pace import Pace
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
    assert pace.seconds(replace(board.recipes[0], width=128)) is None
    assert pace.seconds(replace(board.recipes[0], steps=3)) is None
    assert pace.seconds(replace(board.recipes[0], guidance_scale=1.0)) is None
