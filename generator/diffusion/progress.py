"""Steps are told when the device has done them, without making it wait for whoever listens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

import torch

from generator.story import OnStep

AHEAD = 2
"""Steps that may be ordered and not yet done: enough that the device never waits for orders, and so few that
a cancellation is soon obeyed."""


class Mark(Protocol):
    """A place in the device's orders, such as a CUDA event that is recorded."""

    def query(self) -> bool:
        """Whether the device has come so far."""
        ...

    def synchronize(self) -> None:
        """Wait until it has."""
        ...


class Reached:
    """The mark of a processor, which has done a step when it was ordered."""

    def query(self) -> bool:
        """It has."""
        return True

    def synchronize(self) -> None:
        """There is nothing to wait for."""


class Progress:
    """Tells an ``OnStep`` of each step that the device has done."""

    def __init__(self, on_step: OnStep, steps: int, mark: Callable[[], Mark]) -> None:
        """``mark`` marks where the device's orders end now; see `marker`."""
        self._on_step, self._steps, self._mark = on_step, steps, mark
        self._ordered: deque[Mark] = deque()
        self._told = 0

    def ordered(self) -> None:
        """All of another step is ordered: tell what is done, and wait if too little is.

        Raises whatever the ``OnStep`` raises.
        """
        self._ordered.append(self._mark())
        while self._ordered and (len(self._ordered) > AHEAD or self._ordered[0].query()):
            self._tell()

    def finish(self) -> None:
        """Wait for the rest."""
        while self._ordered:
            self._tell()

    def _tell(self) -> None:
        self._ordered.popleft().synchronize()
        self._told += 1
        self._on_step(self._told, self._steps)


def marker(device: torch.device) -> Callable[[], Mark]:
    """What marks a place in the orders of the stream that this thread uses."""
    return cuda_mark if device.type == "cuda" else Reached


def cuda_mark() -> Mark:
    """An event at the end of the current stream; waiting for it costs no processor time."""
    event: Mark = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
    event.record()  # type: ignore[attr-defined]
    return event
