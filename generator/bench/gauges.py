"""What a bench reads off a machine: clocks, memory, work, and how fast it can be at all."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import prod
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import psutil  # type: ignore[import-untyped]  # accelerate's own
import torch
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

from generator.bench.report import Machine
from generator.diffusion.pipeline import installed

GIB = 2**30
Shape = Sequence[int]
COMPUTES = ("samefox", "torch", "diffusers", "transformers", "torchao", "triton")


def describe(device: torch.device) -> Machine:
    """The machine, as far as it decides how fast it is."""
    versions = {"python": platform.python_version()} | {name: installed(name) for name in COMPUTES}
    if device.type == "cuda":
        versions["cuda"] = str(torch.version.cuda)
        properties = torch.cuda.get_device_properties(device)
        name, memory = properties.name, properties.total_memory
    else:
        name, memory = processor(), psutil.virtual_memory().total
    return Machine(
        device=name,
        memory=round(memory / GIB, 1),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        system=platform.system(),
        versions={name: version for name, version in versions.items() if version != "unknown"},
    )


def processor() -> str:
    """The processor as its maker calls it."""
    with suppress(OSError):
        for text in Path("/proc/cpuinfo").read_text().splitlines():
            if text.startswith("model name"):
                return text.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def wait(device: torch.device) -> None:
    """Let the device finish what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def product_speed(device: torch.device, dtype: torch.dtype) -> float:
    """TFLOP/s of a large matrix product, which is as fast as this machine gets; the median of some."""
    side, times = (8192, 20) if device.type == "cuda" else (1024, 5)
    one, other = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))

    def once() -> float:
        wait(device)
        begun = perf_counter()
        one @ other
        wait(device)
        return perf_counter() - begun

    once()
    return 2 * side**3 / median(once() for _ in range(times)) / 1e12


def work_of(call: Callable[[], object]) -> float:
    """TFLOP of a call: its matrix products, convolutions and attention, as they are really made."""
    with FlopCounterMode(display=False, custom_mapping=WHOLE) as counter:
        call()
    return float(counter.get_total_flops() / 1e12)


def product_work(one: Shape, other: Shape, out_shape: Shape, **_: Any) -> int:
    """Operations of a product of (batches of) matrices."""
    return 2 * prod(out_shape) * one[-1]


def linear_work(x: Shape, weight: Shape, *_: Any, **__: Any) -> int:
    """Operations of a linear layer."""
    return 2 * prod(x) * weight[0]


def attention_work(query: Shape, key: Shape, value: Shape, *_: Any, **__: Any) -> int:
    """Operations of attention."""
    return int(sdpa_flop_count(query, key, value))  # type: ignore[no-untyped-call]


_aten: Any = torch.ops.aten
WHOLE = {
    form: work
    for operation, work in (
        (_aten.matmul, product_work),
        (_aten.linear, linear_work),
        (_aten.scaled_dot_product_attention, attention_work),
        (_aten._scaled_dot_product_flash_attention_for_cpu, attention_work),
    )
    for form in (operation, operation.default)  # the one is counted by, the other is not taken apart
}
"""Torch counts what these consist of, which takes it seconds a step; on a processor it forgets attention."""


def recorded(device: torch.device) -> int:
    """Bytes that recordings compute in, which are kept for them and count as free in between."""
    return sum(
        segment["total_size"] - segment["allocated_size"]
        for segment in torch.cuda.memory_snapshot()  # type: ignore[no-untyped-call]
        if segment["device"] == device.index and tuple(segment["segment_pool_id"]) != (0, 0)
    )


class MemoryGauge:
    """The highest use of memory between two looks; on a processor, of the whole process."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def start(self) -> None:
        """Forget what was before."""
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
        else:
            with suppress(OSError):
                Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak is now

    def held(self) -> float:
        """GiB in use now; 0 on a processor, where nobody can tell whose they are."""
        if self._device.type != "cuda":
            return 0.0
        return (torch.cuda.memory_allocated(self._device) + recorded(self._device)) / GIB

    def peak(self) -> float:
        """GiB at most since the start."""
        if self._device.type == "cuda":
            return (torch.cuda.max_memory_allocated(self._device) + recorded(self._device)) / GIB
        with suppress(OSError):
            for text in Path("/proc/self/status").read_text().splitlines():
                if text.startswith("VmHWM"):
                    return int(text.split()[1]) / 2**20
        return float(psutil.Process().memory_info().rss / GIB)
