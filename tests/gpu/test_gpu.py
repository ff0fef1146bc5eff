"""Every way to draw on a GPU, against the plain network on the same one; skipped where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
import torch

if not torch.cuda.is_available():
    pytest.skip("there is no GPU", allow_module_level=True)

from diffusers import StableDiffusionXLPipeline
from PIL import Image
from torch import Tensor

from generator.diffusion.decoding import TILE
from generator.diffusion.devices import can_compile, current, find_devices, look
from generator.diffusion.network import Network
from generator.diffusion.pipeline import Illustrator, decode, latents_of
from generator.diffusion.plan import Levers, Offload, Plan, Quantization
from generator.diffusion.planner import LEAST
from generator.diffusion.quantizing import EightBit
from generator.diffusion.tiny import tiny
from generator.story import Recipe
from tests.diffusion.test_attention import OTHER, SMALL

# What PyTorch or a driver warns of would be an error in the middle of compiling, which would be given up.
pytestmark = pytest.mark.filterwarnings("default")

FOX = replace(SMALL, width=128, height=128, steps=8)
CAT = replace(OTHER, width=128, height=128, steps=8, negative_prompt="rain")
QUEUE: list[tuple[Recipe, ...]] = [(FOX,), (CAT,), (FOX,), (FOX, CAT), (CAT, FOX), (CAT,), (FOX, CAT), (FOX,)]
"""Each again after others, so that nothing may be left of them; with an unwanted word, and without."""

ROUNDED = 0.01  # convolutions have ten bits of each number on a GPU, whatever the precision
NEAR = 0.15  # without half of its guidance, a picture is another one by 0.07


@dataclass(frozen=True, slots=True)
class Way:
    """One way to draw, and how far it may lead from the plain one."""

    plan: Plan
    latents: float = ROUNDED  #: of their norm
    pixels: float = 1.0  #: on average, of the same latents

    @property
    def again(self) -> float:
        """How far from the same levers neither compiled nor recorded.

        Few bits make more of roundings, here of a network with random weights: 0.06 in bf16 and 0.12 with fp8
        were seen on an H200.
        """
        exact = self.plan.precision == "fp32" and self.plan.levers.quantized is Quantization.OFF
        return ROUNDED if exact else 0.75 * self.latents


FAST = Levers(compiled=True, replayed=True)
FUSED = Levers(fused=True, replayed=True)
WAYS = {
    "eager": Way(Plan()),
    "recorded": Way(Plan(levers=Levers(replayed=True))),
    "compiled": Way(Plan(levers=Levers(compiled=True))),
    "compiled-recorded": Way(Plan(levers=FAST)),
    "cached": Way(Plan(levers=replace(FAST, cached_every=2)), 0.05),
    "guided-half": Way(Plan(levers=replace(FAST, guided_until=0.5)), NEAR),
    "int8-eager": Way(Plan(levers=Levers(quantized=Quantization.INT8)), 0.1),
    "int8": Way(Plan(levers=replace(FAST, quantized=Quantization.INT8)), 0.1),
    "fp8-eager": Way(Plan(levers=Levers(quantized=Quantization.FP8)), 0.2),
    "fp8": Way(Plan(levers=replace(FAST, quantized=Quantization.FP8)), 0.2),
    "everything": Way(
        Plan(levers=replace(FAST, quantized=Quantization.INT8, cached_every=2, guided_until=0.6)), 0.2
    ),
    "fused": Way(Plan(precision="bf16", levers=FUSED), 0.1, 3.0),
    "fused-unrecorded": Way(Plan(precision="bf16", levers=Levers(fused=True)), 0.1, 3.0),
    "fused-fp16": Way(Plan(precision="fp16", levers=FUSED), 0.1, 3.0),
    "fused-cached": Way(Plan(precision="bf16", levers=replace(FUSED, cached_every=2)), 0.15, 3.0),
    "fused-guided-half": Way(Plan(precision="bf16", levers=replace(FUSED, guided_until=0.5)), 0.2, 3.0),
    "bf16": Way(Plan(precision="bf16", levers=FAST), 0.1, 3.0),
    "fp16": Way(Plan(precision="fp16"), 0.1, 3.0),
    "networks": Way(Plan(offload=Offload.NETWORKS)),
    "networks-unpinned": Way(Plan(offload=Offload.NETWORKS, pinned=False)),
    "layers": Way(Plan(offload=Offload.LAYERS)),
    "layers-unpinned": Way(Plan(offload=Offload.LAYERS, pinned=False)),
    "layers-guided-half": Way(Plan(offload=Offload.LAYERS, levers=Levers(guided_until=0.5)), NEAR),
}


@pytest.fixture(params=[name for name in find_devices("auto") if name.startswith("cuda")][:2])
def device(request: pytest.FixtureRequest) -> str:
    """The first GPU, and the second where there is one: orders without a name are for the first."""
    name: str = request.param
    return name


@cache
def pipe_on(device: str) -> StableDiffusionXLPipeline:
    return tiny().to(device)


@cache
def plain(device: str, recipes: tuple[Recipe, ...]) -> Tensor:
    """What the plain network draws there, in whole precision."""
    with current(torch.device(device)), torch.inference_mode():
        return latents_of(pipe_on(device), recipes, torch.device(device))


@cache
def eager(plan: Plan, recipes: tuple[Recipe, ...]) -> Tensor:
    """What a plan draws with nothing of it compiled or recorded: as far from the plain network as it is."""
    levers = replace(plan.levers, fused=False, compiled=False, replayed=False)
    return illustrator_of(replace(plan, levers=levers)).denoise(recipes)


@cache
def illustrator_of(plan: Plan) -> Illustrator:
    return Illustrator(plan)


def pictures(device: str, latents: Tensor) -> list[Image.Image]:
    """What the plain decoder makes of latents there."""
    with current(torch.device(device)), torch.inference_mode():
        return [decode(pipe_on(device), one[None].to(device)) for one in latents]


def distance(found: Tensor, expected: Tensor) -> float:
    """Of their farthest rows, each compared by itself."""
    found, expected = found.float().cpu(), expected.float().cpu()
    return max(float((one - other).norm() / other.norm()) for one, other in zip(found, expected, strict=True))


def difference(found: Sequence[Image.Image], expected: Sequence[Image.Image]) -> float:
    """How many of 255 levels a number differs by on average, in the pictures that differ most."""
    pairs = zip(found, expected, strict=True)
    return max(float(np.abs(np.asarray(a, int) - np.asarray(b, int)).mean()) for a, b in pairs)


def skip_what_cannot_be(plan: Plan) -> None:
    """Not every GPU multiplies in eight bits, and not every machine compiles."""
    device, levers = torch.device(plan.device), plan.levers
    if levers.compiled and not can_compile(device):
        pytest.skip("this machine cannot compile")
    if levers.fused and not look(plan.device).fuses:
        pytest.skip("the kernels are for other GPUs")
    if levers.quantized is not Quantization.OFF:
        least, name = LEAST[levers.quantized]
        if torch.version.hip is not None or torch.cuda.get_device_capability(device) < least:
            pytest.skip(f"{levers.quantized} needs {name}")


def check_that_levers_were_pulled(illustrator: Illustrator) -> None:
    """What cannot be done is drawn without, which no picture shows."""
    assert not illustrator.gave_up
    assert illustrator._rig is not None
    levers, network = illustrator.plan.levers, illustrator._rig.network
    eight_bits = any(isinstance(each, EightBit) for each in network.unet.modules())
    assert eight_bits == (levers.quantized is not Quantization.OFF)
    if isinstance(network, Network) and levers.replayed:
        assert network._replayed is not None and network._replayed._recordings


def test_a_gpu_draws_what_a_processor_draws(device: str) -> None:
    for recipes in QUEUE:
        assert distance(plain(device, recipes), plain("cpu", recipes)) < ROUNDED
    latents = plain("cpu", QUEUE[0])
    assert difference(pictures(device, latents), pictures("cpu", latents)) < 1


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_every_way_draws_what_the_plain_network_draws(device: str, way: Way) -> None:
    plan = replace(way.plan, device=device)
    skip_what_cannot_be(plan)
    illustrator = Illustrator(plan)
    for recipes in QUEUE:
        latents = illustrator.denoise(recipes)
        assert distance(latents, plain(device, recipes)) < way.latents
        assert distance(latents, eager(plan, recipes)) < way.again
        assert difference(illustrator.finish(latents), pictures(device, latents)) < way.pixels
    check_that_levers_were_pulled(illustrator)


@pytest.mark.parametrize("offload", list(Offload))
def test_what_is_decoded_in_tiles_is_nearly_what_is_decoded_at_once(device: str, offload: Offload) -> None:
    illustrator = Illustrator(Plan(device=device, offload=offload, tiled=True))
    for recipe in (FOX, CAT, FOX):
        wide = (replace(recipe, width=TILE + 256, steps=2),)
        latents = illustrator.denoise(wide)
        assert distance(latents, plain(device, wide)) < ROUNDED
        assert 0 < difference(illustrator.finish(latents), pictures(device, latents)) < 8


@pytest.mark.parametrize("name", ["eager", "compiled-recorded", "fused", "everything"])
def test_pictures_are_decoded_in_another_thread_while_the_next_are_denoised(device: str, name: str) -> None:
    """Nothing is read before it is written, and no memory is given away while it is read."""
    way = WAYS[name]
    plan = replace(way.plan, device=device, beside=True)
    skip_what_cannot_be(plan)
    illustrator = Illustrator(plan)
    illustrator.draw(QUEUE[0])  # the decoder is compiled now, since compiling makes other threads wait
    with ThreadPoolExecutor(1) as thread:
        # Latents are dropped here: their decoding alone holds their memory, as in a drawing process.
        decoded = [thread.submit(illustrator.finish, illustrator.denoise(recipes)) for recipes in QUEUE * 3]
        found = [each.result() for each in decoded]
    for recipes, drawn in zip(QUEUE * 3, found, strict=True):
        latents = illustrator.denoise(recipes)
        assert distance(latents, plain(device, recipes)) < way.latents
        assert difference(drawn, pictures(device, latents)) < (1 if way.again == ROUNDED else 3)
    check_that_levers_were_pulled(illustrator)


@pytest.mark.parametrize("quantized", [Quantization.OFF, Quantization.INT8])
def test_leaner_plans_draw_the_same_and_so_does_the_own_one_afterwards(
    device: str, quantized: Quantization
) -> None:
    """Down to the last, which saves most; then all is recorded where the weights are now."""
    own = Plan(device=device, together=2, beside=True, levers=replace(FAST, quantized=quantized))
    skip_what_cannot_be(own)
    limit = ROUNDED if quantized is Quantization.OFF else 0.1
    illustrator, plan, rungs = Illustrator(own), own, [own]
    while (leaner := plan.leaner()) is not None:
        plan = leaner
        rungs += [plan, own] if plan.offload is not Offload.NOTHING else [plan]
    for rung in [*rungs, own]:
        for recipes in QUEUE[:4]:
            latents = illustrator.denoise(recipes, plan=rung)
            assert distance(latents, plain(device, recipes)) < limit
            assert difference(illustrator.finish(latents, rung), pictures(device, latents)) < 1
    check_that_levers_were_pulled(illustrator)
