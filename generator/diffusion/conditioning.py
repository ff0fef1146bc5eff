"""From a recipe's words to what the network is told in every step."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import torch
from diffusers import StableDiffusionXLPipeline
from torch import Tensor

from generator.method.identity import identity_bias
from generator.method.svr import svr
from generator.method.tokens import clip_tokenizer
from generator.story import Recipe


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What stays the same over all steps of n drawings.

    With guidance there are two branches: n unconditional rows, then n conditional ones; else n rows.
    """

    hidden_states: Tensor  #: (rows, 77, 2048), both text encoders side by side
    pooled: Tensor  #: (rows, 1280), the second text encoder's summary
    time_ids: Tensor  #: (rows, 6), heights and widths as SDXL is told them
    identity_bias: Tensor | None  #: (rows, 1, 77)
    guidance_scale: Tensor  #: (n, 1, 1, 1), float32
    told_guidance: Tensor | None  #: (n, d), for networks that are told their guidance and have one branch
    silent: int = 0  #: how many of the first rows have no text at all
    alike: bool = False  #: whether all drawings begin with the same noise

    @property
    def guided(self) -> bool:
        """Whether there are two branches."""
        return len(self.pooled) > len(self.guidance_scale)

    @property
    def shared(self) -> Conditioning:
        """With one row without text for all of them, which are alike as long as the drawings are."""
        n = len(self.guidance_scale)

        def some(rows: Tensor) -> Tensor:
            return torch.cat([rows[:1], rows[n:]])

        return replace(
            self,
            hidden_states=some(self.hidden_states),
            pooled=some(self.pooled),
            time_ids=some(self.time_ids),
            identity_bias=None if self.identity_bias is None else some(self.identity_bias),
            silent=1,
        )

    @property
    def unguided(self) -> Conditioning:
        """The conditional branch alone."""
        rows = len(self.guidance_scale)
        return replace(
            self,
            hidden_states=self.hidden_states[-rows:],
            pooled=self.pooled[-rows:],
            time_ids=self.time_ids[-rows:],
            identity_bias=None if self.identity_bias is None else self.identity_bias[-rows:],
            silent=0,
        )


def condition(
    pipe: StableDiffusionXLPipeline, recipes: Sequence[Recipe], device: torch.device
) -> Conditioning:
    """Encode recipes of one shape: prompts with their scenes reweighted, negatives, sizes and identities."""
    told = pipe.unet.config.time_cond_proj_dim
    guided = recipes[0].guidance_scale > 1 and told is None
    hidden_states, pooled = encode(pipe, [recipe.prompt for recipe in recipes], device)
    hidden_states = torch.stack(reweighted(pipe, hidden_states.cpu(), recipes)).to(device)
    silent = 0
    if guided:
        negatives = [recipe.negative_prompt for recipe in recipes]
        silent = 0 if any(negatives) else len(recipes)
        unwanted = encode_negatives(pipe, negatives, hidden_states, pooled)
        hidden_states, pooled = (
            torch.cat(pair) for pair in zip(unwanted, (hidden_states, pooled), strict=True)
        )
    dtype, scales = pipe.unet.dtype, torch.tensor([recipe.guidance_scale for recipe in recipes])
    bias = bias_of(recipes, guided=guided)
    return Conditioning(
        hidden_states=hidden_states.to(dtype),
        pooled=pooled.to(dtype),
        time_ids=time_ids(recipes[0], len(pooled)).to(device, dtype),
        identity_bias=None if bias is None else bias.to(device, dtype),
        guidance_scale=scales.view(-1, 1, 1, 1).to(device),
        told_guidance=told and embed_guidance(pipe, scales, told).to(device, dtype),
        silent=silent,
        alike=len({recipe.seed for recipe in recipes}) == 1,
    )


def bias_of(recipes: Sequence[Recipe], *, guided: bool) -> Tensor | None:
    """The identity bias of all rows (rows, 1, 77), or None where no recipe has any."""
    if all(recipe.identity_strength == 1 for recipe in recipes):
        return None
    tokens = clip_tokenizer()
    biases = torch.cat(
        [
            identity_bias(tokens.context(recipe.prompt), tokens.ids(recipe.subject), recipe.identity_strength)
            for recipe in recipes
        ]
    )
    return torch.cat([torch.zeros_like(biases), biases]) if guided else biases


def encode(pipe: StableDiffusionXLPipeline, texts: list[str], device: torch.device) -> tuple[Tensor, Tensor]:
    """Hidden states (n, 77, 2048) and pooled embeddings (n, 1280) of texts."""
    hidden_states, _, pooled, _ = pipe.encode_prompt(texts, device=device, do_classifier_free_guidance=False)
    return hidden_states, pooled


def encode_negatives(
    pipe: StableDiffusionXLPipeline, texts: list[str], *like: Tensor
) -> tuple[Tensor, Tensor]:
    """As `encode`; but no text is zeros, as SDXL was trained, and not the empty text's embedding.

    ``like`` are as many texts' hidden states and pooled embeddings.
    """
    hidden_states, pooled = map(torch.zeros_like, like)
    if written := [row for row, text in enumerate(texts) if text]:
        encoded = encode(pipe, [texts[row] for row in written], pooled.device)
        hidden_states[written], pooled[written] = encoded
    return hidden_states, pooled


def reweighted(pipe: StableDiffusionXLPipeline, texts: Tensor, recipes: Sequence[Recipe]) -> list[Tensor]:
    """Hidden states (n, 77, 2048) after SVR, whose matrices are so small that a thread each is fastest."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(partial(reweight, pipe), texts, recipes))
    finally:
        torch.set_num_threads(threads)


def reweight(pipe: StableDiffusionXLPipeline, hidden_states: Tensor, recipe: Recipe) -> Tensor:
    """``hidden_states`` (77, 2048) after SVR, which knows the two text encoders one by one."""
    tokens = clip_tokenizer()
    input_ids, express = tokens.context(recipe.prompt), tokens.ids(recipe.express)
    suppress = [tokens.ids(scene) for scene in recipe.suppress]
    widths = [encoder.config.hidden_size for encoder in (pipe.text_encoder, pipe.text_encoder_2)]
    parts = torch.split(hidden_states, widths, dim=-1)  # (77, 768) and (77, 1280)
    return torch.cat(svr(parts, input_ids, express, suppress, recipe.svr), dim=-1)


def time_ids(recipe: Recipe, batch: int) -> Tensor:
    """SDXL's micro-conditioning (arXiv 2307.01952, section 2.2): original size, crop at 0, target size."""
    size = (recipe.height, recipe.width)
    return torch.tensor([[*size, 0, 0, *size]]).repeat(batch, 1)


def embed_guidance(pipe: StableDiffusionXLPipeline, scales: Tensor, width: int) -> Tensor:
    """Guidances (n,) as latent consistency models are told them (n, width); arXiv 2310.04378, section 4."""
    embedding: Tensor = pipe.get_guidance_scale_embedding(scales - 1, embedding_dim=width)
    return embedding
