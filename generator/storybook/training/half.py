"""Training in bfloat16 with the weights kept in float32: half the memory traffic, and no small step lost."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Halved:
    """A network that computes in bfloat16 on a GPU, and its float32 weights, which the optimizer moves."""

    def __init__(self, network: nn.Module) -> None:
        """Turns the network to bfloat16 in place; on a CPU it stays as it is."""
        self._parameters = list(network.parameters())
        self.weights = [nn.Parameter(p.detach().float().clone()) for p in self._parameters]
        self.names = [name for name, _ in network.named_parameters()]
        if self._parameters[0].device.type == "cuda":
            network.to(torch.bfloat16)
        self.dtype = self._parameters[0].dtype

    @torch.no_grad()
    def collect(self) -> None:
        """Hand the network's gradients to the weights, and forget them there."""
        pairs = [(w, p) for w, p in zip(self.weights, self._parameters, strict=True) if p.grad is not None]
        for weight, _ in pairs:
            if weight.grad is None:
                weight.grad = torch.empty_like(weight)
        torch._foreach_copy_(
            [w.grad for w, _ in pairs if w.grad is not None], [p.grad for _, p in pairs if p.grad is not None]
        )
        for _, parameter in pairs:
            parameter.grad = None

    @torch.no_grad()
    def spread(self) -> None:
        """Let the network compute with the weights as they are now."""
        torch._foreach_copy_(list[Tensor](self._parameters), list[Tensor](self.weights))

    @torch.no_grad()
    def restore(self, network: nn.Module, weights: Sequence[Tensor] | None = None) -> None:
        """Back to float32, with the weights or others given for them."""
        network.to(torch.float32)
        for parameter, weight in zip(network.parameters(), weights or self.weights, strict=True):
            parameter.copy_(weight)
