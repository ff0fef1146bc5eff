"""The smallest SDXL there is, for what takes long with each block of a network."""

from __future__ import annotations

from dataclasses import replace

import torch
from diffusers import StableDiffusionXLPipeline

from generator.diffusion.architecture import build
from generator.diffusion.tiny import TINY

SMALLEST = replace(
    TINY,
    unet=TINY.unet
    | {
        "block_out_channels": (16, 16),
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": 1,
        "attention_head_dim": 2,
    },
    vae=TINY.vae
    | {
        "block_out_channels": (4,),
        "layers_per_block": 1,
        "down_block_types": ("DownEncoderBlock2D",),
        "up_block_types": ("UpDecoderBlock2D",),
    },
)


def smallest() -> StableDiffusionXLPipeline:
    """The same weights each time; its pictures are an eighth as wide and high as they should be."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return build(SMALLEST)
