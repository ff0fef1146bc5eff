import json
import subprocess
import sys
from pathlib import Path
from statistics import fmean

import pytest

from generator.evaluation.__main__ import main, slug
from generator.evaluation.methods import METHODS
from generator.evaluation.report import Outcome, comparison, uncertain

ROOT = Path(__file__).parents[2]


def told(scene: list[float], distance: list[float]) -> Outcome:
    return Outcome({}, {"scene": scene, "identity distance": distance})


def test_two_ways_are_compared_story_by_story() -> None:
    rows = {"b: alone": told([0.5, 1.0], [0.2, 0.4]), "e: together": told([0.4, 0.9], [0.1, 0.3])}
    text = comparison(rows, "b: alone", ["e: together"])
    assert "| e: together | -10.0 ± 0.0 | -0.100 ± 0.000 |" in text
    assert uncertain([0.0, 1.0]) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--methods", "a,zz"], "There is no method zz; there are a, b, c, d-svr,"),
        (["--model", "/nowhere"], "The folder /nowhere holds no diffusers pipeline"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_a_sentence(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) > 0
    assert capsys.readouterr().err.startswith(said)


def test_the_command_line_evaluates(tmp_path: Path) -> None:
    small = ("--stories", "2", "--scenes", "2", "--steps", "1", "--methods", "b,d-svr,e-svr-w2")
    ended = subprocess.run(
        [sys.executable, "-m", "generator", "evaluate", *small, "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=900,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    against_b, without_bias = (part.splitlines() for part in ended.stdout.split("| difference to ")[1:])
    assert [line[:5] for line in against_b[2:4]] == ["| d: ", "| e: "]
    assert without_bias[0].startswith("d: + svr |") and without_bias[2].startswith("| e: + svr, w = 2 |")
    measured = json.loads((tmp_path / "evaluation.json").read_text())
    assert list(measured) == ["b: alone, the same seed", "d: + svr", "e: + svr, w = 2"]
    for row in measured.values():
        assert row["numbers"]["scene"] == pytest.approx(fmean(row["by_story"]["scene"]), abs=1e-4)
    assert {path.name for path in tmp_path.glob("*.jpg")} == {"b.jpg", "d-svr.jpg", "e-svr-w2.jpg"}


def test_a_sheet_is_named_after_its_method() -> None:
    assert [slug(METHODS[number]) for number in (2, 3, 7)] == ["c", "d-svr", "e-svr-eot-w2"]
