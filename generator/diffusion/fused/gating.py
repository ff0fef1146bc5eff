"""A matrix product on a GPU that is gated before it is written: half as much is, and read again by nobody."""

from __future__ import annotations

from functools import cache

import torch
import triton
import triton.language as tl
from torch import Tensor
from triton.tools.tensor_descriptor import TensorDescriptor

ROWS, COLUMNS, DEPTH = 128, 256, 64  # of a tile of the product, and of a slice of what it sums up
TOGETHER = 32  # tiles above each other that are computed side by side, so that they share what they read
STAGES = 4  # slices on their way, as many as there is room for


def gated(tokens: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """See `plain.gated`."""
    rows, depth, columns = tokens.shape[:-1].numel(), tokens.shape[-1], len(weight)
    result = tokens.new_empty(*tokens.shape[:-1], columns // 2)
    tiles = triton.cdiv(rows, ROWS) * triton.cdiv(columns, COLUMNS)
    programs = processors(tokens.device)
    gated_kernel[(min(tiles, programs),)](
        TensorDescriptor.from_tensor(tokens.view(rows, depth), [ROWS, DEPTH]),
        TensorDescriptor.from_tensor(weight, [COLUMNS, DEPTH]),
        TensorDescriptor.from_tensor(result.view(rows, columns // 2), [ROWS, COLUMNS // 2]),
        bias,
        rows,
        columns,
        depth,
        programs,
        ROWS,
        COLUMNS,
        DEPTH,
        TOGETHER,
        num_warps=8,
        num_stages=STAGES,
    )
    return result


@cache
def processors(device: torch.device) -> int:
    """How many programs a device runs side by side, each of which fills one of its processors."""
    return int(torch.cuda.get_device_properties(device).multi_processor_count)


@triton.jit
def gated_kernel(
    tokens,
    weight,
    result,
    bias,
    rows,
    columns,
    depth,
    PROGRAMS: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    DEPTH: tl.constexpr,
    TOGETHER: tl.constexpr,
):
    """Every so many tiles; what the next one reads is on its way while this one is gated."""
    down = tl.cdiv(rows, ROWS)
    across = tl.cdiv(columns, COLUMNS)
    slices = tl.cdiv(depth, DEPTH)
    for tile in tl.range(tl.program_id(0), down * across, PROGRAMS, flatten=True):
        first = tile // (TOGETHER * across) * TOGETHER
        height = min(down - first, TOGETHER)
        row = (first + tile % height) * ROWS
        column = tile % (TOGETHER * across) // height * COLUMNS
        product = tl.zeros((ROWS, COLUMNS), tl.float32)
        for piece in range(slices):
            left = tokens.load([row, piece * DEPTH])
            right = weight.load([column, piece * DEPTH])
            product = tl.dot(left, right.T, product)
        names = column + tl.arange(0, COLUMNS)
        product += tl.load(bias + names, mask=names < columns, other=0.0).to(tl.float32)[None, :]
        value, gate = tl.split(tl.reshape(product, (ROWS, COLUMNS // 2, 2)))
        result.store([row, column // 2], (value * gelu(gate)).to(result.dtype))


@triton.jit
def gelu(x):
    """x Φ(x), with the error function to 1.5e-7 (Abramowitz and Stegun, 7.1.26)."""
    z = tl.abs(x) * 0.7071067811865476
    t = 1.0 / (1.0 + 0.3275911 * z)
    polynomial = t * (
        0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))
    )
    tail = polynomial * tl.exp(-z * z)  # 1 - erf(z)
    return x * tl.where(x < 0, 0.5 * tail, 1.0 - 0.5 * tail)
