"""The painter's training, in miniature and on a processor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator

from generator.storybook.training.__main__ import example
from generator.storybook.training.painter import Training
from generator.storybook.training.pool import Batch


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def batch() -> Batch:
    torch.manual_seed(1)
    rows = example(2)
    return {**rows, "latents": torch.randn(2, 4, 32, 32).half()}


def test_a_training_taken_up_again_is_where_it_was(batch: Batch, tmp_path: Path) -> None:
    training = Training(Accelerator(), None, batch)
    training.learn(batch, 1e-3)
    training.save(tmp_path / "state.pt", 12.0)
    again = Training(Accelerator(), None, batch)
    assert again.load(tmp_path / "state.pt") == 12.0
    losses = []
    for each in (training, again):
        torch.manual_seed(2)
        each.learn(batch, 1e-3)
        torch.manual_seed(3)
        losses.append(float(each.learn(batch, 1e-3)))
    assert losses[0] == losses[1]


def test_a_step_whose_gradient_is_no_number_moves_no_weight(batch: Batch) -> None:
    training = Training(Accelerator(), None, batch)
    training.learn(batch, 1e-3)
    before = training.averaged(torch.unique(batch["ids"])).unet.conv_in.weight.clone()
    poisoned = {**batch, "latents": torch.full_like(batch["latents"], torch.inf)}
    assert not torch.isfinite(training.learn(poisoned, 1e-3))
    assert torch.isfinite(training.learn(batch, 1e-3))
    after = training.averaged(torch.unique(batch["ids"])).unet.conv_in.weight
    assert torch.isfinite(after).all() and not torch.equal(before, after)
