"""A pipeline as a plan wants it: its networks in their places, and the plan's levers pulled."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import torch
from diffusers import StableDiffusionXLPipeline
from torch import Tensor

from generator.diffusion.compiling import Compiled
from generator.diffusion.decoding import Decode, pixels_of
from generator.diffusion.fused.fusing import FusedBlocks
from generator.diffusion.network import Network, PlainNetwork
from generator.diffusion.placing import place
from generator.diffusion.plan import Levers, Offload, Plan


class Rig:
    """It is set up once for many drawings; what of its levers each of them uses is chosen with `use`."""

    def __init__(self, pipe: StableDiffusionXLPipeline, plan: Plan) -> None:
        """``plan`` has all levers that any drawing with this rig may use.

        Where something goes wrong, such as with memory, the pipeline may be left changed half way.
        """
        self.pipe, self._kind = pipe, kind_of(plan)
        with ExitStack() as undo:
            place(pipe, plan, undo)
            self.network = (Network if plan.offload is Offload.NOTHING else PlainNetwork)(
                pipe.unet, plan.levers
            )
            undo.callback(self.network.release)
            self._fused = FusedBlocks(pipe.vae.decoder) if plan.levers.fused else None
            if self._fused is not None:
                self._fused.use(True)
                undo.callback(self._fused.use, False)
            self._undo = undo.pop_all()
        self._compiled = Compiled(pixels_of) if plan.levers.compiled else None
        self._ready: set[torch.Size] = set()  # heights and widths of latents whose decoding is compiled

    def suits(self, pipe: StableDiffusionXLPipeline, plan: Plan) -> bool:
        """Whether a new one would be the same."""
        return pipe is self.pipe and kind_of(plan) == self._kind

    def use(self, levers: Levers, latents: torch.Size) -> None:
        """Which levers the next drawing uses, whose latents have that height and width."""
        self.network.use(compiled=levers.compiled, replayed=levers.replayed)
        if levers.compiled:
            self._ready.add(latents)

    def decoder(self, latents: Tensor, *, tiled: bool) -> Decode:
        """What decodes latents (n, 4, h, w) soonest, all at once or ``tiled``."""
        if self._fused is not None:
            return partial(self._fused.call, pixels_of)
        if tiled or self._compiled is None or latents.shape[2:] not in self._ready:
            return pixels_of
        return self._compiled

    @property
    def works(self) -> bool:
        """Whether all that its levers say can be done."""
        return all(part is None or part.works for part in (self.network, self._fused, self._compiled))

    def take_down(self) -> None:
        """Leave the pipeline as it was, but for where its weights are; then its layers may be changed."""
        self._undo.close()


def kind_of(plan: Plan) -> Plan:
    """What of a plan a rig is made by: not what is decided for each drawing anew, or only in words."""
    return Plan(device=plan.device, offload=plan.offload, pinned=plan.pinned, levers=plan.levers)
