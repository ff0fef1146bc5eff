"""``model = "storybook"``: a small SDXL that learnt to draw from the illustrator's picture book."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diffusers import EulerDiscreteScheduler

from generator.diffusion.architecture import SCHEDULE, SDXL, Architecture, Config, write_index

FOLDER = Path(__file__).parent / "weights"
"""The trained model, as diffusers lays it out."""

WIDTHS = (64, 96)
"""Of the two text encoders; each unit costs 49408 numbers, which is CLIP's vocabulary."""

SHARD = "14MB"
"""The largest file of weights."""


def text_size(width: int, layers: int) -> Config:
    """A small text encoder; its last layer serves the pooled embedding alone."""
    return {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": width // 32,
        "projection_dim": width,
    }


STORYBOOK = Architecture(
    text_encoder=SDXL.text_encoder | text_size(WIDTHS[0], 4),
    text_encoder_2=SDXL.text_encoder_2 | text_size(WIDTHS[1], 5),
    unet=SDXL.unet
    | {
        "sample_size": 32,
        "block_out_channels": (64, 128, 192),
        "norm_num_groups": 16,
        "transformer_layers_per_block": (1, 1, 1),
        "attention_head_dim": (2, 4, 6),
        "cross_attention_dim": sum(WIDTHS),
        "addition_time_embed_dim": 32,
        "projection_class_embeddings_input_dim": WIDTHS[1] + 6 * 32,
    },
    vae=SDXL.vae
    | {
        "sample_size": 256,
        "block_out_channels": (32, 64, 96, 128),
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "force_upcast": False,
        "scaling_factor": 1.0,  # set to one over the latents' deviation once that is known
    },
)

SCHEDULER: Config = SCHEDULE | {"prediction_type": "v_prediction"}


def write_pipeline(folder: Path, networks: dict[str, Any]) -> None:
    """Lay out a pipeline in half precision, so that ``StableDiffusionXLPipeline`` reads it.

    ``networks`` holds the two text encoders, ``unet`` and ``vae``. The tokenizers are CLIP's own, which the
    project has once already: pass them to ``from_pretrained``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_index(folder)
    for name, network in networks.items():
        network.half().save_pretrained(folder / name, max_shard_size=SHARD)
    EulerDiscreteScheduler.from_config(SCHEDULER).save_pretrained(folder / "scheduler")
