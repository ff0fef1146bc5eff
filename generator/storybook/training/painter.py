"""The text encoders and the UNet, trained together on latents and captions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from generator.diffusion.architecture import text_config
from generator.storybook.model import SCHEDULER, STORYBOOK
from generator.storybook.training.clock import Clock, Ledger
from generator.storybook.training.half import Halved
from generator.storybook.training.pool import Batch, Pool
from generator.storybook.training.telling import conditioning, time_ids

PEAK_RATE = 7e-4
EMA_DECAY = 0.9985
CHECKPOINT_SECONDS = 240.0


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


class Training:
    """A painter that learns: its weights in full precision, their moving average, and the optimizer.

    On a GPU, the whole step is compiled and captured once, and only replayed afterwards: a network this
    small would else spend its time waiting for Python.
    """

    def __init__(self, accelerator: Any, start: Path | None, example: Batch) -> None:
        """``example`` is a batch of the size that all batches will have."""
        self._accelerator = accelerator
        self._painter = Painter.of(start) if start else Painter.fresh()
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
        self._replay: Callable[[], None] = self._captured() if on_gpu else self._descend
        self.step = 0

    def _descend(self) -> None:
        """One step down the loss of ``_batch``."""
        loss = denoising_loss(self._painter, self._batch, self._sizes, self._alphas, self._half.dtype)
        self._accelerator.backward(loss)
        self._half.collect()
        norm = self._accelerator.clip_grad_norm_(self._half.weights, 1.0)
        # One gradient that is no number would end the training: the optimizer is told to leave this step out.
        self._optimizer.optimizer.found_inf = (~norm.isfinite()).float()
        self._optimizer.step()
        self._half.spread()
        self._loss = loss.detach()

    def _captured(self) -> Callable[[], None]:
        """The step as a CUDA graph. Its trials move no weight, the rate being 0, and are forgotten."""
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
        for tensor in self._moments():
            tensor.zero_()
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
        return self._loss

    def averaged(self, seen: Tensor) -> Painter:
        """A painter with the average for its weights, on the CPU, that knows the words ``seen`` alone."""
        painter = Painter.fresh()
        self._half.restore(painter.networks, self._ema)
        forget_unseen(painter, seen.long().cpu())
        return painter

    def save(self, path: Path, elapsed: float) -> None:
        """Everything needed to go on; complete when it has its name."""
        state = {
            "weights": self._half.weights, "moments": self._moments(), "ema": self._ema,
            "step": self.step, "elapsed": elapsed,
        }  # fmt: skip
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").rename(path)

    def load(self, path: Path) -> float:
        """Take a training up; the seconds it has had. In place, since a captured step knows its tensors."""
        state = torch.load(path, map_location=self._ema[0].device, weights_only=True)
        if not self._moments():  # an optimizer has none before its first step
            self._descend()
        with torch.no_grad():
            torch._foreach_copy_(list[Tensor](self._half.weights), state["weights"])
            torch._foreach_copy_(self._ema, state["ema"])
            torch._foreach_copy_(self._moments(), state["moments"])
        self._half.spread()
        self.step = state["step"]
        return float(state["elapsed"])


def train_painter(
    training: Training,
    pool: Pool,
    out: Path,
    seconds: float,
    batch: int,
    *,
    resume: Path | None,
    on_snapshot: Callable[[Painter], dict[str, float]],
) -> None:
    """Train for some seconds in all, those before an interruption included.

    ``on_snapshot`` is given a copy of the moving average every four minutes and at the end, and what it
    returns is logged.
    """
    clock, ledger = Clock(seconds), Ledger(out / "painter.jsonl")
    if resume and resume.is_file():
        clock.spent = training.load(resume)

    def snapshot() -> None:
        elapsed = clock.elapsed
        if resume:
            training.save(resume, elapsed)
        numbers = on_snapshot(training.averaged(torch.unique(pool.all("ids"))))
        ledger.write(step=training.step, seconds=elapsed, pictures=pool.size, **numbers)

    saved, lost = clock.elapsed, 0
    while not clock.over:
        pool.take_in(1)
        loss = training.learn(pool.sample(batch), clock.rate(PEAK_RATE, training.step))
        if training.step % 100 == 0:
            ledger.write(step=training.step, seconds=clock.elapsed, loss=loss.item(), pictures=pool.size)
            lost = 0 if isfinite(loss.item()) else lost + 1
            if lost > 2:
                raise FloatingPointError("The loss has not been a number for a while; see the log.")
        if clock.elapsed - saved > CHECKPOINT_SECONDS and not clock.over:
            saved = clock.elapsed
            snapshot()
    snapshot()


def denoising_loss(
    painter: Painter, batch: Batch, sizes: Tensor, alphas: Tensor, dtype: torch.dtype
) -> Tensor:
    """Mean squared error of the velocity (arXiv 2202.00512, appendix D)."""
    latents = batch["latents"].float()
    hidden, pooled = conditioning(painter, batch)
    noise = torch.randn_like(latents)
    steps = torch.randint(len(alphas), (len(latents),), device=latents.device)
    signal = alphas[steps].sqrt().view(-1, 1, 1, 1)
    spread = (1 - alphas[steps]).sqrt().view(-1, 1, 1, 1)
    noisy = (signal * latents + spread * noise).to(dtype, memory_format=torch.channels_last)
    velocity = signal * noise - spread * latents
    added = {"text_embeds": pooled, "time_ids": sizes.to(dtype)}
    predicted = painter.unet(
        noisy, steps, encoder_hidden_states=hidden, added_cond_kwargs=added, return_dict=False
    )[0]
    return functional.mse_loss(predicted.float(), velocity)


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
