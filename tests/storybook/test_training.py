"""The painter's training, in miniature and on a processor."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from generator.diffusion.architecture import SDXL, Architecture
from generator.storybook.corpus import draw_told, head_of
from generator.storybook.model import STORYBOOK, text_size
from generator.storybook.training import course
from generator.storybook.training.__main__ import example
from generator.storybook.training.course import Course, Watch, resume, save
from generator.storybook.training.painter import Painter, Training, figures, noisiness
from generator.storybook.training.pool import Batch, Pool

SMALL = Architecture(
    text_encoder=SDXL.text_encoder | text_size(32, 2),
    text_encoder_2=SDXL.text_encoder_2 | text_size(32, 2),
    unet=STORYBOOK.unet
    | {
        "block_out_channels": (16, 16, 16),
        "layers_per_block": 1,
        "norm_num_groups": 4,
        "attention_head_dim": (1, 1, 1),
        "cross_attention_dim": 64,
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 32 + 6 * 8,
    },
    vae=STORYBOOK.vae,
)
"""The painter, as small as it gets."""


@pytest.fixture(scope="module")
def batch() -> Batch:
    return {**example(2), "latents": torch.randn(2, 4, 32, 32, generator=torch.manual_seed(1)).half()}


@pytest.fixture
def training(batch: Batch) -> Training:
    torch.manual_seed(5)
    return Training(Accelerator(), Painter.fresh(SMALL), batch)


def learnt(training: Training) -> torch.Tensor:
    """Some of its weights."""
    return training.state()["weights"][-1].detach().clone()


def test_a_training_taken_up_again_is_where_it_was(training: Training, batch: Batch, tmp_path: Path) -> None:
    training.learn(batch, 1e-3)
    save(training, tmp_path / "state.pt", 12.0, 0.5)
    again = Training(Accelerator(), Painter.fresh(SMALL), batch)
    assert resume(again, tmp_path / "state.pt") == (12.0, 0.5)
    losses = []
    for each in (training, again):
        torch.manual_seed(2)
        each.learn(batch, 1e-3)
        torch.manual_seed(3)
        losses.append(float(each.learn(batch, 1e-3)))
    assert losses[0] == losses[1]


def test_a_step_whose_gradient_is_no_number_moves_no_weight(training: Training, batch: Batch) -> None:
    training.learn(batch, 1e-3)
    before = learnt(training)
    poisoned = {**batch, "latents": torch.full_like(batch["latents"], torch.inf)}
    assert not torch.isfinite(training.learn(poisoned, 1e-3))
    assert torch.equal(before, learnt(training))
    assert torch.isfinite(training.learn(batch, 1e-3))
    tally = training.tally()
    assert (tally.steps, tally.left_out) == (3, 1)
    assert 0 < tally.loss < 10 and 0 < tally.norm < 1e3
    assert torch.isfinite(learnt(training)).all() and not torch.equal(before, learnt(training))


def test_a_training_that_goes_astray_goes_back_to_its_last_good_state(
    training: Training, batch: Batch
) -> None:
    watch = Watch(training)
    for _ in range(2 * course.KEPT):
        training.learn(batch, 1e-3)
        usual = watch.look().loss
    good = learnt(training)
    average = training.state()["ema"][-1].clone()
    for _ in range(course.KEPT):
        training.learn(batch, 1e-3)
        watch.look()
    for _ in range(3):
        training.learn(batch, 3.0)
    assert watch.look().loss > course.ASTRAY * usual
    assert torch.equal(good, learnt(training))
    assert torch.equal(average, training.state()["ema"][-1])
    assert watch.pace == 0.5 and not watch.given_up
    training.learn(batch, 1e-3)
    assert watch.look().loss < course.ASTRAY * usual


def test_a_training_whose_steps_are_mostly_left_out_goes_back_too(training: Training, batch: Batch) -> None:
    watch = Watch(training)
    start = learnt(training)
    training.learn(batch, 1e-3)
    for _ in range(2):
        training.learn({**batch, "latents": torch.full_like(batch["latents"], torch.nan)}, 1e-3)
    watch.look()
    assert watch.returns == 1 and torch.equal(start, learnt(training))


def pool_of(folder: Path, rows: dict[str, np.ndarray], capacity: int) -> Pool:
    np.savez(folder / "000001.npz", **rows)  # type: ignore[arg-type]
    return Pool(folder, torch.device("cpu"), capacity, lambda chunk: chunk)


def test_a_picture_whose_latents_are_not_finite_never_enters_the_pool(batch: Batch, tmp_path: Path) -> None:
    rows = {name: values.repeat(3, *(1,) * (values.dim() - 1)).numpy() for name, values in batch.items()}
    rows["latents"][3, 0, 0, 0] = np.inf
    rows["latents"][4, 1, 2, 3] = np.nan
    with closing(pool_of(tmp_path, rows, 6)) as pool:
        pool.wait_for(4)
        assert pool.size == 4
        assert torch.isfinite(pool.all("latents")).all()
        kept = [row for row in range(6) if row not in (3, 4)]
        assert torch.equal(pool.all("ids"), torch.from_numpy(rows["ids"][kept]))


def test_a_course_that_cannot_be_saved_ends_with_what_was_good(
    training: Training, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(course, "WINDOW", 2)
    monkeypatch.setattr(course, "PEAK_RATE", 1e4)
    start = learnt(training)
    painters: list[Painter] = []
    rows = {name: values.numpy() for name, values in batch.items()}
    with closing(pool_of(tmp_path, rows, 2)) as pool:
        pool.wait_for(2)
        Course(
            training, pool, tmp_path, 60, saved=tmp_path / "state.pt",
            on_snapshot=lambda painter: painters.append(painter) or {},  # type: ignore[func-returns-value]
        ).run(2)  # fmt: skip
    assert len(painters) == 1 and torch.equal(start, list(painters[0].networks.parameters())[-1])
    assert (tmp_path / "painter.jsonl").read_text().count('"pace"') >= course.RETURNS


def test_a_figure_counts_most_where_illustrators_draw_it() -> None:
    heads = np.stack(
        [head_of(picture) for picture in (draw_told(np.random.default_rng(n))[0] for n in range(40))]
    )
    x, y = (heads[:, :2] / 8).astype(int).T
    weights = figures(32, torch.device("cpu"))
    assert weights.mean() == pytest.approx(1) and weights[y, x].min() > 2 > 1 > weights[:, 0].max()


def test_every_batch_has_each_part_of_the_way_to_noise_in_its_share() -> None:
    torch.manual_seed(4)
    levels = noisiness(1000, torch.device("cpu"))
    clean, noisy = (float(((levels >= low) & (levels < low + 0.1)).float().mean()) for low in (0.0, 0.9))
    assert clean == pytest.approx(0.038, abs=0.002) and noisy == pytest.approx(0.1, abs=0.002)
    assert levels.min() >= 0 and levels.max() < 1
