"""A picture in five verbs: noise, condition, schedule, denoise, decode."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionXLPipeline
from PIL import Image
from torch import Tensor

from generator.diffusion.checkpoints import Checkpoints
from generator.diffusion.compiling import keep_compiled
from generator.diffusion.conditioning import Conditioning, condition
from generator.diffusion.decoding import Beside, picture, pixels_of, tiles
from generator.diffusion.devices import current, is_out_of_memory
from generator.diffusion.network import Network, PlainNetwork
from generator.diffusion.plan import Levers, Offload, Plan
from generator.diffusion.progress import Progress, marker
from generator.diffusion.rig import Rig
from generator.diffusion.schedulers import at_once, noise_sent_to, schedule
from generator.diffusion.warming import Warming
from generator.errors import DrawingError, OutOfMemory
from generator.shape import shape
from generator.story import Engine, OnStep, Recipe

PRACTICE = 3  # steps; in the last, exact levers record theirs

PRECISIONS = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def no_progress(step: int, steps: int) -> None:
    """An ``OnStep`` for nobody."""


class Illustrator:
    """Draws recipes on one device; equal recipes are equal pictures, also in another process."""

    def __init__(self, plan: Plan, compiled: Path | None = None) -> None:
        """``plan`` says where and how; see `planner.plan_for`.

        Where the plan compiles, a folder for what is ``compiled`` spares whoever waits for pictures the
        minutes that it takes: they are drawn without until it is done. Else it is done on the way. Kernels of
        our own are kept there too.
        """
        self.plan = plan
        self._device = torch.device(plan.device)
        self._checkpoints = Checkpoints(PRECISIONS[plan.precision], self._let_go)
        self._rig: Rig | None = None
        self._beside = Beside(self._device)
        self._warming: Warming | None = None
        if compiled is not None and plan.levers.compiled:
            self._warming = Warming(compiled, plan)
        elif compiled is not None and plan.levers.fused:
            keep_compiled(compiled)
        self._practised = not plan.levers.fused
        self.engine = engine_of(plan)  #: what draws here; with the recipe, it explains every bit of a picture

    def prepare(self, recipe: Recipe, plan: Plan | None = None) -> None:
        """Load what the recipe needs, so that its drawing need not wait for it."""
        with self._ready(recipe, plan or self.plan):
            pass
        if not self._practised and (plan or self.plan).levers.fused:
            self._practise(recipe)

    def _practise(self, recipe: Recipe) -> None:
        """Draw for nobody: kernels are made where they are met first, and nobody should wait for them."""
        latents = self.denoise([replace(recipe, steps=PRACTICE)])
        with suppress(DrawingError):  # of which whoever wants the picture will hear
            self.finish(latents)
        self._practised = True

    def draw(
        self, recipes: Sequence[Recipe], on_step: OnStep = no_progress, plan: Plan | None = None
    ) -> list[Image.Image]:
        """Draw recipes of one `shape` together; ``plan`` is a `leaner` one than the illustrator's own.

        Together they are the same pictures as alone up to rounding, and sooner finished.

        Raises ``ModelError``, ``OutOfMemory``, ``DrawingError``, and whatever ``on_step`` raises; the
        illustrator can be used again after any of them.
        """
        return self.finish(self.denoise(recipes, on_step, plan), plan)

    def denoise(
        self, recipes: Sequence[Recipe], on_step: OnStep = no_progress, plan: Plan | None = None
    ) -> Tensor:
        """All of `draw` but its end: the drawings (recipes, 4, height / 8, width / 8), to be finished.

        When it returns, the device has done its work. Raises as `draw` does.
        """
        plan = plan or self.plan
        with self._ready(recipes[0], plan) as rig:
            height, width = recipes[0].height // 8, recipes[0].width // 8
            rig.use(self._levers(rig, recipes, plan), torch.Size((height, width)))
            return latents_of(rig.pipe, recipes, self._device, on_step, rig.network)

    def finish(self, latents: Tensor, plan: Plan | None = None) -> list[Image.Image]:
        """The pictures of drawings, in any thread: the device goes on with the next ones meanwhile.

        They must be of the model that was drawn with last. Raises ``OutOfMemory`` and ``DrawingError``.
        """
        plan = plan or self.plan
        height, width = (8 * side for side in latents.shape[2:])
        with self._room_for(width, height):
            rig = self._rigged(self._checkpoints.last, plan)
            vae, decoder = rig.pipe.vae, rig.decoder(latents, tiled=plan.tiled)
            in_tiles = tiles(vae) if plan.tiled else nullcontext()
            with torch.inference_mode(), self._beside.orders(latents), in_tiles:
                return [picture(vae, one[None], decoder) for one in latents]

    def latents(self, recipes: Sequence[Recipe], on_step: OnStep = no_progress) -> Tensor:
        """As `denoise`, for whoever looks at the numbers."""
        return self.denoise(recipes, on_step).cpu()

    @property
    def gave_up(self) -> bool:
        """Whether something that should be compiled, fused or recorded could not be."""
        return self._rig is not None and not self._rig.works

    def make_room(self) -> bool:
        """End what is compiled beside, and compile on the way from now on; False if nothing was."""
        return self._warming is not None and self._warming.stop()

    def _levers(self, rig: Rig, recipes: Sequence[Recipe], plan: Plan) -> Levers:
        """The plan's levers, but for those that are not ready yet."""
        if not plan.levers.compiled or self._warming is None or self._warming.ready(rig.pipe, recipes):
            return plan.levers
        return replace(plan.levers, compiled=False, replayed=False)

    @contextmanager
    def _ready(self, recipe: Recipe, plan: Plan) -> Iterator[Rig]:
        with self._room_for(recipe.width, recipe.height):
            pipe = self._checkpoints.get(recipe)
            try:
                rig = self._rigged(pipe, plan)
                with torch.inference_mode():
                    yield rig
            except Exception as error:
                if is_out_of_memory(error) and plan.offload is not Offload.NOTHING:
                    self._let_go()  # layers may have been left half way
                raise

    def _rigged(self, pipe: StableDiffusionXLPipeline, plan: Plan) -> Rig:
        """The pipeline as the plan wants it; takes no time if it is."""
        if plan.offload is Offload.NOTHING:  # a leaner plan that does not record must not cost the others it
            plan = replace(plan, levers=replace(plan.levers, replayed=self.plan.levers.replayed))
        if self._rig is None or not self._rig.suits(pipe, plan):
            self._let_go()
            with self._forgetting():
                self._rig = Rig(pipe, plan)
        return self._rig

    def _let_go(self) -> None:
        """Hold nothing of the last pipeline: its weights and the next one's may not fit together."""
        rig, self._rig = self._rig, None
        if rig is not None:
            with self._forgetting():
                rig.take_down()
        del rig
        gc.collect()  # a network refers to itself; what it remembers would stay on the device

    @contextmanager
    def _forgetting(self) -> Iterator[None]:
        """What could not be changed as a whole, such as for lack of memory, must not be drawn with."""
        try:
            yield
        except Exception:
            self._checkpoints.forget()
            raise

    @contextmanager
    def _room_for(self, width: int, height: int) -> Iterator[None]:
        try:
            with current(self._device):
                yield
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise OutOfMemory(
                "{device} has not enough memory for a picture of {width} × {height}; "
                "a smaller size needs less.",
                device=device_name(self._device),
                width=width,
                height=height,
            ) from error.with_traceback(None)  # whose frames hold all that took the memory


def latents_of(
    pipe: StableDiffusionXLPipeline,
    recipes: Sequence[Recipe],
    device: torch.device,
    on_step: OnStep = no_progress,
    network: Network | PlainNetwork | None = None,
) -> Tensor:
    """The latents (recipes, 4, height / 8, width / 8) of recipes of one `shape`, to be decoded.

    ``network`` is the pipeline's, made faster; without it, the pipeline is afterwards as it was.
    """
    if len({shape(recipe) for recipe in recipes}) > 1:
        raise ValueError("only recipes of one shape can be drawn together")
    generators = [torch.Generator("cpu").manual_seed(recipe.seed) for recipe in recipes]
    latents = at_once(torch.cat(list(map(noise, recipes, generators))), device)
    conditioning = condition(pipe, recipes, device)
    scheduler = schedule(pipe, recipes[0].scheduler, recipes[0].steps)
    return denoise(network or PlainNetwork(pipe.unet), scheduler, latents, conditioning, generators, on_step)


def noise(recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Noise (1, 4, height / 8, width / 8), in float32 and on the CPU: a seed means the same everywhere."""
    return torch.randn(1, 4, recipe.height // 8, recipe.width // 8, generator=generator)


def denoise(
    network: Network | PlainNetwork,
    scheduler: Any,
    latents: Tensor,
    conditioning: Conditioning,
    generators: list[torch.Generator],
    on_step: OnStep,
) -> Tensor:
    """Latents (n, 4, h, w) from unit noise; in float32 between the steps, whatever the network's precision.

    ``generators``, one a drawing, feed the schedulers which add fresh noise in every step. Nothing in here
    waits for the device but `Progress`; the scheduler's own timesteps are on the CPU, the network's are not.
    """
    device, steps = latents.device, len(scheduler.timesteps)
    progress = Progress(on_step, steps, marker(device))
    times = at_once(scheduler.timesteps, device)
    latents = latents * scheduler.init_noise_sigma
    with network.drawing(conditioning, steps) as drawing:
        for step, timestep in enumerate(scheduler.timesteps):
            sample = scheduler.scale_model_input(latents, timestep)
            prediction = drawing.predict(step, sample, times[step])
            with noise_sent_to(device):
                latents = scheduler.step(
                    prediction, timestep, latents, generator=generators, return_dict=False
                )[0]
            progress.ordered()
        progress.finish()
    return latents


def decode(pipe: StableDiffusionXLPipeline, latents: Tensor) -> Image.Image:
    """The picture of latents (1, 4, h, w), eight times as wide and high.

    Raises ``DrawingError`` where the decoder's numbers overflow.
    """
    return picture(pipe.vae, latents, pixels_of)


def engine_of(plan: Plan) -> Engine:
    """What draws by a plan, on this machine."""
    return Engine(
        device=device_name(torch.device(plan.device)),
        precision=plan.precision,
        levers=plan.levers.words,
        samefox=installed("samefox"),
        torch=installed("torch"),
        diffusers=installed("diffusers"),
        transformers=installed("transformers"),
    )


def device_name(device: torch.device) -> str:
    """The device as people know it."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)


def installed(package: str) -> str:
    """A package's version."""
    try:
        return version(package)
    except PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"
