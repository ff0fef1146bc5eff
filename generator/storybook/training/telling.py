"""What the painter is told of a picture: one of its captions, and which of the scenes is loud.

One-Prompt-One-Story rests on habits of large models that a small one must be taught. A text encoder that is
causal comes with its architecture. That a prompt of several scenes shows any of them comes with captions
that mention more scenes than the picture shows. And that the loudest scene shows, the length of an embedding
being how loud it is, comes with ``loudness``: in most of these captions the scenes not shown are quieter.
What holds a story together is the pooled embedding, which tells of all scenes whichever is loud.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from generator.method.tokens import EOS
from generator.storybook.corpus import END, VARIANTS
from generator.storybook.training.pool import Batch

DROPPED = 0.1
"""The share of captions that are zeros, so that guidance has something to guide away from."""

POOLED_DROPPED = 0.1
"""The share of pooled embeddings that are zeros though the tokens are not, so that the tokens say it all."""


def second_ids(ids: Tensor) -> Tensor:
    """Ids (n, 77) as SDXL's second tokenizer pads them: zeros after the first EOS."""
    ends = (ids == EOS).cumsum(1)
    return torch.where(ends > 1, torch.zeros_like(ids), ids)


def loudness(segments: Tensor, shown: Tensor) -> Tensor:
    """How loud each token is, (n, 77): 1, but for the scenes that are not shown in most of the captions.

    There they are between a thousandth and a fifth as loud, the end-of-text tokens any loudness at all, and
    the scene shown up to twice as loud. In a fifth of the captions of several scenes nothing tells which of
    them shows; captions of one scene are mostly left as they are.
    """
    n, device = len(segments), segments.device

    def between(low: float, high: float) -> Tensor:
        exponents = torch.empty(n, 1, device=device).uniform_(low, high)
        return torch.pow(torch.full_like(exponents, 10.0), exponents)

    others = (segments > 0) & (segments != shown[:, None])
    scale = torch.where(others, between(-3.0, -0.7), torch.ones(n, 77, device=device))
    scale = torch.where(segments == END, between(-4.0, 0.2), scale)
    scale = torch.where((segments > 0) & ~others, between(-0.05, 0.32), scale)
    weighed = torch.rand(n, 1, device=device) < torch.where(others.any(1, keepdim=True), 0.8, 0.4)
    return torch.where(weighed, scale, torch.ones_like(scale))


def embed(painter: Any, ids: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden states (n, 77, 160) and pooled embeddings (n, 96), as the pipeline takes them."""
    one = painter.text_encoder(ids, output_hidden_states=True)
    two = painter.text_encoder_2(second_ids(ids), output_hidden_states=True)
    return torch.cat([one.hidden_states[-2], two.hidden_states[-2]], -1), two.text_embeds


def conditioning(painter: Any, batch: Batch) -> tuple[Tensor, Tensor]:
    """One of each picture's captions, some of them dropped."""
    n, device = len(batch["ids"]), batch["ids"].device
    rows, picked = torch.arange(n, device=device), torch.randint(VARIANTS, (n,), device=device)
    ids, segments = batch["ids"][rows, picked].long(), batch["segments"][rows, picked]
    hidden, pooled = embed(painter, ids)
    hidden = hidden * loudness(segments, batch["shown"][rows, picked])[..., None]
    kept = (torch.rand(n, 1, device=device) >= DROPPED).float()
    summed = kept * (torch.rand(n, 1, device=device) >= POOLED_DROPPED).float()
    return (hidden * kept[..., None]).to(pooled.dtype), (pooled * summed).to(pooled.dtype)


def time_ids(count: int, device: torch.device) -> Tensor:
    """256 × 256, not cropped: the only size there is."""
    return torch.tensor([[256.0, 256.0, 0.0, 0.0, 256.0, 256.0]], device=device).expand(count, -1)
