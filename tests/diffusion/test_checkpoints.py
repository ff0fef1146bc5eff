"""From a line of configuration to a pipeline in memory."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from shutil import copytree

import huggingface_hub
import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file

from generator.diffusion.architecture import SCHEDULE, SDXL, networks
from generator.diffusion.checkpoints import (
    Checkpoints,
    add_loras,
    load,
    load_folder,
    load_lora,
    source,
)
from generator.diffusion.checkpoints import (
    load_file as load_single,
)
from generator.diffusion.tiny import TINY, tiny
from generator.errors import ModelError
from generator.story import Lora, Recipe
from tests.original_format import save_original

NETWORKS = ("text_encoder", "text_encoder_2", "unet", "vae")


def weights(pipe: StableDiffusionXLPipeline) -> dict[str, torch.Tensor]:
    return {f"{n}.{k}": v for n in NETWORKS for k, v in getattr(pipe, n).state_dict().items()}


@cache
def tinys_weights() -> dict[str, torch.Tensor]:
    return weights(tiny())


def assert_is_tiny(pipe: StableDiffusionXLPipeline) -> None:
    ours, theirs = weights(pipe), tinys_weights()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny-on-disk"
    tiny().save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny.safetensors"
    save_original(tiny(), path)
    return path


@pytest.fixture(scope="module")
def lora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    unet = tiny().unet
    unet.add_adapter(LoraConfig(r=2, target_modules=["to_q", "to_v"], init_lora_weights=False))
    folder = tmp_path_factory.mktemp("loras")
    StableDiffusionXLPipeline.save_lora_weights(folder, get_peft_model_state_dict(unet))
    return folder / "pytorch_lora_weights.safetensors"


def recipe(**changes: object) -> Recipe:
    plain = {
        "model": "tiny",
        "subject": "A red fox",
        "express": "in the snow",
        "suppress": (),
        "prompt": "A red fox in the snow",
        "seed": 1,
        "width": 64,
        "height": 64,
        "steps": 2,
        "guidance_scale": 5.0,
        "scheduler": "euler",
    }
    return Recipe(**plain | changes)  # type: ignore[arg-type]


def test_the_architecture_is_sdxls_to_the_last_parameter() -> None:
    with torch.device("meta"):
        counts = {name: sum(p.numel() for p in net.parameters()) for name, net in networks(SDXL).items()}
    assert counts == {
        "text_encoder": 123_060_480,
        "text_encoder_2": 694_659_840,
        "unet": 2_567_463_684,
        "vae": 83_653_863,
    }


def test_tiny_is_the_same_every_time_and_disturbs_no_random_numbers() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one = tiny()
    assert torch.equal(torch.rand(3), expected)
    assert_is_tiny(one)
    assert sum(tensor.nbytes for tensor in weights(one).values()) < 20e6


def test_a_folder_is_loaded_as_it_was_saved(folder: Path) -> None:
    assert_is_tiny(load(str(folder), torch.float32))


def test_a_folder_of_half_precision_files_is_loaded(tmp_path: Path) -> None:
    half = tiny().to(dtype=torch.float16)
    half.save_pretrained(tmp_path / "half", variant="fp16")
    for dtype in (torch.float16, torch.float32):
        loaded = load_folder(tmp_path / "half", dtype)
        assert loaded.unet.dtype == dtype
        assert torch.equal(loaded.unet.conv_in.weight.half(), half.unet.conv_in.weight)


def test_a_single_file_is_loaded_without_a_network(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    loaded = load_single(file, torch.float32, TINY)
    assert_is_tiny(loaded)
    schedule = tiny().scheduler.config
    assert all(loaded.scheduler.config[name] == schedule[name] for name in SCHEDULE)
    assert loaded.tokenizer_2.pad_token_id == 0
    assert loaded.config.force_zeros_for_empty_prompt


def test_playgrounds_file_brings_its_own_latents(file: Path, tmp_path: Path) -> None:
    mean, std = torch.tensor([-1.5, 2.0, -1.25, 2.5]), torch.tensor([8.5, 6.0, 6.5, 5.25])
    playground = tmp_path / "playground.safetensors"
    save_file(
        load_file(file) | {"edm_mean": mean.view(1, 4, 1, 1), "edm_std": std.view(1, 4, 1, 1)}, playground
    )
    config = load_single(playground, torch.float32, TINY).vae.config
    assert (config.latents_mean, config.latents_std) == (mean.tolist(), std.tolist())
    assert config.scaling_factor == 0.5


def test_in_half_precision_only_the_decoder_stays_whole() -> None:
    pipe = load("tiny", torch.float16)
    assert (pipe.unet.dtype, pipe.text_encoder_2.dtype, pipe.vae.dtype) == (
        torch.float16,
        torch.float16,
        torch.float32,
    )
    assert load("tiny", torch.bfloat16).vae.dtype == torch.bfloat16


@pytest.mark.parametrize(
    "model", ["/no/such/folder", "missing.safetensors", "models/missing.safetensors", "./nowhere", "tinyy"]
)
def test_a_model_that_is_not_there_is_an_error_in_words(model: str) -> None:
    with pytest.raises(ModelError, match=f"There is no model at {model}: give a Hub id"):
        load(model, torch.float32)


def test_a_folder_without_a_pipeline_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no diffusers pipeline: there is no model_index\.json in it"):
        load(str(tmp_path), torch.float32)


def test_another_kind_of_pipeline_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "FluxPipeline"}))
    with pytest.raises(ModelError, match="is not an SDXL pipeline but a FluxPipeline"):
        load(str(tmp_path), torch.float32)


def test_a_damaged_folder_is_an_error_in_words(folder: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    copytree(folder, damaged)
    weights_file = damaged / "unet" / "diffusion_pytorch_model.safetensors"
    weights_file.write_bytes(weights_file.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"^The model in .*damaged cannot be loaded \(.*\)\.$"):
        load(str(damaged), torch.float32)
    (damaged / "model_index.json").write_text("{")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(str(damaged), torch.float32)


def test_a_damaged_file_is_an_error_in_words(file: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(file.read_bytes()[:100_000])
    with pytest.raises(ModelError, match=r"is not a whole \.safetensors file .*; please download it again\."):
        load(str(damaged), torch.float32)


def test_a_file_with_half_a_model_is_an_error_in_words(file: Path, tmp_path: Path) -> None:
    part = tmp_path / "unet-only.safetensors"
    save_file({n: t for n, t in load_file(file).items() if n.startswith("model.")}, part)
    with pytest.raises(ModelError, match="lacks the first text encoder, the second text encoder, the image"):
        load(str(part), torch.float32)


def test_a_file_of_another_size_is_an_error_in_words(file: Path) -> None:
    with pytest.raises(ModelError, match=r"^The model file .*tiny\.safetensors cannot be loaded \(.*\)\.$"):
        load(str(file), torch.float32)


@pytest.mark.parametrize("model", ["nobody/nothing", "stabilityai/stable-diffusion-xl-base-1.0"])
def test_a_hub_out_of_reach_is_an_error_in_words(
    model: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match=f"{model} is neither on this machine nor could it be fetched"):
        load(model, torch.float16)


def dressed(*loras: Lora) -> StableDiffusionXLPipeline:
    pipe = tiny()
    add_loras(pipe, [source(lora) for lora in loras], loras)
    return pipe


@torch.no_grad()
def test_loras_in_the_weights_do_what_they_do_beside_them(lora: Path) -> None:
    other = lora.with_name("other.safetensors")
    save_file({name: tensor.flip(0) for name, tensor in load_file(lora).items()}, other)
    pipe, x = tiny(), torch.randn(1, 5, 32)
    load_lora(pipe, "one", str(lora))
    load_lora(pipe, "two", str(other))
    pipe.set_adapters(["one", "two"], [0.5, 1.5])
    beside = pipe.unet.down_blocks[1].attentions[0].transformer_blocks[0].attn1(x)
    inside = dressed(Lora(path=str(lora), weight=0.5), Lora(path=str(other), weight=1.5))
    layer = inside.unet.down_blocks[1].attentions[0].transformer_blocks[0].attn1
    torch.testing.assert_close(layer(x), beside, rtol=1e-4, atol=1e-5)
    plain = tiny().unet.down_blocks[1].attentions[0].transformer_blocks[0].attn1
    assert not torch.allclose(plain(x), beside, atol=1e-4)
    assert weights(inside).keys() == tinys_weights().keys(), "nothing is left of how they came"


@pytest.mark.parametrize("path", ["/no/such/lora.safetensors", "loras/lora.safetensors"])
def test_a_lora_that_is_not_there_is_an_error_in_words(path: str) -> None:
    with pytest.raises(ModelError, match=f"There is no LoRA at {path}: give a"):
        dressed(Lora(path=path))


def test_a_lora_that_does_not_fit_is_an_error_in_words(tmp_path: Path, lora: Path) -> None:
    broken, foreign = tmp_path / "broken.safetensors", tmp_path / "foreign.safetensors"
    broken.write_bytes(lora.read_bytes()[:200])
    save_file({"transformer.blocks.0.to_q.lora_A.weight": torch.zeros(2, 4)}, foreign)
    for path in (broken, foreign):
        with pytest.raises(ModelError, match=rf"^The LoRA .*{path.name} .*made for SDXL\?"):
            dressed(Lora(path=str(lora)), Lora(path=str(path)))


def test_the_last_model_is_kept_and_its_extras_follow_the_recipe(lora: Path) -> None:
    checkpoints = Checkpoints(torch.float32)
    plain = checkpoints.get(recipe())
    assert checkpoints.get(recipe(freeu=True)) is plain
    assert plain.unet.up_blocks[0].b1 == 1.1
    assert checkpoints.get(recipe()) is plain
    assert plain.unet.up_blocks[0].b1 is None
    with_lora = recipe(loras=(Lora(path=str(lora)),), freeu=True)
    loaded = checkpoints.get(with_lora)
    assert any(not torch.equal(tensor, tinys_weights()[name]) for name, tensor in weights(loaded).items())
    assert checkpoints.get(with_lora) is loaded
    assert_is_tiny(checkpoints.get(recipe()))


def test_a_lora_that_fails_does_not_stand_for_the_next(tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no LoRA")
    checkpoints = Checkpoints(torch.float32)
    plain = checkpoints.get(recipe())
    with pytest.raises(ModelError, match="no LoRA at"):
        checkpoints.get(recipe(loras=(Lora(path="/none.safetensors"),)))
    assert checkpoints.get(recipe()) is plain, "for what is not there, nothing is given up"
    with pytest.raises(ModelError):
        checkpoints.get(recipe(loras=(Lora(path=str(broken)),)))
    assert_is_tiny(checkpoints.get(recipe()))


def test_a_model_that_failed_to_load_does_not_stand_for_the_next(folder: Path) -> None:
    checkpoints = Checkpoints(torch.float32)
    tiny_pipe = checkpoints.get(recipe())
    with pytest.raises(ModelError):
        checkpoints.get(recipe(model="/nowhere"))
    assert checkpoints.get(recipe()) is not tiny_pipe
