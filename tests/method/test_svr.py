"""Singular-value reweighting against the original's own numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from generator.method.svr import reweighting, svr
from generator.method.tokens import clip_tokenizer
from generator.story import SvrMode

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = json.loads((GOLDEN / "svr.json").read_text())


@pytest.fixture(scope="module")
def golden() -> dict[str, torch.Tensor]:
    return load_file(GOLDEN / "svr.safetensors")


def reweighted(case, hidden_states: torch.Tensor, mode: SvrMode | None = None) -> torch.Tensor:
    ids = clip_tokenizer().ids
    suppress = [ids(scene) for scene in case["suppress"]]
    mode = mode or SvrMode(case["mode"])
    return svr([hidden_states], tuple(case["input_ids"]), ids(case["express"]), suppress, mode)[0]


@pytest.mark.parametrize("encoder", ["a", "b"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["key"])
def test_it_reproduces_the_originals_output(case, encoder: str, golden) -> None:
    before, after = (golden[f"{case['key']}.{encoder}.{side}"] for side in ("in", "out"))
    assert not torch.allclose(before, after, atol=1e-2)
    torch.testing.assert_close(reweighted(case, before), after, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("mode", list(SvrMode))
def test_text_encoders_side_by_side_know_nothing_of_each_other(mode: SvrMode, golden) -> None:
    case, ids = CASES[2], clip_tokenizer().ids
    encoded = [golden[f"{case['key']}.{encoder}.in"] for encoder in ("a", "b")]
    suppress = [ids(scene) for scene in case["suppress"]]
    found = svr(encoded, tuple(case["input_ids"]), ids(case["express"]), suppress, mode)
    for together, one in zip(found, encoded, strict=True):
        torch.testing.assert_close(together, reweighted(case, one, mode))


@pytest.mark.parametrize("mode", list(SvrMode))
def test_it_leaves_its_argument_as_it_was(mode: SvrMode, golden) -> None:
    hidden_states = golden["fox-3.w10.f2.svr.a.in"]
    before = hidden_states.clone()
    reweighted(CASES[2], hidden_states, mode)
    assert torch.equal(hidden_states, before)


def test_mode_off_changes_nothing(golden) -> None:
    hidden_states = golden["fox-3.w10.f2.svr.a.in"]
    assert torch.equal(reweighted(CASES[2], hidden_states, SvrMode.OFF), hidden_states)


@pytest.mark.parametrize("mode", [SvrMode.SVR, SvrMode.SVR_EOT])
def test_bos_and_the_subject_are_left_alone(mode: SvrMode, golden) -> None:
    hidden_states = golden["fox-3.w10.f2.svr.a.in"]
    subject = range(1 + clip_tokenizer().count(CASES[2]["id_prompt"]))
    after = reweighted(CASES[2], hidden_states, mode)
    assert torch.equal(after[subject], hidden_states[subject])


def test_a_scene_that_is_not_in_the_prompt_touches_no_words(golden) -> None:
    hidden_states = golden["fox-3.w10.f2.svr.a.in"]
    after = reweighted(CASES[2] | {"suppress": [], "express": "a whale"}, hidden_states, SvrMode.SVR_EOT)
    ends = torch.tensor(CASES[2]["input_ids"]) == 49407
    assert torch.equal(after[~ends], hidden_states[~ends])


def test_the_result_has_the_precision_of_the_argument(golden) -> None:
    assert reweighted(CASES[2], golden["fox-3.w10.f2.svr.a.in"].half()).dtype == torch.float16


def test_no_reweighting_leaves_the_rows() -> None:
    rows = torch.randn(7, 20, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(reweighting(rows @ rows.T, alpha=0.0, beta=1.0) @ rows, rows)


def test_one_direction_is_scaled_by_the_papers_formula() -> None:
    row = torch.full((1, 4), 3.0)  # one row: its only singular value is its length, 6
    expected = row * 0.05 * torch.exp(torch.tensor(-0.01 * 6))
    torch.testing.assert_close(reweighting(row @ row.T, alpha=0.01, beta=0.05) @ row, expected)
