"""What this machine can draw on, and what its errors mean."""

from __future__ import annotations

import torch

from generator.errors import ConfigurationError


def find_devices(name: str) -> list[str]:
    """The devices that a configured name stands for, best first: ``auto`` is every GPU, or else the CPU."""
    if name != "auto":
        return [name]
    if torch.cuda.is_available():
        return [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    return ["mps"] if torch.backends.mps.is_available() else ["cpu"]


def usable(device: str) -> torch.device:
    """The device of that name, tried out.

    Raises ``ConfigurationError`` where there is none.
    """
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError) as error:
        raise ConfigurationError(f"This machine cannot draw on {device}; auto finds what it has.") from error


def best_precision(device: torch.device) -> str:
    """Half of float32's memory where the device is fast with it; bf16 never overflows, but needs Ampere."""
    if device.type == "cuda":
        return "bf16" if torch.cuda.get_device_capability(device) >= (8, 0) else "fp16"
    return "fp16" if device.type == "mps" else "fp32"


OUT_OF_MEMORY = (
    "can't allocate memory",  # the CPU's allocator
    "could not create a primitive",  # oneDNN's convolutions
    "std::bad_alloc",
    "MPS backend out of memory",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that an allocation failed; only CUDA has a class of its own for it."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in OUT_OF_MEMORY)


def is_lost(error: BaseException) -> bool:
    """Whether every further call to the device will fail too, as after an illegal memory access."""
    return isinstance(error, torch.AcceleratorError) and not is_out_of_memory(error)
