"""Identity-preserving cross-attention: the subject's tokens count ``w`` times in every frame.

One-Prompt-One-Story (arXiv 2501.13554), "IPCA": attend to the subject prompt's stored keys and values beside
the frame's own, all stored but BOS and the subject's tokens masked. The stored ones equal the frame's own,
since text keys depend on neither step nor image, CLIP is causal, and the subject opens every prompt. And
attending twice to a key is attending once with ``ln 2`` added to its logit:

    2·exp(q·k) = exp(q·k + ln 2)

So identity is a bias on keys, with no second pass and nothing stored; w = 2 is the paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import log
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from torch import Tensor

from generator.method.tokens import first_occurrence


class IdentityProcessor(AttnProcessor2_0):  # type: ignore[misc]
    """diffusers' attention, with ``identity_bias`` added to the logits of cross-attention.

    The bias comes with the call (``cross_attention_kwargs``) as a tensor, so one stateless processor serves
    all layers and steps, and a compiled network is compiled once.
    """

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
        identity_bias: Tensor | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """Attend; self-attention, which has no text, ignores the bias."""
        if encoder_hidden_states is not None and identity_bias is not None:
            attention_mask = identity_bias if attention_mask is None else attention_mask + identity_bias
        attended: Tensor = super().__call__(
            attn, hidden_states, encoder_hidden_states, attention_mask, temb, **kwargs
        )
        return attended


def identity_bias(input_ids: tuple[int, ...], subject: tuple[int, ...], strength: float) -> Tensor:
    """The bias (1, 1, 77) on a prompt's keys: ``ln w`` at BOS and at the subject's tokens, else zero.

    ``input_ids`` are the prompt's 77 tokens, ``subject`` the subject's own without BOS and EOS, ``strength``
    is w.
    """
    if strength <= 0:
        raise ValueError(f"identity strength must be above 0, but is {strength}")
    bias = torch.zeros(1, 1, len(input_ids))
    bias[..., [0, *first_occurrence(input_ids, subject)]] = log(strength)
    return bias


@contextmanager
def identity_attention(unet: UNet2DConditionModel) -> Iterator[None]:
    """Let ``unet`` understand ``identity_bias``; afterwards its processors are the very ones it had."""
    processors = unet.attn_processors
    unet.set_attn_processor(IdentityProcessor())
    try:
        yield
    finally:
        unet.set_attn_processor(dict(processors))  # a copy, since the setter empties what it is given
