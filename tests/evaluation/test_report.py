import json
import subprocess
import sys
from pathlib import Path

import pytest

from generator.evaluation.report import Outcome, comparison, uncertain

ROOT = Path(__file__).parents[2]


def told(scene: list[float], distance: list[float]) -> Outcome:
    return Outcome({}, {"scene": scene, "identity distance": distance})


def test_two_ways_are_compared_story_by_story() -> None:
    rows = {"b: alone": told([0.5, 1.0], [0.2, 0.4]), "e: together": told([0.4, 0.9], [0.1, 0.3])}
    text = comparison(rows, "b: alone")
    assert "| e: together | -10.0 ± 0.0 | -0.100 ± 0.000 |" in text
    assert uncertain([0.0, 1.0]) == pytest.approx(0.5)


def test_the_command_line_evaluates(tmp_path: Path) -> None:
    small = ("--stories", "2", "--scenes", "2", "--steps", "1", "--methods", "b,e: + svr-eot")
    ended = subprocess.run(
        [sys.executable, "-m", "generator", "evaluate", *small, "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "difference to b" in ended.stdout
    numbers = json.loads((tmp_path / "evaluation.json").read_text())
    assert list(numbers) == ["b: alone, the same seed", "e: + svr-eot, w = 2", "e: + svr-eot, w = 4"]
    assert {path.name for path in tmp_path.glob("*.jpg")} == {"b.jpg", "e-svr-eot-w2.jpg", "e-svr-eot-w4.jpg"}
