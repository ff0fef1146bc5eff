"""The words that fused blocks are said in, each with what it is told in SDXL, in small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from generator.diffusion.fused import plain


@dataclass(frozen=True, slots=True)
class Numbers:
    """Random tensors; pictures are ``scale`` times as high and wide as asked for."""

    dtype: torch.dtype
    device: str = "cpu"
    scale: int = 1

    def __call__(self, *shape: int) -> Tensor:
        return (2 * torch.randn(shape, device=self.device) + 0.5).to(self.dtype)

    def picture(self, rows: int, channels: int, height: int, width: int) -> Tensor:
        shape = (rows, channels, self.scale * height, self.scale * width)
        return self(*shape).contiguous(memory_format=torch.channels_last)


CASES: dict[str, Callable[[Numbers], tuple[Any, ...]]] = {
    "normalize-wide": lambda of: (of(4, 7, 1280), of(1280).float(), of(1280), of(1280), 1e-5),
    "normalize-narrow": lambda of: (of(4, 7, 96), of(96).float(), of(96), of(96), 1e-5),
    "gated": lambda of: (of(2, 150, 128), of(768, 128) / 32, of(768) / 4),  # gates in the bend of their curve
    "normalize_groups-one": lambda of: (
        (of.picture(2, 96, 9, 10),), 8, of(96), of(96), 1e-5, of(2, 96), True,
    ),
    "normalize_groups-two": lambda of: (
        (of.picture(2, 64, 9, 7), of.picture(2, 128, 9, 7)), 32, of(192), of(192), 1e-5, None, False,
    ),
    "normalize_groups-across": lambda of: (
        (of.picture(1, 160, 8, 8), of.picture(1, 80, 8, 8)), 8, of(240), of(240), 1e-6, None, True,
    ),
    "normalize_groups-crosswise": lambda of: (  # as FreeU leaves them
        (of.picture(2, 96, 9, 10).contiguous(), of.picture(2, 32, 9, 10)),
        8, of(128), of(128), 1e-5, None, True,
    ),
    "to_tiles": lambda of: (of.picture(2, 144, 6, 8),),
    "from_tiles": lambda of: (of(16, 24, 144), None, None, (6, 8)),
    "from_tiles-adds": lambda of: (of(16, 24, 144), of(144), of(2, 6, 8, 144).permute(0, 3, 1, 2), (6, 8)),
    "spread": lambda of: (of.picture(2, 576, 5, 6), of(144)),
    "add-bias": lambda of: (of.picture(2, 144, 6, 7), of(144), None),
    "add-both": lambda of: (of.picture(2, 144, 6, 7), of(144), of.picture(2, 144, 6, 7)),
    "listen-biased": lambda of: (of(2, 130, 128), of(2, 2, 80, 64), of(2, 2, 80, 64), of(2, 1, 1, 80)),
    "listen-many": lambda of: (of(4, 600, 128), of(4, 2, 80, 64), of(4, 2, 80, 64), of(4, 1, 1, 80)),
    "listen": lambda of: (of(1, 64, 64), of(1, 1, 77, 64), of(1, 1, 77, 64), None),
}  # fmt: skip
"""By the word, and what is special."""


def word(case: str) -> str:
    """The word of a case."""
    return case.partition("-")[0]


def distance(case: str, words: ModuleType, numbers: Numbers) -> float:
    """How far the words are from PyTorch's own in float32, relative to these."""
    told = CASES[case](numbers)
    found = getattr(words, word(case))(*told)
    exact = getattr(plain, word(case))(*map(whole, told))
    if found.ndim == 4:
        assert found.is_contiguous(memory_format=torch.channels_last)
    return float((found.float() - exact).norm() / exact.norm())


def whole(told: Any) -> Any:
    """The same in float32."""
    if isinstance(told, tuple):
        return tuple(map(whole, told))
    return told.float() if isinstance(told, Tensor) else told
