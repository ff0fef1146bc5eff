"""The text encoders and the UNet, trained together on latents and captions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Any, NamedTuple

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from generator.diffusion.architecture import Architecture, text_config
from generator.storybook.model import SCHEDULER, STORYBOOK
from generator.storybook.training.half import Halved
from generator.storybook.training.pool import Batch
from generator.storybook.training.telling import conditioning, time_ids

EMA_DECAY = 0.9985
NOISY = (1.5, 1.2)
"""How the noise of the pictures is distributed that are learnt from; see ``noisiness``."""

FIGURE_WEIGHT = 3.0
"""How much more the middle of a figure counts: faces are small, and backgrounds are learnt soon."""

State = dict[str, list[Tensor]]
"""All that a training has learnt: weights, the optimizer's moments, and the moving average."""


@dataclass(slots=True)
class Painter:
    """The three networks that are trained together."""

    text_encoder: Any
    text_encoder_2: Any
    unet: Any

    @classmethod
    def fresh(cls, architecture: Architecture = STORYBOOK) -> Painter:
        """With random weights."""
        return cls(
            CLIPTextModel(text_config(architecture.text_encoder | {"initializer_factor": 4.0})),
            CLIPTextModelWithProjection(
                text_config(architecture.text_encoder_2 | {"initializer_factor": 4.0})
            ),
            UNet2DConditionModel.from_config(architecture.unet),
        )

    @classmethod
    def of(cls, folder: Path) -> Painter:
        """With the weights of a model trained before."""
        return cls(
            CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32),
            CLIPTextModelWithProjection.from_pretrained(folder / "text_encoder_2", dtype=torch.float32),
            UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32),
        )

    def another(self) -> Painter:
        """One of the same size, on the CPU, with random weights."""
        return Painter(
            CLIPTextModel(self.text_encoder.config),
            CLIPTextModelWithProjection(self.text_encoder_2.config),
            UNet2DConditionModel.from_config(self.unet.config),
        )

    @property
    def networks(self) -> torch.nn.ModuleDict:
        """All three, by the names that a pipeline has for them."""
        return torch.nn.ModuleDict(
            {"text_encoder": self.text_encoder, "text_encoder_2": self.text_encoder_2, "unet": self.unet}
        )


class Tally(NamedTuple):
    """What some steps were like; means over those that counted."""

    loss: float
    norm: float  #: of the gradient, before it is clipped
    steps: int
    left_out: int  #: steps whose loss or gradient was no number


class Training:
    """A painter that learns: its weights in full precision, their moving average, and the optimizer.

    On a GPU, the whole step is compiled and captured once, and only replayed afterwards: a network this
    small would else spend its time waiting for Python.
    """

    def __init__(self, accelerator: Any, painter: Painter, example: Batch) -> None:
        """``example`` is a batch of the size that all batches will have."""
        self._accelerator = accelerator
        self._painter = painter
        networks = self._painter.networks.to(accelerator.device)
        self._painter.unet.to(memory_format=torch.channels_last)
        self._half = Halved(networks)
        self._ema = [weight.detach().clone() for weight in self._half.weights]
        self._alphas = DDPMScheduler.from_config(SCHEDULER).alphas_cumprod.to(accelerator.device)
        on_gpu = accelerator.device.type == "cuda"
        groups = groups_of(self._half)
        for group in groups:
            group["lr"] = torch.zeros((), device=accelerator.device)
        self._optimizer = accelerator.prepare(
            torch.optim.AdamW(groups, torch.zeros(()), betas=(0.9, 0.98), fused=True, capturable=on_gpu)
        )
        self._batch = {name: values.clone() for name, values in example.items()}
        self._sizes = time_ids(len(example["ids"]), accelerator.device)
        self._sums = torch.zeros(3, device=accelerator.device)  # of losses, norms, and steps that counted
        self._since = 0
        self._replay: Callable[[], None] = self._captured() if on_gpu else self._tried()
        self.step = 0

    def _descend(self) -> None:
        """One step down the loss of ``_batch``."""
        loss = denoising_loss(self._painter, self._batch, self._sizes, self._alphas, self._half.dtype)
        self._accelerator.backward(loss)
        self._half.collect()
        norm = self._accelerator.clip_grad_norm_(self._half.weights, 1.0)
        self._loss, norm = loss.detach(), norm.detach()
        counts = norm.isfinite() & self._loss.isfinite()
        # One gradient that is no number would end the training: the optimizer is told to leave this step out.
        self._optimizer.optimizer.found_inf = (~counts).float()
        self._optimizer.step()
        self._half.spread()
        seen = torch.stack([self._loss, norm, torch.ones_like(norm)])
        self._sums += torch.where(counts, seen, torch.zeros_like(seen))

    def _tried(self) -> Callable[[], None]:
        """The step, tried once, so that there are moments; no weight moves, the rate being 0."""
        self._descend()
        self._forget()
        return self._descend

    def _forget(self) -> None:
        """Be as before the first step."""
        for tensor in (*self._moments(), self._sums):
            tensor.zero_()

    def _captured(self) -> Callable[[], None]:
        """The step as a CUDA graph, after trials as above."""
        self._painter.unet.compile(dynamic=False)
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(3):
                self._descend()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._descend()
        self._forget()
        replay: Callable[[], None] = graph.replay
        return replay

    def _moments(self) -> list[Tensor]:
        """What the optimizer remembers, always in the same order."""
        state = self._optimizer.state_dict()["state"]
        return [state[index][name] for index in sorted(state) for name in sorted(state[index])]

    def learn(self, batch: Batch, rate: float) -> Tensor:
        """One step; the loss, which the next step overwrites."""
        for name, values in batch.items():
            self._batch[name].copy_(values)
        for group in self._optimizer.param_groups:
            group["lr"].fill_(group["scale"] * rate)
        self._replay()
        average(self._ema, self._half.weights, self.step)
        self.step += 1
        self._since += 1
        return self._loss

    def tally(self) -> Tally:
        """What the steps since the last tally were like; waits for the device."""
        loss, norm, counted = self._sums.tolist()
        self._sums.zero_()
        steps, self._since = self._since, 0
        mean = 1 / counted if counted else nan
        return Tally(loss * mean, norm * mean, steps, steps - round(counted))

    def averaged(self, seen: Tensor) -> Painter:
        """A painter with the average for its weights, on the CPU, that knows the words ``seen`` alone."""
        painter = self._painter.another()
        self._half.restore(painter.networks, self._ema)
        forget_unseen(painter, seen.long().cpu())
        return painter

    def state(self) -> State:
        """What it has learnt; the very tensors, which the next step changes."""
        return {
            "weights": list[Tensor](self._half.weights), "moments": self._moments(), "ema": self._ema,
        }  # fmt: skip

    @torch.no_grad()
    def take_up(self, state: State) -> None:
        """Go on from there. In place, since a captured step knows its tensors."""
        for name, tensors in self.state().items():
            torch._foreach_copy_(tensors, state[name])
        self._half.spread()


def denoising_loss(
    painter: Painter, batch: Batch, sizes: Tensor, alphas: Tensor, dtype: torch.dtype
) -> Tensor:
    """Squared error of the velocity (arXiv 2202.00512, appendix D), weighted by place."""
    latents = batch["latents"].float()
    hidden, pooled = conditioning(painter, batch)
    noise = torch.randn_like(latents)
    steps = (noisiness(len(latents), latents.device) * len(alphas)).long()
    signal = alphas[steps].sqrt().view(-1, 1, 1, 1)
    spread = (1 - alphas[steps]).sqrt().view(-1, 1, 1, 1)
    noisy = (signal * latents + spread * noise).to(dtype, memory_format=torch.channels_last)
    velocity = signal * noise - spread * latents
    added = {"text_embeds": pooled, "time_ids": sizes.to(dtype)}
    predicted = painter.unet(
        noisy, steps, encoder_hidden_states=hidden, added_cond_kwargs=added, return_dict=False
    )[0]
    error = functional.mse_loss(predicted.float(), velocity, reduction="none")
    return (error * figures(error.shape[-1], error.device)).mean()


def noisiness(count: int, device: torch.device) -> Tensor:
    """Where on the way from picture to noise each of a batch is, from 0 to 1.

    A Kumaraswamy distribution: less where all is drawn already, and nearly even elsewhere. One random number
    shifts the whole batch, so that every batch has each part of the way in its share (arXiv 2107.00630,
    appendix I.1).
    """
    even = (torch.arange(count, device=device) + torch.rand(1, device=device)) / count
    levels: Tensor = (1 - (1 - even) ** (1 / NOISY[1])) ** (1 / NOISY[0])
    return levels.clamp(0, 1 - 1e-4)


def figures(side: int, device: torch.device) -> Tensor:
    """How much each place of the latents counts, (side, side), 1 in the mean: most where somebody stands.

    The same for all pictures, so that what is learnt is still the mean of what can be there.
    """
    at = (torch.arange(side, device=device) + 0.5) / side
    x, y = (at[None] - 0.5) / 0.16, (at[:, None] - 0.6) / 0.19
    weights = 1 + FIGURE_WEIGHT * torch.exp(-(x**2 + y**2) / 2)
    return weights / weights.mean()


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


@torch.no_grad()
def forget_unseen(painter: Painter, seen: Tensor) -> None:
    """Set the embeddings of words that no caption had to zero: better silent than random."""
    for encoder in (painter.text_encoder, painter.text_encoder_2):
        weight = encoder.get_input_embeddings().weight
        mask = torch.zeros(len(weight), 1, device=weight.device)
        mask[seen] = 1
        mask[0] = 1  # what the second tokenizer pads with
        weight.mul_(mask)
