"""What each known checkpoint wants."""

from __future__ import annotations

import pytest

from generator.profiles import Scheduler, profile_of, quick


@pytest.mark.parametrize(
    ("model", "family", "scheduler", "guidance_scale", "steps"),
    [
        ("tiny", "tiny", Scheduler.EULER, 5.0, 8),
        ("stabilityai/stable-diffusion-xl-base-1.0", "SDXL", Scheduler.EULER, 5.0, 50),
        ("/models/sd_xl_base_1.0.safetensors", "SDXL", Scheduler.EULER, 5.0, 50),
        ("somebody/unheard-of", "SDXL", Scheduler.EULER, 5.0, 50),
        ("playgroundai/playground-v2.5-1024px-aesthetic", "Playground v2.5", Scheduler.EDM_DPM, 3.0, 50),
        ("playground-v2.5-1024px-aesthetic.fp16.safetensors", "Playground v2.5", Scheduler.EDM_DPM, 3.0, 50),
        ("RunDiffusion/Juggernaut-X-v10", "Juggernaut X", Scheduler.DPM_KARRAS, 6.0, 35),
        ("RunDiffusion/Juggernaut-XL-v9", "Juggernaut X", Scheduler.DPM_KARRAS, 6.0, 35),
        ("RunDiffusion/Juggernaut-XI-v11", "Juggernaut XI", Scheduler.DPM_SDE_KARRAS, 5.0, 35),
        ("juggernautXL_juggXIByRundiffusion.safetensors", "Juggernaut XI", Scheduler.DPM_SDE_KARRAS, 5.0, 35),
        ("RunDiffusion/Juggernaut-XL-Lightning", "SDXL Lightning", Scheduler.EULER_TRAILING, 0.0, 6),
        ("SG161222/RealVisXL_V4.0", "RealVisXL", Scheduler.DPM_KARRAS, 5.0, 50),
        ("SG161222/RealVisXL_V5.0/", "RealVisXL", Scheduler.DPM_KARRAS, 5.0, 50),
        ("C:\\models\\RealVisXL_V5.0_fp16.safetensors", "RealVisXL", Scheduler.DPM_KARRAS, 5.0, 50),
        ("SG161222/RealVisXL_V5.0_Lightning", "SDXL Lightning", Scheduler.EULER_TRAILING, 0.0, 6),
        ("loras/sdxl_lightning_2step.safetensors", "SDXL Lightning", Scheduler.EULER_TRAILING, 0.0, 2),
        ("sdxl_lightning_4step.safetensors", "SDXL Lightning", Scheduler.EULER_TRAILING, 0.0, 4),
        ("SDXL-Lightning-8-steps", "SDXL Lightning", Scheduler.EULER_TRAILING, 0.0, 8),
        ("Hyper-SDXL-8steps.safetensors", "Hyper-SDXL", Scheduler.EULER_TRAILING, 0.0, 8),
        ("stabilityai/sdxl-turbo", "SDXL Turbo", Scheduler.EULER_ANCESTRAL_TRAILING, 0.0, 4),
        ("dmd2_sdxl_4step.safetensors", "DMD2", Scheduler.LCM, 0.0, 4),
        ("Vargol/lcm_sdxl_full_model", "LCM-SDXL", Scheduler.LCM, 8.0, 4),
        ("somebody/dream-lcm", "LCM-LoRA", Scheduler.LCM, 1.0, 6),
    ],
)
def test_a_model_is_known_by_its_name(
    model: str, family: str, scheduler: Scheduler, guidance_scale: float, steps: int
) -> None:
    profile = profile_of(model)
    found = (profile.family, profile.scheduler, profile.guidance_scale, profile.steps)
    assert found == (family, scheduler, guidance_scale, steps)


def test_a_folder_on_the_way_does_not_decide() -> None:
    assert profile_of("/turbo/playground/sd_xl_base_1.0.safetensors").family == "SDXL"


def test_sizes_are_what_the_models_were_trained_at() -> None:
    assert (profile_of("tiny").width, profile_of("tiny").height) == (256, 256)
    assert profile_of("stabilityai/sdxl-turbo").width == 512
    assert profile_of("anything else").width == 1024


@pytest.mark.parametrize(
    ("lora", "family", "scheduler", "guidance_scale", "steps"),
    [
        ("loras/sdxl_lightning_4step_lora.safetensors", "SDXL Lightning", Scheduler.EULER_TRAILING, 0.0, 4),
        ("loras/Hyper-SDXL-8steps-lora.safetensors", "Hyper-SDXL", Scheduler.EULER_TRAILING, 0.0, 8),
        ("latent-consistency/lcm-lora-sdxl", "LCM-LoRA", Scheduler.LCM, 1.0, 6),
        ("sd_xl_turbo_lora_v1.safetensors", "SDXL Turbo", Scheduler.EULER_ANCESTRAL_TRAILING, 0.0, 4),
        ("dmd2_sdxl_4step_lora.safetensors", "DMD2", Scheduler.LCM, 0.0, 4),
    ],
)
def test_a_lora_of_few_steps_decides_instead_of_its_model(
    lora: str, family: str, scheduler: Scheduler, guidance_scale: float, steps: int
) -> None:
    profile = profile_of("RealVisXL_V5.0", ["loras/ink.safetensors", lora])
    found = (profile.family, profile.scheduler, profile.guidance_scale, profile.steps)
    assert found == (family, scheduler, guidance_scale, steps)
    assert (profile.width, profile.height) == (1024, 1024)


def test_a_lora_of_a_style_changes_nothing() -> None:
    for lora in ("loras/ink.safetensors", "juggernaut-style.safetensors", "my_8step_thing.safetensors"):
        assert profile_of("SG161222/RealVisXL_V5.0", [lora]) == profile_of("SG161222/RealVisXL_V5.0")


@pytest.mark.parametrize(
    ("model", "scheduler", "steps"),
    [
        ("sd_xl_base_1.0.safetensors", Scheduler.DPM_KARRAS, 20),
        ("playground-v2.5-1024px-aesthetic", Scheduler.EDM_DPM, 20),
        ("RunDiffusion/Juggernaut-XI-v11", Scheduler.DPM_SDE_KARRAS, 20),
        ("storybook", Scheduler.DPM_KARRAS, 16),
        ("sdxl_lightning_4step.safetensors", Scheduler.EULER_TRAILING, 4),
    ],
)
def test_whoever_is_in_a_hurry_gets_few_steps_of_a_solver_that_needs_few(
    model: str, scheduler: Scheduler, steps: int
) -> None:
    profile = quick(profile_of(model))
    assert (profile.scheduler, profile.steps) == (scheduler, steps)
    assert profile.guidance_scale == profile_of(model).guidance_scale
