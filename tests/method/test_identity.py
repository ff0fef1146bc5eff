"""Identity as a key bias, against the original's stored keys and values."""

from __future__ import annotations

import json
from math import log
from pathlib import Path

import pytest
import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from safetensors.torch import load_file
from torch.nn.functional import scaled_dot_product_attention

from generator.diffusion.tiny import tiny
from generator.method.identity import IdentityProcessor, identity_attention, identity_bias
from generator.method.tokens import clip_tokenizer

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = json.loads((GOLDEN / "ipca.json").read_text())


def bias_of(case, strength: float = 2.0) -> torch.Tensor:
    tokens = clip_tokenizer()
    return identity_bias(tokens.context(case["prompt"]), tokens.ids(case["id_prompt"]), strength)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["key"])
def test_it_reproduces_the_originals_output(case) -> None:
    golden = load_file(GOLDEN / "ipca.safetensors")
    q, k, v, out = (golden[f"{case['key']}.{name}"] for name in ("q", "k", "v", "out"))
    bias = bias_of(case)
    assert (bias > 0).sum() == case["identity_tokens"]
    both = torch.cat([torch.zeros_like(bias), bias])  # the unconditional branch has none
    attended = scaled_dot_product_attention(q, k, v, attn_mask=both[:, None], scale=case["scale"])
    torch.testing.assert_close(attended, out, rtol=1e-5, atol=1e-5)
    plain = scaled_dot_product_attention(q, k, v, scale=case["scale"])
    assert not torch.allclose(plain, out, atol=1e-3)


def test_the_bias_is_on_bos_and_the_subject() -> None:
    bias = bias_of(CASES[0])
    assert bias.shape == (1, 1, 77)
    assert bias[0, 0, :9].tolist() == pytest.approx([log(2)] * 9)
    assert not bias[0, 0, 9:].any()
    assert not bias_of(CASES[0], 1.0).any(), "strength 1 leaves every key as it is"


@pytest.mark.parametrize("strength", [0.0, -1.0])
def test_strength_has_to_be_above_zero(strength: float) -> None:
    with pytest.raises(ValueError, match=str(strength)):
        bias_of(CASES[0], strength)


@pytest.fixture
def attention() -> Attention:
    torch.manual_seed(0)
    layer = Attention(query_dim=16, cross_attention_dim=12, heads=2, dim_head=8)
    layer.set_processor(IdentityProcessor())
    return layer


@torch.no_grad()
def test_a_bias_adds_to_a_mask_that_is_already_there(attention: Attention) -> None:
    x, text = torch.randn(2, 5, 16), torch.randn(2, 77, 12)
    bias, mask = bias_of(CASES[0]), torch.randn(2, 1, 77)
    both = attention(x, text, attention_mask=mask, identity_bias=bias)
    torch.testing.assert_close(both, attention(x, text, attention_mask=mask + bias))
    assert not torch.allclose(both, attention(x, text, attention_mask=mask))


@torch.no_grad()
def test_self_attention_ignores_the_bias() -> None:
    torch.manual_seed(0)
    layer = Attention(query_dim=16, heads=2, dim_head=8)
    x = torch.randn(2, 77, 16)
    plain = layer(x)
    layer.set_processor(IdentityProcessor())
    assert torch.equal(layer(x, identity_bias=bias_of(CASES[0])), plain)


@torch.no_grad()
def test_no_bias_is_diffusers_own_attention_to_the_bit(attention: Attention) -> None:
    x, text = torch.randn(2, 5, 16), torch.randn(2, 77, 12)
    ours = attention(x, text, identity_bias=None)
    attention.set_processor(AttnProcessor2_0())
    assert torch.equal(attention(x, text), ours)


def test_the_network_gets_its_own_processors_back() -> None:
    unet = tiny().unet
    before = unet.attn_processors
    with pytest.raises(KeyboardInterrupt), identity_attention(unet):
        assert all(isinstance(processor, IdentityProcessor) for processor in unet.attn_processors.values())
        raise KeyboardInterrupt
    after = unet.attn_processors
    assert after.keys() == before.keys()
    assert all(after[name] is before[name] for name in before)
