"""Functions compiled for the shapes that are met; whatever goes wrong with that, a picture is drawn."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from generator.diffusion.devices import is_lost, is_out_of_memory

log = logging.getLogger(__name__)

SHAPES = 64
"""Graphs that one function may have; torch's own limit is 8, to find what is compiled anew by mistake."""


class Compiled:
    """A function that is compiled when it meets a shape for the first time, all of it as one graph."""

    def __init__(
        self,
        function: Callable[..., Any],
        backend: str | Callable[..., Any] = "inductor",
        *,
        replayed: bool = False,
    ) -> None:
        """``backend`` makes code of a graph; see ``torch.compile``.

        What is ``replayed`` gives a GPU all of a graph's orders at once, as they were recorded before (CUDA
        graphs), so that it never waits for the next; arguments are copied to where it looks for them.
        """
        # diffusers caches what its upsampling asks torch's version; nothing can go wrong with that.
        warnings.filterwarnings("ignore", "Dynamo detected a call to a `functools.lru_cache`", UserWarning)
        torch._dynamo.config.recompile_limit = max(SHAPES, torch._dynamo.config.recompile_limit)
        compiled = partial(torch.compile, function, backend=backend, dynamic=False, fullgraph=True)
        mode = {"mode": "reduce-overhead"} if backend == "inductor" else {}
        self._name = function.__name__
        self._ways = [*([afresh(compiled(**mode))] if replayed else []), compiled(), function]

    @property
    def works(self) -> bool:
        """Whether nothing that was wished for went wrong so far, but perhaps replaying."""
        return len(self._ways) > 1

    def __call__(self, *args: Any) -> Any:
        """Call it; what cannot be replayed is from then on compiled alone, or computed as it is written."""
        while self.works:
            try:
                return self._ways[0](*args)
            except Exception as error:
                if is_out_of_memory(error) or is_lost(error):
                    raise
                what = "replayed" if len(self._ways) > 2 else "compiled"
                log.warning("%s cannot be %s; drawing goes on without", self._name, what, exc_info=True)
                self._ways = self._ways[1:]
        return self._ways[0](*args)


def afresh(replayed: Callable[..., Any]) -> Callable[..., Any]:
    """The function with results of their own: what a replay leaves lies where the next one writes."""

    def call(*args: Any) -> Any:
        torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
        return tree_map_only(Tensor, torch.clone, replayed(*args))

    return call


def keep_compiled(folder: Path) -> None:
    """Keep what is compiled from now on in a folder, where the next process finds it; not if a host chose."""
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder / "inductor"))
    os.environ.setdefault("TRITON_CACHE_DIR", str(folder / "triton"))
