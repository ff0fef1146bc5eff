"""Attention while a network stays on its device: what does not change during a drawing is computed once.

Text keys and values depend on neither step nor image, so each layer remembers them. Where the negative prompt
is empty, its embedding is zeros, and so are its values, since ``to_v`` has no bias: whatever the queries ask,
they hear the bias of the output's projection, and those rows need not ask at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention
from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention

from generator.diffusion.conditioning import Conditioning

ALIGNED = 8  # elements; a row of 77 biases would be copied into one of 80 by each layer in each step


class SelfAttention:
    """diffusers' self-attention, with queries, keys and values from one matrix product."""

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: None = None,
        attention_mask: None = None,
        identity_bias: Tensor | None = None,
    ) -> Tensor:
        """Attend; the bias is on text."""
        return projected(attn, self.attend(attn, hidden_states))

    @staticmethod
    def attend(attn: Attention, hidden_states: Tensor) -> Tensor:
        """What all heads find (rows, tokens, d), which is not projected yet."""
        query, key, value = (
            attn.to_qkv(hidden_states).unflatten(-1, (3, attn.heads, -1)).permute(2, 0, 3, 1, 4)
        )
        return scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)


class TextAttention:
    """Cross-attention to the text of one drawing, which it remembers.

    The tensors are attributes: the same compiled code serves all layers and drawings.
    """

    keys: Tensor  #: (rows, heads, tokens, head size)
    values: Tensor  #: alike

    def __init__(self, lasting: bool) -> None:
        """What is ``lasting`` lies in one place for each shape, for whoever has recorded where it reads."""
        self._lasting = lasting
        self._places: dict[torch.Size, tuple[Tensor, Tensor]] = {}

    def remember(self, attn: Attention, text: Tensor) -> None:
        """Project ``text`` (rows, tokens, d)."""
        keys, values = (heads(project(text), attn.heads) for project in (attn.to_k, attn.to_v))
        places = self._places.get(keys.shape) or (keys.new_empty(keys.shape), keys.new_empty(keys.shape))
        if self._lasting:
            self._places[keys.shape] = places
        self.keys, self.values = places[0].copy_(keys), places[1].copy_(values)

    def keep_last(self, rows: int) -> None:
        """Forget the rows before."""
        self.keys, self.values = self.keys[-rows:], self.values[-rows:]

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: None = None,
        identity_bias: Tensor | None = None,
    ) -> Tensor:
        """Attend with the last rows, whose text is remembered; the others' is empty."""
        listening = len(self.keys)
        query = attn.to_q(hidden_states[-listening:])
        heard = projected(attn, listen(query, self.keys, self.values, identity_bias))
        if listening == len(hidden_states):
            return heard
        silence = attn.to_out[0].bias.expand(len(hidden_states) - listening, *heard.shape[1:])
        return torch.cat([silence, heard])


def listen(query: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None) -> Tensor:
    """What queries (rows, tokens, d) find, alike, in the keys and values that `TextAttention` remembers."""
    found = scaled_dot_product_attention(heads(query, keys.shape[1]), keys, values, attn_mask=bias)
    return found.transpose(1, 2).flatten(2)


def heads(tokens: Tensor, count: int) -> Tensor:
    """(rows, tokens, d) as (rows, heads, tokens, head size)."""
    rows, length, _ = tokens.shape
    return tokens.view(rows, length, count, -1).transpose(1, 2)


def projected(attn: Attention, found: Tensor) -> Tensor:
    """What the heads have found, as the layer's output."""
    output: Tensor = attn.to_out[0](found)
    return output


class Memory:
    """All attention of one network, which listens to one drawing at a time."""

    def __init__(self, unet: UNet2DConditionModel, *, lasting: bool = False) -> None:
        """The network has these processors until `release`; what is ``lasting`` stays where it is."""
        try:
            fuse(unet)
        except Exception:
            unfuse(unet)  # memory may have run out half way
            raise
        self._unet, self._before = unet, unet.attn_processors
        self._texts: list[tuple[Attention, TextAttention]] = []
        processors: dict[str, SelfAttention | TextAttention] = {}
        for name, layer in attentions(unet):
            processor = TextAttention(lasting) if layer.is_cross_attention else SelfAttention()
            processors[f"{name}.processor"] = processor
            if isinstance(processor, TextAttention):
                self._texts.append((layer, processor))
        unet.set_attn_processor(processors)

    def release(self) -> None:
        """Leave the network with the very processors and layers that it had."""
        self._unet.set_attn_processor(dict(self._before))  # a copy, since the setter empties what it is given
        unfuse(self._unet)

    @contextmanager
    def of(self, conditioning: Conditioning) -> Iterator[Tensor | None]:
        """Remember a drawing's text, and yield its identity bias as these layers want it."""
        text, bias = conditioning.hidden_states[conditioning.silent :], None
        if conditioning.identity_bias is not None:
            bias = aligned(conditioning.identity_bias[conditioning.silent :])
            text = pad(text, (0, 0, 0, bias.shape[-1] - text.shape[1]))  # of which nothing is heard
        for layer, processor in self._texts:
            processor.remember(layer, text)
        try:
            yield bias
        finally:
            for _, processor in self._texts:
                del processor.keys, processor.values

    @property
    def place(self) -> tuple[int, ...]:
        """Where, and in which shape, the text is; one layer's tells of all."""
        for _, processor in self._texts:
            return processor.keys.data_ptr(), *processor.keys.shape
        return ()

    def keep_last(self, rows: int) -> None:
        """From here on, only the last rows are drawn."""
        for _, processor in self._texts:
            processor.keep_last(rows)


def aligned(bias: Tensor) -> Tensor:
    """The bias (rows, 1, 77) as (rows, 1, 1, 80); of the keys that fill it up, nothing is heard."""
    missing = -bias.shape[-1] % ALIGNED
    return pad(bias, (0, missing), value=float("-inf")).unsqueeze(1)


def attentions(unet: UNet2DConditionModel) -> Iterator[tuple[str, Attention]]:
    """Every attention layer by its name."""
    for name, module in unet.named_modules():
        if isinstance(module, Attention):
            yield name, module


@torch.no_grad()
def fuse(unet: UNet2DConditionModel) -> None:
    """Lay each self-attention's three matrices into one; they become views of it, so no memory is added."""
    for _, layer in attentions(unet):
        if not layer.is_cross_attention and not hasattr(layer, "to_qkv"):
            layer.to_qkv = one_of((layer.to_q, layer.to_k, layer.to_v))


def one_of(parts: tuple[nn.Module, ...]) -> nn.Module:
    """One linear layer for several, whose tensors become views of its own."""
    whole = deepcopy(parts[0])
    for name in ("weight", "scale"):  # only layers in eight bits have scales
        if hasattr(whole, name):
            together = torch.cat([getattr(part, name).data for part in parts])
            getattr(whole, name).data = together
            for part, piece in zip(parts, together.chunk(len(parts)), strict=True):
                getattr(part, name).data = piece
    return whole


def unfuse(unet: UNet2DConditionModel) -> None:
    """Have only the three again: a network that is moved would take both along."""
    for _, layer in attentions(unet):
        if hasattr(layer, "to_qkv"):
            del layer.to_qkv
