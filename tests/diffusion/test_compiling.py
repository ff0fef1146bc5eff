"""Compiled networks: one graph for all steps and drawings of a shape, and never a picture less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
import torch
from torch._dynamo.utils import counters

from generator.diffusion.compiling import Compiled, blocks_of
from generator.diffusion.decoding import pixels_of
from generator.diffusion.network import Network
from generator.diffusion.pipeline import latents_of
from generator.diffusion.plan import Levers, Plan
from generator.diffusion.quantizing import EightBit
from generator.diffusion.tiny import tiny
from generator.diffusion.warming import Warming, signature
from tests.diffusion.test_attention import CPU, OTHER, SMALL


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    torch._dynamo.reset()
    counters.clear()
    yield
    torch._dynamo.reset()


class Counted:
    """A backend that makes nothing of its graphs, but counts them."""

    def __init__(self) -> None:
        self.graphs = 0

    def __call__(self, graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> Any:
        self.graphs += 1
        return graph.forward


@torch.inference_mode()
def test_blocks_alike_share_their_code_in_all_steps_and_drawings() -> None:
    """With guidance there are twice as many rows, and so other code; what is remembered is not computed."""
    levers = Levers(compiled=True, cached_every=2, guided_until=0.5)
    backend = Counted()
    network = Network(tiny().unet, levers, backend)
    eager, pipe = Network(tiny().unet, replace(levers, compiled=False)), tiny()
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
def test_a_network_whose_blocks_cannot_be_compiled_is_computed_as_it_is_written(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> Any:
        raise NotImplementedError("no code for this")

    pipe, network = tiny(), Network(tiny().unet, Levers(compiled=True), broken)
    expected = latents_of(pipe, [SMALL], CPU, network=Network(tiny().unet))
    found = latents_of(pipe, [SMALL], CPU, network=network)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert not network.works
    assert caplog.text.count("cannot be compiled; drawing goes on without") == 1


@torch.inference_mode()
def test_the_decoder_is_one_graph() -> None:
    pipe, backend, latents = tiny(), Counted(), torch.randn(1, 4, 8, 8)
    decode = Compiled(pixels_of, backend)
    assert torch.equal(decode(pipe.vae, latents), pixels_of(pipe.vae, latents))
    decode(pipe.vae, latents + 1)
    assert (backend.graphs, decode.works) == (1, True)


def test_what_cannot_be_compiled_is_computed_as_it_is_written(caplog: pytest.LogCaptureFixture) -> None:
    def broken(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> Any:
        raise NotImplementedError("no code for this")

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


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    return tmp_path / "compiled"


PLAN = Plan(levers=Levers(compiled=True))
EAGER = Plan()  # what the other process draws in no time


def wait(warming: Warming) -> int:
    """How the other process ended."""
    assert warming._process is not None
    begun = monotonic()
    while warming._process.poll() is None:
        assert monotonic() - begun < 300
        sleep(0.05)
    return warming._process.returncode


def test_what_is_compiled_once_is_ready_for_good(folder: Path) -> None:
    pipe, warming = tiny(), Warming(folder, EAGER)
    assert not warming.ready(pipe, [SMALL])
    assert not warming.ready(pipe, [SMALL]), "it is at it"
    assert not warming.ready(pipe, [SMALL, OTHER]), "one after the other"
    assert wait(warming) == 0
    assert warming.ready(pipe, [SMALL])
    assert warming.ready(pipe, [replace(SMALL, seed=9, steps=50)]), "it is the same code"
    assert Warming(folder, EAGER).ready(pipe, [SMALL])


def test_what_cannot_be_compiled_is_drawn_without_and_not_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_COMPILE_DISABLE", "1")  # to torch, that is a failure
    pipe, warming = tiny(), Warming(folder, PLAN)
    assert not warming.ready(pipe, [SMALL])
    assert wait(warming) == 1
    assert not warming.ready(pipe, [SMALL])
    assert warming._process is None
    assert not Warming(folder, PLAN)._failed, "but the next start tries"


def test_compiled_code_is_told_apart_by_all_that_it_depends_on() -> None:
    pipe = tiny()
    names = {
        signature(pipe, plan, recipes)
        for plan in (
            PLAN,
            replace(PLAN, precision="bf16"),
            Plan(levers=Levers(compiled=True, cached_every=2)),
        )
        for recipes in (
            [SMALL],
            [SMALL, OTHER],
            [replace(SMALL, height=128)],
            [replace(SMALL, negative_prompt="rain")],
            [replace(SMALL, guidance_scale=1.0)],
            [replace(SMALL, identity_strength=1.0)],
            [replace(SMALL, freeu=True)],
        )
    }
    assert len(names) == 21
