"""How far the device is, against how far its orders are."""

from __future__ import annotations

from threading import Event, Timer

import pytest
import torch

from generator.diffusion.progress import AHEAD, Progress, marker


class Later:
    """A mark that is reached when somebody says so."""

    def __init__(self) -> None:
        self.reached = Event()

    def query(self) -> bool:
        return self.reached.is_set()

    def synchronize(self) -> None:
        assert self.reached.wait(10)


@pytest.fixture
def told() -> list[tuple[int, int]]:
    return []


def test_a_processor_tells_every_step_at_once(told: list[tuple[int, int]]) -> None:
    progress = Progress(lambda *step: told.append(step), 2, marker(torch.device("cpu")))
    progress.ordered()
    assert told == [(1, 2)]
    progress.ordered()
    assert told == [(1, 2), (2, 2)]


def test_a_step_is_told_when_it_is_done_and_not_when_it_is_ordered(told: list[tuple[int, int]]) -> None:
    marks = [Later() for _ in range(3)]
    progress = Progress(lambda *step: told.append(step), 3, iter(marks).__next__)
    progress.ordered()
    progress.ordered()
    assert told == []
    marks[0].reached.set()
    marks[1].reached.set()
    progress.ordered()
    assert told == [(1, 3), (2, 3)]


def test_orders_are_never_more_than_a_few_steps_ahead(told: list[tuple[int, int]]) -> None:
    marks = [Later() for _ in range(AHEAD + 1)]
    progress = Progress(lambda *step: told.append(step), 9, iter(marks).__next__)
    for _ in range(AHEAD):
        progress.ordered()
    Timer(0.05, marks[0].reached.set).start()
    progress.ordered()  # waits for the first
    assert told == [(1, 9)]


def test_at_the_end_everything_is_done_and_told(told: list[tuple[int, int]]) -> None:
    marks = [Later() for _ in range(2)]
    progress = Progress(lambda *step: told.append(step), 2, iter(marks).__next__)
    progress.ordered()
    progress.ordered()
    for number, mark in enumerate(marks):
        Timer(0.03 * (number + 1), mark.reached.set).start()
    progress.finish()
    assert told == [(1, 2), (2, 2)]
    assert all(mark.query() for mark in marks)


def test_who_listens_can_stop_it() -> None:
    def stop(step: int, steps: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        Progress(stop, 2, marker(torch.device("cpu"))).ordered()
