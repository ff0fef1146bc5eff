"""Fused blocks compute what diffusers' own do, and leave a network as they found it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import ModuleType

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from diffusers.models.attention import FeedForward
from torch import Tensor, nn
from torch.nn.functional import interpolate

from generator.diffusion import rewriting
from generator.diffusion.decoding import pixels_of
from generator.diffusion.fused import convolving, fusing, plain
from generator.diffusion.fused.convolving import Convolution, Enlargement
from generator.diffusion.fused.fusing import FusedBlocks, apart, in_turn
from generator.diffusion.network import Network
from generator.diffusion.pipeline import PRACTICE, Illustrator, latents_of
from generator.diffusion.plan import EXACT, Levers, Plan
from generator.diffusion.rewriting import Rewritten
from generator.diffusion.tiny import tiny
from generator.errors import OutOfMemory
from generator.story import Recipe
from tests.diffusion.test_attention import CPU, OTHER, SMALL

FUSED = replace(EXACT, fused=True)
SHORT = replace(SMALL, steps=4)


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Winograd's way for as few channels as the tests have."""
    monkeypatch.setattr(convolving, "WIDE", 8)


@torch.inference_mode()
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"negative_prompt": "rain"},
        {"guidance_scale": 1.0},
        {"identity_strength": 1.0},
        {"freeu": True},
        {"width": 72, "height": 104},  # neither Winograd's tiles nor twice as large fit everywhere
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "levers", [EXACT, replace(EXACT, cached_every=2, guided_until=0.5)], ids=["exact", "fast"]
)
def test_fused_blocks_draw_what_the_network_draws(change: dict[str, object], levers: Levers) -> None:
    recipes = [replace(recipe, steps=4, **change) for recipe in (SMALL, OTHER)]  # type: ignore[arg-type]
    fused, written = Network(tiny().unet, replace(levers, fused=True)), Network(tiny().unet, levers)
    found, expected = (latents_of(tiny(), recipes, CPU, network=each) for each in (fused, written))
    assert (found - expected).norm() < 1e-5 * expected.norm()
    assert fused.works


@torch.inference_mode()
def test_every_kind_of_block_is_fused() -> None:
    """Else nothing would be compared above."""
    blocks = FusedBlocks(tiny().unet)
    kinds = {type(block).__name__ for block in blocks._forwards}
    assert kinds == {
        "Transformer2DModel",
        "ResnetBlock2D",
        "Upsample2D",
        "CrossAttnUpBlock2D",
        "UpBlock2D",
        "GroupNorm",
        "SiLU",
    }


@torch.inference_mode()
def test_a_gate_that_is_not_in_whole_turns_stays_as_it_is_written() -> None:
    def odd() -> StableDiffusionXLPipeline:
        pipe = tiny()
        block = pipe.unet.mid_block.attentions[0].transformer_blocks[0]
        torch.manual_seed(1)
        block.ff = FeedForward(64, inner_dim=20)
        return pipe

    found, expected = (
        latents_of(odd(), [SHORT], CPU, network=Network(odd().unet, each)) for each in (FUSED, EXACT)
    )
    assert (found - expected).norm() < 1e-5 * expected.norm()


@torch.inference_mode()
def test_a_network_that_is_released_has_the_very_numbers_that_it_had() -> None:
    pipe = tiny()
    before = {name: tensor.clone() for name, tensor in pipe.unet.state_dict().items()}
    network = Network(pipe.unet, FUSED)
    latents_of(pipe, [SHORT], CPU, network=network)
    network.release()
    after = pipe.unet.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert not any("forward" in vars(block) for block in pipe.unet.modules())


@torch.inference_mode()
def test_what_cannot_be_fused_is_drawn_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = ModuleType("broken")
    vars(broken).update({name: getattr(plain, name) for name in plain.__all__ if name != "gated"})
    monkeypatch.setattr(fusing, "words_for", lambda device: broken)
    network = Network(tiny().unet, FUSED)
    found = latents_of(tiny(), [SHORT], CPU, network=network)
    expected = latents_of(tiny(), [SHORT], CPU, network=Network(tiny().unet))
    assert (found - expected).norm() < 1e-5 * expected.norm()
    assert not network.works
    assert caplog.text.count("cannot be fused; drawing goes on without") == 1


@torch.inference_mode()
def test_a_fused_decoder_decodes_the_same() -> None:
    pipe, latents = tiny(), torch.randn(1, 4, 16, 16)
    expected = pixels_of(tiny().vae, latents)
    blocks = FusedBlocks(pipe.vae.decoder)
    blocks.use(True)
    assert (blocks.call(pixels_of, pipe.vae, latents) - expected).norm() < 1e-5 * expected.norm()
    assert blocks.works
    assert any(type(block).__name__ == "ResnetBlock2D" for block in blocks._forwards)


def test_an_illustrator_draws_fused_and_decodes_fused() -> None:
    plan = Plan(levers=FUSED)
    illustrator, other = Illustrator(plan), Illustrator(Plan())
    illustrator.prepare(SHORT)
    found, expected = (each.latents([SHORT]) for each in (illustrator, other))
    assert (found - expected).norm() < 1e-5 * expected.norm()
    assert not illustrator.gave_up
    rig = illustrator._rig
    assert rig is not None
    assert rig.decoder(found, tiled=False) is not pixels_of
    (picture,), (same,) = illustrator.finish(found), other.finish(found)
    assert max(abs(a - b) for a, b in zip(picture.tobytes(), same.tobytes(), strict=True)) <= 1


@pytest.mark.parametrize(("height", "width"), [(6, 8), (5, 8), (2, 2)])
@pytest.mark.parametrize("adds", [True, False])
@torch.inference_mode()
def test_a_convolution_is_the_same_sums_another_way(height: int, width: int, adds: bool) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(16, 24, 3, padding=1, dtype=torch.float64)
    picture = torch.randn(3, 16, height, width, dtype=torch.float64)
    residual = torch.randn(3, 24, height, width, dtype=torch.float64) if adds else None
    found = Convolution(layer, plain)(picture, layer.bias if adds else None, residual)
    assert layer.bias is not None
    expected = layer(picture) - layer.bias[:, None, None] if residual is None else layer(picture) + residual
    torch.testing.assert_close(found, expected)


@torch.inference_mode()
def test_an_enlargement_is_its_convolution_of_what_is_twice_as_large() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(16, 24, 3, padding=1, dtype=torch.float64)
    picture = torch.randn(2, 16, 5, 6, dtype=torch.float64)
    torch.testing.assert_close(
        Enlargement(layer, plain)(picture), layer(interpolate(picture, scale_factor=2.0, mode="nearest"))
    )


def test_gates_lie_beside_what_they_gate_and_apart_again() -> None:
    rows = torch.arange(64).view(32, 2)
    of_each = in_turn(rows)[:, 0].view(4, 8) // 2
    assert of_each.tolist() == [[*range(first, first + 8)] for first in (0, 16, 8, 24)]
    assert torch.equal(apart(in_turn(rows)), rows)


def test_what_is_fused_is_practised_once_before_anybody_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kernels are made where they are met first, and kept where the next process finds them."""
    for name in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"):
        monkeypatch.setenv(name, "")  # to be as before afterwards
        monkeypatch.delenv(name)
    drawn: list[int] = []
    illustrator = Illustrator(Plan(levers=FUSED), tmp_path / "compiled")
    denoise = illustrator.denoise

    def counted(recipes: Sequence[Recipe]) -> Tensor:
        drawn.append(recipes[0].steps)
        return denoise(recipes)

    monkeypatch.setattr(illustrator, "denoise", counted)
    illustrator.prepare(SHORT, replace(illustrator.plan, levers=EXACT))
    assert drawn == []
    for _ in range(2):
        illustrator.prepare(SHORT, illustrator.plan)
    assert drawn == [PRACTICE]
    assert Path(os.environ["TRITON_CACHE_DIR"]).parent == tmp_path / "compiled"


@pytest.mark.parametrize("rearranged", ["in_turn", "apart"])
def test_a_network_that_ran_out_of_memory_half_way_is_not_drawn_with(
    rearranged: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gates that were rearranged for some layers would draw something else."""
    illustrator, leaner = Illustrator(Plan(levers=FUSED)), Plan()
    expected = Illustrator(leaner).latents([SHORT])
    if rearranged == "apart":
        illustrator.latents([SHORT])
    rearrange, calls = getattr(fusing, rearranged), count(1)

    def greedy(rows: Tensor) -> Tensor:
        if next(calls) == 4:
            raise torch.OutOfMemoryError
        return rearrange(rows)  # type: ignore[no-any-return]

    monkeypatch.setattr(fusing, rearranged, greedy)
    with pytest.raises(OutOfMemory):
        illustrator.denoise([SHORT], plan=illustrator.plan if rearranged == "in_turn" else leaner)
    for plan in (leaner, illustrator.plan):
        found = illustrator.denoise([SHORT], plan=plan).cpu()
        assert (found - expected).norm() < 1e-5 * expected.norm()


def test_nothing_is_given_up_while_it_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be changed then would be recorded, and not done."""
    block = nn.Linear(2, 2)
    rewritten = Rewritten([(block, lambda inputs: 2 * inputs)])
    rewritten.use(True)
    monkeypatch.setattr(rewriting, "is_recording", lambda: True)
    with pytest.raises(ZeroDivisionError):
        rewritten.call(lambda: 1 / 0)
    assert rewritten.works
    monkeypatch.setattr(rewriting, "is_recording", lambda: False)
    with pytest.raises(ZeroDivisionError):
        rewritten.call(lambda: 1 / 0)  # which is not the blocks' fault, but who knows
    assert not rewritten.works
    assert "forward" not in vars(block)
