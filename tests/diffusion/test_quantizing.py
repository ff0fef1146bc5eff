"""Matrices in eight bits, against those they stand for."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from generator.diffusion.attention import attentions, fuse
from generator.diffusion.network import Network
from generator.diffusion.pipeline import Illustrator, latents_of
from generator.diffusion.plan import EXACT, Levers, Offload, Plan, Quantization
from generator.diffusion.quantizing import EightBit, quantize
from generator.diffusion.tiny import tiny
from tests.diffusion.test_attention import CPU, SMALL, distance

KINDS = [(torch.int8, 0.005), (torch.float8_e4m3fn, 0.03)]
BOTH = [Quantization.INT8, Quantization.FP8]


@pytest.mark.parametrize(("kind", "error"), KINDS, ids=str)
@pytest.mark.parametrize("bias", [True, False])
@torch.no_grad()
def test_a_layer_in_eight_bits_is_nearly_the_layer(kind: torch.dtype, error: float, bias: bool) -> None:
    linear = nn.Linear(64, 96, bias=bias)
    linear.weight[3] *= 100  # a channel of another size has a scale of its own
    inputs = torch.randn(2, 50, 64)
    inputs[1, 7] *= 100  # and so has a token
    expected, found = linear(inputs), EightBit(linear, kind)(inputs)
    assert found.shape == expected.shape and found.dtype == inputs.dtype
    sizes = inputs.norm(dim=-1, keepdim=True) * linear.weight.norm(dim=-1)
    assert 0 < ((found - expected).abs() / sizes).max() < error


@pytest.mark.parametrize("kind", [torch.int8, torch.float8_e4m3fn])
@torch.no_grad()
def test_numbers_that_fit_into_eight_bits_are_multiplied_exactly(kind: torch.dtype) -> None:
    linear = nn.Linear(16, 32, bias=False)
    linear.weight.copy_(torch.randint(-3, 4, (32, 16)).float())
    inputs = torch.randint(-3, 4, (20, 16)).float()
    linear.weight[:, 0] = inputs[:, 0] = 127 if kind == torch.int8 else 448  # so that all scales are 1
    found = EightBit(linear, kind)(inputs)
    expected = linear(inputs)
    torch.testing.assert_close(found, expected if kind == torch.int8 else expected.bfloat16().float())


@torch.no_grad()
def test_few_tokens_are_as_many_as_a_gpu_multiplies(monkeypatch: pytest.MonkeyPatch) -> None:
    multiply = torch._int_mm

    def as_on_a_gpu(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        assert len(one) > 16, "self.size(0) needs to be greater than 16"
        return multiply(one, other)

    monkeypatch.setattr(torch, "_int_mm", as_on_a_gpu)
    layer, inputs = EightBit(nn.Linear(32, 48), torch.int8), torch.randn(20, 32)
    torch.testing.assert_close(layer(inputs[:4]), layer(inputs)[:4])


@pytest.mark.parametrize("kind", [torch.int8, torch.float8_e4m3fn])
@torch.no_grad()
def test_nothing_but_zeros_stays_zero(kind: torch.dtype) -> None:
    linear = nn.Linear(16, 16, bias=False)
    assert not EightBit(linear, kind)(torch.zeros(20, 16)).any()


@pytest.mark.parametrize("quantization", BOTH)
def test_layers_that_work_in_every_step_are_in_eight_bits_and_one_matrix_still(
    quantization: Quantization,
) -> None:
    unet = tiny().unet
    quantize(unet, quantization)
    fuse(unet)
    for _, layer in attentions(unet):
        once = layer.is_cross_attention
        assert isinstance(layer.to_q, EightBit) and isinstance(layer.to_out[0], EightBit)
        assert isinstance(layer.to_k, nn.Linear if once else EightBit)
        if not once:
            x = torch.randn(1, 20, layer.to_q.weight.shape[1])
            parts = torch.cat([layer.to_q(x), layer.to_k(x), layer.to_v(x)], dim=-1)
            assert torch.equal(layer.to_qkv(x), parts)
            assert layer.to_qkv.weight.data_ptr() == layer.to_q.weight.data_ptr()


@pytest.mark.parametrize(("quantization", "most"), [(Quantization.INT8, 0.1), (Quantization.FP8, 0.2)])
def test_a_drawing_in_eight_bits_is_near_the_exact_one(quantization: Quantization, most: float) -> None:
    assert 1e-5 < distance([SMALL], Levers(quantized=quantization)) < most


def test_what_is_quantized_draws_the_same_by_a_leaner_plan() -> None:
    pipe = tiny()
    with torch.inference_mode():
        fast = latents_of(pipe, [SMALL], CPU, network=Network(pipe.unet, Levers(quantized=Quantization.INT8)))
        plain = latents_of(pipe, [SMALL], CPU, network=None)
    assert (fast - plain).norm() / plain.norm() < 1e-2


def test_an_illustrator_says_what_it_approximates() -> None:
    levers = Levers(quantized=Quantization.INT8, guided_until=0.6, cached_every=2)
    said = "matrices in int8, guided in the first 60% of the steps, deep layers in one of 2 steps"
    assert Illustrator(Plan(levers=levers)).engine.levers == said
    assert Illustrator(Plan(levers=EXACT)).engine.levers == ""


def test_a_quantized_network_is_moved_about_and_comes_back() -> None:
    levers = Levers(quantized=Quantization.INT8)
    illustrator = Illustrator(Plan(levers=levers))
    first = illustrator.latents([SMALL])
    moved = illustrator.denoise([SMALL], plan=Plan(offload=Offload.NETWORKS, levers=levers))
    assert (moved - first).norm() / first.norm() < 1e-2
    assert torch.equal(illustrator.latents([SMALL]), first)
