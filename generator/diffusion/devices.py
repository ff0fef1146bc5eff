"""What this machine can draw on, and what its errors mean."""

from __future__ import annotations

import torch


def find_devices(name: str) -> list[str]:
    """The devices that a configured name stands for, best first: ``auto`` is every GPU, or else the CPU."""
    if name != "auto":
        return [name]
    if torch.cuda.is_available():
        return [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    return ["mps"] if torch.backends.mps.is_available() else ["cpu"]


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
