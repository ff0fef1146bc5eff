"""From latents to a picture, beside whatever else the device draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor

from generator.errors import DrawingError

Decode = Callable[[AutoencoderKL, Tensor], Tensor]

TILE = 512  # pixels; diffusers' own tiles are as large as SDXL's pictures


def picture(vae: AutoencoderKL, latents: Tensor, decode: Decode) -> Image.Image:
    """The picture of latents (1, 4, h, w), eight times as wide and high.

    Raises ``DrawingError`` where the decoder's numbers overflow.
    """
    pixels = decode(vae, latents)
    finite = pixels.isfinite().all()  # read when the levels are: the device is waited for once
    levels = ((pixels[0] / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
    levels = levels.permute(1, 2, 0).contiguous().cpu()
    if not finite:
        raise DrawingError(
            "The numbers of this picture overflowed; precision bf16 or fp32 has room for them."
        )
    return Image.fromarray(levels.numpy())


def pixels_of(vae: AutoencoderKL, latents: Tensor) -> Tensor:
    """Pixels (n, 3, 8h, 8w) from -1 to 1, in float32, of latents (n, 4, h, w)."""
    config = vae.config
    latents = latents / config.scaling_factor
    if config.latents_mean is not None and config.latents_std is not None:  # Playground v2.5
        mean, std = (
            latents.new_tensor(values).view(1, 4, 1, 1)
            for values in (config.latents_mean, config.latents_std)
        )
        latents = latents * std + mean
    pixels: Tensor = vae.decode(latents.to(vae.dtype), return_dict=False)[0]
    return pixels.float()


@contextmanager
def tiles(vae: AutoencoderKL) -> Iterator[None]:
    """Decode piece by piece what is larger than a tile; the seams are blended, and a little visible."""
    before = vae.tile_sample_min_size, vae.tile_latent_min_size
    vae.tile_sample_min_size, vae.tile_latent_min_size = TILE, TILE * before[1] // before[0]
    vae.enable_tiling()
    try:
        yield
    finally:
        vae.disable_tiling()
        vae.tile_sample_min_size, vae.tile_latent_min_size = before


class Beside:
    """A stream beside the one that denoises, for whoever finishes a picture while the next are drawn.

    Its orders go first: they are few, and somebody waits for the picture.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream: Any = None

    @contextmanager
    def orders(self, *found: Tensor) -> Iterator[None]:
        """Give orders there; what is ``found`` was made elsewhere, and all of its making was waited for."""
        if self._device.type != "cuda":
            yield
            return
        if self._stream is None:
            self._stream = torch.cuda.Stream(self._device, priority=-1)  # type: ignore[no-untyped-call]
        for tensor in found:
            tensor.record_stream(self._stream)  # else its memory may be used anew while it is read here
        with torch.cuda.stream(self._stream):
            yield
