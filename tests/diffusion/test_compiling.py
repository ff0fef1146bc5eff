"""Compiled networks: one graph for all steps and drawings of a shape, and never a picture less."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch._dynamo.utils import counters

from generator.diffusion.compiling import Compiled, blocks_of
from generator.diffusion.network import Network
from generator.diffusion.pipeline import latents_of
from generator.diffusion.plan import Levers
from generator.diffusion.quantizing import EightBit
from generator.diffusion.tiny import tiny
from tests.diffusion.smallest import smallest
from tests.diffusion.test_attention import CPU, OTHER, SMALL

pytestmark = pytest.mark.usefixtures("fresh")


class Counted:
    """A backend that makes nothing of its graphs, but counts them."""

    def __init__(self) -> None:
        self.graphs = 0

    def __call__(self, graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> Any:
        self.graphs += 1
        return graph.forward


def broken(*_: object) -> Any:
    """A backend that knows no code for anything."""
    raise NotImplementedError


@torch.inference_mode()
def test_blocks_alike_share_their_code_in_all_steps_and_drawings() -> None:
    """With guidance there are twice as many rows, and so other code; what is remembered is not computed."""
    levers = Levers(compiled=True, cached_every=2, guided_until=0.5)
    backend = Counted()
    pipe, network = smallest(), Network(smallest().unet, levers, backend)
    eager = Network(pipe.unet, replace(levers, compiled=False))
    for recipe in (replace(SMALL, steps=8), replace(OTHER, steps=8)):
        expected, found = (latents_of(pipe, [recipe], CPU, network=each) for each in (eager, network))
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert network.works
    blocks = len(list(blocks_of(network.unet)))
    assert 0 < backend.graphs < 2 * blocks
    assert not counters["graph_break"]
    network.release()
    assert not any("forward" in vars(block) for block in network.unet.modules())


@torch.inference_mode()
def test_pictures_keep_the_layout_of_the_convolutions_from_block_to_block() -> None:
    """Else what follows a transformer is compiled twice, and reads crosswise."""
    pipe = tiny()
    network = Network(pipe.unet, Levers(compiled=True), Counted())
    met: list[torch.Tensor] = []
    for block in blocks_of(pipe.unet):
        block.register_forward_pre_hook(lambda block, given: met.append(given[0]))
        block.register_forward_hook(
            lambda block, given, made: met.append(made[0] if isinstance(made, tuple) else made)
        )
    latents_of(pipe, [replace(SMALL, steps=1)], CPU, network=network)
    assert network.works
    assert met
    assert all(each.is_contiguous(memory_format=torch.channels_last) for each in met)


@torch.inference_mode()
def test_a_network_whose_blocks_cannot_be_compiled_is_computed_as_it_is_written(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pipe, network = tiny(), Network(tiny().unet, Levers(compiled=True), broken)
    expected = latents_of(pipe, [SMALL], CPU, network=Network(tiny().unet))
    found = latents_of(pipe, [SMALL], CPU, network=network)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert not network.works
    assert caplog.text.count("cannot be compiled; drawing goes on without") == 1


def test_what_cannot_be_compiled_is_computed_as_it_is_written(caplog: pytest.LogCaptureFixture) -> None:
    double = Compiled(lambda x: 2 * x, broken)
    for number in (1.0, 2.0):
        assert double(torch.tensor(number)) == 2 * number
    assert not double.works
    assert caplog.text.count("cannot be compiled; drawing goes on without") == 1


def test_a_lack_of_memory_is_nobodys_fault() -> None:
    def greedy(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> Any:
        def run(*_: torch.Tensor) -> Any:
            raise torch.OutOfMemoryError

        return run

    double = Compiled(lambda x: 2 * x, greedy)
    with pytest.raises(torch.OutOfMemoryError):
        double(torch.ones(1))
    assert double.works


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # inductor's own import
@torch.inference_mode()
def test_compiled_code_computes_the_same_up_to_rounding() -> None:
    """All of the network takes a minute to compile on a processor; one layer of each kind does not."""
    layers = torch.nn.ModuleList([EightBit(torch.nn.Linear(32, 48), torch.int8), torch.nn.GroupNorm(4, 48)])
    inputs = torch.randn(40, 32)

    def run(layers: torch.nn.ModuleList, inputs: torch.Tensor) -> torch.Tensor:
        for layer in layers:
            inputs = layer(inputs)
        return inputs

    compiled = Compiled(run)
    torch.testing.assert_close(compiled(layers, inputs), run(layers, inputs), rtol=1e-4, atol=1e-5)
    assert compiled.works
