"""Functions compiled for the shapes that are met; whatever goes wrong with that, a picture is drawn."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import torch
from diffusers.models.downsampling import Downsample2D
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from diffusers.models.upsampling import Upsample2D
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from generator.diffusion.rewriting import Rewritten, give_up, laid_out

T = TypeVar("T")

BLOCKS = (Transformer2DModel, ResnetBlock2D, Upsample2D, Downsample2D)
"""What a network is mostly made of."""

SHAPES = 512
"""Graphs that one function may have; torch's own limit is 8, to find what is compiled anew by mistake."""

Backend = str | Callable[..., Any]
"""What makes code of a graph; see ``torch.compile``."""


class Compiled:
    """A function that is compiled when it meets a shape for the first time, all of it as one graph."""

    def __init__(self, function: Callable[..., Any], backend: Backend = "inductor") -> None:
        self._function = function
        self._compiled = compiled(function, backend)
        self.works = True  #: whether nothing went wrong so far

    def __call__(self, *args: Any) -> Any:
        """Call it; what cannot be compiled is computed as it is written, from then on."""
        if self.works:
            try:
                return self._compiled(*args)
            except Exception as error:
                give_up(self._function.__name__, "compiled", error)
                self.works = False
        return self._function(*args)


class CompiledBlocks(Rewritten):
    """A network whose blocks are compiled one by one when they meet a shape; those alike share their code.

    For SDXL that takes about half of the time that one graph for everything takes.
    """

    manner = "compiled"

    def __init__(self, network: nn.Module, backend: Backend = "inductor") -> None:
        super().__init__(
            (block, compiled(channels_last(block.forward), backend)) for block in blocks_of(network)
        )
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def blocks_of(network: nn.Module) -> Iterator[nn.Module]:
    """What is compiled of a network, one by one."""
    return (block for block in network.modules() if isinstance(block, BLOCKS))


def channels_last(forward: Callable[..., T]) -> Callable[..., T]:
    """The same, with pictures laid out as the network's convolutions want them, whatever comes between.

    diffusers' transformers leave them otherwise, and all that follows would do so too: read crosswise, and
    compiled twice.
    """

    def forwarded(*args: Any, **kwargs: Any) -> T:
        return tree_map_only(Tensor, laid_out, forward(*args, **kwargs))  # type: ignore[no-any-return]

    return forwarded


def compiled(function: Callable[..., Any], backend: Backend) -> Callable[..., Any]:
    """The function, compiled for each shape by itself."""
    # diffusers caches what its upsampling asks torch's version; nothing can go wrong with that.
    warnings.filterwarnings("ignore", "Dynamo detected a call to a `functools.lru_cache`", UserWarning)
    config = torch._dynamo.config
    config.recompile_limit = max(SHAPES, config.recompile_limit)
    config.accumulated_recompile_limit = max(SHAPES, config.accumulated_recompile_limit)
    result: Callable[..., Any] = torch.compile(function, backend=backend, dynamic=False, fullgraph=True)
    return result


def keep_compiled(folder: Path) -> None:
    """Keep what is compiled from now on in a folder, where the next process finds it; not if a host chose.

    The folder is for this alone, and may be deleted at any time between two starts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder / "inductor"))
    os.environ.setdefault("TRITON_CACHE_DIR", str(folder / "triton"))
