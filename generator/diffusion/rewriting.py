"""Blocks of a network that compute the same another way; whatever goes wrong, a picture is drawn."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from generator.diffusion.devices import is_lost, is_out_of_memory, is_recording

log = logging.getLogger(__name__)

T = TypeVar("T")

Forward = Callable[..., Any]


class Rewritten:
    """A network whose blocks have forwards of ours while they are used, as long as these work."""

    manner = ""  #: what happens to blocks: compiled, fused

    def __init__(self, forwards: Iterable[tuple[nn.Module, Forward]]) -> None:
        """The network is as it is written until it is told otherwise."""
        self._forwards = dict(forwards)
        self._used = False
        self.works = True  #: whether nothing went wrong so far

    def use(self, wanted: bool) -> None:
        """Whether the forwards are used from now on, as far as they work; takes no time if it is so."""
        wanted = wanted and self.works
        if wanted == self._used:
            return
        self._used = wanted
        for block, forward in self._forwards.items():
            block.__dict__.pop("forward", None)  # the class has what is written
            if wanted:
                block.forward = forward

    def call(self, function: Callable[..., T], *args: Any) -> T:
        """Call a function of the network; what does not work is computed as written, from then on."""
        if self._used:
            try:
                return function(*args)
            except Exception as error:
                if is_recording():
                    raise  # what is changed now would be recorded, and not done
                give_up(function.__name__, self.manner, error)
                self.works = False
                self.use(False)
        return function(*args)


def laid_out(tensor: Tensor) -> Tensor:
    """With its channels last in memory; takes no time if it has, or where its making is compiled."""
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor


def give_up(name: str, manner: str, error: Exception) -> None:
    """Say that drawing goes on without; raises what is not the manner's fault."""
    if is_out_of_memory(error) or is_lost(error):
        raise error
    log.warning("%s cannot be %s; drawing goes on without", name, manner, exc_info=error)
