"""A picture in five verbs: noise, condition, schedule, denoise, decode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch
from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel
from PIL import Image
from torch import Tensor

from generator.diffusion.checkpoints import Checkpoints
from generator.diffusion.conditioning import Conditioning, condition
from generator.diffusion.devices import is_out_of_memory
from generator.diffusion.placing import Placing
from generator.diffusion.plan import Plan
from generator.diffusion.schedulers import schedule
from generator.errors import DrawingError, OutOfMemory
from generator.method.identity import identity_attention
from generator.shape import shape
from generator.story import Engine, OnStep, Recipe

PRECISIONS = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def no_progress(step: int, steps: int) -> None:
    """An ``OnStep`` for nobody."""


class Illustrator:
    """Draws recipes on one device; equal recipes are equal pictures, also in another process."""

    def __init__(self, plan: Plan) -> None:
        """``plan`` says where and how; see `plan_for`."""
        self.plan = plan
        self._device = torch.device(plan.device)
        self._placing = Placing()
        self._checkpoints = Checkpoints(PRECISIONS[plan.precision], self._placing.lift)

    @property
    def engine(self) -> Engine:
        """What draws here; with the recipe, it explains every bit of a picture."""
        return Engine(
            device=device_name(self._device),
            precision=self.plan.precision,
            samefox=installed("samefox"),
            torch=installed("torch"),
            diffusers=installed("diffusers"),
            transformers=installed("transformers"),
        )

    def prepare(self, recipe: Recipe, plan: Plan | None = None) -> None:
        """Load what the recipe needs, so that its drawing need not wait for it."""
        with self._ready(recipe, plan or self.plan):
            pass

    def draw(
        self, recipes: Sequence[Recipe], on_step: OnStep = no_progress, plan: Plan | None = None
    ) -> list[Image.Image]:
        """Draw recipes of one `shape` together; ``plan`` is a `leaner` one than the illustrator's own.

        Together they are the same pictures as alone up to rounding, and sooner finished.

        Raises ``ModelError``, ``OutOfMemory``, ``DrawingError``, and whatever ``on_step`` raises; the
        illustrator can be used again after any of them.
        """
        with self._ready(recipes[0], plan or self.plan) as pipe:
            return [decode(pipe, one[None]) for one in latents_of(pipe, recipes, self._device, on_step)]

    def latents(self, recipes: Sequence[Recipe], on_step: OnStep = no_progress) -> Tensor:
        """The drawings before they are decoded, (recipes, 4, height / 8, width / 8)."""
        with self._ready(recipes[0], self.plan) as pipe:
            return latents_of(pipe, recipes, self._device, on_step).cpu()

    @contextmanager
    def _ready(self, recipe: Recipe, plan: Plan) -> Iterator[StableDiffusionXLPipeline]:
        try:
            pipe = self._checkpoints.get(recipe)
            self._placing.put(pipe, plan)
            with torch.inference_mode():
                yield pipe
        except Exception as error:
            if is_out_of_memory(error):
                self._placing.lift()
                raise OutOfMemory(
                    "{device} has not enough memory for a picture of {width} × {height}; "
                    "a smaller size needs less.",
                    device=device_name(self._device),
                    width=recipe.width,
                    height=recipe.height,
                ) from error
            raise


def latents_of(
    pipe: StableDiffusionXLPipeline,
    recipes: Sequence[Recipe],
    device: torch.device,
    on_step: OnStep = no_progress,
) -> Tensor:
    """The latents (recipes, 4, height / 8, width / 8) of recipes of one `shape`, to be decoded."""
    if len({shape(recipe) for recipe in recipes}) > 1:
        raise ValueError("only recipes of one shape can be drawn together")
    generators = [torch.Generator("cpu").manual_seed(recipe.seed) for recipe in recipes]
    latents = torch.cat(list(map(noise, recipes, generators))).to(device)
    conditioning = condition(pipe, recipes, device)
    scheduler = schedule(pipe, recipes[0].scheduler, recipes[0].steps, device)
    with identity_attention(pipe.unet):
        return denoise(pipe.unet, scheduler, latents, conditioning, generators, on_step)


def noise(recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Noise (1, 4, height / 8, width / 8), in float32 and on the CPU: a seed means the same everywhere."""
    return torch.randn(1, 4, recipe.height // 8, recipe.width // 8, generator=generator)


def denoise(
    unet: UNet2DConditionModel,
    scheduler: Any,
    latents: Tensor,
    conditioning: Conditioning,
    generators: list[torch.Generator],
    on_step: OnStep,
) -> Tensor:
    """Latents (n, 4, h, w) from unit noise; in float32 between the steps, whatever the network's precision.

    ``generators``, one a drawing, feed the schedulers which add fresh noise in every step.
    """
    latents = latents * scheduler.init_noise_sigma
    for step, timestep in enumerate(scheduler.timesteps, 1):
        sample = scheduler.scale_model_input(latents, timestep)
        prediction = predict(unet, sample, timestep, conditioning)
        latents = scheduler.step(prediction, timestep, latents, generator=generators, return_dict=False)[0]
        on_step(step, len(scheduler.timesteps))
    return latents


def predict(
    unet: UNet2DConditionModel, sample: Tensor, timestep: Tensor, conditioning: Conditioning
) -> Tensor:
    """The network's prediction (n, 4, h, w) with classifier-free guidance (arXiv 2207.12598, equation 6)."""
    branches = len(conditioning.hidden_states) // len(sample)
    prediction: Tensor = unet(
        sample.to(unet.dtype).repeat(branches, 1, 1, 1),
        timestep,
        encoder_hidden_states=conditioning.hidden_states,
        timestep_cond=conditioning.told_guidance,
        cross_attention_kwargs={"identity_bias": conditioning.identity_bias},
        added_cond_kwargs={"text_embeds": conditioning.pooled, "time_ids": conditioning.time_ids},
        return_dict=False,
    )[0].float()
    if branches == 1:
        return prediction
    unconditional, conditional = prediction.chunk(2)
    return unconditional + conditioning.guidance_scale * (conditional - unconditional)


def decode(pipe: StableDiffusionXLPipeline, latents: Tensor) -> Image.Image:
    """The picture of latents (1, 4, h, w), eight times as wide and high."""
    config = pipe.vae.config
    latents = latents / config.scaling_factor
    if config.latents_mean is not None and config.latents_std is not None:  # Playground v2.5
        mean, std = (
            latents.new_tensor(values).view(1, 4, 1, 1)
            for values in (config.latents_mean, config.latents_std)
        )
        latents = latents * std + mean
    pixels = pipe.vae.decode(latents.to(pipe.vae.dtype), return_dict=False)[0]
    if not pixels.isfinite().all():
        raise DrawingError(
            "The numbers of this picture overflowed; precision bf16 or fp32 has room for them."
        )
    return pipe.image_processor.postprocess(pixels.float(), output_type="pil")[0]  # type: ignore[no-any-return]


def device_name(device: torch.device) -> str:
    """The device as people know it."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)


def installed(package: str) -> str:
    """A package's version."""
    try:
        return version(package)
    except PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"
