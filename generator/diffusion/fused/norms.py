"""Norms on a GPU: what is normalized is read as seldom as it can be, and what is done to it goes along."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from generator.diffusion.rewriting import laid_out

PIXELS = 512  # of a picture whose sums one program takes
ROWS = 32  # read at once
CHANNELS = 64  # side by side: 128 bytes of a pixel's
WARP = 1024  # numbers of a token that one warp takes


def normalize(stream: Tensor, offset: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """See `plain.normalize`."""
    width, result = stream.shape[-1], torch.empty_like(stream)
    block = triton.next_power_of_2(width)
    normalize_kernel[(stream.shape[:-1].numel(),)](
        stream, offset, weight, bias, result, eps, width, block, num_warps=max(1, block // WARP)
    )
    return result


@triton.jit
def normalize_kernel(stream, offset, weight, bias, result, eps, WIDTH: tl.constexpr, BLOCK: tl.constexpr):
    """One token."""
    column = tl.arange(0, BLOCK)
    inside = column < WIDTH
    at = tl.program_id(0).to(tl.int64) * WIDTH + column
    value = tl.load(stream + at, mask=inside, other=0.0).to(tl.float32)
    value += tl.load(offset + column, mask=inside, other=0.0)
    apart = tl.where(inside, value - tl.sum(value, 0) / WIDTH, 0.0)
    scale = tl.rsqrt(tl.sum(apart * apart, 0) / WIDTH + eps)
    scaled = apart * scale * tl.load(weight + column, mask=inside, other=0.0).to(tl.float32)
    scaled += tl.load(bias + column, mask=inside, other=0.0).to(tl.float32)
    tl.store(result + at, scaled.to(result.dtype.element_ty), mask=inside)


def normalize_groups(
    parts: tuple[Tensor, ...],
    groups: int,
    weight: Tensor,
    bias: Tensor,
    eps: float,
    addend: Tensor | None,
    activated: bool,
) -> Tensor:
    """See `plain.normalize_groups`, of one part or two: their sums, what follows of them, and the result."""
    parts = tuple(map(laid_out, parts))  # FreeU's are not
    (rows, _, height, width), channels = parts[0].shape, sum(part.shape[1] for part in parts)
    area = height * width
    chunks, group = triton.cdiv(area, PIXELS), channels // groups
    sums = weight.new_empty(rows, chunks, 2, channels, dtype=torch.float32)
    affine = sums.new_empty(rows, 2, channels)
    result = torch.empty(
        (rows, channels, height, width),
        dtype=weight.dtype,
        device=weight.device,
        memory_format=torch.channels_last,
    )
    begins = (0, parts[0].shape[1])
    for part, begin in zip(parts, begins, strict=False):
        grid = (chunks, triton.cdiv(part.shape[1], CHANNELS), rows)
        sum_kernel[grid](
            part, sums, area, part.shape[1], begin, channels, PIXELS, ROWS, CHANNELS, num_warps=4
        )
    affine_kernel[(groups, rows)](
        parts[0],
        parts[-1],  # of which nothing is read where there is only one
        parts[0].shape[1],
        sums,
        addend,
        weight,
        bias,
        affine,
        area,
        chunks,
        eps,
        channels,
        group,
        triton.next_power_of_2(group),
        triton.next_power_of_2(chunks),
        addend is not None,
        num_warps=4,
    )
    for part, begin in zip(parts, begins, strict=False):
        grid = (triton.cdiv(area, ROWS), triton.cdiv(part.shape[1], CHANNELS), rows)
        apply_kernel[grid](
            part, affine, result, area, part.shape[1], begin, channels, ROWS, CHANNELS, activated, num_warps=4
        )
    return result


@triton.jit
def sum_kernel(
    part,
    sums,
    area,
    width,
    begin,
    channels,
    PIXELS: tl.constexpr,
    ROWS: tl.constexpr,
    CHANNELS: tl.constexpr,
):
    """Some pixels' sum, and sum of squares, of each channel; less its first pixel, so that little is lost."""
    row = tl.program_id(2).to(tl.int64)
    column = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    inside = column < width
    picture = part + row * area * width + column[None, :]
    first = tl.load(picture, mask=inside[None, :], other=0.0).to(tl.float32)
    total = tl.zeros((ROWS, CHANNELS), tl.float32)
    squares = tl.zeros((ROWS, CHANNELS), tl.float32)
    for start in tl.static_range(0, PIXELS, ROWS):
        pixel = tl.program_id(0) * PIXELS + start + tl.arange(0, ROWS)
        there = (pixel < area)[:, None] & inside[None, :]
        value = tl.load(picture + pixel[:, None] * width, mask=there, other=0.0).to(tl.float32)
        apart = tl.where(there, value - first, 0.0)
        total += apart
        squares += apart * apart
    at = (row * tl.num_programs(0) + tl.program_id(0)) * 2 * channels + begin + column
    tl.store(sums + at, tl.sum(total, 0), mask=inside)
    tl.store(sums + at + channels, tl.sum(squares, 0), mask=inside)


@triton.jit
def affine_kernel(
    one,
    other,
    split,
    sums,
    addend,
    weight,
    bias,
    affine,
    area,
    chunks,
    eps,
    channels,
    group,
    BLOCK: tl.constexpr,
    CHUNKS: tl.constexpr,
    ADDS: tl.constexpr,
):
    """What a group's channels are multiplied with, and what is added then; their means may lie far apart."""
    row = tl.program_id(1).to(tl.int64)
    place = tl.arange(0, BLOCK)
    column = tl.program_id(0) * group + place
    inside = place < group
    chunk = tl.arange(0, CHUNKS)
    there = (chunk < chunks)[:, None] & inside[None, :]
    at = sums + (row * chunks + chunk[:, None]) * 2 * channels + column[None, :]
    mean = tl.sum(tl.load(at, mask=there, other=0.0), 0) / area
    squares = tl.sum(tl.load(at + channels, mask=there, other=0.0), 0) - area * mean * mean
    left = inside & (column < split)
    right = inside & (column >= split)
    mean += tl.load(one + row * area * split + column, mask=left, other=0.0).to(tl.float32)
    rest = channels - split
    mean += tl.load(other + row * area * rest + column - split, mask=right, other=0.0).to(tl.float32)
    if ADDS:
        added = tl.load(addend + row * channels + column, mask=inside, other=0.0).to(tl.float32)
        mean += added
    apart = tl.where(inside, mean - tl.sum(mean, 0) / group, 0.0)
    variance = tl.sum(squares / area + apart * apart, 0) / group
    scale = tl.rsqrt(variance + eps) * tl.load(weight + column, mask=inside, other=0.0).to(tl.float32)
    shift = tl.load(bias + column, mask=inside, other=0.0).to(tl.float32)
    shift -= tl.sum(mean, 0) / group * scale
    if ADDS:
        shift += added * scale
    tl.store(affine + row * 2 * channels + column, scale, mask=inside)
    tl.store(affine + (row * 2 + 1) * channels + column, shift, mask=inside)


@triton.jit
def apply_kernel(
    part,
    affine,
    result,
    area,
    width,
    begin,
    channels,
    ROWS: tl.constexpr,
    CHANNELS: tl.constexpr,
    ACTIVATED: tl.constexpr,
):
    """Some pixels of some channels: scale, shift, and SiLU."""
    row = tl.program_id(2).to(tl.int64)
    column = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    pixel = row * area + tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    inside = column < width
    there = (pixel < (row + 1) * area)[:, None] & inside[None, :]
    at = affine + row * 2 * channels + begin + column
    scale = tl.load(at, mask=inside, other=0.0)
    shift = tl.load(at + channels, mask=inside, other=0.0)
    value = tl.load(part + pixel[:, None] * width + column[None, :], mask=there, other=0.0).to(tl.float32)
    value = value * scale[None, :] + shift[None, :]
    if ACTIVATED:
        value = value / (1.0 + tl.exp(-value))
    place = result + pixel[:, None] * channels + begin + column[None, :]
    tl.store(place, value.to(result.dtype.element_ty), mask=there)
