"""From a recipe's scheduler name to diffusers' scheduler, made anew for each drawing."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import (
    DPMSolverMultistepScheduler,
    EDMDPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    StableDiffusionXLPipeline,
)

from generator.profiles import Scheduler

# What each name changes in the checkpoint's own schedule; betas and prediction type stay the checkpoint's.
KINDS: dict[Scheduler, tuple[Any, dict[str, object]]] = {
    Scheduler.EULER: (EulerDiscreteScheduler, {"use_karras_sigmas": False}),
    Scheduler.EULER_TRAILING: (
        EulerDiscreteScheduler,
        {"use_karras_sigmas": False, "timestep_spacing": "trailing"},
    ),
    Scheduler.EULER_ANCESTRAL_TRAILING: (EulerAncestralDiscreteScheduler, {"timestep_spacing": "trailing"}),
    Scheduler.DPM_KARRAS: (
        DPMSolverMultistepScheduler,
        {"use_karras_sigmas": True, "algorithm_type": "dpmsolver++"},
    ),
    Scheduler.DPM_SDE_KARRAS: (
        DPMSolverMultistepScheduler,
        {"use_karras_sigmas": True, "algorithm_type": "sde-dpmsolver++"},
    ),
    Scheduler.EDM_DPM: (EDMDPMSolverMultistepScheduler, {}),
    Scheduler.LCM: (LCMScheduler, {}),
}


def schedule(pipe: StableDiffusionXLPipeline, name: str, steps: int, device: torch.device) -> Any:
    """A fresh scheduler with its timesteps set; a scheduler counts its steps, so none serves two drawings."""
    kind, changes = KINDS[Scheduler(name)]
    scheduler = kind.from_config(pipe.scheduler.config, **changes)
    scheduler.set_timesteps(steps, device=device)
    return scheduler
