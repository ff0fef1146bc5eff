"""The ways to draw that a bench compares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import torch

from generator.bench.drawers import Drawer, Original, Ours, Stock
from generator.bench.report import Group
from generator.bench.stage import Stage
from generator.diffusion.plan import EXACT, Levers, Offload, Plan, Quantization
from generator.diffusion.planner import FAST, plan_for
from generator.profiles import QUICK_STEPS, SDXL, Scheduler
from generator.settings import SpeedSettings
from generator.story import Recipe, SvrMode

GUIDED_UNTIL = FAST.guided_until
CACHED_EVERY = FAST.cached_every
FEWER_STEPS = QUICK_STEPS / SDXL.steps
TURBO_STEPS = 4


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to draw, and how many frames are enough to time it."""

    name: str
    title: str
    group: Group
    together: int = 1
    frames: int = 2
    plan: Plan | None = None  #: ours alone have one
    changes: dict[str, object] = field(default_factory=dict)  #: to the recipe that all others draw
    approximates: bool = True  #: whether the float32 result to compare with is that of the unchanged recipe

    def recipes(self, stage: Stage) -> list[Recipe]:
        """What it draws in one repetition."""
        return [self.changed(recipe) for recipe in stage.recipes()[: self.frames]]

    def compared(self, stage: Stage) -> Recipe:
        """What its first frame should have been."""
        recipe = stage.recipes()[0]
        return recipe if self.approximates else self.changed(recipe)

    def changed(self, recipe: Recipe) -> Recipe:
        """A recipe as this method has it."""
        return replace(recipe, **self.changes)  # type: ignore[arg-type]

    def drawer(self, stage: Stage) -> Drawer:
        """Load what is needed to draw."""
        if self.plan is not None:
            return Ours(stage, self.plan, self.together)
        return Original(stage) if self.name == "original" else Stock(stage)


def methods(device: torch.device, precision: str, recipe: Recipe) -> list[Method]:
    """All of them, cheap ones first where that is possible: where time is short, the last are left out."""
    gpu = device.type == "cuda"
    chosen = plan_for(str(device), precision, SpeedSettings())
    ours = replace(chosen, together=1, offload=Offload.NOTHING, tiled=False, levers=EXACT, reasons=())
    compiled = replace(EXACT, compiled=gpu, replayed=gpu)  # on a processor, it takes longer than a bench
    base = replace(compiled, fused=True, compiled=False) if chosen.levers.fused else compiled
    return [
        *others(),
        *exact(ours, base),
        *levers(ours, base, compiled, recipe),
        *presets(ours, recipe),
        *small(ours),
    ]


def others() -> Iterator[Method]:
    """Others' code."""
    # The same text as a plain prompt: no scene is kept out, and nobody is held on to.
    plain = {"svr": SvrMode.OFF, "identity_strength": 1.0}
    yield Method(
        name="stock",
        title="diffusers, its own pipeline",
        group=Group.OTHERS,
        changes=plain,
        approximates=False,
    )
    yield Method(
        name="original",
        title="the original's way, its subject's pass included",
        group=Group.OTHERS,
        frames=3,
    )


def exact(ours: Plan, base: Levers) -> Iterator[Method]:
    """Nothing but rounding differs; ``base`` is what is chosen for this machine."""
    recorded = " and recorded" if base.replayed else ""
    ways = [
        ("eager", "exact, eager", EXACT),
        ("compiled", f"exact: compiled{recorded}", replace(EXACT, compiled=True, replayed=base.replayed)),
    ]
    if base.fused:
        ways.append(("exact", f"exact: fused{recorded}", base))
    for word, title, levers in ways:
        plan = replace(ours, levers=levers)
        for together in (1, 4, 8) if base.replayed else (1,) if levers.compiled else (1, 4):
            yield Method(
                name=f"{word}-{together}",
                title=title,
                group=Group.EXACT,
                plan=plan,
                together=together,
                frames=max(2, together),
            )


def levers(ours: Plan, base: Levers, compiled: Levers, recipe: Recipe) -> Iterator[Method]:
    """What changes the picture a little, each for itself; eight bits are for what is not fused."""
    together = 8 if base.replayed else 1
    instead = ", compiled" if base.fused else ""
    alone = {"group": Group.LEVERS, "together": together, "frames": max(2, together)}
    until = f"guided in the first {GUIDED_UNTIL:.0%} of the steps"
    for name, title, lever in (
        ("guided", until, replace(base, guided_until=GUIDED_UNTIL)),
        ("cached", f"deep layers every {CACHED_EVERY} steps", replace(base, cached_every=CACHED_EVERY)),
        ("int8", f"int8{instead}", replace(compiled, quantized=Quantization.INT8)),
        ("fp8", f"fp8{instead}", replace(compiled, quantized=Quantization.FP8)),
    ):
        yield Method(name=name, title=title, plan=replace(ours, levers=lever), **alone)  # type: ignore[arg-type]
    steps = max(1, round(FEWER_STEPS * recipe.steps))
    yield Method(
        name="dpm",
        title=f"DPM++ 2M Karras, {steps} steps",
        plan=replace(ours, levers=base),
        changes={"scheduler": Scheduler.DPM_KARRAS, "steps": steps},
        **alone,  # type: ignore[arg-type]
    )


def presets(ours: Plan, recipe: Recipe) -> Iterator[Method]:
    """What a host can choose for this machine; `exact` are the rows above."""
    steps = max(1, round(FEWER_STEPS * recipe.steps))
    fewer = {"scheduler": Scheduler.DPM_KARRAS, "steps": steps}
    # Networks of a few steps are made for them: there is no longer path that theirs would approximate.
    turbo = {"scheduler": Scheduler.EULER_TRAILING, "steps": TURBO_STEPS, "guidance_scale": 1.0}
    exact, fast = (
        plan_for(ours.device, ours.precision, SpeedSettings.model_validate({"preset": preset}))
        for preset in ("exact", "fast")
    )
    fast_title = ", ".join([f"fast: {steps} steps of DPM++ 2M", *filter(None, [fast.levers.words])])
    for name, title, plan, changes in (
        ("fast", fast_title, fast, fewer),
        ("turbo", f"turbo: {TURBO_STEPS} steps without guidance", exact, turbo),
    ):
        for together in (1,) if ours.device == "cpu" else (1, 8):
            yield Method(
                name=f"{name}-{together}",
                title=title,
                group=Group.PRESETS,
                plan=plan,
                together=together,
                frames=max(2, together),
                changes=dict(changes),
                approximates=name != "turbo",
            )


def small(ours: Plan) -> Iterator[Method]:
    """What draws with less memory than the network has weights."""
    if not ours.device.startswith("cuda"):
        return
    for name, title, offload, tiled in (
        ("networks", "one network on the GPU at a time", Offload.NETWORKS, False),
        ("layers", "layers streamed to the GPU", Offload.LAYERS, False),
        ("tiles", "layers streamed to the GPU, decoded in tiles", Offload.LAYERS, True),
    ):
        yield Method(
            name=f"small-{name}",
            title=title,
            group=Group.SMALL,
            frames=1,
            plan=replace(ours, offload=offload, tiled=tiled, beside=False),
        )
