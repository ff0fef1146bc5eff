"""How much of a device's memory drawing takes, reckoned from what is drawn and how.

The networks' weights are counted. What computing takes on top was measured with full-size SDXL at 1024 × 1024
on one H200, where cuDNN takes all the workspace it likes; with less memory it makes do with less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.diffusion.plan import Offload, Plan, Quantization
from generator.profiles import BUILT_IN


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What a model takes, in GiB, where a number has two bytes."""

    text_encoders: float
    unet: float
    fused: float  #: weights that it has twice where its blocks are fused
    decoder: float  #: with the encoder beside it, which nobody needs
    streamed: float  #: the layers that are there at once while they are streamed
    workspace: float  #: while denoising, however many pictures
    picture: float  #: while denoising, for each of 1024 × 1024 pixels with its two branches
    decoding: float  #: of one such picture
    tile: float  #: of one tile of it


SDXL = Footprint(
    text_encoders=1.53,
    unet=4.79,
    fused=1.1,
    decoder=0.16,
    streamed=0.18,
    workspace=0.9,
    picture=1.2,
    decoding=2.7,
    tile=0.7,
)

SMALL = Footprint(
    text_encoders=0.05,
    unet=0.05,
    fused=0.02,
    decoder=0.01,
    streamed=0.01,
    workspace=0.1,
    picture=0.1,
    decoding=0.4,
    tile=0.15,
)
"""No less than any of the models that come with the project."""

LEFT = {Quantization.OFF: 1.0, Quantization.INT8: 0.65, Quantization.FP8: 0.65}
"""What is left of the network's size when most of its linear layers halve, which are four fifths of it."""


def footprint_of(models: Sequence[str]) -> Footprint:
    """The footprint of the largest of some models; none named may be any."""
    return SMALL if models and all(model in BUILT_IN for model in models) else SDXL


def peak(plan: Plan, model: Footprint) -> float:
    """How much of the device's memory drawing ``plan.together`` pictures of 1024 × 1024 takes, in GiB."""
    size = 2 if plan.precision == "fp32" else 1
    decoder_size = 1 if plan.precision == "bf16" else 2  # it overflows in fp16, and so is kept in fp32
    text = model.text_encoders * size
    unet = model.unet * size * LEFT[plan.levers.quantized] + (model.fused if plan.levers.fused else 0.0)
    denoising = (model.workspace + model.picture * plan.together) * size
    decoder = model.decoder * decoder_size
    decoding = (model.tile if plan.tiled else model.decoding) * decoder_size
    if plan.offload is Offload.NETWORKS:
        return max(text, unet + denoising, decoder + decoding)
    if plan.offload is Offload.LAYERS:
        return decoder + max(model.streamed * size + denoising, decoding)
    return text + unet + decoder + (denoising + decoding if plan.beside else max(denoising, decoding))
