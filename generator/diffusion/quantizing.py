"""Large matrices multiplied in eight bits, which GPUs do up to twice as fast as in sixteen.

Each output channel of the weights and each token has a scale of its own, found when the token comes along:

    y = s_x · s_w · (x̂ ŵᵀ) + b        x̂ = x / s_x,  ŵ = w / s_w,  in int8 or in float8 (e4m3)
"""

from __future__ import annotations

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention import BasicTransformerBlock
from torch import Tensor, nn
from torch.nn.functional import pad

from generator.diffusion.plan import Quantization

LARGEST = {torch.int8: 127.0, torch.float8_e4m3fn: 448.0}
"""The largest number of each kind."""

KINDS = {Quantization.INT8: torch.int8, Quantization.FP8: torch.float8_e4m3fn}

ALIGNED = 16  # both sides of a matrix, as the kernels want them

LEAST_ROWS = 17  # of int8; a GPU has no kernel for fewer, which the deepest layers of small pictures have

ONCE = ("to_k", "to_v")
"""Of cross-attention; a drawing needs them once, so that nothing is gained."""


class EightBit(nn.Module):
    """A linear layer in eight bits."""

    weight: Tensor  #: (out, in), in eight bits
    scale: Tensor  #: (out, 1), float32

    def __init__(self, linear: nn.Linear, kind: torch.dtype) -> None:
        super().__init__()
        weight, scale = rounded(linear.weight.data, kind)
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale)
        self.bias = linear.bias

    def forward(self, inputs: Tensor) -> Tensor:
        """(…, in) as (…, out), in the precision of the inputs."""
        tokens, scale = rounded(inputs.flatten(0, -2), self.weight.dtype)
        if self.weight.dtype == torch.int8:
            missing = max(0, LEAST_ROWS - len(tokens))
            product = torch._int_mm(pad(tokens, (0, 0, 0, missing)), self.weight.t())[: len(tokens)]
            product = product * scale * self.scale.t()
        else:  # these kernels give bfloat16; exact sums of such small numbers would be several times as slow
            product = torch._scaled_mm(
                tokens,
                self.weight.t(),
                scale,
                self.scale.t(),
                out_dtype=torch.bfloat16,
                use_fast_accum=True,
            )
        if self.bias is not None:
            product = product + self.bias
        result: Tensor = product.to(inputs.dtype).view(*inputs.shape[:-1], -1)
        return result


def rounded(rows: Tensor, kind: torch.dtype) -> tuple[Tensor, Tensor]:
    """``rows`` (n, d) in eight bits, divided by their scales (n, 1): the largest number just fits."""
    numbers, largest = rows.float(), LARGEST[kind]
    scale = numbers.abs().amax(-1, keepdim=True).clamp(min=1e-12) / largest
    numbers = (numbers / scale).clamp(-largest, largest)
    return (numbers.round() if kind == torch.int8 else numbers).to(kind), scale


@torch.no_grad()
def quantize(unet: UNet2DConditionModel, quantization: Quantization) -> None:
    """Have the matrices of the attention and feed-forward layers in eight bits from now on."""
    if quantization is Quantization.OFF:
        return
    for block in unet.modules():
        if isinstance(block, BasicTransformerBlock):
            replace_linears(block, KINDS[quantization])


def replace_linears(block: nn.Module, kind: torch.dtype) -> None:
    """Replace the linear layers in a block that are worth it."""
    for name, module in list(block.named_modules()):
        for child, layer in list(module.named_children()):
            once = name == "attn2" and child in ONCE
            if isinstance(layer, nn.Linear) and not once and is_aligned(layer):
                setattr(module, child, EightBit(layer, kind))


def is_aligned(layer: nn.Linear) -> bool:
    """Whether there are kernels for matrices of its size."""
    return layer.in_features % ALIGNED == 0 and layer.out_features % ALIGNED == 0
