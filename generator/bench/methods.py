"""The ways to draw that a bench compares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import torch
from PIL import Image
from torch import Tensor

from generator.bench import original
from generator.bench.gauges import work_of
from generator.bench.report import Group
from generator.bench.stage import SCENES, SUBJECT, Stage
from generator.diffusion.pipeline import decode, noise
from generator.diffusion.plan import EXACT, Levers, Offload, Plan, Quantization
from generator.diffusion.planner import plan_for
from generator.profiles import QUICK_STEPS, SDXL, Scheduler
from generator.settings import SpeedSettings
from generator.story import Recipe, SvrMode

GUIDED_UNTIL = 0.6
CACHED_EVERY = 2
FEWER_STEPS = QUICK_STEPS / SDXL.steps
TURBO_STEPS = 4


class Drawer(Protocol):
    """Draws frames in some way."""

    def draw(self, recipes: Sequence[Recipe]) -> Iterator[Image.Image]:
        """Yield each picture once it is finished."""
        ...

    def latents(self, recipes: Sequence[Recipe]) -> Tensor:
        """The first frame's latents (1, 4, h, w) before they are decoded, drawn in the same way."""
        ...

    def work(self, recipes: Sequence[Recipe]) -> float:
        """TFLOP of all of these frames."""
        ...


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


class Stock:
    """diffusers' own pipeline, called as its documentation does: one prompt, one picture."""

    def __init__(self, stage: Stage) -> None:
        self._pipe: Any = stage.plain()
        self._device = stage.device

    def draw(self, recipes: Sequence[Recipe]) -> Iterator[Image.Image]:
        """One after the other."""
        for recipe in recipes:
            yield self._call(recipe, "pil")[0]

    def latents(self, recipes: Sequence[Recipe]) -> Tensor:
        """The first one's."""
        latents: Tensor = self._call(recipes[0], "latent")
        return latents

    def work(self, recipes: Sequence[Recipe]) -> float:
        """They are all alike."""
        return len(recipes) * work_of(lambda: self._call(recipes[0], "pil"))

    def _call(self, recipe: Recipe, kind: str) -> Any:
        return self._pipe(
            recipe.prompt,
            width=recipe.width,
            height=recipe.height,
            num_inference_steps=recipe.steps,
            guidance_scale=recipe.guidance_scale,
            latents=noise(recipe, torch.Generator().manual_seed(recipe.seed)).to(
                self._device, self._pipe.dtype
            ),
            output_type=kind,
        ).images


class Original:
    """The original's way; of the whole story, only as many frames as are asked for."""

    def __init__(self, stage: Stage) -> None:
        self._pipe: Any = stage.plain()

    @torch.inference_mode()
    def draw(self, recipes: Sequence[Recipe]) -> Iterator[Image.Image]:
        """The subject's own picture too, which nobody sees."""
        told = self._tell(recipes[0])
        decode(self._pipe, next(told).float())
        for _ in recipes:
            yield decode(self._pipe, next(told).float())

    @torch.inference_mode()
    def latents(self, recipes: Sequence[Recipe]) -> Tensor:
        """The first frame's, which the subject's own come before."""
        told = self._tell(recipes[0])
        next(told)
        return next(told)

    def work(self, recipes: Sequence[Recipe]) -> float:
        """Counted of the subject's picture and of one frame, in one step and in two."""
        once, twice = (self._counted(recipe) for recipe in (*of(recipes[:1], 1), *of(recipes[:1], 2)))
        more = recipes[0].steps - 1
        subject, frame = (one + more * (two - one) for one, two in zip(once, twice, strict=True))
        return subject + len(recipes) * frame

    @torch.inference_mode()
    def _counted(self, recipe: Recipe) -> list[float]:
        told = self._tell(recipe)
        return [work_of(lambda: decode(self._pipe, next(told).float())) for _ in range(2)]

    def _tell(self, recipe: Recipe) -> Iterator[Tensor]:
        look = original.Look(
            window_length=len(SCENES),
            mode=recipe.svr,
            seed=recipe.seed,
            steps=recipe.steps,
            guidance_scale=recipe.guidance_scale,
            width=recipe.width,
            height=recipe.height,
        )
        return original.tell(self._pipe, SUBJECT, SCENES, look)


class Ours:
    """The bot's own illustrator."""

    def __init__(self, stage: Stage, plan: Plan, together: int) -> None:
        self._stage, self._plan, self._together = stage, plan, together
        self._illustrator = stage.illustrator(plan)
        self._illustrator.prepare(stage.recipes()[0])

    def draw(self, recipes: Sequence[Recipe]) -> Iterator[Image.Image]:
        """As many at once as the method says; while they are decoded, the next are drawn, as in the bot."""
        batches = [
            recipes[start : start + self._together] for start in range(0, len(recipes), self._together)
        ]
        if self._plan.offload is not Offload.NOTHING:  # then there is room for one network alone
            for batch in batches:
                yield from self._illustrator.draw(batch)
            return
        with ThreadPoolExecutor(1) as developer:
            before: list[Future[list[Image.Image]]] = []
            for batch in batches:
                latents = self._illustrator.denoise(batch)
                yield from (picture for each in before for picture in each.result())
                before = [developer.submit(self._illustrator.finish, one[None]) for one in latents]
            yield from (picture for each in before for picture in each.result())

    def latents(self, recipes: Sequence[Recipe]) -> Tensor:
        """Drawn together with the others of its batch."""
        return self._illustrator.latents(recipes[: self._together])[:1]

    def work(self, recipes: Sequence[Recipe]) -> float:
        """They are all alike."""
        return len(recipes) * self._stage.work(recipes[0], self._plan.levers)


def of(recipes: Sequence[Recipe], steps: int) -> list[Recipe]:
    """The recipes with another number of steps."""
    return [replace(recipe, steps=steps) for recipe in recipes]


def methods(device: torch.device, precision: str, recipe: Recipe) -> list[Method]:
    """All of them, cheap ones first where that is possible: where time is short, the last are left out."""
    gpu = device.type == "cuda"
    ours = Plan(device=str(device), precision=precision)
    base = replace(EXACT, compiled=gpu)  # on a processor, compiling takes longer than a bench
    return [
        *others(),
        *exact(ours, gpu=gpu),
        *levers(ours, base, recipe),
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
        title="One-Prompt-One-Story as the original draws it, its subject's pass included",
        group=Group.OTHERS,
        frames=3,
    )


def exact(ours: Plan, *, gpu: bool) -> Iterator[Method]:
    """Nothing but rounding differs."""
    for compiled in (False, True):
        word = "compiled" if compiled else "eager"
        plan = replace(ours, levers=replace(EXACT, compiled=compiled))
        for together in (1, 4, 8) if gpu else (1, 4)[: 1 if compiled else 2]:
            yield Method(
                name=f"{word}-{together}",
                title=f"exact, {word}",
                group=Group.EXACT,
                plan=plan,
                together=together,
                frames=max(2, together),
            )


def levers(ours: Plan, base: Levers, recipe: Recipe) -> Iterator[Method]:
    """What changes the picture a little, each for itself."""
    together = 8 if base.compiled else 1
    alone = {"group": Group.LEVERS, "together": together, "frames": max(2, together)}
    until = f"no guidance after {GUIDED_UNTIL:.0%} of the steps"
    for name, title, lever in (
        ("guided", until, replace(base, guided_until=GUIDED_UNTIL)),
        ("cached", f"deep layers every {CACHED_EVERY} steps", replace(base, cached_every=CACHED_EVERY)),
        ("int8", "int8", replace(base, quantized=Quantization.INT8)),
        ("fp8", "fp8", replace(base, quantized=Quantization.FP8)),
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
    for name, title, preset, changes in (
        ("fast", f"fast: {steps} steps of DPM++ 2M, and its levers", "fast", fewer),
        ("turbo", f"turbo: {TURBO_STEPS} steps without guidance", "exact", turbo),
    ):
        speed = SpeedSettings.model_validate({"preset": preset})
        for together in (1,) if ours.device == "cpu" else (1, 8):
            yield Method(
                name=f"{name}-{together}",
                title=title,
                group=Group.PRESETS,
                plan=plan_for(ours.device, ours.precision, speed),
                together=together,
                frames=max(2, together),
                changes=dict(changes),
                approximates=name != "turbo",
            )


def small(ours: Plan) -> Iterator[Method]:
    """What draws with less memory than the network has weights."""
    if not ours.device.startswith("cuda"):
        return
    for offload in (Offload.NETWORKS, Offload.LAYERS):
        yield Method(
            name=f"small-{offload}",
            title=f"one of its {offload} at a time, decoded in tiles",
            group=Group.SMALL,
            plan=replace(ours, offload=offload, tiled=True),
        )
