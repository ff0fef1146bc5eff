"""Many recipes at once: the pipeline's own steps, for a batch of frames instead of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from generator.diffusion.conditioning import Conditioning, condition
from generator.diffusion.pipeline import noise
from generator.diffusion.schedulers import schedule
from generator.method.identity import identity_attention, identity_bias
from generator.method.tokens import clip_tokenizer
from generator.story import Recipe


class Press:
    """Draws recipes in batches; they must agree on everything but words, seed and strength."""

    def __init__(self, pipe: Any, device: torch.device, batch: int) -> None:
        self._pipe, self._device, self._batch = pipe.to(device), device, batch
        self._conditionings: dict[Recipe, Conditioning] = {}

    def draw(self, recipes: Sequence[Recipe]) -> list[Image.Image]:
        """A picture for each recipe, equal ones drawn once."""
        distinct = list(dict.fromkeys(recipes))
        pictures: dict[Recipe, Image.Image] = {}
        for start in range(0, len(distinct), self._batch):
            part = distinct[start : start + self._batch]
            pictures |= zip(part, self._draw_batch(part), strict=True)
        return [pictures[recipe] for recipe in recipes]

    @torch.inference_mode()
    def _draw_batch(self, recipes: list[Recipe]) -> list[Image.Image]:
        pipe, first = self._pipe, recipes[0]
        latents = torch.cat([noise(r, torch.Generator("cpu").manual_seed(r.seed)) for r in recipes])
        scheduler = schedule(pipe, first.scheduler, first.steps, self._device)
        told = self._told(recipes)
        latents = latents.to(self._device) * scheduler.init_noise_sigma
        with identity_attention(pipe.unet):
            for timestep in scheduler.timesteps:
                sample = scheduler.scale_model_input(latents, timestep)
                velocity = pipe.unet(
                    sample.to(pipe.unet.dtype).repeat(2, 1, 1, 1), timestep, **told, return_dict=False
                )[0].float()
                without, with_words = velocity.chunk(2)
                guided = without + first.guidance_scale * (with_words - without)
                latents = scheduler.step(guided, timestep, latents, return_dict=False)[0]
        pixels = [self._decode(part) for part in (latents / pipe.vae.config.scaling_factor).split(32)]
        drawn: list[Image.Image] = pipe.image_processor.postprocess(torch.cat(pixels), output_type="pil")
        return drawn

    def _decode(self, latents: Tensor) -> Tensor:
        decoded: Tensor = self._pipe.vae.decode(latents.to(self._pipe.vae.dtype), return_dict=False)[0]
        return decoded.float()

    def _told(self, recipes: list[Recipe]) -> dict[str, Any]:
        """What the network is told of a batch: all rows without words, then all with them."""
        tokens, rows = clip_tokenizer(), [self._conditioning(recipe) for recipe in recipes]
        biases = [
            identity_bias(tokens.context(r.prompt), tokens.ids(r.subject), r.identity_strength, guided=False)
            for r in recipes
        ]
        bias = torch.cat([torch.zeros(1, 1, 77) if one is None else one for one in biases])

        def doubled(name: str) -> Tensor:
            values = [getattr(row, name) for row in rows]
            return torch.cat([value[:1] for value in values] + [value[1:] for value in values])

        return {
            "encoder_hidden_states": doubled("hidden_states"),
            "added_cond_kwargs": {"text_embeds": doubled("pooled"), "time_ids": doubled("time_ids")},
            "cross_attention_kwargs": {
                "identity_bias": torch.cat([torch.zeros_like(bias), bias]).to(rows[0].hidden_states)
            },
        }

    def _conditioning(self, recipe: Recipe) -> Conditioning:
        """As the pipeline conditions, but once for recipes that differ in seed and strength alone."""
        key = replace(recipe, seed=0, identity_strength=1.0)
        if key not in self._conditionings:
            self._conditionings[key] = condition(self._pipe, key, self._device)
        return self._conditionings[key]
