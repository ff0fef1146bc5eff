"""The network that predicts, in one of the ways that a plan's levers allow."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from math import ceil
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from generator.diffusion import caching
from generator.diffusion.attention import Memory
from generator.diffusion.compiling import Backend, CompiledBlocks
from generator.diffusion.conditioning import Conditioning
from generator.diffusion.fused.fusing import FusedBlocks
from generator.diffusion.plan import EXACT, Levers
from generator.diffusion.quantizing import quantize
from generator.diffusion.replaying import OnGpu, Recorder, Replayed
from generator.diffusion.rewriting import Rewritten
from generator.method.identity import identity_attention

Evaluate = Callable[..., tuple[Tensor, Tensor | None]]


class Network:
    """What all drawings with one network share."""

    def __init__(
        self,
        unet: UNet2DConditionModel,
        levers: Levers = EXACT,
        backend: Backend = "inductor",
        recorder: Callable[[], Recorder] = OnGpu,
    ) -> None:
        """All of ``unet`` is on its device; it stays there and changed, see `quantize` and `fuse`."""
        quantize(unet, levers.quantized)
        self._memory = Memory(unet, lasting=levers.replayed)
        self.unet, self.levers = unet, levers
        self._blocks: Rewritten | None = None
        if levers.fused:
            self._blocks = FusedBlocks(unet)
        elif levers.compiled:
            self._blocks = CompiledBlocks(unet, backend)
        self._recorder = recorder
        self._replayed: Replayed | None = None
        self.use(compiled=True, replayed=True)

    @property
    def any_number(self) -> bool:
        """Whether rows of any number are computed without anything being compiled for it."""
        return not self.levers.compiled

    def use(self, *, compiled: bool, replayed: bool) -> None:
        """What of its levers the next drawings use; the first that is compiled takes long.

        What was recorded is forgotten where it is not used, with the memory that it takes.
        """
        if self._blocks is not None:
            self._blocks.use(compiled or self.levers.fused)
        if not (replayed and self.levers.replayed):
            self._replayed = None
        elif self._replayed is None:
            self._replayed = Replayed(self.evaluate_once, self._depends, self._recorder())

    def evaluate(self, *args: Any) -> tuple[Tensor, Tensor | None]:
        """What one step's network says of its arguments, and its deep features; see `arguments`."""
        return self.evaluate_once(*args) if self._replayed is None else self._replayed(*args)

    def release(self) -> None:
        """Leave ``unet`` to others, changed in nothing but its numbers; nothing may be drawn any more."""
        self._replayed = None
        if self._blocks is not None:
            self._blocks.use(False)
        self._memory.release()

    @property
    def works(self) -> bool:
        """Whether all that the levers say can be done."""
        return all(part is None or part.works for part in (self._blocks, self._replayed))

    def evaluate_once(self, *args: Any) -> tuple[Tensor, Tensor | None]:
        """As `evaluate`, where it is not worth recording: once in a drawing."""
        function: Evaluate = caching.evaluate if self.levers.cached_every > 1 else whole
        if self._blocks is None:
            return function(self.unet, *args)
        return self._blocks.call(function, self.unet, *args)

    def _depends(self) -> Hashable:
        """What a prediction depends on that is no argument: what is remembered of the text, and FreeU."""
        freeu = tuple(getattr(block, "b1", None) for block in self.unet.up_blocks)
        return self._memory.place, freeu, self._blocks is not None and self._blocks.works

    @contextmanager
    def drawing(self, conditioning: Conditioning, steps: int) -> Iterator[Drawing]:
        """Have it listen to what one drawing is told."""
        with self._memory.of(conditioning) as bias:
            yield Drawing(self, conditioning, bias, steps, self._memory.keep_last)


class PlainNetwork:
    """The network as it is, of which layers may come and go; everything else is compared with this."""

    def __init__(self, unet: UNet2DConditionModel, levers: Levers = EXACT) -> None:
        """``unet`` is as before after each drawing; of ``levers``, only what is not its own is pulled."""
        self.unet, self.levers = unet, replace(EXACT, guided_until=levers.guided_until)
        self.evaluate: Evaluate = partial(whole, unet)
        self.evaluate_once = self.evaluate
        self.works = True
        self.any_number = False  # what it is told is told of all rows

    def use(self, *, compiled: bool, replayed: bool) -> None:
        """There is nothing to choose: what comes and goes is neither compiled nor recorded."""

    def release(self) -> None:
        """It was never changed."""

    @contextmanager
    def drawing(self, conditioning: Conditioning, steps: int) -> Iterator[Drawing]:
        """Have it listen to what one drawing is told."""
        with identity_attention(self.unet):
            yield Drawing(self, conditioning, conditioning.identity_bias, steps)


class Drawing:
    """Predicts what each step of a drawing takes away."""

    def __init__(
        self,
        network: Network | PlainNetwork,
        conditioning: Conditioning,
        bias: Tensor | None,
        steps: int,
        keep_last: Callable[[int], None] = lambda rows: None,
    ) -> None:
        """``bias`` is the identity bias as the network's attention takes it; ``keep_last`` forgets text."""
        self._network, self._conditioning, self._bias = network, conditioning, bias
        self._steps, self._keep_last = steps, keep_last
        self._guided_steps = ceil(network.levers.guided_until * steps)
        self._deep: Tensor | None = None
        # A story's drawings begin with the same noise: without text, the first step is the same for all.
        self._shares = conditioning.alike and conditioning.silent > 1 and network.any_number

    def predict(self, step: int, sample: Tensor, timestep: Tensor) -> Tensor:
        """A step's prediction (n, 4, h, w) with guidance (arXiv 2207.12598, equation 6); steps begin at 0."""
        if step == self._guided_steps and self._conditioning.guided:
            self._go_on_unguided()
        told, shares = self._conditioning, step == 0 and self._shares
        if shares:
            told = told.shared
        unet = self._network.unet
        if caching.is_full(step, self._steps, self._network.levers.cached_every):
            self._deep = None
        evaluate = self._network.evaluate_once if shares else self._network.evaluate
        prediction, self._deep = evaluate(
            rows_of(sample.to(unet.dtype), told),
            timestep,
            arguments(told, self._bias),
            self._deep,
        )
        if shares:
            prediction, self._deep = for_each(prediction), None
        if not told.guided:
            return prediction.float()
        unconditional, conditional = prediction.float().chunk(2)
        return unconditional + told.guidance_scale * (conditional - unconditional)

    def _go_on_unguided(self) -> None:
        """From here on there is only the conditional branch, which has the last rows of everything."""
        self._conditioning = self._conditioning.unguided
        rows = len(self._conditioning.pooled)
        self._keep_last(rows)
        self._bias = None if self._bias is None else self._bias[-rows:]
        self._deep = None if self._deep is None else self._deep[-rows:]


def rows_of(sample: Tensor, told: Conditioning) -> Tensor:
    """A sample (n, …) in as many rows as there are: without text, once or for each, and with it."""
    without = len(told.pooled) - len(sample)
    return torch.cat([sample[:without], sample]) if without else sample


def for_each(rows: Tensor) -> Tensor:
    """The first of some rows (n + 1, …) for each of the others: (2 n, …)."""
    first, others = rows[:1], rows[1:]
    return torch.cat([first.expand(others.shape), others])


def arguments(told: Conditioning, bias: Tensor | None) -> dict[str, Any]:
    """What diffusers' network takes besides the sample and its time."""
    return {
        "encoder_hidden_states": told.hidden_states,
        "timestep_cond": told.told_guidance,
        "cross_attention_kwargs": {"identity_bias": bias},
        "added_cond_kwargs": {"text_embeds": told.pooled, "time_ids": told.time_ids},
    }


def whole(
    unet: UNet2DConditionModel, sample: Tensor, timestep: Tensor, told: dict[str, Any], deep: None
) -> tuple[Tensor, None]:
    """All of the network, as diffusers computes it; it remembers nothing."""
    return unet(sample, timestep, **told, return_dict=False)[0], None
