"""From a recipe's scheduler name to diffusers' scheduler, made anew for each drawing.

All that a scheduler knows stays on the CPU: it looks into its timesteps and sigmas in every step, and a GPU's
would have to be waited for. They go into the device's work as plain numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from torch import Tensor
from torch.overrides import TorchFunctionMode

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


def schedule(pipe: StableDiffusionXLPipeline, name: str, steps: int) -> Any:
    """A fresh scheduler with its timesteps set; a scheduler counts its steps, so none serves two drawings."""
    kind, changes = KINDS[Scheduler(name)]
    scheduler = kind.from_config(pipe.scheduler.config, **changes)
    scheduler.set_timesteps(steps, device="cpu")
    scheduler.set_begin_index(0)  # else it looks the first timestep up
    return scheduler


def at_once(tensor: Tensor, device: torch.device) -> Tensor:
    """A copy of a CPU tensor for the device, which need not be waited for."""
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


@contextmanager
def noise_sent_to(device: torch.device) -> Iterator[None]:
    """Let schedulers draw their noise on the CPU, where a seed means the same everywhere, without waiting."""
    if device.type == "cpu":
        yield
        return
    with SentNoise(device):
        yield


class SentNoise(TorchFunctionMode):
    """Sends what ``torch.randn`` draws from a CPU generator to a device."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self._device = device

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """All other functions do as they do."""
        result = func(*args, **(kwargs or {}))
        return at_once(result, self._device) if func is torch.randn else result
