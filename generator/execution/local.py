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
from contextlib import suppress
from pathlib import Path

from generator.errors import (
    DeviceLost,
    DrawingCancelled,
    DrawingError,
    ModelError,
    OutOfMemory,
    SamefoxError,
)
from generator.execution.executor import (
    HEADER,
    Cancel,
    Command,
    Draw,
    Drawn,
    Failed,
    Failure,
    Prepare,
    Ready,
    Reply,
    Step,
    pack,
)
from generator.sentence import Sentence
from generator.story import OnStep, Picture, Recipe

log = logging.getLogger(__name__)

PATIENCE = 600.0  # seconds without a word from a drawing process until it counts as hung

_ERRORS: dict[Failure, type[SamefoxError]] = {
    Failure.CANCELLED: DrawingCancelled,
    Failure.MEMORY: OutOfMemory,
    Failure.MODEL: ModelError,
    Failure.DRAWING: DrawingError,
}


class LocalExecutor:
    """One device of this machine and its process, started when first needed and again after its death."""

    def __init__(self, device: str, precision: str) -> None:
        self.device = device
        self._precision = precision
        self._process: Process | None = None
        self._drawing: int | None = None
        self.siblings: tuple[str, ...] = ()  # the machine's other devices, known once it has started

    async def start(self, prepare: Recipe | None = None) -> None:
        """Start the process, if it does not run, and have it load a recipe's checkpoint.

        Raises:
            DeviceLost: it died at once.
            ModelError: this machine has no such device.
        """
        process = await self._spawn()
        ready = await self._receive(process)
        if isinstance(ready, Failed):
            raise ModelError.of(ready.sentence)
        assert isinstance(ready, Ready)
        self.device, self.siblings = ready.device, ready.siblings
        if prepare is not None:
            await self._send(process, Prepare(recipe=prepare))

    async def draw(self, take_id: int, recipe: Recipe, on_step: OnStep) -> Picture:
        """Draw a frame; see `Executor.draw`."""
        self._drawing = take_id  # from here on it can be cancelled
        try:
            if self._process is None or self._process.returncode is not None:
                await self.start()
            assert self._process is not None
            await self._send(self._process, Draw(take_id=take_id, recipe=recipe))
            return await self._follow(self._process, take_id, on_step)
        except (DeviceLost, asyncio.CancelledError):
            # What is left of it may be hung, or drawing for nobody.
            self._kill()
            raise
        finally:
            self._drawing = None

    def cancel(self, take_id: int) -> None:
        """Stop drawing this take before its next step, if it is being drawn."""
        if take_id == self._drawing and self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(pack(Cancel(take_id=take_id)))

    async def close(self) -> None:
        """End the process; may be called twice."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()  # there is nothing in it that would have to be saved
        await process.wait()

    async def _spawn(self) -> Process:
        self._process = await asyncio.create_subprocess_exec(
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
        log.info("Drawing process %d started for %s", self._process.pid, self.device)
        return self._process

    async def _follow(self, process: Process, take_id: int, on_step: OnStep) -> Picture:
        """Read replies until this take's end; those of an earlier take are passed over."""
        while True:
            match await self._receive(process):
                case Step(take_id=id_, step=step, steps=steps) if id_ == take_id:
                    on_step(step, steps)
                case Drawn(take_id=id_, picture=picture) if id_ == take_id:
                    return picture
                case Failed(take_id=id_, failure=failure, sentence=sentence) if id_ == take_id:
                    raise _ERRORS[failure].of(sentence)

    async def _receive(self, process: Process) -> Reply:
        assert process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE):
                (length,) = HEADER.unpack(await process.stdout.readexactly(HEADER.size))
                reply: Reply = pickle.loads(await process.stdout.readexactly(length))  # noqa: S301 our own
        except asyncio.IncompleteReadError as error:
            code = await process.wait()
            raise DeviceLost(
                "The drawing process for {device} died ({how}).", device=self.device, how=_death(code)
            ) from error
        except TimeoutError as error:
            raise DeviceLost("The drawing process for {device} hung.", device=self.device) from error
        return reply

    async def _send(self, process: Process, command: Command) -> None:
        assert process.stdin is not None
        process.stdin.write(pack(command))
        with suppress(ConnectionError):  # a dead process is noticed where its answer is awaited
            await process.stdin.drain()

    def _kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()


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
