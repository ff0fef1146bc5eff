"""What was denoised becomes a picture: decoded, judged and encoded, while the device draws on."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from queue import Queue, SimpleQueue
from threading import Lock, Thread
from time import perf_counter
from typing import TYPE_CHECKING, Any

from PIL import Image

from generator.diffusion.devices import is_lost
from generator.diffusion.pipeline import Illustrator
from generator.diffusion.plan import Plan
from generator.errors import DrawingCancelled, ModelError, OutOfMemory, SamefoxError
from generator.execution.executor import Drawn, Failed, Failure, Reply
from generator.press.metadata import encode
from generator.sentence import Sentence
from generator.story import Engine, Picture, Recipe

if TYPE_CHECKING:
    from generator.diffusion.safety import Inspector

log = logging.getLogger(__name__)

ENCODERS = 4  # threads; the PNG of a picture of 1024 × 1024 takes one a tenth of a second

_FAILURES = {
    DrawingCancelled: Failure.CANCELLED,
    OutOfMemory: Failure.MEMORY,
    ModelError: Failure.MODEL,
}

Send = Callable[[Reply], None]
Batch = dict[int, Recipe]
"""By take; who has answered for one, or handed it on, takes it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A take that is denoised."""

    take_id: int
    recipe: Recipe
    latents: Any  #: (1, 4, height / 8, width / 8), on the device
    plan: Plan  #: by which it was drawn
    together: int  #: how many were drawn at once
    seconds: float  #: its share of what the device needed so far


class Darkroom:
    """One thread decodes and judges, since there is one device; several encode."""

    def __init__(
        self,
        illustrator: Illustrator,
        inspector: Inspector | None,
        denoising: Lock,
        cancelled: Callable[[int], bool],
        send: Send,
    ) -> None:
        """``denoising`` is held by whoever draws on the device."""
        self._illustrator = illustrator
        self._inspector = inspector
        self._denoising = denoising
        self._cancelled = cancelled
        self._send = send
        self._undeveloped: Queue[Sheet] = Queue()
        self._unencoded: SimpleQueue[Callable[[], None]] = SimpleQueue()
        # All threads are there from the beginning: when memory is short, none could be had.
        Thread(target=self._develop_all, name="developing", daemon=True).start()
        for _ in range(ENCODERS):
            Thread(target=self._encode_all, name="encoding", daemon=True).start()

    def develop(self, sheet: Sheet) -> None:
        """Make a picture of it and send that; at once, where there is no memory to do so beside the next."""
        if sheet.plan.beside:
            self._undeveloped.put(sheet)
        else:
            self._develop(sheet)

    def settle(self) -> bool:
        """Wait until the device is not needed here; False if it was not."""
        waited = self._undeveloped.unfinished_tasks > 0
        self._undeveloped.join()
        return waited

    def _develop_all(self) -> None:
        while True:
            self._develop(self._undeveloped.get())
            self._undeveloped.task_done()

    def _encode_all(self) -> None:
        while True:
            self._unencoded.get()()

    def _develop(self, sheet: Sheet) -> None:
        with answering({sheet.take_id: sheet.recipe}, self._send) as batch:
            if not still_wanted(batch, self._cancelled, self._send):
                return
            begun = perf_counter()
            image, plan = self._decoded(sheet)
            verdict = self._inspector.look(image) if self._inspector is not None else None
            engine = replace(self._illustrator.engine, lean=plan.tiled, together=sheet.together)
            seconds = sheet.seconds + (0.0 if sheet.plan.beside else perf_counter() - begun)
            picture = partial(Picture, seconds=seconds, engine=engine, verdict=verdict)
            self._unencoded.put(partial(self._encode, image, sheet, engine, picture))

    def _decoded(self, sheet: Sheet) -> tuple[Image.Image, Plan]:
        """The picture, in pieces if it must be; and the plan by which it was decoded."""
        try:
            return self._illustrator.finish(sheet.latents, sheet.plan)[0], sheet.plan
        except OutOfMemory as error:
            log.warning("%s It is decoded when nothing else is drawn.", error)
        with self._denoising:
            try:
                return self._illustrator.finish(sheet.latents, sheet.plan)[0], sheet.plan
            except OutOfMemory as error:
                log.warning("%s It is decoded in pieces.", error)
            tiled = replace(sheet.plan, tiled=True)
            return self._illustrator.finish(sheet.latents, tiled)[0], tiled

    def _encode(self, image: Image.Image, sheet: Sheet, engine: Engine, picture: partial[Picture]) -> None:
        with answering({sheet.take_id: sheet.recipe}, self._send):
            png = encode(image, sheet.recipe, engine)
            self._send(Drawn(take_id=sheet.take_id, picture=picture(png=png)))


@contextmanager
def answering(batch: Batch, send: Send) -> Iterator[Batch]:
    """Whatever goes wrong becomes a sentence, which is sent for all that is still in the batch."""
    try:
        yield batch
    except SamefoxError as error:
        _fail(batch, send, _FAILURES.get(type(error), Failure.DRAWING), error.sentence)
    except Exception as error:
        log.exception("Take %s could not be drawn", ", ".join(map(str, batch)))
        if is_lost(error):
            os._exit(1)  # the bot starts a fresh process
        sentence = Sentence(
            "The picture could not be drawn, because of an error that the host’s log explains."
        )
        _fail(batch, send, Failure.DRAWING, sentence)


def still_wanted(batch: Batch, cancelled: Callable[[int], bool], send: Send) -> bool:
    """Whether anything in the batch is; what is not is taken out and answered for."""
    unwanted = {take_id: batch.pop(take_id) for take_id in [*filter(cancelled, batch)]}
    _fail(unwanted, send, Failure.CANCELLED, Sentence("Stopped."))
    return bool(batch)


def _fail(batch: Batch, send: Send, failure: Failure, sentence: Sentence) -> None:
    for take_id in batch:
        send(Failed(take_id=take_id, failure=failure, sentence=sentence))
    batch.clear()
