"""A drawing process on this machine, spoken to in pickled frozen values over its standard streams.

Standard streams and not a queue, because their end is the one signal that always arrives: when either side
dies, however suddenly, the other reads the end of the stream.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from contextvars import Context
from itertools import count
from pathlib import Path

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
    Cancel,
    Command,
    Draw,
    Drawn,
    Equip,
    Failed,
    Failure,
    Prepare,
    Ready,
    Reply,
    Step,
    Translate,
    Translated,
    Untranslated,
    pack,
)
from generator.sentence import Sentence
from generator.story import OnStep, Picture, Recipe

log = logging.getLogger(__name__)

PATIENCE = 600.0  # seconds without a word from a drawing process until it counts as hung

TRANSLATION_PATIENCE = 40.0  # seconds, of which the process may use half; the rest is others' texts

_BARE = Equip()

_ERRORS: dict[Failure, type[SamefoxError]] = {
    Failure.CANCELLED: DrawingCancelled,
    Failure.MEMORY: OutOfMemory,
    Failure.MODEL: ModelError,
    Failure.DRAWING: DrawingError,
}


class LocalExecutor:
    """One device of this machine and its process, started when first needed and again after its death."""

    def __init__(self, device: str, precision: str, equipment: Equip = _BARE) -> None:
        self.device = device
        self._precision = precision
        self._equipment = equipment
        self._line: _Line | None = None
        self._starting = asyncio.Lock()  # a frame and a text may both need the process first
        self._drawing: int | None = None
        self.siblings: tuple[str, ...] = ()  # the machine's other devices, known once it has started

    async def start(self, prepare: Recipe | None = None) -> None:
        """Start the process, if it does not run, and have it load a recipe's checkpoint.

        Raises:
            DeviceLost: it died at once.
            ModelError: this machine has no such device, or the safety model cannot be loaded.
        """
        line = await self._running()
        if prepare is not None:
            await line.send(Prepare(recipe=prepare))

    async def draw(self, take_id: int, recipe: Recipe, on_step: OnStep) -> Picture:
        """Draw a frame; see `Executor.draw`."""
        self._drawing = take_id  # from here on it can be cancelled
        try:
            line = await self._running()
            await line.send(Draw(take_id=take_id, recipe=recipe))
            return await _follow(line, take_id, on_step)
        except (DeviceLost, asyncio.CancelledError):
            # What is left of it may be hung, or drawing for nobody.
            if self._line is not None:
                self._line.kill()
            raise
        finally:
            self._drawing = None

    async def translate(self, texts: Sequence[str], language: str) -> tuple[str, ...]:
        """Turn texts into English; see `Executor.translate`."""
        try:
            async with asyncio.timeout(TRANSLATION_PATIENCE):
                line = await self._running()
                return await line.translated(tuple(texts), language)
        except TimeoutError as error:
            raise NotTranslated(
                "The translator is busy; please try again in a minute, or write in English."
            ) from error
        except (DeviceLost, ModelError) as error:
            raise NotTranslated(
                "The translator does not work at the moment; please write in English."
            ) from error

    def cancel(self, take_id: int) -> None:
        """Stop drawing this take before its next step, if it is being drawn."""
        if take_id == self._drawing and self._line is not None:
            self._line.write(Cancel(take_id=take_id))

    async def close(self) -> None:
        """End the process; may be called twice."""
        line, self._line = self._line, None
        if line is not None:
            line.kill()  # there is nothing in it that would have to be saved
            await line.process.wait()
            await line.reading

    async def _running(self) -> _Line:
        async with self._starting:
            if self._line is None or not self._line.alive:
                self._line = line = _Line(await self._spawn(), self.device)
                ready = await _answer(line)
                if isinstance(ready, Failed):
                    raise ModelError.of(ready.sentence)
                self.device, self.siblings = ready.device, ready.siblings
            return self._line

    async def _spawn(self) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "generator.execution.worker",
            self.device,
            self._precision,
            logging.getLevelName(logging.getLogger().getEffectiveLevel()),
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,  # a Ctrl-C in the terminal is the bot's to hear
            env=_environment(),
        )
        log.info("Drawing process %d started for %s", process.pid, self.device)
        assert process.stdin is not None
        process.stdin.write(pack(self._equipment))
        return process


class _Line:
    """The line to one process: what it says is sorted into what is drawn and what is translated."""

    def __init__(self, process: Process, device: str) -> None:
        self.process = process
        self._device = device
        self._replies: asyncio.Queue[Reply | DeviceLost] = asyncio.Queue()
        self._translations: dict[int, asyncio.Future[tuple[str, ...]]] = {}
        self._requests = count()
        self._lost: DeviceLost | None = None
        # In a context of its own: it outlives whoever happened to need the process first.
        self.reading = asyncio.create_task(self._read(), context=Context())

    @property
    def alive(self) -> bool:
        """Whether the process can still be asked for something."""
        return self._lost is None and self.process.returncode is None

    def write(self, command: Command) -> None:
        """Say something without waiting until it is heard."""
        assert self.process.stdin is not None
        self.process.stdin.write(pack(command))

    async def send(self, command: Command) -> None:
        """Say something."""
        assert self.process.stdin is not None
        self.write(command)
        with suppress(ConnectionError):  # a dead process is noticed where its answer is awaited
            await self.process.stdin.drain()

    async def next(self) -> Reply:
        """What the process says next about drawing."""
        try:
            async with asyncio.timeout(PATIENCE):
                reply = await self._replies.get()
        except TimeoutError as error:
            raise DeviceLost("The drawing process for {device} hung.", device=self._device) from error
        if isinstance(reply, DeviceLost):
            self._replies.put_nowait(reply)  # for whoever asks again
            raise reply
        return reply

    async def translated(self, texts: tuple[str, ...], language: str) -> tuple[str, ...]:
        """Texts in English; several requests may be under way."""
        if self._lost is not None:
            raise self._lost
        request_id = next(self._requests)
        translation: asyncio.Future[tuple[str, ...]] = asyncio.get_running_loop().create_future()
        self._translations[request_id] = translation
        try:
            await self.send(Translate(request_id=request_id, texts=texts, language=language))
            return await translation
        finally:
            del self._translations[request_id]

    def kill(self) -> None:
        """End the process; nothing may be asked of it any more."""
        with suppress(ProcessLookupError):
            self.process.kill()

    async def _read(self) -> None:
        assert self.process.stdout is not None
        try:
            while True:
                (length,) = HEADER.unpack(await self.process.stdout.readexactly(HEADER.size))
                self._sort(pickle.loads(await self.process.stdout.readexactly(length)))  # noqa: S301 our own
        except asyncio.IncompleteReadError:
            how = _death(await self.process.wait())
        self._lost = DeviceLost(
            "The drawing process for {device} died ({how}).", device=self._device, how=how
        )
        self._replies.put_nowait(self._lost)
        for translation in self._translations.values():
            if not translation.done():
                translation.set_exception(self._lost)

    def _sort(self, reply: Reply) -> None:
        if not isinstance(reply, Translated | Untranslated):
            self._replies.put_nowait(reply)
            return
        translation = self._translations.get(reply.request_id)
        if translation is None or translation.done():
            return  # whoever asked has not waited
        if isinstance(reply, Translated):
            translation.set_result(reply.texts)
        else:
            translation.set_exception(NotTranslated.of(reply.sentence))


async def _answer(line: _Line) -> Ready | Failed:
    """The process's first word, which may take as long as a safety model takes to be fetched."""
    while True:
        reply = await line.next()
        if isinstance(reply, Ready | Failed):
            return reply


async def _follow(line: _Line, take_id: int, on_step: OnStep) -> Picture:
    """Read replies until this take's end; those of an earlier take are passed over."""
    while True:
        match await line.next():
            case Step(take_id=id_, step=step, steps=steps) if id_ == take_id:
                on_step(step, steps)
            case Drawn(take_id=id_, picture=picture) if id_ == take_id:
                return picture
            case Failed(take_id=id_, failure=failure, sentence=sentence) if id_ == take_id:
                raise _ERRORS[failure].of(sentence)


def _environment() -> dict[str, str]:
    """This process's environment, with the way to this package, which need not be installed."""
    root = str(Path(__file__).parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        # What transformers has to say while it is imported concerns models that are not used here.
        "TRANSFORMERS_VERBOSITY": "error",
        # Threads that wait for one another by spinning starve each other when the processor has other work.
        "OMP_WAIT_POLICY": "PASSIVE",
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
    }


def _death(code: int) -> Sentence:
    if code < 0:
        return Sentence("killed by signal {signal}", {"signal": -code})
    return Sentence("exit status {status}", {"status": code})
