"""Schedulers that never wait for the device."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from generator.diffusion.conditioning import condition
from generator.diffusion.network import Network
from generator.diffusion.pipeline import denoise
from generator.diffusion.schedulers import noise_sent_to, schedule
from generator.diffusion.tiny import tiny
from generator.profiles import Scheduler
from tests.diffusion.test_attention import CPU, SMALL

NOWHERE = torch.device("meta")
"""A device whose tensors have no numbers: where a GPU would have to be waited for, it fails."""


@pytest.mark.parametrize("name", list(Scheduler))
@torch.inference_mode()
def test_nothing_in_a_drawing_looks_at_the_devices_numbers(name: Scheduler) -> None:
    pipe = tiny()
    told = condition(pipe, [replace(SMALL, negative_prompt="rain")], CPU)
    pipe.unet.to(NOWHERE)
    fields = {field: getattr(told, field).to(NOWHERE) for field in ("hidden_states", "pooled", "time_ids")}
    told = replace(
        told,
        **fields,
        identity_bias=told.identity_bias.to(NOWHERE),  # type: ignore[union-attr]
        guidance_scale=told.guidance_scale.to(NOWHERE),
    )
    latents, generators = torch.empty(1, 4, 8, 8, device=NOWHERE), [torch.Generator().manual_seed(1)]
    steps: list[int] = []
    drawn = denoise(
        Network(pipe.unet),
        schedule(pipe, name, 3),
        latents,
        told,
        generators,
        lambda step, _: steps.append(step),
    )
    assert (drawn.device, drawn.shape, steps) == (NOWHERE, (1, 4, 8, 8), [1, 2, 3])


@pytest.mark.parametrize("name", ["dpm-sde-karras", "euler-ancestral-trailing", "lcm"])
def test_fresh_noise_is_drawn_on_the_cpu_and_sent(name: str) -> None:
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    scheduler = schedule(tiny(), name, 3)
    sample = torch.zeros(2, 4, 8, 8, device=NOWHERE)
    with noise_sent_to(NOWHERE):
        time = scheduler.timesteps[0]
        sample = scheduler.scale_model_input(sample, time)
        scheduler.step(sample, time, sample, generator=generators)
        assert torch.randn(2).device == NOWHERE
        assert torch.zeros(2).device == CPU
    assert torch.randn(2).device == CPU
    for seed, generator in zip((1, 2), generators, strict=True):
        spent = torch.Generator().manual_seed(seed)
        torch.randn(1, 4, 8, 8, generator=spent)
        assert torch.equal(generator.get_state(), spent.get_state()), "each took its own numbers, and once"


@pytest.mark.parametrize("name", list(Scheduler))
def test_a_schedule_lies_on_the_cpu_and_begins_at_its_beginning(name: Scheduler) -> None:
    scheduler = schedule(tiny(), name, 3)
    assert scheduler.timesteps.device == CPU
    sample = torch.zeros(1, 4, 8, 8)
    scheduler.scale_model_input(sample, scheduler.timesteps[0])
    scheduler.step(sample, scheduler.timesteps[0], sample, generator=torch.Generator())
    assert scheduler.step_index == 1
