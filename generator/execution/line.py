"""The line to one drawing process: what it says is sorted into whoever waits for it."""

from __future__ import annotations

import asyncio
import logging
import pickle
from asyncio import Future
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from contextvars import Context
from itertools import count
from typing import Any

from generator.errors import (
    DeviceLost,
    DrawingCancelled,
    DrawingError,
    ModelError,
    NotTranslated,
    OutOfMemory,
    SamefoxError,
)
from generator.execution.executor import (
    HEADER,
    Command,
    Draw,
    Drawing,
    Drawn,
    Failed,
    Failure,
    Free,
    OnSteps,
    Ready,
    Reply,
    Room,
    Step,
    Translate,
    Translated,
    Unready,
    Untranslated,
    pack,
)
from generator.sentence import Sentence
from generator.shape import Shape
from generator.story import Picture, Recipe

log = logging.getLogger(__name__)

PATIENCE = 600.0  # seconds without a word from a drawing process until it counts as hung

_ERRORS: dict[Failure, type[SamefoxError]] = {
    Failure.CANCELLED: DrawingCancelled,
    Failure.MEMORY: OutOfMemory,
    Failure.MODEL: ModelError,
    Failure.DRAWING: DrawingError,
}


class Line:
    """All that is asked of one process and not answered yet; when it dies, everybody hears of that."""

    def __init__(self, process: Process, device: str) -> None:
        self.process = process
        self._device = device
        self._loop = asyncio.get_running_loop()
        self.ready: Future[Ready] = self._loop.create_future()
        self.rooms: dict[Shape, int] = {}
        self.drew = False  #: whether any picture came
        self._pictures: dict[int, Future[Picture]] = {}
        self._free: Future[None] = self._loop.create_future()
        self._free.set_result(None)
        self._on_step: OnSteps = lambda *_: None
        self._translations: dict[int, Future[tuple[str, ...]]] = {}
        self._requests = count()
        self._lost: DeviceLost | None = None
        self._hangs = False
        self._patience: asyncio.TimerHandle | None = None
        self._expect()
        # In a context of its own: it outlives whoever happened to need the process first.
        self.reading = asyncio.create_task(self._read(), context=Context())

    @property
    def alive(self) -> bool:
        """Whether the process can still be asked for something."""
        return self._lost is None and self.process.returncode is None

    @property
    def busy(self) -> bool:
        """Whether pictures are under way."""
        return bool(self._pictures) or not self._free.done()

    def write(self, command: Command) -> None:
        """Say something; a dead process is noticed where its answer is awaited."""
        if self.alive:
            tell(self.process, command)

    def draw(self, recipes: Mapping[int, Recipe], on_step: OnSteps) -> Drawing:
        """Ask for pictures; the device must be free."""
        if self._lost is not None:
            return failed(recipes, self._lost)
        drawing = _begun(recipes)
        self._pictures |= drawing.pictures
        self._free, self._on_step = drawing.free, on_step
        self.write(Draw(recipes=dict(recipes)))
        self._expect()
        return drawing

    async def translated(self, texts: tuple[str, ...], language: str) -> tuple[str, ...]:
        """Texts in English; several requests may be under way."""
        if self._lost is not None:
            raise self._lost
        request_id = next(self._requests)
        translation: Future[tuple[str, ...]] = self._loop.create_future()
        self._translations[request_id] = translation
        try:
            self.write(Translate(request_id=request_id, texts=texts, language=language))
            return await translation
        finally:
            del self._translations[request_id]

    def kill(self) -> None:
        """End the process; nothing may be asked of it any more."""
        with suppress(ProcessLookupError):
            self.process.kill()

    async def close(self) -> None:
        """End the process, and cancel what it was asked for."""
        asked: list[Future[Any]] = [self.ready, *self._pictures.values()]
        for waiting in asked:
            waiting.cancel()
        self.kill()
        await self.reading

    async def _read(self) -> None:
        assert self.process.stdout is not None
        try:
            while True:
                (length,) = HEADER.unpack(await self.process.stdout.readexactly(HEADER.size))
                self._sort(pickle.loads(await self.process.stdout.readexactly(length)))  # noqa: S301 our own
                self._expect()
        except asyncio.IncompleteReadError:
            pass  # it has ended; to kill it now would take its status from whoever waits for that
        except Exception:
            log.exception("A drawing process says what cannot be understood")
            self.kill()
        self._end(_death(await self.process.wait()))

    def _sort(self, reply: Reply) -> None:
        match reply:
            case Step(take_ids=take_ids, step=step, steps=steps):
                for take_id in take_ids:
                    self._on_step(take_id, step, steps)
            case Drawn(take_id=take_id, picture=picture):
                self.drew = True
                _settle(self._pictures.pop(take_id), picture)
            case Failed(take_id=take_id, failure=failure, sentence=sentence):
                _settle(self._pictures.pop(take_id), _ERRORS[failure].of(sentence))
            case Free():
                _settle(self._free, None)
            case _:
                self._sort_rest(reply)

    def _sort_rest(self, reply: Reply) -> None:
        """What does not concern a picture."""
        match reply:
            case Room(shape=shape, pictures=pictures):
                self.rooms[shape] = pictures
            case Ready():
                _settle(self.ready, reply)
            case Unready(sentence=sentence):
                _settle(self.ready, ModelError.of(sentence))
            case Translated(request_id=request_id, texts=texts):
                self._translate(request_id, texts)
            case Untranslated(request_id=request_id, sentence=sentence):
                self._translate(request_id, NotTranslated.of(sentence))

    def _translate(self, request_id: int, texts: tuple[str, ...] | NotTranslated) -> None:
        if (translation := self._translations.get(request_id)) is not None:  # else nobody has waited
            _settle(translation, texts)

    def _expect(self) -> None:
        """From now on, wait for so long and no longer for a word from a process that has something to do."""
        if self._patience is not None:
            self._patience.cancel()
        awaited = self.busy or not self.ready.done()
        self._patience = self._loop.call_later(PATIENCE, self._hang) if awaited else None

    def _hang(self) -> None:
        self._hangs = True
        self.kill()

    def _end(self, how: Sentence) -> None:
        self._lost = (
            DeviceLost("The drawing process for {device} hung.", device=self._device)
            if self._hangs
            else DeviceLost("The drawing process for {device} died ({how}).", device=self._device, how=how)
        )
        if self._patience is not None:
            self._patience.cancel()
        asked: list[Future[Any]] = [self.ready, *self._pictures.values(), *self._translations.values()]
        for waiting in asked:
            _settle(waiting, self._lost)
        self._pictures.clear()
        _settle(self._free, None)


def tell(process: Process, command: Command) -> None:
    """Say something to a process, unless it hears no more."""
    assert process.stdin is not None
    if not process.stdin.is_closing():  # the pipe of one that died may end before its death is known
        process.stdin.write(pack(command))


def failed(recipes: Mapping[int, Recipe], error: SamefoxError) -> Drawing:
    """A drawing that came to nothing before it was begun."""
    drawing = _begun(recipes)
    for picture in drawing.pictures.values():
        picture.set_exception(error)
    drawing.free.set_result(None)
    return drawing


def _begun(recipes: Mapping[int, Recipe]) -> Drawing:
    loop = asyncio.get_running_loop()
    return Drawing({take_id: loop.create_future() for take_id in recipes}, loop.create_future())


def _settle(future: Future[Any], outcome: object) -> None:
    """Tell whoever still waits."""
    if future.done():
        return
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _death(code: int) -> Sentence:
    if code < 0:
        return Sentence("killed by signal {signal}", {"signal": -code})
    return Sentence("exit status {status}", {"status": code})
