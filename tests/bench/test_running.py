"""One real bench of the tiny network, whose numbers every test here reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from generator.bench import running
from generator.bench.__main__ import main, recipe, write
from generator.bench.methods import Method, methods
from generator.bench.report import Report, Row, merge, read, table
from generator.bench.running import Bench, turns
from generator.bench.stage import Stage
from generator.diffusion.compiling import Compiled
from generator.diffusion.plan import Plan
from generator.diffusion.tiny import TINY
from generator.errors import ConfigurationError

CPU, LOOK = torch.device("cpu"), recipe(2, 64)
MEASURED = ("stock", "original", "eager-1", "eager-4")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(TINY, tmp_path_factory.mktemp("bench"), CPU, LOOK, "fp32")


@pytest.fixture(scope="module")
def contestants() -> list[Method]:
    found = [
        replace(method, frames=min(2, method.frames)) if method.name == "original" else method
        for method in methods(CPU, "fp32", LOOK)
        if method.name in MEASURED
    ]
    eager = next(method for method in found if method.name == "eager-1")
    return [*found, replace(eager, name="nowhere", plan=Plan(device="cuda:99"))]


@pytest.fixture(scope="module")
def report(stage: Stage, contestants: list[Method]) -> Report:
    kept: list[Report] = []
    whole = Bench(stage, "tiny", contestants, 600).run(2, kept.append, in_turn=True)
    assert kept[-1] == whole
    assert len(kept[0].rows) == len(whole.rows)  # whoever stops it has what there was
    return whole


def row(report: Report, name: str) -> Row:
    return next(row for row in report.rows if row.name == name)


def test_every_method_draws_as_often_as_it_is_asked(report: Report) -> None:
    for name in MEASURED:
        found = row(report, name)
        assert not found.failure
        assert len(found.seconds) == len(found.first) == 2
        assert found.frame and found.speed and found.share and found.peak and found.faster
        assert found.waiting and found.waiting < found.frame * found.frames
    assert row(report, "stock").faster == 1


def test_ours_and_the_originals_way_and_diffusers_agree_with_float32(report: Report) -> None:
    for name in MEASURED:
        error = row(report, name).error
        assert error is not None and error < 1e-4, name


def test_the_originals_way_does_more_work_for_the_same_pictures(report: Report) -> None:
    stock, ours, original = (row(report, name).tflop or 0 for name in ("stock", "eager-1", "original"))
    assert ours <= stock * 1.05  # SVR's own products count beside a network as tiny as this
    assert original > 4 / 3 * stock  # the subject's picture, and attention that is thrown away


def test_a_method_that_fails_is_a_row_that_says_why(report: Report) -> None:
    failed = row(report, "nowhere")
    assert failed.failure and not failed.seconds
    assert failed.failure in table(report)


def test_what_is_left_is_the_table_the_numbers_and_a_picture(report: Report, tmp_path: Path) -> None:
    write(report, tmp_path)
    assert read(tmp_path / "bench.json") == report
    told = (tmp_path / "bench.md").read_text()
    for found in report.rows:
        assert f"| {found.title} |" in told
    assert (tmp_path / "bench.png").stat().st_size > 10_000


def test_runs_are_put_together_and_ratios_stay_their_own(
    report: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mended = row(report, "nowhere").model_copy(update={"failure": "", "seconds": (4.0,), "stock": 2.0})
    later = report.model_copy(update={"rows": (mended,)})
    for name, part in (("one", report), ("two", later)):
        write(part, tmp_path / name)
    files = [str(tmp_path / name / "bench.json") for name in ("one", "two")]
    assert main(["--merge", *files, "--out", str(tmp_path / "both"), "--json"]) == 0
    both = read(tmp_path / "both" / "bench.json")
    assert row(both, "nowhere").faster == 0.5
    assert row(both, "stock") == row(report, "stock")
    assert both.processes == 2
    assert '"nowhere"' in capsys.readouterr().out


def test_a_method_that_is_not_there_is_refused_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick", "--only", "stock,ours"]) == 2
    assert capsys.readouterr().err.startswith("There is no method ours; there are stock,")
    with pytest.raises(SystemExit):
        main(["--quick", "--repeat", "0"])


def test_runs_of_other_numbers_at_once_stand_together(report: Report) -> None:
    parts = [
        report.model_copy(update={"rows": (row(report, name),)}) for name in ("eager-4", "stock", "eager-1")
    ]
    assert [each.name for each in merge(parts).rows] == ["stock", "eager-1", "eager-4"]


def test_reports_of_different_machines_stay_apart(report: Report) -> None:
    other = report.model_copy(update={"machine": report.machine.model_copy(update={"device": "abacus"})})
    with pytest.raises(ConfigurationError, match="apart"):
        merge([report, other])


def test_what_there_is_no_time_for_is_left_out(stage: Stage, contestants: list[Method]) -> None:
    bench = Bench(stage, "tiny", contestants[:1], 0).run(1, lambda _: None, in_turn=False)
    assert bench.rows[0].failure == "no time left"


def test_methods_take_turns_and_no_round_begins_like_the_last(contestants: list[Method]) -> None:
    rounds = list(turns(contestants, 3, in_turn=True))
    count = len(contestants)
    first, second, third = (rounds[start : start + count] for start in range(0, 3 * count, count))
    assert set(map(id, first)) == set(map(id, second)) == set(map(id, third))
    assert len({first[0].name, second[0].name, third[0].name}) == 3


def test_what_a_bot_would_draw_without_compiling_is_not_timed_as_compiled() -> None:
    def cannot_be_one_graph(x: torch.Tensor) -> torch.Tensor:
        torch._dynamo.graph_break()
        return 2 * x

    with running.refusals() as refused:
        assert Compiled(cannot_be_one_graph)(torch.ones(1)) == 2
    assert len(refused) == 1 and refused[0]


def test_a_failure_fits_into_a_cell() -> None:
    assert running.why(ModuleNotFoundError("No module named 'x'", name="x")) == "x is not installed"
    assert running.why(torch.OutOfMemoryError("CUDA out of memory. Tried to …")) == "out of memory"
    assert running.why(RuntimeError("a | b\nand pages of it")) == "a / b"
