"""Pictures from recipes."""

from __future__ import annotations

import subprocess
import sys
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    DPMSolverMultistepScheduler,
    EDMDPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from PIL import Image

from generator.diffusion import checkpoints
from generator.diffusion.checkpoints import load
from generator.diffusion.conditioning import condition
from generator.diffusion.network import PlainNetwork
from generator.diffusion.pipeline import Illustrator, decode, denoise
from generator.diffusion.plan import Plan
from generator.diffusion.planner import plan_for
from generator.diffusion.schedulers import schedule
from generator.diffusion.tiny import TINY, tiny
from generator.errors import ConfigurationError, DrawingError, ModelError
from generator.profiles import Scheduler
from generator.settings import SpeedSettings
from generator.story import Recipe, SvrMode

RECIPE = Recipe(
    model="tiny",
    subject="A photo of a red fox with coat",
    express="playing in the snow",
    suppress=("wearing a scarf in a meadow",),
    prompt="A photo of a red fox with coat playing in the snow wearing a scarf in a meadow",
    seed=42,
    width=128,
    height=64,
    steps=3,
    guidance_scale=5.0,
    scheduler="euler",
)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


@pytest.fixture(scope="module")
def picture(illustrator: Illustrator) -> Image.Image:
    return illustrator.draw([RECIPE])[0]


def test_a_picture_has_the_size_it_was_asked_for_and_is_not_flat(picture: Image.Image) -> None:
    assert picture.size == (128, 64)
    assert pixels(picture).std() > 20


def test_before_a_model_is_loaded_the_last_one_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two may not fit."""
    tiny().save_pretrained(tmp_path)
    illustrator, left = Illustrator(Plan()), []
    illustrator.draw([replace(RECIPE, steps=1)])
    unet = weakref.ref(illustrator._checkpoints.last.unet)

    def watched(model: str, dtype: torch.dtype) -> StableDiffusionXLPipeline:
        left.append(unet())
        return load(model, dtype)

    monkeypatch.setattr(checkpoints, "load", watched)
    illustrator.draw([replace(RECIPE, steps=1, model=str(tmp_path))])
    assert left == [None]


def test_the_same_recipe_gives_the_same_pixels_in_a_new_process(picture: Image.Image) -> None:
    code = (
        "import sys\n"
        "from generator.diffusion.pipeline import Illustrator\n"
        "from generator.diffusion.plan import Plan\n"
        "from generator.story import *\n"
        f"sys.stdout.buffer.write(Illustrator(Plan()).draw([{RECIPE!r}])[0].tobytes())"
    ).replace("<SvrMode.SVR: 'svr'>", "SvrMode.SVR")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == picture.tobytes()


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 43},
        {"negative_prompt": "ugly, blurry"},
        {"identity_strength": 3.0},
        {"identity_strength": 1.0},
        {"svr": SvrMode.SVR_EOT},
        {"svr": SvrMode.OFF},
        {"guidance_scale": 7.0},
        {"guidance_scale": 1.0},
        {"freeu": True},
        {"express": "wearing a scarf in a meadow", "suppress": ("playing in the snow",)},
    ],
    ids=str,
)
def test_everything_in_a_recipe_is_seen(
    illustrator: Illustrator, picture: Image.Image, change: dict[str, object]
) -> None:
    changed = illustrator.draw([replace(RECIPE, **change)])[0]  # type: ignore[arg-type]
    assert np.abs(pixels(changed) - pixels(picture)).max() >= 2
    assert illustrator.draw([RECIPE])[0].tobytes() == picture.tobytes()


@pytest.mark.parametrize("guidance_scale", [0.0, 1.0])
def test_identity_works_without_guidance(illustrator: Illustrator, guidance_scale: float) -> None:
    unguided = replace(RECIPE, guidance_scale=guidance_scale)
    weak = illustrator.latents([replace(unguided, identity_strength=1.0)])
    assert not torch.allclose(illustrator.latents([unguided]), weak, atol=1e-3)


@pytest.mark.parametrize("scheduler", list(Scheduler))
def test_every_scheduler_draws_the_same_twice(illustrator: Illustrator, scheduler: Scheduler) -> None:
    recipe = replace(RECIPE, scheduler=scheduler, width=64)
    torch.manual_seed(1)  # fresh noise must come from the recipe's seed, not from here
    latents = illustrator.latents([recipe])
    torch.manual_seed(2)
    assert torch.equal(illustrator.latents([recipe]), latents)
    assert latents.isfinite().all()


def described(kind: Any, **config: object) -> Any:
    """A scheduler of diffusers on SDXL's schedule."""
    return kind(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, **config)


KARRAS = {"use_karras_sigmas": True, "solver_order": 2, "final_sigmas_type": "zero"}
CARDS: dict[Scheduler, Callable[[], Any]] = {
    # stabilityai/stable-diffusion-xl-base-1.0
    Scheduler.EULER: lambda: described(EulerDiscreteScheduler, timestep_spacing="leading"),
    # ByteDance/SDXL-Lightning
    Scheduler.EULER_TRAILING: lambda: described(EulerDiscreteScheduler, timestep_spacing="trailing"),
    # stabilityai/sdxl-turbo
    Scheduler.EULER_ANCESTRAL_TRAILING: lambda: described(
        EulerAncestralDiscreteScheduler, timestep_spacing="trailing"
    ),
    # RunDiffusion's, as diffusers' documentation says what DPM++ 2M Karras and DPM++ 2M SDE Karras are
    Scheduler.DPM_KARRAS: lambda: described(
        DPMSolverMultistepScheduler, timestep_spacing="leading", algorithm_type="dpmsolver++", **KARRAS
    ),
    Scheduler.DPM_SDE_KARRAS: lambda: described(
        DPMSolverMultistepScheduler, timestep_spacing="leading", algorithm_type="sde-dpmsolver++", **KARRAS
    ),
    # playgroundai/playground-v2.5-1024px-aesthetic
    Scheduler.EDM_DPM: lambda: EDMDPMSolverMultistepScheduler(
        sigma_min=0.002, sigma_max=80.0, sigma_data=0.5, sigma_schedule="karras", rho=7.0, solver_order=2
    ),
    # tianweiy/DMD2
    Scheduler.LCM: lambda: described(LCMScheduler),
}
"""What each name stands for, as the card of a model that asks for it has it."""


@pytest.fixture(scope="module")
def theirs() -> StableDiffusionXLPipeline:
    """Diffusers' own pipeline, whose scheduler comes and goes."""
    pipe = tiny()
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.mark.parametrize("scheduler", list(Scheduler))
def test_it_draws_what_diffusers_own_pipeline_draws(
    illustrator: Illustrator, theirs: StableDiffusionXLPipeline, scheduler: Scheduler
) -> None:
    """Of the same noise, also where there is fresh noise in every step."""
    plain = replace(
        RECIPE,
        identity_strength=1.0,
        svr=SvrMode.OFF,
        negative_prompt="ugly",
        scheduler=scheduler,
        width=64,
        steps=4,
    )
    theirs.scheduler = CARDS[scheduler]()
    drawn = theirs(
        plain.prompt,
        negative_prompt="ugly",
        width=plain.width,
        height=plain.height,
        num_inference_steps=plain.steps,
        guidance_scale=plain.guidance_scale,
        generator=torch.Generator().manual_seed(plain.seed),
    ).images[0]
    assert np.abs(pixels(illustrator.draw([plain])[0]) - pixels(drawn)).max() <= 1


def test_steps_are_told_as_they_are_done(illustrator: Illustrator) -> None:
    told = []
    illustrator.draw([RECIPE], lambda step, steps: told.append((step, steps)))[0]
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_what_on_step_raises_ends_the_drawing_and_nothing_else(
    illustrator: Illustrator, picture: Image.Image
) -> None:
    def stop(step: int, steps: int) -> None:
        if step == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        illustrator.draw([RECIPE], stop)[0]
    assert illustrator.draw([RECIPE])[0].tobytes() == picture.tobytes()


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_half_precision_draws_nearly_the_same(picture: Image.Image, precision: str) -> None:
    half = Illustrator(Plan(precision=precision))
    assert np.abs(pixels(half.draw([RECIPE])[0]) - pixels(picture)).mean() < 2
    assert half.engine.precision == precision


def test_auto_on_a_cpu_is_whole_precision() -> None:
    engine = Illustrator(plan_for("cpu", "auto", SpeedSettings())).engine
    assert (engine.device, engine.precision) == ("cpu", "fp32")
    assert engine.torch == torch.__version__


def test_a_device_that_is_not_there_is_an_error_in_words() -> None:
    for device in ("cuda:99", "toaster"):
        with pytest.raises(ConfigurationError, match=f"cannot draw on {device}"):
            plan_for(device, "auto", SpeedSettings())


def test_a_model_that_is_not_there_leaves_the_illustrator_usable(picture: Image.Image) -> None:
    illustrator = Illustrator(Plan())
    with pytest.raises(ModelError):
        illustrator.prepare(replace(RECIPE, model="/nowhere"))
    assert illustrator.draw([RECIPE])[0].tobytes() == picture.tobytes()


def test_numbers_that_overflow_are_an_error_in_words() -> None:
    with pytest.raises(DrawingError, match="overflowed"), torch.inference_mode():
        decode(tiny(), torch.full((1, 4, 8, 8), float("nan")))


def test_latents_are_denormalised_as_playgrounds_decoder_expects() -> None:
    pipe, playground = tiny(), tiny()
    mean, std = [1.0, -1.0, 0.5, 2.0], [2.0, 3.0, 4.0, 0.5]
    playground.vae.register_to_config(latents_mean=mean, latents_std=std)
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    scaling = pipe.vae.config.scaling_factor
    columns = [torch.tensor(values).view(1, 4, 1, 1) for values in (mean, std)]
    with torch.inference_mode():
        expected = decode(pipe, latents * columns[1] + columns[0] * scaling)
        assert np.abs(pixels(decode(playground, latents)) - pixels(expected)).max() <= 1


def test_a_network_that_is_told_its_guidance_runs_one_branch() -> None:
    pipe = tiny()
    told = UNet2DConditionModel.from_config(TINY.unet | {"time_cond_proj_dim": 16})
    pipe = StableDiffusionXLPipeline(**{**pipe.components, "unet": told})
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    drawn = []
    for guidance_scale in (4.0, 8.0):
        recipe = replace(RECIPE, guidance_scale=guidance_scale, scheduler="lcm", steps=2)
        with torch.inference_mode():
            conditioning = condition(pipe, [recipe], torch.device("cpu"))
            assert len(conditioning.hidden_states) == 1
            assert conditioning.told_guidance is not None
            assert conditioning.told_guidance.shape == (1, 16)
            scheduler = schedule(pipe, "lcm", 2)
            conditioning = replace(conditioning, identity_bias=None)
            generator = torch.Generator().manual_seed(0)
            drawn.append(
                denoise(
                    PlainNetwork(pipe.unet), scheduler, latents, conditioning, [generator], lambda *_: None
                )
            )
    assert not torch.allclose(*drawn)


TOGETHER = [
    RECIPE,
    replace(RECIPE, seed=8, identity_strength=1.0),
    replace(RECIPE, prompt="a cat on a roof", subject="a cat", express="on a roof", suppress=(), seed=9),
    replace(RECIPE, guidance_scale=9.0, negative_prompt="rain"),
]


@pytest.mark.parametrize("change", [{}, {"guidance_scale": 1.0}, {"scheduler": "dpm-sde-karras"}])
def test_pictures_drawn_together_are_the_pictures_drawn_alone(
    illustrator: Illustrator, change: dict[str, object]
) -> None:
    recipes = [replace(recipe, **change) for recipe in TOGETHER]  # type: ignore[arg-type]
    together = illustrator.latents(recipes)
    for recipe, latents in zip(recipes, together, strict=True):
        alone = illustrator.latents([recipe])[0]
        assert (latents - alone).norm() / alone.norm() < 1e-4


def test_only_pictures_of_one_shape_are_drawn_together(illustrator: Illustrator) -> None:
    with pytest.raises(ValueError, match="one shape"):
        illustrator.draw([RECIPE, replace(RECIPE, steps=RECIPE.steps + 1)])
