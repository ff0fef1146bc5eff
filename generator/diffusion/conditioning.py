"""From a recipe's words to what the network is told in every step."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from diffusers import StableDiffusionXLPipeline
from torch import Tensor

from generator.method.identity import identity_bias
from generator.method.svr import svr
from generator.method.tokens import clip_tokenizer
from generator.story import Recipe


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What stays the same over all steps; the unconditional branch, where there is one, is row 0."""

    hidden_states: Tensor  #: (batch, 77, 2048), both text encoders side by side
    pooled: Tensor  #: (batch, 1280), the second text encoder's summary
    time_ids: Tensor  #: (batch, 6), heights and widths as SDXL is told them
    identity_bias: Tensor | None  #: (batch, 1, 77)
    guidance: Tensor | None  #: (1, d), for networks that are told their guidance instead of being guided


def condition(pipe: StableDiffusionXLPipeline, recipe: Recipe, device: torch.device) -> Conditioning:
    """Encode a recipe: the prompt with its scenes reweighted, the negative prompt, size and identity."""
    told = pipe.unet.config.time_cond_proj_dim
    guided = recipe.guidance_scale > 1 and told is None
    hidden_states, pooled = encode(pipe, recipe.prompt, device)
    hidden_states = reweight(pipe, hidden_states, recipe)
    if guided:
        negative_hidden_states, negative_pooled = encode_negative(pipe, recipe.negative_prompt, device)
        hidden_states = torch.cat([negative_hidden_states, hidden_states])
        pooled = torch.cat([negative_pooled, pooled])
    tokens = clip_tokenizer()
    bias = identity_bias(
        tokens.context(recipe.prompt), tokens.ids(recipe.subject), recipe.identity_strength, guided=guided
    )
    dtype = pipe.unet.dtype
    return Conditioning(
        hidden_states=hidden_states.to(dtype),
        pooled=pooled.to(dtype),
        time_ids=time_ids(recipe, len(pooled)).to(device, dtype),
        identity_bias=None if bias is None else bias.to(device, dtype),
        guidance=told and embed_guidance(pipe, recipe.guidance_scale, told).to(device, dtype),
    )


def encode(pipe: StableDiffusionXLPipeline, text: str, device: torch.device) -> tuple[Tensor, Tensor]:
    """Hidden states (1, 77, 2048) and pooled embedding (1, 1280) of a text."""
    hidden_states, _, pooled, _ = pipe.encode_prompt(text, device=device, do_classifier_free_guidance=False)
    return hidden_states, pooled


def encode_negative(
    pipe: StableDiffusionXLPipeline, text: str, device: torch.device
) -> tuple[Tensor, Tensor]:
    """As `encode`; but no text is zeros, as SDXL was trained, and not the empty text's embedding."""
    hidden_states, pooled = encode(pipe, text, device)
    return (hidden_states, pooled) if text else (torch.zeros_like(hidden_states), torch.zeros_like(pooled))


def reweight(pipe: StableDiffusionXLPipeline, hidden_states: Tensor, recipe: Recipe) -> Tensor:
    """``hidden_states`` (1, 77, 2048) after SVR, which knows the two text encoders one by one."""
    tokens = clip_tokenizer()
    input_ids, express = tokens.context(recipe.prompt), tokens.ids(recipe.express)
    suppress = [tokens.ids(scene) for scene in recipe.suppress]
    widths = [encoder.config.hidden_size for encoder in (pipe.text_encoder, pipe.text_encoder_2)]
    parts = torch.split(hidden_states[0], widths, dim=-1)  # (77, 768) and (77, 1280)
    reweighted = [svr(part, input_ids, express, suppress, recipe.svr) for part in parts]
    return torch.cat(reweighted, dim=-1).unsqueeze(0)


def time_ids(recipe: Recipe, batch: int) -> Tensor:
    """SDXL's micro-conditioning (arXiv 2307.01952, section 2.2): original size, crop at 0, target size."""
    size = (recipe.height, recipe.width)
    return torch.tensor([[*size, 0, 0, *size]]).repeat(batch, 1)


def embed_guidance(pipe: StableDiffusionXLPipeline, guidance_scale: float, width: int) -> Tensor:
    """The guidance (1, width) as latent consistency models are told it (arXiv 2310.04378, section 4)."""
    scale = torch.tensor([guidance_scale - 1])
    embedding: Tensor = pipe.get_guidance_scale_embedding(scale, embedding_dim=width)
    return embedding
