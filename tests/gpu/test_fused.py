"""What the kernels compute in SDXL's own shapes, against the same words in PyTorch and in whole numbers."""

from __future__ import annotations

import pytest
import torch

if not torch.cuda.is_available():
    pytest.skip("there is no GPU", allow_module_level=True)

from torch import Tensor, nn

from generator.diffusion.devices import look
from generator.diffusion.fused.convolving import Convolution, Enlargement

if not look("cuda:0").fuses:
    pytest.skip("the kernels are for other GPUs", allow_module_level=True)

from generator.diffusion.fused import kernels
from tests.diffusion.wording import CASES, Numbers, distance, word

ROUNDED = 0.004  # bf16 has eight bits

LARGE = ("normalize_groups", "to_tiles", "add", "spread")
"""What is told of pictures as large as one likes."""


def on_gpu(*shape: int) -> Tensor:
    return torch.randn(shape, device="cuda", dtype=torch.bfloat16)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_a_kernel_says_what_its_word_says(case: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    assert distance(case, kernels, Numbers(dtype, "cuda")) < ROUNDED


@pytest.mark.parametrize("case", [case for case in CASES if word(case) in LARGE])
def test_what_takes_many_programs_is_put_together(case: str) -> None:
    torch.manual_seed(0)
    assert distance(case, kernels, Numbers(torch.bfloat16, "cuda", scale=5)) < ROUNDED


@pytest.mark.parametrize(("inner", "outer", "side"), [(1280, 1280, 32), (640, 640, 64), (1920, 640, 64)])
@torch.inference_mode()
def test_convolutions_are_as_near_as_bf16_allows(inner: int, outer: int, side: int) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(inner, outer, 3, padding=1, device="cuda", dtype=torch.bfloat16)
    picture = on_gpu(2, inner, side, side).contiguous(memory_format=torch.channels_last)
    exact = layer.double()(picture.double())
    layer.bfloat16()
    found = Convolution(layer, kernels)(picture, layer.bias)
    assert (found - exact).norm() < 2 * ROUNDED * exact.norm()
    twice = nn.functional.interpolate(picture, scale_factor=2.0)
    enlarged = Enlargement(layer, kernels)(picture)
    exact = layer.double()(twice.double())
    assert (enlarged - exact).norm() < ROUNDED * exact.norm()
