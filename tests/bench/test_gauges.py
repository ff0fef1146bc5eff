"""Work is counted, not assumed."""

from __future__ import annotations

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch.utils.flop_counter import FlopCounterMode

from generator.bench.gauges import describe, product_speed, work_of
from generator.diffusion.architecture import SDXL
from generator.shape import DECODING, STEP


def test_the_work_that_shapes_are_weighed_by_is_what_full_size_sdxl_does() -> None:
    with torch.inference_mode(), torch.device("meta"):  # shapes alone
        unet, vae = UNet2DConditionModel.from_config(SDXL.unet), AutoencoderKL.from_config(SDXL.vae)
        latents, text = torch.empty(1, 4, 128, 128), torch.empty(1, 77, 2048)
        told = {"text_embeds": torch.empty(1, 1280), "time_ids": torch.empty(1, 6)}
        step = work_of(lambda: unet(latents, torch.empty(()), text, added_cond_kwargs=told))
        decoding = work_of(lambda: vae.decode(latents))
    assert step == pytest.approx(STEP, rel=1e-3)
    assert decoding == pytest.approx(DECODING, rel=5e-3)


def test_whole_layers_are_counted_as_torch_counts_their_parts() -> None:
    q, linear = torch.randn(2, 3, 50, 16), torch.nn.Linear(16, 8)

    def compute() -> None:
        linear(q @ q.transpose(-1, -2) @ q)

    with torch.inference_mode():
        whole = work_of(compute)
    with FlopCounterMode(display=False) as parts:
        compute()
    assert whole * 1e12 == parts.get_total_flops() == 2 * 6 * (2 * 50 * 50 * 16 + 50 * 16 * 8)


def test_attention_on_a_processor_is_counted_as_its_two_products() -> None:
    q, k = torch.randn(2, 3, 50, 16), torch.randn(2, 3, 77, 16)
    attend = torch.nn.functional.scaled_dot_product_attention
    with torch.inference_mode():
        assert work_of(lambda: attend(q, k, k)) * 1e12 == 2 * (2 * 2 * 3 * 50 * 77 * 16)


def test_a_machine_has_a_name_and_a_speed() -> None:
    device = torch.device("cpu")
    machine = describe(device)
    assert machine.device and machine.memory > 0 and {"torch", "diffusers"} <= machine.versions.keys()
    assert product_speed(device, torch.float32) > 0
