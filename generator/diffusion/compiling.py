"""Functions compiled for the shapes that are met; whatever goes wrong with that, a picture is drawn."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from generator.diffusion.devices import is_lost, is_out_of_memory

log = logging.getLogger(__name__)

SHAPES = 64
"""Graphs that one function may have; torch's own limit is 8, to find what is compiled anew by mistake."""


class Compiled:
    """A function that is compiled when it meets a shape for the first time, all of it as one graph."""

    def __init__(self, function: Callable[..., Any], backend: str | Callable[..., Any] = "inductor") -> None:
        """``backend`` makes code of a graph; see ``torch.compile``."""
        self._function = function
        self._given_up = False
        # diffusers caches what its upsampling asks torch's version; nothing can go wrong with that.
        warnings.filterwarnings("ignore", "Dynamo detected a call to a `functools.lru_cache`", UserWarning)
        torch._dynamo.config.recompile_limit = max(SHAPES, torch._dynamo.config.recompile_limit)
        self._compiled = torch.compile(function, backend=backend, dynamic=False, fullgraph=True)

    @property
    def works(self) -> bool:
        """Whether nothing went wrong so far."""
        return not self._given_up

    def __call__(self, *args: Any) -> Any:
        """Call it; what cannot be compiled is computed as it is written, from then on."""
        if self._given_up:
            return self._function(*args)
        try:
            return self._compiled(*args)
        except Exception as error:
            if is_out_of_memory(error) or is_lost(error):
                raise
            log.warning(
                "%s cannot be compiled; drawing goes on without", self._function.__name__, exc_info=True
            )
            self._given_up = True
        return self._function(*args)


def keep_compiled(folder: Path) -> None:
    """Keep what is compiled from now on in a folder, where the next process finds it; not if a host chose."""
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder / "inductor"))
    os.environ.setdefault("TRITON_CACHE_DIR", str(folder / "triton"))
