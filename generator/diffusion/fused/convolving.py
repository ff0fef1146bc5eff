"""Convolutions with less work: the same sums, put together another way.

Winograd's F(2 × 2, 3 × 3) (Lavin and Gray, arXiv 1509.09308, equations 8 to 11) has 16 products where a
convolution has 36:

    y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A

Enlarged twice without smoothing, every pixel stands for four, so that of a 3 × 3 kernel only 2 × 2 different
pixels are met: four such kernels, one for each corner, have 16 products where there were 36 too.
"""

from __future__ import annotations

from types import ModuleType

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

WEIGHTS = torch.tensor([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], dtype=torch.float64)
"""G of the first equation."""

CORNERS = torch.tensor([[[1, 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]], dtype=torch.float64)
"""Which rows of a 3 × 3 kernel fall onto the same pixel, at an even place and at an odd one."""

WIDE = 640
"""Channels from which on products are so much more work than moving tiles that Winograd's way pays."""


class Convolution:
    """A layer's 3 × 3 convolution, in the way that is least work for it."""

    def __init__(self, layer: nn.Conv2d, words: ModuleType) -> None:
        self._layer, self._words = layer, words
        wide = min(layer.in_channels, layer.out_channels) >= WIDE
        square = layer.kernel_size == (3, 3) and layer.stride == (1, 1) and layer.padding == (1, 1)
        self._weights = winograd(layer.weight.data) if wide and square else None

    def __call__(self, picture: Tensor, bias: Tensor | None, residual: Tensor | None = None) -> Tensor:
        """Convolve (n, c, h, w), and add a bias (c') and what has the result's shape to it."""
        height, width = picture.shape[2:]
        if self._weights is not None and height % 2 == width % 2 == 0:
            products = torch.bmm(self._words.to_tiles(picture), self._weights)
            return self._words.from_tiles(products, bias, residual, (height, width))  # type: ignore[no-any-return]
        layer = self._layer
        result = conv2d(picture, layer.weight, None, layer.stride, layer.padding)
        if bias is None and residual is None:
            return result
        return self._words.add(result, bias, residual)  # type: ignore[no-any-return]


class Enlargement:
    """A layer that enlarges pictures twice and convolves them, at once."""

    def __init__(self, layer: nn.Conv2d, words: ModuleType) -> None:
        assert layer.bias is not None
        self._weights, self._bias, self._words = corners(layer.weight.data), layer.bias, words

    def __call__(self, picture: Tensor) -> Tensor:
        """(n, c, h, w) as (n, c', 2 h, 2 w)."""
        result: Tensor = self._words.spread(conv2d(picture, self._weights, padding=1), self._bias)
        return result


def winograd(weight: Tensor) -> Tensor:
    """G g Gᵀ of a kernel (out, in, 3, 3), as matrices (16, in, out)."""
    matrix = WEIGHTS.to(weight.device)
    kernels = torch.einsum("ai,oxij,bj->abxo", matrix, weight.double(), matrix)
    return kernels.flatten(0, 1).to(weight.dtype).contiguous()


def corners(weight: Tensor) -> Tensor:
    """A kernel (out, in, 3, 3) as the four of its corners, (4 out, in, 2, 2), with channels last."""
    matrices = CORNERS.to(weight.device)
    kernels = torch.einsum("ypi,oxij,zqj->yzoxpq", matrices, weight.double(), matrices)
    return kernels.flatten(0, 2).to(weight.dtype).contiguous(memory_format=torch.channels_last)
