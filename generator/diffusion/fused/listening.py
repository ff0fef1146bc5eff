"""Cross-attention on a GPU to a text so short that all of it is there at once."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from generator.diffusion.fused import plain

QUERIES = 64  # that a program answers

SIZES = (16, 32, 64, 128)
"""Of heads, as the product wants them; SDXL's have 64."""

LONGEST = 128  # tokens


def listen(query: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None) -> Tensor:
    """See `attention.listen`."""
    rows, heads, length, size = keys.shape
    if size not in SIZES or length > LONGEST:
        return plain.listen(query, keys, values, bias)
    query, result = query.contiguous(), torch.empty_like(query, memory_format=torch.contiguous_format)
    tokens = query.shape[1]
    listen_kernel[(triton.cdiv(tokens, QUERIES), rows * heads)](
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
        bias is not None,
        num_warps=4,
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
    BIASED: tl.constexpr,
):
    """Some queries of one head."""
    one = tl.program_id(1)
    row = one // heads
    token = tl.program_id(0) * QUERIES + tl.arange(0, QUERIES)
    word = tl.arange(0, BLOCK)
    part = tl.arange(0, SIZE)
    asks = (token < tokens)[:, None]
    heard = (word < length)[:, None]
    at = (row.to(tl.int64) * tokens + token[:, None]) * heads * SIZE + one % heads * SIZE + part[None, :]
    of = (one.to(tl.int64) * length + word[:, None]) * SIZE + part[None, :]
    q = tl.load(query + at, mask=asks, other=0.0)
    k = tl.load(keys + of, mask=heard, other=0.0)
    v = tl.load(values + of, mask=heard, other=0.0)
    logits = tl.dot(q, k.T) * scale
    if BIASED:
        logits += tl.load(bias + row * length + word, mask=word < length, other=0.0).to(tl.float32)[None, :]
    logits = tl.where((word < length)[None, :], logits, float("-inf"))
    weights = tl.exp(logits - tl.max(logits, 1)[:, None])
    total = tl.sum(weights, 1)
    found = tl.dot(weights.to(v.dtype), v) / total[:, None]
    tl.store(result + at, found.to(result.dtype.element_ty), mask=asks)
