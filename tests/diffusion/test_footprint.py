"""What drawing takes of a device's memory, counted on tensors that have a shape and nothing else."""

from __future__ import annotations

import weakref
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch.nn import Conv2d, Embedding, Linear
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from generator.diffusion import architecture
from generator.diffusion.footprint import LEFT, SDXL, SMALL, Footprint, footprint_of, peak
from generator.diffusion.plan import Offload, Plan, Quantization
from generator.diffusion.quantizing import quantize
from generator.diffusion.tiny import TINY
from generator.method.identity import identity_attention
from generator.storybook.model import STORYBOOK

GIB = 2**30
GPU = Plan(device="cuda:0", precision="bf16")


class Living(TorchDispatchMode):
    """Counts the bytes of the tensors that are alive at once, besides the weights."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self._sizes = {parameter.untyped_storage()._cdata: 0 for parameter in network.parameters()}
        self._now = self.peak = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage())
        return made

    def _count(self, storage: torch.UntypedStorage) -> None:
        if storage._cdata not in self._sizes:
            self._sizes[storage._cdata] = storage.nbytes()
            self._now += storage.nbytes()
            self.peak = max(self.peak, self._now)
            weakref.finalize(storage, self._forget, storage._cdata)

    def _forget(self, address: int) -> None:
        self._now -= self._sizes.pop(address)


class Fused(TorchFunctionMode):
    """Attention as GPUs compute it, without a table of all queries and keys."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is scaled_dot_product_attention:
            return torch.empty_like(args[0])
        return func(*args, **(kwargs or {}))


def built(parts: architecture.Architecture) -> dict[str, torch.nn.Module]:
    with torch.device("meta"):
        networks = architecture.networks(parts)
        for network in networks.values():
            network.bfloat16().requires_grad_(False)
    return networks


@pytest.fixture(scope="module")
def networks() -> dict[str, torch.nn.Module]:
    return built(architecture.SDXL)


def size(*modules: torch.nn.Module) -> float:
    return sum(each.nbytes for module in modules for each in module.parameters()) / GIB


def empty(*shape: int) -> torch.Tensor:
    return torch.empty(*shape, device="meta", dtype=torch.bfloat16)


@pytest.mark.parametrize(
    ("footprint", "parts"), [(SDXL, architecture.SDXL), (SMALL, TINY), (SMALL, STORYBOOK)]
)
def test_a_footprint_has_the_size_of_its_networks(
    footprint: Footprint, parts: architecture.Architecture, networks: dict[str, torch.nn.Module]
) -> None:
    found = networks if parts is architecture.SDXL else built(parts)
    sizes = [
        (size(found["text_encoder"], found["text_encoder_2"]), footprint.text_encoders),
        (size(found["unet"]), footprint.unet),
        (size(found["vae"]), footprint.decoder),
    ]
    for real, reckoned in sizes:
        assert real <= reckoned
        if footprint is SDXL:
            assert reckoned < real + 0.02


def test_the_largest_layers_are_no_larger_than_reckoned(networks: dict[str, torch.nn.Module]) -> None:
    layers = [m for m in networks["unet"].modules() if isinstance(m, Conv2d | Linear | Embedding)]
    assert sum(sorted(map(size, layers))[-3:]) <= SDXL.streamed


def test_quantizing_leaves_as_much_as_reckoned(networks: dict[str, torch.nn.Module]) -> None:
    whole, unet = size(networks["unet"]), deepcopy(networks["unet"])
    for quantization in (Quantization.INT8, Quantization.FP8):
        quantize(unet, quantization)  # what is so already stays
        left = size(unet) + sum(buffer.nbytes for buffer in unet.buffers()) / GIB
        assert LEFT[quantization] - 0.05 < left / whole <= LEFT[quantization]


def test_what_is_alive_while_a_picture_is_denoised_and_decoded_is_within_the_measured(
    networks: dict[str, torch.nn.Module],
) -> None:
    unet, vae = networks["unet"], networks["vae"]
    with torch.no_grad(), Fused(), Living(unet) as denoising, identity_attention(unet):
        unet(
            empty(2, 4, 128, 128),
            empty(1),
            encoder_hidden_states=empty(2, 77, 2048),
            cross_attention_kwargs={"identity_bias": empty(2, 1, 77)},
            added_cond_kwargs={"text_embeds": empty(2, 1280), "time_ids": empty(2, 6)},
        )
    assert 0.2 < denoising.peak / GIB < SDXL.picture
    for side, measured in ((128, SDXL.decoding), (64, SDXL.tile)):
        with torch.no_grad(), Fused(), Living(vae) as decoding:
            vae.decode(empty(1, 4, side, side))
        assert measured / 3 < decoding.peak / GIB < measured


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_small_gpus_are_enough_for_a_picture_of_1024_squared(precision: str) -> None:
    plan = Plan(device="cuda:0", precision=precision, offload=Offload.NETWORKS)
    assert peak(plan, SDXL) <= 7.5
    assert peak(Plan(device="cuda:0", precision=precision, offload=Offload.LAYERS, tiled=True), SDXL) <= 4


def test_in_bf16_4_gib_are_enough_without_tiles() -> None:
    assert peak(Plan(device="cuda:0", precision="bf16", offload=Offload.LAYERS), SDXL) <= 4


def test_one_model_of_full_size_among_small_ones_decides() -> None:
    assert footprint_of(["storybook", "tiny"]) is SMALL
    assert footprint_of(["storybook", "someone/sdxl"]) is SDXL
    assert footprint_of([]) is SDXL
