"""Pictures as they arrive from the illustrators, kept on the device that trains on them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread

import torch
from torch import Tensor

from generator.storybook import corpus

Batch = dict[str, Tensor]

log = logging.getLogger(__name__)


def sound(rows: Batch) -> Batch:
    """The rows whose numbers are all finite: a single one that is not would spoil every batch it is in."""
    kinds = [values for values in rows.values() if values.is_floating_point()]
    fine = [values.isfinite().flatten(1).all(1) for values in kinds]
    if not fine or bool((kept := torch.stack(fine).all(0)).all()):
        return rows
    log.warning("%d pictures are left out: their latents are not finite.", int((~kept).sum()))
    return {name: values[kept] for name, values in rows.items()}


class Pool:
    """Grows with every chunk that the illustrators finish, up to a capacity."""

    def __init__(
        self, folder: Path, device: torch.device, capacity: int, store: Callable[[Batch], Batch]
    ) -> None:
        """``store`` turns an arriving chunk into what is kept of it, such as latents for pictures."""
        self._folder, self._device, self._capacity, self._store = folder, device, capacity, store
        self._kept: Batch = {}
        self._arrived: Queue[Batch] = Queue(maxsize=4)
        self._closed = Event()
        Thread(target=self._watch, daemon=True).start()
        self.size = 0

    def _watch(self) -> None:
        while not self._closed.is_set():
            chunk = corpus.take(self._folder)
            if chunk is None:
                time.sleep(0.05)
            else:
                # Copied here, so that the training never waits for the device to have taken a chunk.
                self._arrived.put({k: torch.from_numpy(v).to(self._device) for k, v in chunk.items()})

    def close(self) -> None:
        """Take no more chunks."""
        self._closed.set()

    def take_in(self, at_most: int = 2) -> None:
        """Store what has arrived; the illustrators go on meanwhile."""
        for _ in range(at_most):
            try:
                chunk = self._arrived.get_nowait()
            except Empty:
                return
            self._keep(chunk)
            if self.size == self._capacity:
                self.close()
                return

    def wait_for(self, count: int) -> None:
        """Block until there are that many pictures."""
        while self.size < count:
            self.take_in(8)
            time.sleep(0.02)

    def _keep(self, chunk: Batch) -> None:
        rows = sound(self._store(chunk))
        count = min(len(next(iter(rows.values()))), self._capacity - self.size)
        for name, values in rows.items():
            if name not in self._kept:
                self._kept[name] = values.new_empty((self._capacity, *values.shape[1:]))
            self._kept[name][self.size : self.size + count] = values[:count]
        self.size += count

    def batch(self, indices: Tensor) -> Batch:
        """Some of what is kept."""
        return {name: values[indices] for name, values in self._kept.items()}

    def sample(self, count: int) -> Batch:
        """That many at random."""
        return self.batch(torch.randint(self.size, (count,), device=self._device))

    def all(self, name: str) -> Tensor:
        """One column of everything there is."""
        return self._kept[name][: self.size]
