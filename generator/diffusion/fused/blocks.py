"""A network's blocks in fused words: SDXL's transformers, residual blocks, and what goes up again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import torch
from diffusers.models.activations import GEGLU
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from diffusers.models.unets.unet_2d_blocks import CrossAttnUpBlock2D, UpBlock2D
from diffusers.models.upsampling import Upsample2D
from torch import Tensor, nn
from torch.nn.functional import linear, silu

from generator.diffusion.attention import SelfAttention, TextAttention
from generator.diffusion.fused.convolving import Convolution, Enlargement
from generator.diffusion.fused.plain import TURN
from generator.diffusion.rewriting import Forward, laid_out


def forwards(network: Any, words: ModuleType) -> Iterator[tuple[nn.Module, Forward]]:
    """Every block that can be said in fused words, and its forward in them."""
    for block in network.modules():
        for kind, fused in FUSED.items():
            if type(block) is kind and can_be_fused(block):
                yield block, fused(block, words)
    norm, activation = network.conv_norm_out, network.conv_act
    if isinstance(activation, nn.SiLU):
        yield norm, lambda picture: normalized(words, norm, (picture,))
        yield activation, lambda picture: picture


def can_be_fused(block: Any) -> bool:
    """Whether a block is as SDXL has it."""
    if isinstance(block, Transformer2DModel):
        return bool(block.use_linear_projection and all(map(is_plain, block.transformer_blocks)))
    if isinstance(block, ResnetBlock2D):
        return (
            block.upsample is None
            and block.downsample is None
            and (block.time_embedding_norm == "default" or block.time_emb_proj is None)
            and not block.skip_time_act
            and block.output_scale_factor == 1
            and isinstance(block.nonlinearity, nn.SiLU)
        )
    if isinstance(block, Upsample2D):
        return bool(block.interpolate and block.norm is None and block.use_conv)
    return all(map(can_be_fused, block.resnets))


def is_plain(block: BasicTransformerBlock) -> bool:
    """Whether a transformer's block attends to itself, to text, and feeds forward through a gate.

    The values, and their gates, must be whole turns of rows: no others can lie as `plain.gated` wants them.
    """
    gate = block.ff.net[0]
    return bool(
        block.norm_type == "layer_norm"
        and isinstance(gate, GEGLU)
        and isinstance(gate.proj, nn.Linear)
        and gate.proj.out_features % (2 * TURN) == 0
    )


def transformer(module: Transformer2DModel, words: ModuleType) -> Forward:
    """Products go into the stream as they are summed up; their biases are added where it is read.

    With x for the stream without biases, and b for their sum so far: LN(x + b), and at last W (x + b) + c.
    """
    offsets = list(biases(module))
    last = linear(offsets[-1], module.proj_out.weight.float(), module.proj_out.bias.float())
    last = last.to(module.proj_out.bias.dtype)

    def forward(
        picture: Tensor, *, cross_attention_kwargs: dict[str, Tensor | None], **others: Any
    ) -> tuple[Tensor]:
        rows, _, height, width = picture.shape
        identity_bias = cross_attention_kwargs["identity_bias"]
        tokens = normalized(words, module.norm, (picture,), activated=False)
        stream, offset = module.proj_in(tokens.permute(0, 2, 3, 1).flatten(1, 2)), iter(offsets)
        for block in module.transformer_blocks:
            itself: SelfAttention = block.attn1.processor
            text: TextAttention = block.attn2.processor
            gate, back = block.ff.net[0].proj, block.ff.net[2]
            tokens = told(words, block.norm1, stream, next(offset))
            add(stream, itself.attend(block.attn1, tokens), block.attn1.to_out[0])
            listening = stream[-len(text.keys) :]  # where there is no text, only a bias would be heard
            query = block.attn2.to_q(told(words, block.norm2, listening, next(offset)))
            heard = words.listen(query, text.keys, text.values, identity_bias)
            add(listening, heard, block.attn2.to_out[0])
            tokens = told(words, block.norm3, stream, next(offset))
            add(stream, words.gated(tokens, gate.weight, gate.bias), back)
        result = linear(stream, module.proj_out.weight, last)
        return (result.view(rows, height, width, -1).permute(0, 3, 1, 2).add_(picture),)

    return forward


def biases(module: Transformer2DModel) -> Iterator[Tensor]:
    """The sum of the biases before each of its norms, and at last of all, in float32."""
    total = torch.zeros_like(module.proj_in.bias, dtype=torch.float32)
    yield total
    for block in module.transformer_blocks:
        for layer in (block.attn1.to_out[0], block.attn2.to_out[0], block.ff.net[2]):
            total = total + layer.bias
            yield total


def add(stream: Tensor, tokens: Tensor, layer: nn.Linear) -> None:
    """Add a layer of tokens (n, length, d'), but for its bias, to the stream (n, length, d)."""
    stream.view(-1, stream.shape[-1]).addmm_(tokens.flatten(0, 1), layer.weight.t())


def told(words: ModuleType, norm: nn.LayerNorm, stream: Tensor, offset: Tensor) -> Tensor:
    """The norm of the stream and its offset."""
    result: Tensor = words.normalize(stream, offset, norm.weight, norm.bias, norm.eps)
    return result


def normalized(
    words: ModuleType,
    norm: nn.GroupNorm,
    parts: tuple[Tensor, ...],
    *,
    addend: Tensor | None = None,
    activated: bool = True,
) -> Tensor:
    """The group norm of a picture's parts, and SiLU."""
    result: Tensor = words.normalize_groups(
        parts, norm.num_groups, norm.weight, norm.bias, norm.eps, addend, activated
    )
    return result


def residual(module: ResnetBlock2D, words: ModuleType) -> Forward:
    """Biases go along with what comes next; a picture in two parts is not put together for it."""
    first, second = Convolution(module.conv1, words), Convolution(module.conv2, words)

    def forward(picture: Tensor | tuple[Tensor, ...], temb: Tensor | None) -> Tensor:
        parts = picture if isinstance(picture, tuple) else (picture,)
        addend = module.conv1.bias.expand(len(parts[0]), -1)
        if temb is not None:
            addend = addend + module.time_emb_proj(silu(temb))
        within = first(normalized(words, module.norm1, parts), None)
        within = normalized(words, module.norm2, (within,), addend=addend.contiguous())
        return second(within, module.conv2.bias, beside(module.conv_shortcut, parts))

    return forward


def beside(shortcut: nn.Conv2d | None, parts: tuple[Tensor, ...]) -> Tensor:
    """A picture in some parts as it is, or through a convolution of single pixels."""
    if shortcut is None:
        (picture,) = parts
        return laid_out(picture)
    rows, _, height, width = parts[0].shape
    pixels = [part.permute(0, 2, 3, 1).flatten(0, 2) for part in parts]
    weights = shortcut.weight.flatten(1).split([part.shape[1] for part in parts], dim=1)
    result = linear(pixels[0], weights[0], shortcut.bias)
    for more, weight in zip(pixels[1:], weights[1:], strict=True):
        result.addmm_(more, weight.t())
    return result.view(rows, height, width, -1).permute(0, 3, 1, 2)


def upsampler(module: Upsample2D, words: ModuleType) -> Forward:
    """Twice as large, unless a size that is not is asked for."""
    enlarged = Enlargement(module.conv, words)

    def forward(picture: Tensor, output_size: torch.Size | None = None, *_: Any) -> Tensor:
        twice = tuple(2 * side for side in picture.shape[2:])
        if output_size is not None and tuple(output_size) != twice:
            result: Tensor = type(module).forward(module, picture, output_size)
            return result
        return enlarged(picture)

    return forward


def upward(block: CrossAttnUpBlock2D | UpBlock2D, _: ModuleType) -> Forward:
    """Its residual blocks take what comes from below and what comes across as two parts."""

    def forward(
        hidden_states: Tensor,
        res_hidden_states_tuple: tuple[Tensor, ...],
        temb: Tensor,
        upsample_size: torch.Size | None = None,
        **others: Any,
    ) -> Tensor:
        if getattr(block, "b1", None):  # FreeU changes both of them
            result: Tensor = type(block).forward(
                block, hidden_states, res_hidden_states_tuple, temb, upsample_size=upsample_size, **others
            )
            return result
        attentions = getattr(block, "attentions", [None] * len(block.resnets))
        across = reversed(res_hidden_states_tuple[-len(block.resnets) :])
        for resnet, attention, over in zip(block.resnets, attentions, across, strict=True):
            hidden_states = resnet((hidden_states, over), temb)
            if attention is not None:
                (hidden_states,) = attention(hidden_states, return_dict=False, **others)
        for upsampler in block.upsamplers or ():
            hidden_states = upsampler(hidden_states, upsample_size)
        return hidden_states

    return forward


FUSED: dict[type[nn.Module], Callable[[Any, ModuleType], Forward]] = {
    Transformer2DModel: transformer,
    ResnetBlock2D: residual,
    Upsample2D: upsampler,
    CrossAttnUpBlock2D: upward,
    UpBlock2D: upward,
}
