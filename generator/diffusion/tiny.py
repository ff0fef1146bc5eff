"""``model = "tiny"``: an SDXL of a few MB with random weights, for the real path anywhere in seconds.

Its pictures are abstract, but every line that draws them is the one that draws with a trained model, and they
follow prompt, seed and settings as a trained model's do.
"""

from __future__ import annotations

import torch
from diffusers import StableDiffusionXLPipeline

from generator.diffusion.architecture import SDXL, Architecture, Config, build

SEED = 13554


def text_size(width: int) -> Config:
    """What makes a text encoder small."""
    return {
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "projection_dim": width,
        "initializer_factor": 4.0,  # else all texts mean nearly the same, and all frames look alike
    }


TINY = Architecture(
    text_encoder=SDXL.text_encoder | text_size(16),
    text_encoder_2=SDXL.text_encoder_2 | text_size(24),
    unet=SDXL.unet
    | {
        "sample_size": 32,
        "block_out_channels": (16, 32, 64),
        "norm_num_groups": 8,
        "transformer_layers_per_block": (1, 1, 2),
        "attention_head_dim": (2, 2, 4),
        "cross_attention_dim": 16 + 24,
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 24 + 6 * 8,
    },
    vae=SDXL.vae | {"sample_size": 256, "block_out_channels": (8, 8, 16, 16), "norm_num_groups": 4},
)


def tiny() -> StableDiffusionXLPipeline:
    """The same weights in every process; torch's global random state stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return build(TINY)
