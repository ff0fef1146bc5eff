"""What is recorded is a step's orders, and each picture is still its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._pytree import tree_flatten, tree_map_only

from generator.diffusion.network import Network
from generator.diffusion.pipeline import latents_of
from generator.diffusion.plan import Levers
from generator.diffusion.replaying import BEFORE, Replayed
from generator.diffusion.tiny import tiny
from generator.story import Recipe
from tests.diffusion.test_attention import CPU, OTHER, SMALL

LONGER = [replace(recipe, steps=10) for recipe in (SMALL, OTHER)]
FAST = Levers(cached_every=2, guided_until=0.5)


class Tape:
    """Records as a GPU does: the operations, and the very tensors that they have found, but no decision."""

    def __init__(self) -> None:
        self.recorded = 0

    def __call__(
        self, function: Callable[..., Any], inputs: Sequence[Any]
    ) -> tuple[Callable[[], object], Any]:
        self.recorded += 1
        places = [each for each in inputs if isinstance(each, Tensor)]

        def of_tensors(*tensors: Tensor) -> Any:
            given = iter(tensors)
            return function(*(next(given) if isinstance(each, Tensor) else each for each in inputs))

        operations = make_fx(of_tensors)(*places)
        results = tree_map_only(Tensor, torch.clone, operations(*places))

        def replay() -> None:
            for place, found in zip(
                *(tree_flatten(each)[0] for each in (results, operations(*places))), strict=True
            ):
                if isinstance(place, Tensor):
                    place.copy_(found)

        return replay, results


@torch.inference_mode()
def test_what_is_repeated_draws_the_same() -> None:
    """Drawings of other words, then the first again; and none is taken for what was recorded of others."""
    tape, pipe = Tape(), tiny()
    network = Network(tiny().unet, replace(FAST, replayed=True), recorder=lambda: tape)
    plain = Network(tiny().unet, FAST)

    def draws_the_same(*recipes: Recipe) -> None:
        expected, found = (latents_of(pipe, recipes, CPU, network=each) for each in (plain, network))
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)

    for recipe in (*LONGER, LONGER[0]):
        draws_the_same(recipe)
    assert network.works
    assert tape.recorded == 4, "with guidance and without, deep layers and none"
    few = [replace(recipe, steps=BEFORE) for recipe in LONGER]
    draws_the_same(*few)
    for each in (network, plain):
        each.unet.enable_freeu(s1=0.6, s2=0.4, b1=1.1, b2=1.2)
    draws_the_same(few[0])
    assert tape.recorded == 4


def test_results_belong_to_whoever_asked() -> None:
    double = Replayed(lambda x: 2 * x, lambda: None, Tape())
    found = [double(torch.tensor(float(number))) for number in range(BEFORE + 3)]
    assert found == [0.0, 2.0, 4.0, 6.0, 8.0]


def test_what_cannot_be_recorded_is_computed_each_time(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(function: Callable[..., Any], inputs: Sequence[Any]) -> tuple[Callable[[], object], Any]:
        raise torch.OutOfMemoryError("no memory for a recording")

    double = Replayed(lambda x: 2 * x, lambda: None, refuse)
    assert [double(torch.tensor(float(number))) for number in range(5)] == [0.0, 2.0, 4.0, 6.0, 8.0]
    assert not double.works
    assert caplog.text.count("cannot be recorded; drawing goes on without") == 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("levers", [Levers(), FAST], ids=["exact", "fast"])
@torch.inference_mode()
def test_a_gpu_repeats_what_it_was_told(levers: Levers) -> None:
    device, pipe = torch.device("cuda"), tiny().to("cuda")
    network = Network(tiny().to("cuda").unet, replace(levers, compiled=True, replayed=True))
    plain = Network(tiny().to("cuda").unet, levers)
    for recipes in (LONGER[:1], LONGER[1:], LONGER, LONGER[:1]):
        expected, found = (latents_of(pipe, recipes, device, network=each) for each in (plain, network))
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
    assert network.works
