"""The words of `plain` for a GPU; see there for what they mean."""

from __future__ import annotations

from generator.diffusion.fused.gating import gated
from generator.diffusion.fused.listening import listen
from generator.diffusion.fused.norms import normalize, normalize_groups
from generator.diffusion.fused.tiling import add, from_tiles, spread, to_tiles

__all__ = [
    "add",
    "from_tiles",
    "gated",
    "listen",
    "normalize",
    "normalize_groups",
    "spread",
    "to_tiles",
]
