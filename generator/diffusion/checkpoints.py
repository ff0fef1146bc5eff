"""From a line of configuration to a pipeline in memory: Hub id, folder, file or ``tiny``; LoRAs; FreeU."""

from __future__ import annotations

import gc
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import shorten
from typing import Any
from warnings import catch_warnings, filterwarnings

import diffusers
import huggingface_hub
import torch
import transformers
from diffusers import StableDiffusionXLPipeline
from safetensors import SafetensorError, safe_open

from generator.diffusion.architecture import SDXL, Architecture, tokenizers, write_configs
from generator.diffusion.devices import is_out_of_memory
from generator.diffusion.tiny import tiny
from generator.errors import ModelError
from generator.profiles import STORYBOOK, is_hub_id
from generator.story import Lora, Recipe

log = logging.getLogger(__name__)

STORYBOOK_FOLDER = Path(__file__).parent.parent / "storybook" / "weights"
"""The model that was trained here; its tokenizers are CLIP's, which the project has already."""

FREEU = {"s1": 0.6, "s2": 0.4, "b1": 1.1, "b2": 1.2}
"""The original's parameters, which are FreeU's own for SDXL (arXiv 2309.11497)."""

# One tensor that only this part of an SDXL checkpoint has, by the names of its original format.
PARTS = {
    "SDXL's network": "model.diffusion_model.label_emb.0.0.weight",
    "the first text encoder": "conditioner.embedders.0.transformer.text_model.final_layer_norm.weight",
    "the second text encoder": "conditioner.embedders.1.model.positional_embedding",
    "the image decoder": "first_stage_model.decoder.conv_in.weight",
}

PLAYGROUND_SCALING_FACTOR = 0.5

MOST_SAID = 200
"""Letters of a library's reason that fit into a sentence; the log has all of them."""


class Checkpoints:
    """Keeps the last model in memory, with the LoRAs and FreeU of the last recipe."""

    def __init__(self, dtype: torch.dtype, let_go: Callable[[], None] = lambda: None) -> None:
        """``let_go`` is called before a pipeline that was handed out is given up."""
        self._dtype = dtype
        self._let_go = let_go
        self._pipe: StableDiffusionXLPipeline | None = None
        self._loaded: tuple[str, tuple[Lora, ...]] | None = None
        quieten()

    def get(self, recipe: Recipe) -> StableDiffusionXLPipeline:
        """The recipe's model with the recipe's LoRAs and FreeU.

        With other LoRAs it is loaded anew: they are added to its weights, and taking them off again would
        leave traces of rounding.

        Raises ``ModelError`` where there is no such thing.
        """
        wanted = recipe.model, recipe.loras
        if self._pipe is None or self._loaded != wanted:
            sources = [source(lora) for lora in recipe.loras]
            self._let_go()
            self._pipe = self._loaded = None
            gc.collect()  # two models may not fit
            pipe = load(recipe.model, self._dtype)
            add_loras(pipe, sources, recipe.loras)
            self._pipe, self._loaded = pipe, wanted
        if recipe.freeu:
            self._pipe.enable_freeu(**FREEU)
        else:
            self._pipe.disable_freeu()
        return self._pipe

    def forget(self) -> None:
        """Hold no pipeline: something of it may have been left changed half way, and it is loaded anew."""
        self._pipe = self._loaded = None

    @property
    def last(self) -> StableDiffusionXLPipeline:
        """The one that was handed out last."""
        assert self._pipe is not None, "nothing was drawn yet"
        return self._pipe


def quieten() -> None:
    """No progress bars on the console; log messages stay."""
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()
    huggingface_hub.utils.disable_progress_bars()


def load(model: str, dtype: torch.dtype) -> StableDiffusionXLPipeline:
    """A pipeline on the CPU, in ``dtype``.

    Raises ``ModelError`` with the reason where it cannot be loaded.
    """
    log.info("Loading %s", model)
    path = Path(model).expanduser()
    if model == "tiny":
        pipe = tiny() if dtype == torch.float32 else tiny().to(dtype=dtype)
    elif model == STORYBOOK:
        pipe = from_pretrained(str(STORYBOOK_FOLDER), dtype, None, **tokenizers())
    elif path.is_file():
        pipe = load_file(path, dtype)
    elif path.is_dir():
        pipe = load_folder(path, dtype)
    elif not is_hub_id(model):
        raise ModelError(
            "There is no model at {model}: give a Hub id such as stabilityai/stable-diffusion-xl-base-1.0, "
            "a folder, a .safetensors file, storybook, or tiny.",
            model=model,
        )
    else:
        pipe = load_from_hub(model, dtype)
    if dtype == torch.float16 and pipe.vae.config.force_upcast:
        pipe.vae.to(torch.float32)  # SDXL's decoder overflows in float16
    pipe.set_progress_bar_config(disable=True)
    return pipe


def load_file(path: Path, dtype: torch.dtype, architecture: Architecture = SDXL) -> StableDiffusionXLPipeline:
    """A checkpoint in one ``.safetensors`` file, in the format Stability AI published; needs no network."""
    architecture = inspect_file(path, architecture)
    with (
        TemporaryDirectory() as folder,
        sentence("The model file {path} cannot be loaded ({reason}).", path=str(path)),
    ):
        write_configs(architecture, Path(folder))
        return StableDiffusionXLPipeline.from_single_file(
            str(path), config=folder, dtype=dtype, local_files_only=True, add_watermarker=False
        )


def inspect_file(path: Path, architecture: Architecture) -> Architecture:
    """What a file holds, which must be a whole SDXL; Playground's brings its latents' mean and deviation."""
    try:
        with safe_open(path, "pt") as file:
            names = set(file.keys())
            playground = {name: file.get_tensor(name) for name in ("edm_mean", "edm_std") if name in names}
    except (SafetensorError, OSError) as error:
        raise ModelError(
            "The model file {path} is not a whole .safetensors file ({reason}); please download it again.",
            path=str(path),
            reason=reason(error),
        ) from error
    if missing := [part for part, name in PARTS.items() if name not in names]:
        raise ModelError(
            "The model file {path} is not a complete SDXL checkpoint: it lacks {missing}.",
            path=str(path),
            missing=missing,
        )
    if len(playground) < 2:
        return architecture
    latents = {
        "latents_mean": playground["edm_mean"].flatten().tolist(),
        "latents_std": playground["edm_std"].flatten().tolist(),
        "scaling_factor": PLAYGROUND_SCALING_FACTOR,
    }
    return replace(architecture, vae=architecture.vae | latents)


def load_folder(folder: Path, dtype: torch.dtype, **parts: Any) -> StableDiffusionXLPipeline:
    """A pipeline in diffusers' layout on this machine; ``parts`` are what the folder lacks."""
    index = folder / "model_index.json"
    if not index.is_file():
        raise ModelError(
            "The folder {folder} holds no diffusers pipeline: there is no model_index.json in it.",
            folder=str(folder),
        )
    with sentence("The model in {folder} cannot be loaded ({reason}).", folder=str(folder)):
        kind = json.loads(index.read_text(encoding="utf-8")).get("_class_name")
        if not str(kind).startswith("StableDiffusionXL"):
            raise ModelError(
                "The model in {folder} is not an SDXL pipeline but a {kind}.", folder=str(folder), kind=kind
            )
        halves = any((folder / "unet").glob("*.fp16.safetensors"))
        whole = any(set((folder / "unet").glob("*.safetensors")) - set((folder / "unet").glob("*.fp16.*")))
        half = halves and (dtype != torch.float32 or not whole)
        return from_pretrained(str(folder), dtype, "fp16" if half else None, **parts)


def load_from_hub(model: str, dtype: torch.dtype) -> StableDiffusionXLPipeline:
    """A pipeline from the Hugging Face Hub, or from this machine's copy of it."""
    with sentence(
        "The model {model} is neither on this machine nor could it be fetched from the Hugging Face Hub "
        "({reason}); check its name, the network, and HF_TOKEN where the model asks for one.",
        model=model,
    ):
        if dtype != torch.float32:
            try:
                return from_pretrained(model, dtype, "fp16")
            except (OSError, ValueError) as error:
                log.info("%s has no half-precision files (%s)", model, reason(error))
        return from_pretrained(model, dtype, None)


def from_pretrained(
    model: str, dtype: torch.dtype, variant: str | None, **parts: Any
) -> StableDiffusionXLPipeline:
    """Only safetensors: a pickle from the internet is a program. ``parts`` are what the folder lacks."""
    return StableDiffusionXLPipeline.from_pretrained(
        model, dtype=dtype, variant=variant, use_safetensors=True, add_watermarker=False, **parts
    )


def add_loras(pipe: StableDiffusionXLPipeline, sources: Sequence[str], loras: tuple[Lora, ...]) -> None:
    """Add LoRAs to a pipeline's weights: each layer stays one product, as fast as without.

    Raises ``ModelError`` where one cannot be read, or does not fit.
    """
    if not loras:
        return
    names = [f"lora{number}" for number in range(len(loras))]
    for name, path in zip(names, sources, strict=True):
        load_lora(pipe, name, path)
    pipe.set_adapters(names, [lora.weight for lora in loras])
    pipe.fuse_lora(components=["unet", "text_encoder", "text_encoder_2"], adapter_names=names)
    pipe.unload_lora_weights()


def source(lora: Lora) -> str:
    """The file, folder or Hub id that a LoRA is read from.

    Raises ``ModelError`` where there is none.
    """
    path = Path(lora.path).expanduser()
    if path.exists():
        return str(path)
    if not is_hub_id(lora.path):
        raise ModelError("There is no LoRA at {path}: give a .safetensors file or a Hub id.", path=lora.path)
    return lora.path


def load_lora(pipe: StableDiffusionXLPipeline, name: str, path: str) -> None:
    """Lay one LoRA over a pipeline under a name of our own.

    Raises ``ModelError`` where it cannot be read, or fits no layer.
    """
    with sentence(
        "The LoRA {path} cannot be loaded ({reason}); is it a .safetensors file made for SDXL?", path=path
    ):
        with catch_warnings():
            filterwarnings("ignore", "Already found a `peft_config`")  # several are what is wanted
            pipe.load_lora_weights(path, adapter_name=name)
        if not any(name in names for names in pipe.get_list_adapters().values()):
            raise ModelError("The LoRA {path} fits no layer of this model; is it made for SDXL?", path=path)


@contextmanager
def sentence(template: str, **values: str) -> Iterator[None]:
    """Whatever a loader complains about becomes a ``ModelError``: what could not be done, and its reason."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        log.info("All that is known of it:", exc_info=True)
        raise ModelError(template, reason=reason(error), **values) from error


def reason(error: Exception) -> str:
    """What a library says first, which may be pages."""
    said = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return shorten(said, MOST_SAID, placeholder=" …").rstrip(".:")
