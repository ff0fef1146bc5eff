"""The text encoders and the UNet, trained together on latents and captions.

One-Prompt-One-Story rests on three habits of large models that a small one must be taught. A text encoder
that is causal comes with its architecture. That a prompt of several scenes shows any of them comes with
captions that mention more scenes than the picture shows. And that the loudest scene shows, the length of an
embedding being how loud it is, comes with ``loudness``: in some captions the scenes not shown are quieter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from accelerate.utils import set_seed  # type: ignore[import-untyped]
from diffusers import DDPMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from generator.diffusion.architecture import text_config
from generator.method.tokens import EOS
from generator.storybook.corpus import END, VARIANTS
from generator.storybook.model import SCHEDULER, STORYBOOK
from generator.storybook.training.clock import Clock, Ledger
from generator.storybook.training.half import Halved
from generator.storybook.training.pool import Batch, Pool

PEAK_RATE = 8e-4
DROPPED = 0.1
"""The share of captions that are zeros, so that guidance has something to guide away from."""

EMA_DECAY = 0.9985
CHECKPOINT_SECONDS = 120.0


@dataclass(slots=True)
class Painter:
    """The three networks that are trained together."""

    text_encoder: Any
    text_encoder_2: Any
    unet: Any

    @classmethod
    def fresh(cls) -> Painter:
        """With random weights."""
        return cls(
            CLIPTextModel(text_config(STORYBOOK.text_encoder | {"initializer_factor": 4.0})),
            CLIPTextModelWithProjection(text_config(STORYBOOK.text_encoder_2 | {"initializer_factor": 4.0})),
            UNet2DConditionModel.from_config(STORYBOOK.unet),
        )

    @classmethod
    def of(cls, folder: Path) -> Painter:
        """With the weights of a model trained before."""
        return cls(
            CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32),
            CLIPTextModelWithProjection.from_pretrained(folder / "text_encoder_2", dtype=torch.float32),
            UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32),
        )

    @property
    def networks(self) -> torch.nn.ModuleDict:
        """All three, by the names that a pipeline has for them."""
        return torch.nn.ModuleDict(
            {"text_encoder": self.text_encoder, "text_encoder_2": self.text_encoder_2, "unet": self.unet}
        )


def second_ids(ids: Tensor) -> Tensor:
    """Ids (n, 77) as SDXL's second tokenizer pads them: zeros after the first EOS."""
    ends = (ids == EOS).cumsum(1)
    return torch.where(ends > 1, torch.zeros_like(ids), ids)


def loudness(segments: Tensor, shown: Tensor) -> Tensor:
    """How loud each token is, (n, 77): 1, but for the scenes that are not shown in half of the captions.

    There they are between a thousandth and a fifth as loud, the end-of-text tokens any loudness at all, and
    the scene shown up to twice as loud. In the other half nothing tells which of the scenes shows.
    """
    n, device = len(segments), segments.device

    def between(low: float, high: float) -> Tensor:
        exponents = torch.empty(n, 1, device=device).uniform_(low, high)
        return torch.pow(torch.full_like(exponents, 10.0), exponents)

    others = (segments > 0) & (segments != shown[:, None])
    scale = torch.where(others, between(-3.0, -0.7), torch.ones(n, 77, device=device))
    scale = torch.where(segments == END, between(-4.0, 0.2), scale)
    scale = torch.where((segments > 0) & ~others, between(-0.05, 0.32), scale)
    weighed = torch.rand(n, 1, device=device) < 0.5
    return torch.where(weighed, scale, torch.ones_like(scale))


def embed(painter: Painter, ids: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden states (n, 77, 160) and pooled embeddings (n, 96), as the pipeline takes them."""
    one = painter.text_encoder(ids, output_hidden_states=True)
    two = painter.text_encoder_2(second_ids(ids), output_hidden_states=True)
    return torch.cat([one.hidden_states[-2], two.hidden_states[-2]], -1), two.text_embeds


def conditioning(painter: Painter, batch: Batch) -> tuple[Tensor, Tensor]:
    """One of each picture's captions, some of them dropped."""
    n, device = len(batch["ids"]), batch["ids"].device
    rows, picked = torch.arange(n, device=device), torch.randint(VARIANTS, (n,), device=device)
    ids, segments = batch["ids"][rows, picked].long(), batch["segments"][rows, picked]
    hidden, pooled = embed(painter, ids)
    hidden = hidden * loudness(segments, batch["shown"][rows, picked])[..., None]
    kept = (torch.rand(n, 1, device=device) >= DROPPED).float()
    return (hidden * kept[..., None]).to(pooled.dtype), (pooled * kept).to(pooled.dtype)


def time_ids(count: int, device: torch.device) -> Tensor:
    """256 × 256, not cropped: the only size there is."""
    return torch.tensor([[256.0, 256.0, 0.0, 0.0, 256.0, 256.0]], device=device).expand(count, -1)


@torch.no_grad()
def average(ema: list[Tensor], weights: list[nn.Parameter], step: int) -> None:
    """Move the average a little towards the weights, more in the beginning."""
    decay = min(EMA_DECAY, (1 + step) / (10 + step))
    torch._foreach_lerp_(ema, [weight.detach() for weight in weights], 1 - decay)


def groups_of(half: Halved) -> list[dict[str, Any]]:
    """Word embeddings learn faster, since each word is seen seldom; of the rest, only the UNet decays."""
    named = list(zip(half.names, half.weights, strict=True))
    return [
        {"params": [p for n, p in named if "token_embedding" in n], "scale": 2.0, "weight_decay": 0.0},
        {
            "params": [p for n, p in named if n.startswith("text") and "token_embedding" not in n],
            "scale": 1.0,
            "weight_decay": 0.0,
        },
        {"params": [p for n, p in named if n.startswith("unet")], "scale": 1.0, "weight_decay": 1e-3},
    ]


def train_painter(
    pool: Pool,
    out: Path,
    seconds: float,
    batch: int,
    *,
    seed: int,
    resume: Path | None,
    start: Path | None,
    on_snapshot: Callable[[Painter], None],
) -> Painter:
    """Train for some seconds in all, those before an interruption included; returns the moving average.

    ``start`` is a model's folder to go on from, with a new optimizer; ``on_snapshot`` is given a copy
    of the average every two minutes.
    """
    set_seed(seed)
    accelerator = Accelerator()
    painter = Painter.of(start) if start else Painter.fresh()
    networks = painter.networks.to(accelerator.device)
    painter.unet.to(memory_format=torch.channels_last)
    half = Halved(networks)
    optimizer = accelerator.prepare(torch.optim.AdamW(groups_of(half), PEAK_RATE, betas=(0.9, 0.98)))
    ema, step, clock = [weight.detach().clone() for weight in half.weights], 0, Clock(seconds)
    if resume and resume.is_file():
        step, clock.spent = load_state(resume, half, optimizer, ema)
    alphas = DDPMScheduler.from_config(SCHEDULER).alphas_cumprod.to(accelerator.device)
    ledger, saved = Ledger(out / "painter.jsonl"), clock.elapsed
    pool.wait_for(8 * batch)
    while not clock.over:
        pool.take_in()
        for group in optimizer.param_groups:
            group["lr"] = group["scale"] * clock.rate(PEAK_RATE, step)
        loss = denoising_loss(painter, pool.sample(batch), alphas, half.dtype)
        accelerator.backward(loss)
        half.collect()
        accelerator.clip_grad_norm_(half.weights, 1.0)
        optimizer.step()
        half.spread()
        average(ema, half.weights, step)
        step += 1
        if step % 100 == 0:
            ledger.write(step=step, seconds=clock.elapsed, loss=loss.item(), pictures=pool.size)
        if clock.elapsed - saved > CHECKPOINT_SECONDS:
            saved = clock.elapsed
            if resume:
                save_state(resume, half, optimizer, ema, step, clock.elapsed)
            on_snapshot(averaged(half, ema, pool))
    ledger.write(step=step, seconds=clock.elapsed, pictures=pool.size)
    if resume:
        save_state(resume, half, optimizer, ema, step, clock.elapsed)
    return averaged(half, ema, pool)


def averaged(half: Halved, ema: list[Tensor], pool: Pool) -> Painter:
    """A painter with the average for its weights, on the CPU."""
    painter = Painter.fresh()
    half.restore(painter.networks, ema)
    forget_unseen(painter, torch.unique(pool.all("ids").long()).cpu())
    return painter


def denoising_loss(painter: Painter, batch: Batch, alphas: Tensor, dtype: torch.dtype) -> Tensor:
    """Mean squared error of the velocity (arXiv 2202.00512, appendix D)."""
    latents = batch["latents"].float()
    hidden, pooled = conditioning(painter, batch)
    noise = torch.randn_like(latents)
    steps = torch.randint(len(alphas), (len(latents),), device=latents.device)
    signal = alphas[steps].sqrt().view(-1, 1, 1, 1)
    spread = (1 - alphas[steps]).sqrt().view(-1, 1, 1, 1)
    noisy = (signal * latents + spread * noise).to(dtype, memory_format=torch.channels_last)
    velocity = signal * noise - spread * latents
    added = {"text_embeds": pooled, "time_ids": time_ids(len(latents), latents.device).to(dtype)}
    predicted = painter.unet(
        noisy, steps, encoder_hidden_states=hidden, added_cond_kwargs=added, return_dict=False
    )[0]
    return functional.mse_loss(predicted.float(), velocity)


def save_state(
    path: Path, half: Halved, optimizer: Any, ema: list[Tensor], step: int, elapsed: float
) -> None:
    """Everything a training needs to go on; complete when it has its name."""
    state = {
        "weights": half.weights, "optimizer": optimizer.state_dict(), "ema": ema, "step": step,
        "elapsed": elapsed,
    }  # fmt: skip
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").rename(path)


@torch.no_grad()
def load_state(path: Path, half: Halved, optimizer: Any, ema: list[Tensor]) -> tuple[int, float]:
    """Take a training up; the steps and the seconds it has had."""
    state = torch.load(path, map_location=ema[0].device, weights_only=True)
    torch._foreach_copy_(list[Tensor](half.weights), state["weights"])
    torch._foreach_copy_(ema, state["ema"])
    half.spread()
    optimizer.load_state_dict(state["optimizer"])
    return state["step"], state["elapsed"]


@torch.no_grad()
def forget_unseen(painter: Painter, seen: Tensor) -> None:
    """Set the embeddings of words that no caption had to zero: better silent than random."""
    for encoder in (painter.text_encoder, painter.text_encoder_2):
        weight = encoder.get_input_embeddings().weight
        mask = torch.zeros(len(weight), 1, device=weight.device)
        mask[seen] = 1
        mask[0] = 1  # what the second tokenizer pads with
        weight.mul_(mask)
