"""What is recorded is a step's orders, and each picture is still its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from weakref import ref

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

from generator.diffusion.network import Network
from generator.diffusion.pipeline import latents_of
from generator.diffusion.plan import Levers
from generator.diffusion.replaying import BEFORE, Replayed
from generator.diffusion.tiny import tiny
from generator.story import Recipe
from tests.diffusion.test_attention import CPU, OTHER, SMALL

LONGER = [replace(recipe, steps=8) for recipe in (SMALL, OTHER)]
FAST = Levers(cached_every=2, guided_until=0.5)


class Orders(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """All that is computed meanwhile: each operation, the very tensors that it found, and its results."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._given: list[tuple[Callable[[], Any], Any]] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        order = partial(func, *args, **(kwargs or {}))
        results = order()
        assert all(isinstance(each, Tensor) for each in tree_flatten(results)[0]), "a GPU cannot be asked"
        self._given.append((order, results))
        return results

    def give_again(self) -> None:
        """Compute the same with whatever lies there now, and leave the results where they were."""
        for order, results in self._given:
            for place, found in zip(*(tree_flatten(each)[0] for each in (results, order())), strict=True):
                if found.data_ptr() != place.data_ptr():  # it is no view, and was not computed in place
                    place.copy_(found)


class Tape:
    """Records as a GPU does: the operations, and the very tensors that they have found, but no decision."""

    def __init__(self) -> None:
        self.recorded = 0

    def __call__(
        self, function: Callable[..., Any], inputs: Sequence[Any]
    ) -> tuple[Callable[[], object], Any]:
        self.recorded += 1
        with Orders() as orders:
            results = function(*inputs)
        return orders.give_again, results


class Pair:
    """A network that is recorded, and one like it that is not."""

    def __init__(self) -> None:
        self.tape, self.pipe = Tape(), tiny()
        self.network = Network(tiny().unet, replace(FAST, replayed=True), recorder=lambda: self.tape)
        self._plain = Network(self.pipe.unet, FAST)
        self._expected: dict[tuple[Recipe, ...], Tensor] = {}

    def draws_the_same(self, *recipes: Recipe) -> None:
        """Both draw the same latents."""
        if recipes not in self._expected:
            self._expected[recipes] = latents_of(self.pipe, recipes, CPU, network=self._plain)
        found = latents_of(self.pipe, recipes, CPU, network=self.network)
        torch.testing.assert_close(found, self._expected[recipes], rtol=1e-4, atol=1e-5)

    def enable_freeu(self) -> None:
        """What is expected from now on is with FreeU."""
        self._expected.clear()
        for unet in (self.network.unet, self.pipe.unet):
            unet.enable_freeu(s1=0.6, s2=0.4, b1=1.1, b2=1.2)


@torch.inference_mode()
def test_what_is_repeated_draws_the_same() -> None:
    """Drawings of other words, then the first again; and none is taken for what was recorded of others.

    Where nothing unwanted is written, there is less text to remember, and so it lies elsewhere.
    """
    pair, written = Pair(), [replace(recipe, negative_prompt="rain") for recipe in LONGER]
    for recipe in (LONGER[0], written[1], LONGER[1], written[0], LONGER[0], written[1]):
        pair.draws_the_same(recipe)
    assert pair.network.works
    assert pair.tape.recorded == 2 * 4, "with guidance and without, deep layers and none"
    few = [replace(recipe, steps=BEFORE) for recipe in LONGER]
    pair.draws_the_same(*few)
    pair.enable_freeu()
    pair.draws_the_same(few[0])
    assert pair.tape.recorded == 2 * 4


@torch.inference_mode()
def test_what_is_not_repeated_is_forgotten_with_its_memory_and_recorded_anew() -> None:
    pair = Pair()
    pair.draws_the_same(LONGER[0])
    recorded, held = pair.tape.recorded, ref(pair.network._replayed)
    assert recorded > 0
    pair.network.use(compiled=True, replayed=True)
    assert held() is not None, "nothing is forgotten where it goes on"
    pair.network.use(compiled=True, replayed=False)
    assert held() is None
    pair.draws_the_same(LONGER[1])
    assert pair.tape.recorded == recorded
    pair.network.use(compiled=True, replayed=True)
    for recipe in LONGER:
        pair.draws_the_same(recipe)
    assert pair.tape.recorded == 2 * recorded


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
