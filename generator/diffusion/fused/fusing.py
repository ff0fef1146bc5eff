"""A network with fused blocks."""

from __future__ import annotations

from types import ModuleType

import torch
from diffusers.models.activations import GEGLU
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from torch import Tensor, nn

from generator.diffusion.fused import plain
from generator.diffusion.fused.blocks import forwards
from generator.diffusion.fused.plain import TURN
from generator.diffusion.rewriting import Rewritten


class FusedBlocks(Rewritten):
    """A network whose blocks are computed in fewer passes; they need not be compiled for any shape.

    Convolutions that are put together another way have weights of their own, a fifth more than the network's.
    """

    manner = "fused"

    @torch.no_grad()
    def __init__(self, network: nn.Module) -> None:
        """``network`` is on its device, in the numbers it is drawn in."""
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        found = list(forwards(network, words_for(next(network.parameters()).device)))
        super().__init__(found)
        transformers = [block for block, _ in found if isinstance(block, Transformer2DModel)]
        self._gates = [
            module.proj for block in transformers for module in block.modules() if isinstance(module, GEGLU)
        ]

    def use(self, wanted: bool) -> None:
        """As `Rewritten` has it; gates lie between what they gate while they are used."""
        before = self._used
        super().use(wanted)
        if before != self._used:
            for gate in self._gates:
                for tensor in (gate.weight, gate.bias):
                    tensor.data = in_turn(tensor.data) if self._used else apart(tensor.data)


def words_for(device: torch.device) -> ModuleType:
    """What fused blocks are said in: a GPU's own words need Triton."""
    if device.type != "cuda":
        return plain
    from generator.diffusion.fused import kernels

    return kernels


def in_turn(rows: Tensor) -> Tensor:
    """The first half of the rows and the second, `TURN` of each in turn."""
    return rows.view(2, -1, TURN, *rows.shape[1:]).transpose(0, 1).flatten(0, 2)


def apart(rows: Tensor) -> Tensor:
    """The inverse of `in_turn`."""
    return rows.view(-1, 2, TURN, *rows.shape[1:]).transpose(0, 1).flatten(0, 2)
