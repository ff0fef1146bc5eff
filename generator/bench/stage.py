"""What every method finds in the same state: the network, the story, the device, and float32's result."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionXLPipeline
from torch import Tensor

from generator.bench.gauges import GIB, work_of
from generator.bench.report import Task
from generator.diffusion.architecture import Architecture, build
from generator.diffusion.checkpoints import load_folder, quieten
from generator.diffusion.pipeline import PRECISIONS, Illustrator, latents_of, noise
from generator.diffusion.plan import EXACT, Levers, Plan, Quantization
from generator.diffusion.schedulers import KINDS
from generator.method.tokens import clip_tokenizer
from generator.method.windows import windows
from generator.profiles import Scheduler
from generator.story import Recipe

SEED = 5
SUBJECT = "a red fox with a blue coat"
SCENES = (
    "in a meadow",
    "in the snow",
    "by a river",
    "at the beach",
    "in a library",
    "under an old tree",
    "on a bridge",
    "at the market",
)
"""All of them fit into one prompt, so that every frame has seven scenes to suppress."""


class Stage:
    """A network with random weights on the disk, and whatever several methods share of it in memory."""

    def __init__(
        self, architecture: Architecture, folder: Path, device: torch.device, recipe: Recipe, precision: str
    ) -> None:
        """``recipe`` says how frames are drawn; its words are the story's, its model is ``folder``."""
        self.device, self.precision, self.folder = device, precision, folder
        self._look = replace(recipe, model=str(folder))
        self._plain: StableDiffusionXLPipeline | None = None
        self._illustrators: dict[Plan, Illustrator] = {}
        self._references: dict[Recipe, Tensor] = {}
        self._work: dict[tuple[Recipe, Levers], float] = {}
        quieten()
        write_random(architecture, folder, device, precision)
        self.weights = sum(file.stat().st_size for file in folder.rglob("*.safetensors")) / GIB

    def recipes(self) -> list[Recipe]:
        """A recipe for each scene, as the bot would write them."""
        frames = windows(SUBJECT, SCENES, len(SCENES), clip_tokenizer().count)
        return [
            replace(
                self._look,
                subject=SUBJECT,
                prompt=frame.prompt,
                express=frame.express,
                suppress=frame.suppress,
                seed=SEED,
            )
            for frame in frames
        ]

    def task(self, network: str) -> Task:
        """What is drawn, in numbers."""
        look = self._look
        return Task(
            network=network,
            weights=round(self.weights, 3),
            precision=self.precision,
            width=look.width,
            height=look.height,
            steps=look.steps,
            guidance_scale=look.guidance_scale,
            scenes=len(SCENES),
        )

    def plain(self) -> StableDiffusionXLPipeline:
        """The network in a pipeline as others use it."""
        if self._plain is None:
            self._plain = load_folder(self.folder, PRECISIONS[self.precision]).to(self.device)
            self._plain.set_progress_bar_config(disable=True)
        return self._plain

    def illustrator(self, plan: Plan) -> Illustrator:
        """The one for a plan, however many of its frames are drawn at once."""
        alone = self.network(plan)
        assert alone is not None
        if alone not in self._illustrators:
            self._illustrators[alone] = Illustrator(alone)
        return self._illustrators[alone]

    @staticmethod
    def network(plan: Plan | None) -> Plan | None:
        """What is the same for all who draw with one network in memory; None is the plain pipeline's."""
        return plan and replace(plan, together=1, reasons=())

    def release(self) -> None:
        """Forget all networks in memory."""
        self._plain = None
        self._illustrators.clear()
        self.tidy()

    def tidy(self) -> None:
        """Give the GPU's memory back that nobody uses."""
        if self.device.type == "cuda":
            gc.collect()
            torch.cuda.empty_cache()

    def refer_to(self, recipes: Sequence[Recipe]) -> None:
        """Draw recipes in float32, by diffusers' own network and without anything faster, to compare with."""
        pipe = load_folder(self.folder, torch.float32).to(self.device)
        with full_precision(), torch.inference_mode():
            for recipe in dict.fromkeys(recipes):
                self._references[recipe] = latents_of(pipe, [recipe], self.device).cpu()
        del pipe
        self.tidy()

    def error(self, latents: Tensor, recipe: Recipe) -> float | None:
        """How far latents (1, 4, h, w) are from float32's of a recipe, relative to all that it changed.

        A network with random weights takes little of the noise away, which would flatter a distance
        relative to the whole. None where there is nothing to compare with.
        """
        exact = self._references.get(recipe)
        if exact is None:
            return None
        changed = (exact - self._start(recipe)).norm()
        return float((latents.float().cpu() - exact).norm() / changed)

    def work(self, recipe: Recipe, levers: Levers = EXACT) -> float:
        """TFLOP of a frame, counted while it is drawn as it is written; products that are saved count too."""
        counted = replace(levers, fused=False, compiled=False, replayed=False, quantized=Quantization.OFF)
        key = (recipe, counted)
        if key not in self._work:
            plan = Plan(device=str(self.device), precision=self.precision, levers=counted)
            kept = plan in self._illustrators
            illustrator = self._illustrators[plan] if kept else Illustrator(plan)
            self._work[key] = work_of(lambda: illustrator.draw([recipe]))
        return self._work[key]

    def _start(self, recipe: Recipe) -> Tensor:
        kind, changes = KINDS[Scheduler(recipe.scheduler)]
        scheduler: Any = kind.from_pretrained(self.folder, subfolder="scheduler", **changes)
        scheduler.set_timesteps(recipe.steps)
        start = noise(recipe, torch.Generator().manual_seed(recipe.seed))
        return start * float(scheduler.init_noise_sigma)


def write_random(architecture: Architecture, folder: Path, device: torch.device, precision: str) -> None:
    """A pipeline of that architecture with random weights, in a folder as diffusers lays it out.

    Speed does not depend on the weights. They are rounded to ``precision`` here, so that float32 computes
    with the very same ones.
    """
    default = torch.get_default_dtype()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []), torch.device(device):
        torch.manual_seed(SEED)
        torch.set_default_dtype(PRECISIONS[precision])
        try:
            pipe: Any = build(architecture)
        finally:
            torch.set_default_dtype(default)
    pipe.save_pretrained(folder)


@contextmanager
def full_precision() -> Iterator[None]:
    """No TF32, which GPUs take for float32 in convolutions."""
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)
