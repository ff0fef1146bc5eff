"""What is remembered during a drawing, against what diffusers computes again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention

from generator.diffusion.attention import attentions, fuse, unfuse
from generator.diffusion.conditioning import condition
from generator.diffusion.network import Network
from generator.diffusion.pipeline import latents_of
from generator.diffusion.plan import Levers
from generator.diffusion.tiny import tiny
from generator.story import Recipe
from tests.diffusion.test_pipeline import RECIPE

CPU = torch.device("cpu")
SMALL = replace(RECIPE, width=64)
OTHER = replace(SMALL, seed=3, prompt="a cat on a roof", subject="a cat", express="on a roof", suppress=())


def distance(recipes: Sequence[Recipe], levers: Levers) -> float:
    """How far the levers are from the plain network."""
    pipe = tiny()
    with torch.inference_mode():
        plain = latents_of(pipe, recipes, CPU)
        fast = latents_of(pipe, recipes, CPU, network=Network(pipe.unet, levers))
    return float((fast - plain).norm() / plain.norm())


@pytest.mark.parametrize(
    "change",
    [{}, {"negative_prompt": "rain"}, {"guidance_scale": 1.0}, {"identity_strength": 1.0}, {"freeu": True}],
    ids=str,
)
def test_what_is_remembered_is_what_would_be_computed(change: dict[str, object]) -> None:
    recipes = [replace(recipe, **change) for recipe in (SMALL, OTHER)]  # type: ignore[arg-type]
    assert distance(recipes, Levers()) < 1e-5


def test_pictures_with_and_without_a_negative_prompt_are_drawn_together() -> None:
    assert distance([SMALL, replace(OTHER, negative_prompt="rain", identity_strength=1.0)], Levers()) < 1e-5


def counted(unet: UNet2DConditionModel) -> dict[str, int]:
    """How many tokens each kind of projection is asked to project, from now on."""
    counts = dict.fromkeys(("to_q", "to_k", "to_v", "to_qkv", "to_out"), 0)
    for _, layer in attentions(unet):
        for name, part in layer.named_children():
            if layer.is_cross_attention and name in counts:
                part = part[0] if name == "to_out" else part

                def count(module: object, inputs: tuple[torch.Tensor], name: str = name) -> None:
                    counts[name] += len(inputs[0])

                part.register_forward_pre_hook(count)
    return counts


@torch.inference_mode()
def test_text_is_projected_once_and_empty_text_not_at_all() -> None:
    pipe = tiny()
    network = Network(pipe.unet)
    counts, layers = counted(pipe.unet), sum(layer.is_cross_attention for _, layer in attentions(pipe.unet))
    latents_of(pipe, [SMALL], CPU, network=network)
    assert counts["to_k"] == counts["to_v"] == layers
    assert counts["to_q"] == counts["to_out"] == SMALL.steps * layers
    counts.update(dict.fromkeys(counts, 0))
    latents_of(pipe, [replace(SMALL, negative_prompt="rain")], CPU, network=network)
    assert counts["to_k"] == counts["to_v"] == 2 * layers
    assert counts["to_q"] == counts["to_out"] == 2 * SMALL.steps * layers


def self_attention(unet: UNet2DConditionModel) -> Attention:
    return next(layer for _, layer in attentions(unet) if not layer.is_cross_attention)


def test_fused_matrices_share_the_memory_of_their_parts() -> None:
    unet = tiny().unet
    before = {name: weight.clone() for name, weight in unet.state_dict().items()}
    fuse(unet)
    fuse(unet)
    layer = self_attention(unet)
    assert layer.to_qkv.weight.data_ptr() == layer.to_q.weight.data_ptr()
    assert (
        len({layer.to_q.weight.untyped_storage().data_ptr(), layer.to_v.weight.untyped_storage().data_ptr()})
        == 1
    )
    unfuse(unet)
    assert not hasattr(layer, "to_qkv")
    after = unet.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)


@torch.inference_mode()
def test_a_drawing_that_was_broken_off_leaves_nothing_to_the_next() -> None:
    pipe = tiny()
    network = Network(pipe.unet)
    first, second = (latents_of(pipe, [recipe], CPU, network=network) for recipe in (SMALL, OTHER))
    with pytest.raises(KeyboardInterrupt), network.drawing(condition(pipe, [OTHER], CPU), 3):
        raise KeyboardInterrupt
    assert torch.equal(latents_of(pipe, [SMALL], CPU, network=network), first)
    assert torch.equal(latents_of(pipe, [OTHER], CPU, network=network), second)


@torch.inference_mode()
def test_a_network_is_given_back_with_the_very_processors_that_it_had() -> None:
    pipe = tiny()
    before = pipe.unet.attn_processors
    network = Network(pipe.unet)
    assert all(pipe.unet.attn_processors[name] is not before[name] for name in before)
    latents_of(pipe, [SMALL], CPU, network=network)
    network.release()
    after = pipe.unet.attn_processors
    assert all(after[name] is before[name] for name in before)
    assert not any(hasattr(layer, "to_qkv") for _, layer in attentions(pipe.unet))


@torch.inference_mode()
@pytest.mark.parametrize("levers", [Levers(fused=True), Levers(cached_every=2, guided_until=0.3)], ids=str)
@pytest.mark.parametrize("steps", [2, 4])
def test_what_a_storys_drawings_have_in_common_is_computed_once(levers: Levers, steps: int) -> None:
    """They begin with the same noise, and without text the network says the same of it."""
    frames = [
        replace(SMALL, steps=steps, prompt=f"a cat {where}", subject="a cat", express=where, suppress=())
        for where in ("on a roof", "in a box", "by a river")
    ]
    network, rows = Network(tiny().unet, levers), []
    network.unet.conv_in.register_forward_pre_hook(lambda module, given: rows.append(len(given[0])))
    together = latents_of(tiny(), frames, CPU, network=network)
    assert rows[0] == 4
    assert set(rows[1:]) <= {6, 3}
    for frame, drawn in zip(frames, together, strict=True):
        alone = latents_of(tiny(), [frame], CPU, network=network)[0]
        assert (drawn - alone).norm() < 5e-4 * alone.norm()  # roundings of three rows and of one


@torch.inference_mode()
@pytest.mark.parametrize(
    "other",
    [replace(SMALL, seed=1), replace(SMALL, negative_prompt="rain")],
    ids=["another seed", "an unwanted word"],
)
def test_drawings_that_have_nothing_in_common_share_nothing(other: Recipe) -> None:
    network, rows = Network(tiny().unet, Levers()), []
    network.unet.conv_in.register_forward_pre_hook(lambda module, given: rows.append(len(given[0])))
    latents_of(tiny(), [SMALL, other], CPU, network=network)
    assert set(rows) == {4}
