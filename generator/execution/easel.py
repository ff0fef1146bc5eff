"""Several pictures drawn at once on one device; when memory does not suffice, fewer, and by leaner plans."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from threading import Event, Lock, Thread
from time import perf_counter
from typing import TYPE_CHECKING

from generator.diffusion.pipeline import Illustrator
from generator.diffusion.plan import Plan, Plans
from generator.errors import DrawingCancelled, OutOfMemory, SamefoxError
from generator.execution.darkroom import Batch, Darkroom, Send, Sheet, answering, still_wanted
from generator.execution.executor import Free, Loading, Room, Step
from generator.sentence import Sentence
from generator.shape import Shape, shape
from generator.story import OnStep, Recipe

if TYPE_CHECKING:
    from generator.diffusion.safety import Inspector

log = logging.getLogger(__name__)

REPORT_INTERVAL = 60.0  # seconds between two words while a checkpoint is loaded


class Easel:
    """Draws what is asked for, on the thread that asks; the darkroom does the rest on others."""

    def __init__(
        self,
        illustrator: Illustrator,
        inspector: Inspector | None,
        cancelled: Callable[[int], bool],
        send: Send,
    ) -> None:
        self._illustrator = illustrator
        self._cancelled = cancelled
        self._send = send
        self._denoising = Lock()
        self._darkroom = Darkroom(illustrator, inspector, self._denoising, cancelled, send)
        self._plans = Plans(illustrator.plan)
        self._told: dict[Shape, int] = {}
        self._loaded: tuple[object, ...] = ()

    def prepare(self, recipe: Recipe) -> None:
        """Load a recipe's checkpoint, and say how many such pictures can be drawn at once."""
        form = shape(recipe)
        try:
            self._load(recipe, self._plans.of(form))
        except SamefoxError as error:
            log.error("%s", error)  # the first picture will run into it again, and tell its author
        self._tell_room(form)

    def draw(self, recipes: Mapping[int, Recipe]) -> None:
        """Draw recipes of one shape; each comes to an end of its own."""
        rest = dict(recipes)
        form = shape(next(iter(rest.values())))
        self._tell_room(form)
        while still_wanted(rest, self._cancelled, self._send):
            batch = dict(islice(rest.items(), self._plans.of(form).at_once(len(rest), form)))
            taken = tuple(batch)
            with answering(batch, self._send):
                self._draw(batch, form)
            for take_id in taken:
                if take_id not in batch:
                    del rest[take_id]
        self._send(Free())

    def _draw(self, batch: Batch, form: Shape) -> None:
        """Draw a batch; where memory does not suffice it is left, and the next try needs less."""
        sheets: list[Sheet] = []
        short: Sentence | None = None
        try:
            sheets = self._denoised(batch, self._plans.of(form))
        except OutOfMemory as error:
            short = error.sentence  # and not the error, which holds on to the tensors of this try
        if short is not None:
            self._save_memory(form, short)
        for sheet in sheets:
            if batch.pop(sheet.take_id, None) is not None:
                self._darkroom.develop(sheet)

    def _denoised(self, batch: Batch, plan: Plan) -> list[Sheet]:
        """What came of a batch; nothing when nobody wants it any more."""
        order = list(batch.items())
        self._load(order[0][1], plan)
        begun = perf_counter()
        try:
            with self._denoising:
                recipes = [recipe for _, recipe in order]
                latents = self._illustrator.denoise(recipes, self._stepper(batch), plan)
        except DrawingCancelled:
            return []
        seconds = (perf_counter() - begun) / len(order)
        return [
            Sheet(
                take_id=take_id,
                recipe=recipe,
                latents=one[None],
                plan=plan,
                together=len(order),
                seconds=seconds,
            )
            for (take_id, recipe), one in zip(order, latents, strict=True)
        ]

    def _stepper(self, batch: Batch) -> OnStep:
        def on_step(step: int, steps: int) -> None:
            if not still_wanted(batch, self._cancelled, self._send):
                raise DrawingCancelled("Stopped.")
            self._send(Step(take_ids=tuple(batch), step=step, steps=steps))

        return on_step

    def _load(self, recipe: Recipe, plan: Plan) -> None:
        """Have a checkpoint at hand; what another has denoised is decoded before."""
        wanted = (recipe.model, recipe.loras, recipe.freeu, plan)
        if self._loaded == wanted:
            return
        self._darkroom.settle()
        self._loaded = ()
        with reporting(self._send):
            self._illustrator.prepare(recipe, plan)
        self._loaded = wanted

    def _save_memory(self, form: Shape, short: Sentence) -> None:
        """Find something to do about it.

        Raises ``OutOfMemory`` where there is nothing.
        """
        log.warning("%s", short)
        if self._darkroom.settle() or self._illustrator.make_room():
            return  # what was decoded, or compiled, beside it had its share
        if (leaner := self._plans.learn(form)) is None:
            raise OutOfMemory.of(short)
        log.warning("It is tried again by a leaner plan: %s", leaner)
        self._tell_room(form)

    def _tell_room(self, form: Shape) -> None:
        room = self._plans.of(form).room(form)
        if self._told.get(form) != room:
            self._told[form] = room
            self._send(Room(shape=form, pictures=room))


@contextmanager
def reporting(send: Send) -> Iterator[None]:
    """Say now and then that what takes long goes on."""
    done = Event()

    def report() -> None:
        while not done.wait(REPORT_INTERVAL):
            send(Loading())

    Thread(target=report, name="loading", daemon=True).start()
    try:
        yield
    finally:
        done.set()
