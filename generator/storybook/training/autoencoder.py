"""The autoencoder: pictures to latents an eighth as wide and back."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from accelerate.utils import set_seed  # type: ignore[import-untyped]
from diffusers import AutoencoderKL
from torch import Tensor
from torch.nn import functional

from generator.storybook.model import STORYBOOK
from generator.storybook.training.clock import Clock, Ledger
from generator.storybook.training.half import Halved
from generator.storybook.training.pool import Batch, Pool

KL_WEIGHT = 4e-4
EDGE_WEIGHT = 0.6
FACE_WEIGHT = 3.0
"""How much more a pixel of a face counts: it is small, and it is what everybody looks at."""

PEAK_RATE = 8e-4


def to_unit(pictures: Tensor) -> Tensor:
    """Bytes (n, h, w, 3) to numbers (n, 3, h, w) from -1 to 1."""
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1


def store_pictures(chunk: Batch) -> Batch:
    """What the autoencoder and the judge train on."""
    return chunk


def edges(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Differences of neighbours, to the right and below."""
    return pictures[..., 1:] - pictures[..., :-1], pictures[..., 1:, :] - pictures[..., :-1, :]


def attention(heads: Tensor, side: int = 256) -> Tensor:
    """How much each pixel counts, (n, 1, side, side): a face, by its middle and radius (n, 3), most."""
    at = torch.arange(side, device=heads.device) + 0.5
    x, y, radius = (column.view(-1, 1, 1) for column in heads.unbind(1))
    inside = (at.view(1, 1, -1) - x) ** 2 + (at.view(1, -1, 1) - y) ** 2 < radius**2
    return 1 + FACE_WEIGHT * inside[:, None].float()


def weighted_error(ours: Tensor, theirs: Tensor, weights: Tensor) -> Tensor:
    """The mean absolute error, weighted."""
    return ((ours - theirs).abs().mean(1, keepdim=True) * weights).sum() / weights.sum()


def reconstruction_loss(ours: Tensor, theirs: Tensor, weights: Tensor) -> Tensor:
    """Absolute error of the colours at three sizes, and of the edges, which keep lines sharp."""
    loss = weighted_error(ours, theirs, weights)
    for size in (2, 4):
        pooled = (functional.avg_pool2d(each, size) for each in (ours, theirs, weights))
        loss = loss + 0.5 * weighted_error(*pooled)
    pairs = zip(edges(ours), edges(theirs), (weights[..., 1:], weights[..., 1:, :]), strict=True)
    return loss + EDGE_WEIGHT * sum((weighted_error(*pair) for pair in pairs), loss.new_zeros(()))


def loss_of(vae: Any, pictures: Tensor, weights: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """The loss and its reconstruction part."""
    moments = vae.quant_conv(vae.encoder(pictures.to(dtype)))
    mean, logvar = moments.float().chunk(2, 1)
    logvar = logvar.clamp(-20, 10)
    latents = mean + torch.randn_like(mean) * (0.5 * logvar).exp()
    decoded = vae.decoder(vae.post_quant_conv(latents.to(dtype))).float()
    error = reconstruction_loss(decoded, pictures, weights)
    divergence = 0.5 * (mean**2 + logvar.exp() - 1 - logvar).mean()
    return error + KL_WEIGHT * divergence, error.detach()


def crop(values: Tensor, side: int) -> Tensor:
    """The same chance square of each picture (n, c, h, w): far cheaper than the whole, and as good."""
    top, left = torch.randint(values.shape[-1] - side + 1, (2,)).tolist()
    return values[..., top : top + side, left : left + side]


def train_autoencoder(
    pool: Pool, out: Path, seconds: float, batch: int, *, seed: int, start: Path | None = None
) -> Any:
    """Train for some seconds; the result is returned on the device, its scale measured.

    Most of the time it sees squares of 128 pixels, in the last fifth a quarter as many whole pictures.
    """
    set_seed(seed)
    accelerator = Accelerator()
    vae = AutoencoderKL.from_pretrained(start) if start else AutoencoderKL.from_config(STORYBOOK.vae)
    vae = vae.to(accelerator.device, memory_format=torch.channels_last).float()
    half = Halved(vae)
    optimizer = accelerator.prepare(
        torch.optim.AdamW(half.weights, PEAK_RATE, betas=(0.9, 0.99), weight_decay=1e-3)
    )
    pool.wait_for(4 * batch)
    clock, ledger, step = Clock(seconds), Ledger(out / "autoencoder.jsonl"), 0
    while not clock.over:
        pool.take_in()
        whole = clock.progress > 0.8
        chosen = pool.sample(batch // 4 if whole else batch)
        both = torch.cat([to_unit(chosen["pictures"]), attention(chosen["heads"])], 1)
        pictures, weights = torch.split(both if whole else crop(both, 128), [3, 1], 1)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        for group in optimizer.param_groups:
            group["lr"] = clock.rate(PEAK_RATE, step)
        loss, error = loss_of(vae, pictures, weights, half.dtype)
        accelerator.backward(loss)
        half.collect()
        accelerator.clip_grad_norm_(half.weights, 1.0)
        optimizer.step()
        half.spread()
        if step % 100 == 0:
            ledger.write(
                step=step, seconds=clock.elapsed, loss=loss.item(), error=error.item(), pictures=pool.size
            )
        step += 1
    half.restore(vae)
    vae.register_to_config(scaling_factor=measured_scale(vae, pool))
    ledger.write(step=step, seconds=clock.elapsed, scaling_factor=vae.config.scaling_factor)
    return vae.eval()


@torch.no_grad()
def measured_scale(vae: Any, pool: Pool) -> float:
    """One over the latents' deviation."""
    latents = [encode(vae, pool.sample(64)["pictures"]) for _ in range(8)]
    return round(1 / float(torch.cat(latents).std()), 4)


@torch.no_grad()
def encode(vae: Any, pictures: Tensor) -> Tensor:
    """Bytes (n, 256, 256, 3) to latents (n, 4, 32, 32), not scaled; in the autoencoder's own precision."""
    mean: Tensor = vae.encode(to_unit(pictures).to(vae.dtype)).latent_dist.mean
    return mean.float()


@torch.no_grad()
def reconstruct(vae: Any, pictures: Tensor) -> Tensor:
    """Bytes to bytes, through the latents."""
    decoded = vae.decode(encode(vae, pictures).to(vae.dtype), return_dict=False)[0]
    pixels: Tensor = ((decoded.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return pixels.permute(0, 2, 3, 1)


def quick(vae: Any) -> Any:
    """A copy in the precision that is fast where it is."""
    return deepcopy(vae).to(torch.bfloat16 if vae.device.type == "cuda" else torch.float32)
