"""Where the time of a step goes: the device's own record of what it has computed, by kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter

import torch
from torch.profiler import ProfilerActivity, profile

from generator.bench.drawers import of
from generator.bench.gauges import wait
from generator.bench.methods import Method
from generator.bench.running import why
from generator.bench.stage import Stage
from generator.diffusion.warming import WARM_STEPS

KINDS = {
    "elementwise": r"^triton_(?!tem|.*norm)",  # these have the names of all that they were fused from
    "norms": r"norm|welford|var_mean|moments|^(sum|affine|apply)_kernel",
    "attention": r"attention|attn|flash|fmha|sdpa|^listen_kernel",
    "convolutions": r"conv|fprop|nchw|nhwc|_tiles_kernel|^spread_kernel",
    "matrices": r"^gated_kernel|gemm|nvjet|cutlass|xmma|splitk|(^|::|_)(add|b|bad)?(d?bmm|mm)\b|triton_tem",
}
"""What the name of a kernel, or of an operation on a processor, tells; the first that fits."""

REST = "elementwise"  # copies too


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds on the clock, and by kind as the device has recorded them."""

    clock: float
    kinds: Counter[str]
    orders: float  #: kernels, or operations

    def beyond(self, other: Spent, times: int) -> Spent:
        """How much more it is than another, divided."""
        kinds = Counter({kind: (self.kinds[kind] - other.kinds[kind]) / times for kind in KINDS})
        return Spent((self.clock - other.clock) / times, kinds, (self.orders - other.orders) / times)


def spent(call: Callable[[], object], device: torch.device) -> Spent:
    """What a call takes; it is made three times, since whoever records is slower."""
    call()
    wait(device)
    begun = perf_counter()
    call()
    wait(device)
    clock = perf_counter() - begun
    on_gpu = device.type == "cuda"
    with profile(activities=[ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU]) as record:
        call()
        wait(device)
    kinds, orders = Counter[str](), 0
    for one in record.key_averages():
        if microseconds := one.self_device_time_total if on_gpu else one.self_cpu_time_total:
            kinds[kind_of(one.key)] += microseconds / 1e3
            orders += one.count
    return Spent(1e3 * clock, kinds, orders)


def kind_of(name: str) -> str:
    """What a kernel does, by its name."""
    return next((kind for kind, names in KINDS.items() if re.search(names, name.lower())), REST)


def where(stage: Stage, methods: Sequence[Method]) -> str:
    """A table of where a step's time goes, a row a method; one that fails says why."""
    names = ("", "at once", "ms a step", *KINDS, "waiting", "orders", "ms before the first")
    lines = ["| " + " | ".join(names) + " |", "| --- |" + " ---: |" * (len(names) - 1)]
    for method in methods:
        try:
            cells = row(stage, method)
        except Exception as error:
            cells = [why(error)] + [""] * (len(names) - 3)
        lines.append(f"| {method.title} | {method.together} | " + " | ".join(cells) + " |")
        stage.release()
    return "\n".join(lines) + "\n"


def row(stage: Stage, method: Method) -> list[str]:
    """A method's numbers. Twice as many steps are what a step takes, and the rest comes before the first."""
    drawer, recipes = method.drawer(stage), method.recipes(stage)[: method.together]
    once, twice = (
        spent(partial(drawer.latents, of(recipes, steps)), stage.device)
        for steps in (WARM_STEPS, 2 * WARM_STEPS)
    )
    step = twice.beyond(once, WARM_STEPS)
    waiting = max(0.0, step.clock - step.kinds.total())
    times = [step.clock, *(step.kinds[kind] for kind in KINDS), waiting]
    before = max(0.0, once.clock - WARM_STEPS * step.clock)
    return [f"{ms:.1f}" for ms in times] + [f"{step.orders:.0f}", f"{before:.0f}"]
