"""Where a pipeline's networks are while it draws: all on the device, one at a time, or layer after layer."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import chain
from typing import Any

import torch
from accelerate.hooks import (  # type: ignore[import-untyped]
    ModelHook,
    add_hook_to_module,
    remove_hook_from_module,
)
from diffusers import StableDiffusionXLPipeline
from diffusers.hooks import apply_group_offloading

from generator.diffusion.plan import Offload, Plan

NETWORKS = ("text_encoder", "text_encoder_2", "unet", "vae")


def place(pipe: StableDiffusionXLPipeline, plan: Plan, undo: ExitStack) -> None:
    """Have ``pipe`` as ``plan`` wants it, until ``undo`` is closed; where the weights are then is open."""
    device = torch.device(plan.device)
    if plan.offload is Offload.NETWORKS:
        one_at_a_time(pipe, device, undo, pinned=plan.pinned)
    elif plan.offload is Offload.LAYERS:
        layer_after_layer(pipe, device, undo, pinned=plan.pinned)
    else:
        pipe.to(device)


def one_at_a_time(
    pipe: StableDiffusionXLPipeline, device: torch.device, undo: ExitStack, *, pinned: bool
) -> None:
    """Bring each network to the device when it is called, instead of whichever was there."""
    present: list[Guest] = []
    for name in NETWORKS:
        network = getattr(pipe, name)
        undo.callback(dismiss, network)
        add_hook_to_module(network, Guest(network, device, present, pinned=pinned))


def dismiss(network: torch.nn.Module) -> None:
    """Take a guest's hook off its network."""
    remove_hook_from_module(network)
    network.__dict__.pop("forward", None)  # the class has the same


class Guest(ModelHook):  # type: ignore[misc]
    """A network that visits the device; its weights never change there, so that nothing is copied back."""

    def __init__(
        self, network: torch.nn.Module, device: torch.device, present: list[Guest], *, pinned: bool
    ) -> None:
        """``present`` are those on the device, shared between its guests."""
        self.execution_device = device  #: by which diffusers knows where inputs are to be
        self._present = present
        self._home = {
            tensor: at_home(tensor, pinned=pinned and device.type == "cuda")
            for tensor in chain(network.parameters(), network.buffers())
        }
        self._leave()

    def pre_forward(self, module: torch.nn.Module, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Come, unless it is here."""
        if self not in self._present:
            for other in self._present:
                other._leave()
            self._present[:] = [self]
            for tensor, home in self._home.items():
                tensor.data = home.to(self.execution_device, non_blocking=True, copy=True)
        return args, kwargs

    def detach_hook(self, module: torch.nn.Module) -> torch.nn.Module:
        """Go home for good."""
        self._leave()
        return module

    def _leave(self) -> None:
        for tensor, home in self._home.items():
            tensor.data = home
        if self.execution_device.type == "cuda":
            torch.cuda.empty_cache()  # the next guest's layers have other sizes


def at_home(tensor: torch.Tensor, *, pinned: bool) -> torch.Tensor:
    """The tensor's numbers in ordinary memory; ``pinned``, they come to the GPU several times as fast."""
    numbers = tensor.data.cpu()
    return numbers.pin_memory() if pinned else numbers


def layer_after_layer(
    pipe: StableDiffusionXLPipeline, device: torch.device, undo: ExitStack, *, pinned: bool
) -> None:
    """Stream the layers to the device, each while the one before it computes; the small decoder is there."""
    streams = device.type == "cuda"
    for network in (pipe.text_encoder, pipe.text_encoder_2, pipe.unet):
        undo.callback(network.to, "cpu")  # what an error left on the device
        undo.callback(unhook, network)
        apply_group_offloading(
            network,
            onload_device=device,
            offload_type="leaf_level",
            use_stream=streams,
            record_stream=False,  # it would have the network on the device as far as copying runs ahead
            non_blocking=streams,
            low_cpu_mem_usage=not pinned,
        )
    pipe.vae.to(device)


def unhook(network: torch.nn.Module) -> None:
    """Take diffusers' hooks off a network, and what they leave behind when they are removed one by one."""
    for module in network.modules():
        if module.__dict__.pop("_diffusers_hook", None) is not None:
            module.__dict__.pop("forward", None)
