"""What a GPU is told in a step is recorded and then repeated (CUDA graphs), so that it waits for no orders.

A recording is of addresses: it computes with whatever lies there, and leaves its results where the next one
writes. So arguments are copied to where it reads, and results to where nobody writes.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_map_only, tree_unflatten

from generator.diffusion.devices import is_lost

log = logging.getLogger(__name__)

Function = Callable[..., Any]
Recorder = Callable[[Function, Sequence[Any]], tuple[Callable[[], object], Any]]
"""Calls a function, and returns what repeats that, and where the results will lie each time."""

BEFORE = 2
"""Calls of a kind before one is recorded: compiling, and choosing algorithms, are not to be repeated."""

KEPT = 128
"""Recordings at most, one for each number of pictures, size, and state of the levers (four at most)."""


class Replayed:
    """A function that is recorded for each kind of call, and repeated where it is called like that again."""

    def __init__(self, function: Function, depends: Callable[[], Hashable], recorder: Recorder) -> None:
        """``depends`` tells what else the function depends on; what it reads there stays where it is."""
        self._function, self._depends, self._recorder = function, depends, recorder
        self._met: Counter[Hashable] = Counter()
        self._recordings: dict[Hashable, Recording] = {}
        self.works = True  #: whether nothing went wrong so far

    def __call__(self, *args: Any) -> Any:
        """Call it; what cannot be recorded is computed each time anew, from then on."""
        leaves, structure = tree_flatten(args)
        kind = tuple(map(kind_of, leaves)), self._depends()
        if kind not in self._recordings and self._is_due(kind):
            self._record(kind, leaves, lambda *found: self._function(*tree_unflatten(found, structure)))
        recording = self._recordings.get(kind)
        return self._function(*args) if recording is None else recording(leaves)

    def _is_due(self, kind: Hashable) -> bool:
        """Whether a call of a kind that has no recording is to be recorded; it is counted."""
        self._met[kind] += 1
        return self.works and self._met[kind] > BEFORE and len(self._recordings) < KEPT

    def _record(self, kind: Hashable, leaves: Sequence[Any], function: Function) -> None:
        try:
            self._recordings[kind] = Recording(leaves, function, self._recorder)
        except Exception as error:
            if is_lost(error):
                raise
            log.warning("A step cannot be recorded; drawing goes on without", exc_info=True)
            self._recordings.clear()
            self.works = False


class Recording:
    """One kind of call, recorded."""

    def __init__(self, leaves: Sequence[Any], function: Function, recorder: Recorder) -> None:
        self._inputs = tree_map_only(Tensor, torch.clone, list(leaves))
        self._replay, self._results = recorder(function, self._inputs)

    def __call__(self, leaves: Sequence[Any]) -> Any:
        """What the function would return for these."""
        for place, leaf in zip(self._inputs, leaves, strict=True):
            if isinstance(leaf, Tensor):
                place.copy_(leaf)
        self._replay()
        return tree_map_only(Tensor, torch.clone, self._results)


class OnGpu:
    """Records on a GPU; what recordings need between their orders, they have in common."""

    def __init__(self) -> None:
        self._pool: Any = None

    def __call__(self, function: Function, inputs: Sequence[Any]) -> tuple[Callable[[], object], Any]:
        """Record it, in a thread's own mode: others may ask for memory meanwhile."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            results = function(*inputs)
        self._pool = graph.pool()
        return graph.replay, results


def kind_of(leaf: Any) -> Hashable:
    """What a recording depends on of an argument; of tensors, all but their numbers."""
    if isinstance(leaf, Tensor):
        return leaf.shape, leaf.stride(), leaf.dtype, leaf.device
    known: Hashable = leaf
    return known
