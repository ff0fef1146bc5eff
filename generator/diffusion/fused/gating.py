"""A matrix product on a GPU that is gated before it is written: half as much is, and read again by nobody."""

from __future__ import annotations

from functools import cache

import torch
import triton
import triton.language as tl
from torch import Tensor
from triton.tools.tensor_descriptor import TensorDescriptor

from generator.diffusion.fused.plain import TURN

ROWS, COLUMNS, DEPTH = 128, 128, 64  # of a tile of the product, and of a slice of what it sums up
TOGETHER = 16  # tiles above each other that are computed side by side, so that they share what they read
STAGES = 3  # slices on their way, as many as there is room for
BESIDE = 2  # programs that share a processor: while one gates, the other multiplies


def gated(tokens: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """See `plain.gated`."""
    rows, depth, columns = tokens.shape[:-1].numel(), tokens.shape[-1], len(weight)
    result = tokens.new_empty(*tokens.shape[:-1], columns // 2)
    tiles = triton.cdiv(rows, ROWS) * triton.cdiv(columns, COLUMNS)
    programs = BESIDE * processors(tokens.device)
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
        TURN,
        num_warps=4,
        num_stages=STAGES,
        enable_fp_fusion=True,  # a product and a sum in one; Triton 3.10 does that only where it is asked to
    )
    return result


@cache
def processors(device: torch.device) -> int:
    """How many processors a device has, which the programs of a kernel share."""
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
    TURN: tl.constexpr,
):
    """One in so many tiles; what the next one reads is on its way while this one is gated."""
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
        turns = tl.reshape(product, (ROWS, COLUMNS // (2 * TURN), 2, TURN))
        value, gate = tl.split(tl.permute(turns, (0, 1, 3, 2)))
        half = tl.reshape(value * gelu(gate), (ROWS, COLUMNS // 2))
        result.store([row, column // 2], half.to(result.dtype))


@triton.jit
def gelu(x):
    """x Φ(x) to 1.2e-5, in a dozen multiplications and neither an exponential nor a division.

    Φ(x) - ½ is odd: near nought, where it is not yet ½, it is x times the polynomial in x² of least
    greatest error, found by linear programming. In x² less the middle of its range no digits are lost.
    """
    near = tl.clamp(x, -4.6, 4.6)
    square = near * near - 10.58
    high = 7.805956e-09 + square * (-5.289497e-10 + square * (3.579769e-11 - square * 1.1088165e-12))
    middle = -3.42952e-05 + square * (2.356658e-06 + square * (-1.4347164e-07 + square * high))
    slope = 0.15354344 + square * (-0.0071602818 + square * (0.00048363948 + square * middle))
    return x * (0.5 + near * slope)
