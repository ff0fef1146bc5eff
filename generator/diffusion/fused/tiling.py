"""What comes before and after the products of `convolving`, on a GPU: each pixel is moved once."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

TILES, CHANNELS = 8, 128  # that a program moves
PIXELS = 8  # alike, where there are no tiles


def empty(like: Tensor, *shape: int) -> Tensor:
    """A picture of that shape, of the same numbers as another."""
    return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=torch.channels_last)


def to_tiles(picture: Tensor) -> Tensor:
    """See `plain.to_tiles`."""
    rows, channels, height, width = picture.shape
    tiles = rows * height * width // 4
    result = picture.new_empty(16, tiles, channels)
    grid = (triton.cdiv(tiles, TILES), triton.cdiv(channels, CHANNELS))
    to_tiles_kernel[grid](picture, result, height, width, channels, tiles, TILES, CHANNELS, num_warps=4)
    return result


@triton.jit
def to_tiles_kernel(
    picture, result, height, width, channels, tiles, TILES: tl.constexpr, CHANNELS: tl.constexpr
):
    """Some tiles: each row of Bᵀ is the difference or the sum of two of a tile's rows, so also of B."""
    tile = tl.program_id(0) * TILES + tl.arange(0, TILES)
    column = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    across = width // 2
    row = tile // (height // 2 * across)
    top = tile // across % (height // 2) * 2 - 1
    left = tile % across * 2 - 1
    there = (tile < tiles)[:, None] & (column < channels)[None, :]
    step = tl.cast(tiles, tl.int64) * channels
    at = result + tile[:, None].to(tl.int64) * channels + column[None, :]
    for which in tl.static_range(4):
        y = 0 if which == 0 else (2 if which == 2 else 1)
        z = 3 if which == 3 else (1 if which == 2 else 2)
        sign = 1.0 if which == 1 else -1.0
        above = (row * height + top + y) * width
        below = (row * height + top + z) * width
        sees_above = (tile < tiles) & (top + y >= 0) & (top + y < height)
        sees_below = (tile < tiles) & (top + z >= 0) & (top + z < height)
        a = pair(picture, above, below, sees_above, sees_below, left, width, column, channels, sign)
        b = pair(picture, above, below, sees_above, sees_below, left + 1, width, column, channels, sign)
        c = pair(picture, above, below, sees_above, sees_below, left + 2, width, column, channels, sign)
        d = pair(picture, above, below, sees_above, sees_below, left + 3, width, column, channels, sign)
        to = at + 4 * which * step
        kind = result.dtype.element_ty
        tl.store(to, (a - c).to(kind), mask=there)
        tl.store(to + step, (b + c).to(kind), mask=there)
        tl.store(to + 2 * step, (c - b).to(kind), mask=there)
        tl.store(to + 3 * step, (b - d).to(kind), mask=there)


@triton.jit
def pair(picture, above, below, sees_above, sees_below, x, width, column, channels, sign):
    """One pixel of each tile and another of the same x, added or subtracted; outside there are zeros."""
    inside = ((x >= 0) & (x < width))[:, None] & (column < channels)[None, :]
    first = picture + (above + x)[:, None].to(tl.int64) * channels + column[None, :]
    second = picture + (below + x)[:, None].to(tl.int64) * channels + column[None, :]
    one = tl.load(first, mask=sees_above[:, None] & inside, other=0.0).to(tl.float32)
    other = tl.load(second, mask=sees_below[:, None] & inside, other=0.0).to(tl.float32)
    return one + sign * other


def from_tiles(
    products: Tensor, bias: Tensor | None, residual: Tensor | None, size: tuple[int, int]
) -> Tensor:
    """See `plain.from_tiles`."""
    (height, width), (_, tiles, channels) = size, products.shape
    result = empty(products, 4 * tiles // (height * width), channels, height, width)
    grid = (triton.cdiv(tiles, TILES), triton.cdiv(channels, CHANNELS))
    from_tiles_kernel[grid](
        products,
        bias,
        residual,
        result,
        height,
        width,
        channels,
        tiles,
        TILES,
        CHANNELS,
        bias is not None,
        residual is not None,
        num_warps=4,
    )
    return result


@triton.jit
def from_tiles_kernel(
    products,
    bias,
    residual,
    result,
    height,
    width,
    channels,
    tiles,
    TILES: tl.constexpr,
    CHANNELS: tl.constexpr,
    BIASED: tl.constexpr,
    ADDS: tl.constexpr,
):
    """Some tiles of four pixels each."""
    tile = tl.program_id(0) * TILES + tl.arange(0, TILES)
    column = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    there = (tile < tiles)[:, None] & (column < channels)[None, :]
    step = tl.cast(tiles, tl.int64) * channels
    at = products + tile[:, None].to(tl.int64) * channels + column[None, :]
    upper_left = tl.zeros((TILES, CHANNELS), tl.float32)
    if BIASED:
        upper_left += tl.load(bias + column, mask=column < channels, other=0.0).to(tl.float32)[None, :]
    upper_right, lower_left, lower_right = upper_left, upper_left, upper_left
    for which in tl.static_range(4):
        a = tl.load(at + 4 * which * step, mask=there, other=0.0).to(tl.float32)
        b = tl.load(at + (4 * which + 1) * step, mask=there, other=0.0).to(tl.float32)
        c = tl.load(at + (4 * which + 2) * step, mask=there, other=0.0).to(tl.float32)
        d = tl.load(at + (4 * which + 3) * step, mask=there, other=0.0).to(tl.float32)
        left = a + b + c
        right = b - c - d
        if which < 3:
            upper_left += left
            upper_right += right
        if which == 1:
            lower_left += left
            lower_right += right
        if which > 1:
            lower_left -= left
            lower_right -= right
    across = width // 2
    row = tile // (height // 2 * across)
    pixel = (row * height + tile // across % (height // 2) * 2) * width + tile % across * 2
    to = pixel[:, None].to(tl.int64) * channels + column[None, :]
    put(result, residual, to, upper_left, there, ADDS)
    put(result, residual, to + channels, upper_right, there, ADDS)
    put(result, residual, to + width * channels, lower_left, there, ADDS)
    put(result, residual, to + (width + 1) * channels, lower_right, there, ADDS)


@triton.jit
def put(result, residual, to, value, there, ADDS: tl.constexpr):
    """Write pixels, with others added to them."""
    if ADDS:
        value += tl.load(residual + to, mask=there, other=0.0).to(tl.float32)
    tl.store(result + to, value.to(result.dtype.element_ty), mask=there)


def add(picture: Tensor, bias: Tensor | None, residual: Tensor | None) -> Tensor:
    """See `plain.add`."""
    rows, channels, height, width = picture.shape
    result = torch.empty_like(picture)
    grid = (triton.cdiv(rows * height * width, PIXELS), triton.cdiv(channels, CHANNELS))
    add_kernel[grid](
        picture,
        bias,
        residual,
        result,
        rows * height * width,
        channels,
        PIXELS,
        CHANNELS,
        bias is not None,
        residual is not None,
        num_warps=4,
    )
    return result


@triton.jit
def add_kernel(
    picture,
    bias,
    residual,
    result,
    pixels,
    channels,
    PIXELS: tl.constexpr,
    CHANNELS: tl.constexpr,
    BIASED: tl.constexpr,
    ADDS: tl.constexpr,
):
    """Some pixels."""
    pixel = tl.program_id(0).to(tl.int64) * PIXELS + tl.arange(0, PIXELS)
    column = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    there = (pixel < pixels)[:, None] & (column < channels)[None, :]
    at = pixel[:, None] * channels + column[None, :]
    value = tl.load(picture + at, mask=there, other=0.0).to(tl.float32)
    if BIASED:
        value += tl.load(bias + column, mask=column < channels, other=0.0).to(tl.float32)[None, :]
    put(result, residual, at, value, there, ADDS)


def spread(phases: Tensor, bias: Tensor) -> Tensor:
    """See `plain.spread`."""
    rows, four, below, beside = phases.shape
    channels, height, width = four // 4, 2 * below - 2, 2 * beside - 2
    result = empty(phases, rows, channels, height, width)
    grid = (triton.cdiv(rows * height * width, PIXELS), triton.cdiv(channels, CHANNELS))
    spread_kernel[grid](
        phases, bias, result, rows * height * width, height, width, channels, PIXELS, CHANNELS, num_warps=4
    )
    return result


@triton.jit
def spread_kernel(
    phases, bias, result, pixels, height, width, channels, PIXELS: tl.constexpr, CHANNELS: tl.constexpr
):
    """Some pixels, each from the phase of its corner."""
    pixel = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    column = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    there = (pixel < pixels)[:, None] & (column < channels)[None, :]
    x = pixel % width
    y = pixel // width % height
    row = pixel // (width * height)
    source = (row * (height // 2 + 1) + (y + 1) // 2) * (width // 2 + 1) + (x + 1) // 2
    corner = y % 2 * 2 + x % 2
    at = (source * 4 + corner)[:, None].to(tl.int64) * channels + column[None, :]
    value = tl.load(phases + at, mask=there, other=0.0).to(tl.float32)
    value += tl.load(bias + column, mask=column < channels, other=0.0).to(tl.float32)[None, :]
    to = pixel[:, None].to(tl.int64) * channels + column[None, :]
    tl.store(result + to, value.to(result.dtype.element_ty), mask=there)
