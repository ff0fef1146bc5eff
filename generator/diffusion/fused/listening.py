"""Cross-attention on a GPU to a text so short that all of it is there at once."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from generator.diffusion.fused import plain

QUERIES = 64  # that a program answers at once
TURNS = 4  # in which it answers some where there are many; what the next ask is on its way meanwhile

SIZES = (16, 32, 64, 128)
"""Of heads, as the product wants them; SDXL's have 64."""

LONGEST = 128  # tokens

LOG2_E: tl.constexpr = tl.constexpr(1.4426950408889634)
"""Exponents are of two: that is what a GPU knows."""


def listen(query: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None) -> Tensor:
    """See `attention.listen`."""
    rows, heads, length, size = keys.shape
    if size not in SIZES or length > LONGEST:
        return plain.listen(query, keys, values, bias)
    query, result = query.contiguous(), torch.empty_like(query, memory_format=torch.contiguous_format)
    tokens, turns = query.shape[1], TURNS if rows >= TURNS else 1
    listen_kernel[(triton.cdiv(tokens, QUERIES * turns), rows * heads)](
        query,
        keys,
        values,
        bias,
        result,
        tokens,
        size**-0.5,
        heads,
        length,
        triton.next_power_of_2(length),
        size,
        QUERIES,
        turns,
        bias is not None,
        num_warps=4,
        num_stages=3,
    )
    return result


@triton.jit
def listen_kernel(
    query,
    keys,
    values,
    bias,
    result,
    tokens,
    scale,
    heads,
    length,
    BLOCK: tl.constexpr,
    SIZE: tl.constexpr,
    QUERIES: tl.constexpr,
    TURNS: tl.constexpr,
    BIASED: tl.constexpr,
):
    """Some queries of one head, which have its keys and values in common."""
    one = tl.program_id(1)
    row = one // heads
    word = tl.arange(0, BLOCK)
    part = tl.arange(0, SIZE)
    heard = word < length
    of = (one.to(tl.int64) * length + word[:, None]) * SIZE + part[None, :]
    k = tl.load(keys + of, mask=heard[:, None], other=0.0)
    v = tl.load(values + of, mask=heard[:, None], other=0.0)
    if BIASED:
        leaning = tl.load(bias + row * length + word, mask=heard, other=0.0).to(tl.float32)
        leaning = tl.where(heard, leaning * LOG2_E, float("-inf"))
    else:
        leaning = tl.where(heard, 0.0, float("-inf"))
    for turn in range(TURNS):
        token = (tl.program_id(0) * TURNS + turn) * QUERIES + tl.arange(0, QUERIES)
        asks = (token < tokens)[:, None]
        at = (row.to(tl.int64) * tokens + token[:, None]) * heads * SIZE + one % heads * SIZE + part[None, :]
        q = tl.load(query + at, mask=asks, other=0.0)
        logits = tl.dot(q, k.T) * (scale * LOG2_E) + leaning[None, :]
        weights = tl.exp2(logits - tl.max(logits, 1)[:, None])
        found = tl.dot(weights.to(v.dtype), v) / tl.sum(weights, 1)[:, None]
        tl.store(result + at, found.to(result.dtype.element_ty), mask=asks)
