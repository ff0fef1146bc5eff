"""How soon a drawing process draws."""

from __future__ import annotations

import asyncio
from pathlib import Path

import torch

from generator.bench.__main__ import recipe
from generator.bench.stage import Stage
from generator.bench.starting import FRAMES, started, table
from generator.diffusion.tiny import TINY


def test_a_process_is_started_and_its_pictures_come_one_after_the_other(tmp_path: Path) -> None:
    stage = Stage(TINY, tmp_path / "model", torch.device("cpu"), recipe(1, 64), "fp32")
    after = asyncio.run(started("cpu", "fp32", stage.recipes()[0], tmp_path / "compiled", wait=False))
    assert len(after) == FRAMES
    assert 0 < after[0] < after[1] < after[2]


def test_the_table_tells_of_both_starts() -> None:
    first, following = table([[9.0, 9.5, 10.0, 80.0, 80.3], [4.0, 4.25, 4.5]]).splitlines()[2:]
    assert first == "| first | 9.0, 9.5, 10.0 | 0.30 |"
    assert following == "| next | 4.0, 4.2, 4.5 | 0.25 |"
