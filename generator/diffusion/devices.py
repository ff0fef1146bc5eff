"""What this machine can draw on, and what its errors mean."""

from __future__ import annotations

import importlib
import logging
import os
import re
import shutil
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec

import psutil  # type: ignore[import-untyped]
import torch

from generator.errors import ConfigurationError

log = logging.getLogger(__name__)

GIB = 2**30

HOPPER = (9, 0)  # compute capability of the H100, H200 and GH200


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What of a machine decides how one of its devices draws; memory is in GiB."""

    device: str = "cpu"  #: its name, such as ``cuda:0``
    name: str = ""  #: what its maker calls it
    capability: tuple[int, int] = (0, 0)  #: CUDA's compute capability, such as (8, 6)
    total: float = 0.0  #: memory of the device
    free: float = 0.0  #: of it, what nobody uses
    ram: float = 0.0  #: the machine's ordinary memory that nobody uses
    cores: int = 1
    compiles: bool = False  #: whether ``torch.compile`` finds what it needs
    fuses: bool = False  #: whether our own kernels, which were made on it, are for it
    quantizes: bool = False  #: whether it is one of NVIDIA's, which multiply in eight bits

    @property
    def kind(self) -> str:
        """``cuda``, ``mps`` or ``cpu``."""
        return self.device.partition(":")[0]


def look(name: str) -> Machine:
    """What the device of that name, tried out, is like.

    Raises ``ConfigurationError`` where there is none.
    """
    device, ram = usable(name), psutil.virtual_memory().available / GIB
    total, free = memory(device)
    capability = torch.cuda.get_device_capability(device) if device.type == "cuda" else (0, 0)
    compiles = can_compile(device)
    return Machine(
        device=str(device),
        name=maker_name(device),
        capability=capability,
        total=total,
        free=free,
        ram=ram,
        cores=os.cpu_count() or 1,
        compiles=compiles,
        fuses=compiles and capability == HOPPER and torch.version.hip is None and has_triton(),
        quantizes=device.type == "cuda" and torch.version.hip is None,
    )


def current(device: torch.device) -> AbstractContextManager[object]:
    """Have a device be the one that orders without a name are for, such as events and recordings.

    Each thread has its own; without, it is the first GPU.
    """
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def maker_name(device: torch.device) -> str:
    """What its maker calls a GPU; processors have no name that says much."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return "Apple's GPU" if device.type == "mps" else ""


def memory(device: torch.device) -> tuple[float, float]:
    """All of a device's memory, and what is free of it, in GiB."""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
    elif device.type == "mps":  # what Metal lets one process have of the memory that all share
        total = torch.mps.recommended_max_memory()
        free = min(total - torch.mps.driver_allocated_memory(), psutil.virtual_memory().available)
    else:
        total, free = psutil.virtual_memory().total, psutil.virtual_memory().available
    return total / GIB, free / GIB


def limit(machine: Machine, most: float) -> None:
    """Let this process take no more than ``most`` GiB of a GPU, which is then out of memory for it."""
    share = min(1.0, most / machine.total)
    if machine.kind == "cuda":
        torch.cuda.set_per_process_memory_fraction(share, machine.device)
    elif machine.kind == "mps":
        torch.mps.set_per_process_memory_fraction(share)


def can_compile(device: torch.device) -> bool:
    """Whether there is what turns a network into the device's own language: Triton, and a compiler for C."""
    if device.type == "cuda":
        compilers = (os.environ.get("CC", "cc"), "gcc", "clang")
        return find_spec("triton") is not None and (os.name == "nt" or any(map(shutil.which, compilers)))
    return device.type == "cpu" and any(map(shutil.which, (os.environ.get("CXX", "c++"), "g++", "clang++")))


def has_triton() -> bool:
    """Whether kernels of our own can be made: Triton must not only be there, but work."""
    try:
        importlib.import_module("triton.language")
    except Exception:
        log.warning("Triton cannot be used; drawing goes on without kernels of our own", exc_info=True)
        return False
    return True


def find_devices(name: str) -> list[str]:
    """The devices that a configured name stands for, best first: ``auto`` is every GPU, or else the CPU."""
    if name != "auto":
        return [name]
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    found = [f"cuda:{index}" for index in range(count) if is_new_enough(index)]
    return found or (["mps"] if torch.backends.mps.is_available() else ["cpu"])


def is_new_enough(index: int) -> bool:
    """Whether this PyTorch has code for a GPU; it leaves the oldest behind from time to time."""
    capability, known = torch.cuda.get_device_capability(index), torch.cuda.get_arch_list()
    if runs_on(capability, known):
        return True
    log.warning("cuda:%d is passed over: it is too old for this PyTorch, which is for %s.", index, known)
    return False


def runs_on(capability: tuple[int, int], known: list[str]) -> bool:
    """Whether there is code for a compute capability among architectures such as ``sm_75`` and ``sm_90a``."""
    numbers = [int(re.sub(r"\D", "", name)) for name in known if name.startswith("sm_")]
    return not numbers or 10 * capability[0] + capability[1] >= min(numbers)


def usable(device: str) -> torch.device:
    """The device of that name, tried out.

    Raises ``ConfigurationError`` where there is none.
    """
    try:
        return (torch.zeros(1, device=device) + 1).device
    except (RuntimeError, AssertionError) as error:
        raise ConfigurationError(f"This machine cannot draw on {device}; auto finds what it has.") from error


OUT_OF_MEMORY = (
    "can't allocate memory",  # the CPU's allocator
    "could not create a primitive",  # oneDNN's convolutions
    "std::bad_alloc",
    "MPS backend out of memory",
    "CUDA error: out of memory",  # memory that is not the allocator's, such as a recording's own
    "Triton Error [CUDA]: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that an allocation failed; only CUDA has a class of its own for it."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in OUT_OF_MEMORY)


def is_recording() -> bool:
    """Whether what this thread orders of a GPU is recorded at the moment instead of done."""
    return torch.cuda.is_available() and torch.cuda.is_current_stream_capturing()


def is_lost(error: BaseException) -> bool:
    """Whether every further call to the device will fail too, as after an illegal memory access."""
    return isinstance(error, torch.AcceleratorError) and not is_out_of_memory(error)
