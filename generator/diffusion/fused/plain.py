"""What the fused blocks ask for, in PyTorch's own words; `kernels` has the same for a GPU, in fewer passes.

Pictures (n, channels, h, w) have their channels last in memory, and keep them there.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import gelu, group_norm, layer_norm, linear, pad, silu

from generator.diffusion.attention import listen

TURN = 8  # rows of a and b that lie beside each other: sixteen bytes, which is what a GPU moves at once
INPUT = torch.tensor([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
OUTPUT = torch.tensor([[1, 1, 1, 0], [0, 1, -1, -1]])
"""What Winograd's F(2 × 2, 3 × 3) does to both sides of a tile, and of its products; see `convolving`."""


def normalize(stream: Tensor, offset: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Layer norm of tokens (…, d) after adding ``offset`` (d) in float32."""
    normalized = layer_norm(stream.float() + offset, weight.shape, weight.float(), bias.float(), eps)
    return normalized.to(stream.dtype)


def gated(tokens: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Tokens (…, d) as (…, m), gated (GEGLU, arXiv 2002.05202): a · gelu(b), `TURN` rows of each in turn."""
    product = linear(tokens, weight, bias)
    value, gate = product.view(*product.shape[:-1], -1, 2, TURN).unbind(-2)
    return (value * gelu(gate)).flatten(-2)


def normalize_groups(
    parts: tuple[Tensor, ...],
    groups: int,
    weight: Tensor,
    bias: Tensor,
    eps: float,
    addend: Tensor | None,
    activated: bool,
) -> Tensor:
    """Group norm of pictures whose channels are in several parts, after adding (n, channels); then SiLU."""
    whole = torch.cat(parts, dim=1)
    if addend is not None:
        whole = whole + addend[:, :, None, None]
    normalized = group_norm(whole, groups, weight, bias, eps)
    return silu(normalized) if activated else normalized


def to_tiles(picture: Tensor) -> Tensor:
    """A picture (n, c, h, w) as Bᵀ d B of its tiles of 4 × 4, two apart: (16, tiles, c)."""
    around = pad(picture, (1, 1, 1, 1)).permute(0, 2, 3, 1)
    tiles = around.unfold(1, 4, 2).unfold(2, 4, 2)
    matrix = INPUT.to(picture)
    return torch.einsum("ia,nyxcab,jb->ijnyxc", matrix, tiles, matrix).flatten(2, 4).flatten(0, 1)


def from_tiles(
    products: Tensor, bias: Tensor | None, residual: Tensor | None, size: tuple[int, int]
) -> Tensor:
    """Aᵀ m A of (16, tiles, c): pictures (n, c, h, w) of a ``size`` (h, w), with what is added to them."""
    height, width = size
    tiles = products.view(4, 4, -1, height // 2, width // 2, products.shape[-1])
    matrix = OUTPUT.to(products)
    picture = torch.einsum("pi,ijnyxc,qj->ncypxq", matrix, tiles, matrix).flatten(4).flatten(2, 3)
    return add(picture, bias, residual)


def add(picture: Tensor, bias: Tensor | None, residual: Tensor | None) -> Tensor:
    """A picture (n, c, h, w) with a bias (c) and another picture added to it."""
    if bias is not None:
        picture = picture + bias[:, None, None]
    if residual is not None:
        picture = picture + residual
    return picture.contiguous(memory_format=torch.channels_last)


def spread(phases: Tensor, bias: Tensor) -> Tensor:
    """(n, 4 c, h + 1, w + 1), of which each corner is a phase, as the picture (n, c, 2 h, 2 w)."""
    rows, _, height, width = phases.shape
    corners = phases.view(rows, 2, 2, -1, height, width)
    picture = phases.new_empty(rows, corners.shape[3], 2 * height - 2, 2 * width - 2)
    for y in range(2):
        for x in range(2):
            picture[:, :, y::2, x::2] = corners[:, y, x, :, y : height - 1 + y, x : width - 1 + x]
    return add(picture, bias, None)


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
