"""What SDXL is made of, as configurations: enough to read a bare weights file or to build a small sibling.

Source: the configurations of stabilityai/stable-diffusion-xl-base-1.0 (arXiv 2307.01952, section 2).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from generator.method.tokens import BOS, CLIP_FOLDER, CONTEXT_LENGTH, EOS

Config = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """The four networks of an SDXL pipeline; tokenizers and schedule are the same for all sizes."""

    text_encoder: Config
    text_encoder_2: Config
    unet: Config
    vae: Config


SDXL = Architecture(
    text_encoder={
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "hidden_act": "quick_gelu",
        "projection_dim": 768,
    },
    text_encoder_2={
        "hidden_size": 1280,
        "intermediate_size": 5120,
        "num_hidden_layers": 32,
        "num_attention_heads": 20,
        "hidden_act": "gelu",
        "projection_dim": 1280,
    },
    unet={
        "sample_size": 128,
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": (1, 2, 10),
        "attention_head_dim": (5, 10, 20),  # the number of heads, whatever the name says
        "cross_attention_dim": 2048,  # both text encoders side by side
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,  # the pooled 1280 and six time ids of 256
        "use_linear_projection": True,
    },
    vae={
        "sample_size": 1024,
        "block_out_channels": (128, 256, 512, 512),
        "layers_per_block": 2,
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "latent_channels": 4,
        "scaling_factor": 0.13025,
        "force_upcast": True,
    },
)

SCHEDULE: Config = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "timestep_spacing": "leading",
    "steps_offset": 1,
}


def build(architecture: Architecture) -> StableDiffusionXLPipeline:
    """The whole pipeline with random weights, drawn from torch's current generator."""
    return StableDiffusionXLPipeline(
        **networks(architecture),
        **tokenizers(),
        scheduler=EulerDiscreteScheduler.from_config(SCHEDULE),
        add_watermarker=False,
    )


def networks(architecture: Architecture) -> dict[str, Any]:
    """The four networks by the names diffusers has for them."""
    return {
        "text_encoder": CLIPTextModel(text_config(architecture.text_encoder)),
        "text_encoder_2": CLIPTextModelWithProjection(text_config(architecture.text_encoder_2)),
        "unet": UNet2DConditionModel.from_config(architecture.unet),
        "vae": AutoencoderKL.from_config(architecture.vae),
    }


def write_index(folder: Path) -> None:
    """Write the table by which diffusers finds a pipeline's parts in its folder."""
    components = {
        "text_encoder": ("transformers", "CLIPTextModel"),
        "text_encoder_2": ("transformers", "CLIPTextModelWithProjection"),
        "tokenizer": ("transformers", "CLIPTokenizer"),
        "tokenizer_2": ("transformers", "CLIPTokenizer"),
        "unet": ("diffusers", "UNet2DConditionModel"),
        "vae": ("diffusers", "AutoencoderKL"),
        "scheduler": ("diffusers", "EulerDiscreteScheduler"),
    }
    index = {"_class_name": "StableDiffusionXLPipeline", "force_zeros_for_empty_prompt": True, **components}
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")


def write_configs(architecture: Architecture, folder: Path) -> None:
    """Lay out a pipeline's folder with everything but the weights, as diffusers reads a single file by."""
    write_index(folder)
    with torch.device("meta"):  # shapes alone; filled in with diffusers' defaults
        described = networks(architecture)
    for name in ("text_encoder", "text_encoder_2"):
        described[name].config.save_pretrained(folder / name)
    for name in ("unet", "vae"):
        described[name].save_config(folder / name)
    for name, tokenizer in tokenizers().items():
        tokenizer.save_pretrained(folder / name)
    EulerDiscreteScheduler.from_config(SCHEDULE).save_pretrained(folder / "scheduler")


def text_config(config: Config) -> CLIPTextConfig:
    """A text encoder's configuration with CLIP's vocabulary."""
    return CLIPTextConfig(
        vocab_size=EOS + 1,
        max_position_embeddings=CONTEXT_LENGTH,
        bos_token_id=BOS,
        eos_token_id=EOS,
        **config,
    )


def tokenizers() -> dict[str, CLIPTokenizer]:
    """Both tokenizers; SDXL's second one pads with ``!``, which is token 0."""
    return {
        "tokenizer": CLIPTokenizer.from_pretrained(CLIP_FOLDER, model_max_length=CONTEXT_LENGTH),
        "tokenizer_2": CLIPTokenizer.from_pretrained(
            CLIP_FOLDER,
            model_max_length=CONTEXT_LENGTH,
            pad_token="!",  # noqa: S106  a token of text
        ),
    }
