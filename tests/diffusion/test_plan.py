"""How many pictures there is room for, and what to try when there is none."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from generator.diffusion.footprint import SDXL, peak
from generator.diffusion.plan import EXACT, Levers, Offload, Plan, Plans
from generator.shape import shape
from tests.diffusion.test_pipeline import RECIPE

GPU = Plan(
    device="cuda:0", precision="bf16", together=8, beside=True, levers=Levers(compiled=True, cached_every=2)
)
SQUARE = replace(RECIPE, width=1024, height=1024)


def ladder(plan: Plan) -> list[Plan]:
    rungs = [plan]
    while (leaner := rungs[-1].leaner()) is not None:
        rungs.append(leaner)
    return rungs


@pytest.mark.parametrize(
    ("change", "room"),
    [
        ({}, 8),
        ({"width": 512}, 16),
        ({"width": 1536, "height": 1536}, 3),
        ({"width": 2048, "height": 4096}, 1),
        ({"guidance_scale": 1.0}, 16),
        ({"width": 256, "height": 256}, 64),
    ],
    ids=str,
)
def test_small_pictures_have_more_room(change: dict[str, object], room: int) -> None:
    assert GPU.room(shape(replace(SQUARE, **change))) == room  # type: ignore[arg-type]


def test_a_processor_draws_as_many_as_its_host_says_of_any_size() -> None:
    assert Plan().room(shape(replace(SQUARE, width=64, height=64))) == 1
    assert Plan(together=3).room(shape(SQUARE)) == 3


def test_what_is_compiled_is_drawn_in_few_different_numbers() -> None:
    form = shape(SQUARE)
    assert [GPU.at_once(waiting, form) for waiting in (1, 2, 3, 5, 7, 8, 20)] == [1, 2, 2, 4, 4, 8, 8]
    eager = replace(GPU, levers=EXACT)
    assert [eager.at_once(waiting, form) for waiting in (1, 3, 7, 20)] == [1, 3, 7, 8]


def test_a_gpu_saves_at_the_number_first_and_at_the_pixels_last_but_one() -> None:
    whole, *rest = ladder(GPU)
    assert rest[0] == replace(whole, beside=False)
    rungs = [(plan.together, plan.offload, plan.tiled, plan.levers.compiled) for plan in rest]
    assert rungs == [
        (8, Offload.NOTHING, False, True),
        (4, Offload.NOTHING, False, True),
        (2, Offload.NOTHING, False, True),
        (1, Offload.NOTHING, False, True),
        (1, Offload.NETWORKS, False, False),
        (1, Offload.NETWORKS, True, False),
        (1, Offload.LAYERS, True, False),
    ]


def test_every_rung_needs_less_or_as_much() -> None:
    for higher, lower in pairwise(ladder(replace(GPU, precision="fp16"))):
        assert peak(lower, SDXL) <= peak(higher, SDXL)


@pytest.mark.parametrize("device", ["cpu", "mps"])
def test_where_there_is_no_other_memory_only_tiles_save_any(device: str) -> None:
    plan = Plan(device=device)
    assert ladder(plan) == [plan, replace(plan, tiled=True)]


def test_what_a_shape_had_no_room_for_is_remembered_for_this_shape_alone() -> None:
    plans, large, small = Plans(GPU), shape(SQUARE), shape(RECIPE)
    assert plans.learn(large) == replace(GPU, beside=False)
    assert plans.learn(large) == plans.of(large) == replace(GPU, beside=False, together=4)
    assert plans.of(small) is GPU
    while plans.learn(large) is not None:
        last = plans.of(large)
    assert plans.of(large) == last
    assert last.levers == EXACT
    assert str(last) == "cuda:0: bf16, one picture at a time, layers streamed to it, decoded in tiles"
