"""Deep features that are remembered, and guidance that ends early."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from generator.diffusion.caching import evaluate, is_full
from generator.diffusion.conditioning import condition
from generator.diffusion.network import Network, arguments
from generator.diffusion.pipeline import latents_of
from generator.diffusion.plan import Levers
from generator.diffusion.tiny import tiny
from generator.method.identity import identity_attention
from tests.diffusion.test_attention import CPU, OTHER, SMALL, distance

LONGER = replace(SMALL, steps=8)


@pytest.mark.parametrize("size", [(8, 8), (9, 13)], ids=str)
@torch.inference_mode()
def test_without_anything_remembered_it_is_the_network_to_the_bit(size: tuple[int, int]) -> None:
    pipe = tiny()
    pipe.enable_freeu(s1=0.6, s2=0.4, b1=1.1, b2=1.2)
    told = condition(pipe, [SMALL], CPU)
    told_all = arguments(told, told.identity_bias)
    sample, time = torch.randn(2, 4, *size), torch.tensor(500.0)
    with identity_attention(pipe.unet):
        expected = pipe.unet(sample, time, **told_all, return_dict=False)[0]
        prediction, deep = evaluate(pipe.unet, sample, time, told_all, None)
        again, kept = evaluate(pipe.unet, sample, time, told_all, deep)
    assert torch.equal(prediction, expected)
    assert torch.equal(again, expected), "its own deep features bring the same about"
    assert kept is deep


def test_until_a_picture_has_settled_every_step_is_full_and_then_every_so_many_and_the_last() -> None:
    assert [step for step in range(20) if not is_full(step, 20, 2)] == [7, 9, 11, 13, 15, 17]
    assert [step for step in range(20) if not is_full(step, 20, 4)] == [7, 8, 9, 11, 12, 13, 15, 16, 17]
    assert [is_full(step, 4, 3) for step in range(4)] == [True, True, False, True]
    assert all(is_full(step, 5, 1) for step in range(5))


@torch.inference_mode()
def test_between_full_steps_the_deep_layers_rest() -> None:
    pipe = tiny()
    calls = []
    pipe.unet.mid_block.register_forward_pre_hook(lambda *_: calls.append(1))
    latents_of(pipe, [LONGER], CPU, network=Network(pipe.unet, Levers(cached_every=3)))
    assert len(calls) == 5  # steps 0, 1, 2, 5 and 7


@torch.inference_mode()
def test_after_its_share_guidance_ends_and_the_identity_bias_stays() -> None:
    pipe = tiny()
    rows = []
    pipe.unet.conv_in.register_forward_pre_hook(lambda _, inputs: rows.append(len(inputs[0])))
    network = Network(pipe.unet, Levers(guided_until=0.5))
    with_bias = latents_of(pipe, [LONGER, replace(OTHER, steps=8)], CPU, network=network)
    assert rows == [4] * 4 + [2] * 4
    without = replace(LONGER, identity_strength=1.0)
    assert not torch.allclose(latents_of(pipe, [without], CPU, network=network), with_bias[:1], atol=1e-3)


@pytest.mark.parametrize("negative_prompt", ["", "rain"])
@torch.inference_mode()
def test_the_unguided_steps_are_those_of_a_network_that_is_asked_without_guidance(
    negative_prompt: str,
) -> None:
    """The bias with one branch, and what is remembered of the text, are those of the conditional rows."""
    pipe = tiny()
    told = condition(pipe, [replace(SMALL, negative_prompt=negative_prompt), OTHER], CPU)
    alone = condition(pipe, [replace(SMALL, guidance_scale=1.0), replace(OTHER, guidance_scale=1.0)], CPU)
    sample, time = torch.randn(2, 4, 8, 8), torch.tensor(500.0)
    network = Network(pipe.unet, Levers(guided_until=0.5))
    with network.drawing(told, 2) as drawing:
        drawing.predict(0, sample, time)
        unguided = drawing.predict(1, sample, time)
    with network.drawing(alone, 2) as drawing:
        torch.testing.assert_close(drawing.predict(0, sample, time), unguided, rtol=1e-5, atol=1e-6)


def test_levers_that_change_nothing_change_nothing() -> None:
    assert distance([LONGER], Levers(cached_every=1, guided_until=1.0)) < 1e-5


@pytest.mark.parametrize(
    "levers", [Levers(cached_every=2), Levers(guided_until=0.6), Levers(cached_every=2, guided_until=0.6)]
)
def test_what_approximates_stays_near(levers: Levers) -> None:
    assert 1e-4 < distance([LONGER], levers) < 0.02


@torch.inference_mode()
def test_deep_features_of_the_conditional_rows_go_on_where_guidance_ends() -> None:
    """Against a loop that says in so many words what each step is told, and which features it reuses."""
    recipes = [replace(recipe, steps=8, negative_prompt="rain") for recipe in (SMALL, OTHER)]
    pipe = tiny()
    told, times = condition(pipe, recipes, CPU), torch.linspace(900, 50, 8)
    samples = torch.randn(8, 2, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    alone, expected, deep = told.unguided, [], None
    with identity_attention(pipe.unet):
        for step, (sample, time) in enumerate(zip(samples, times, strict=True)):
            if step in (0, 1, 2, 6, 7):  # all of the network
                deep = None
            if step < 4:
                both = arguments(told, told.identity_bias)
                prediction, deep = evaluate(pipe.unet, sample.repeat(2, 1, 1, 1), time, both, deep)
                expected.append(prediction[:2] + 5 * (prediction[2:] - prediction[:2]))
            else:
                deep = deep[2:] if step == 4 and deep is not None else deep
                prediction, deep = evaluate(
                    pipe.unet, sample, time, arguments(alone, alone.identity_bias), deep
                )
                expected.append(prediction)
    with Network(pipe.unet, Levers(cached_every=4, guided_until=0.5)).drawing(told, 8) as drawing:
        found = [drawing.predict(step, samples[step], times[step]) for step in range(8)]
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
