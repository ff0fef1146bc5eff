"""A drawing process on this machine, spoken to in pickled frozen values over its standard streams.

Standard streams and not a queue, because their end is the one signal that always arrives: when either side
dies, however suddenly, the other reads the end of the stream.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from generator.errors import DeviceLost, ModelError, NotTranslated
from generator.execution.executor import Cancel, Drawing, Equip, OnSteps, Prepare
from generator.execution.line import Line, failed, tell
from generator.shape import Shape
from generator.story import Recipe

log = logging.getLogger(__name__)

TRANSLATION_PATIENCE = 40.0  # seconds, of which the process may use half; the rest is others' texts

IN_VAIN = 2
"""After so many processes in a row that died before they had drawn anything, the next is more careful."""

_BARE = Equip()


class LocalExecutor:
    """One device of this machine and its process, started when first needed and again after its death."""

    def __init__(self, device: str, precision: str, equipment: Equip = _BARE) -> None:
        self.device = device
        self._precision = precision
        self._equipment = equipment
        self._line: Line | None = None
        self._starting = asyncio.Lock()  # a picture and a text may both need the process first
        self._unwanted: set[int] = set()  # what was cancelled before it was asked for
        self._in_vain = 0
        self.siblings: tuple[str, ...] = ()
        self.slow = False

    async def start(self, prepare: Recipe | None = None) -> None:
        """Start the process, if it does not run, and have it load a recipe's checkpoint.

        Raises:
            DeviceLost: it died at once.
            ModelError: this machine has no such device, or the safety model cannot be loaded.
        """
        line = await self._running()
        if prepare is not None:
            line.write(Prepare(recipe=prepare))

    def room(self, shape: Shape) -> int:
        """How many pictures of a shape it draws together; 1 before the process has said so."""
        return self._line.rooms.get(shape, 1) if self._line is not None else 1

    async def draw(self, recipes: Mapping[int, Recipe], on_step: OnSteps) -> Drawing:
        """Begin to draw; see `Executor.draw`."""
        try:
            line = await self._running()
        except (DeviceLost, ModelError) as error:
            return failed(recipes, error)
        for take_id in self._unwanted.intersection(recipes):
            line.write(Cancel(take_id=take_id))  # a fresh process has not heard of it
        self._unwanted.clear()
        return line.draw(recipes, on_step)

    def cancel(self, take_id: int) -> None:
        """Stop drawing this take before its next step, or do not begin it."""
        self._unwanted.add(take_id)
        if self._line is not None:
            self._line.write(Cancel(take_id=take_id))

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

    async def close(self) -> None:
        """End the process; may be called twice."""
        line, self._line = self._line, None
        if line is not None:
            await line.close()  # there is nothing in it that would have to be saved

    async def _running(self) -> Line:
        async with self._starting:
            if self._line is not None and not self._line.alive:
                self._in_vain = 0 if self._line.drew else self._in_vain + 1
                self._line = None
            if self._line is None:
                self._line = Line(await self._spawned(), self.device)
            line = self._line
            try:
                ready = await asyncio.shield(line.ready)
            except ModelError:
                await line.reading  # it ends by itself
                raise
            self.device, self.siblings, self.slow = ready.device, ready.siblings, ready.slow
            return line

    async def _spawned(self) -> Process:
        spawning = asyncio.create_task(self._spawn())
        try:
            return await asyncio.shield(spawning)
        except asyncio.CancelledError:  # asyncio may wait for ever where this reaches a process half made
            with suppress(OSError):
                (await spawning).kill()
            raise
        except OSError as error:  # such as too little memory for another process
            raise DeviceLost(
                "The drawing process for {device} died ({how}).", device=self.device, how=str(error)
            ) from error

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
        equipment = self._equipment
        if self._in_vain >= IN_VAIN:
            log.warning("It neither compiles nor records anything, as %d before it died", self._in_vain)
            equipment = careful(equipment)
        tell(process, equipment)
        return process


def careful(equipment: Equip) -> Equip:
    """The same without what a driver may die of: slow pictures are better than none."""
    plain = equipment.speed.model_copy(update={"compile": False, "replay": False})
    return replace(equipment, speed=plain)


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
