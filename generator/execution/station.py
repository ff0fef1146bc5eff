"""One device at work: it draws what is next, and goes on while that is finished and written down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence

from generator.errors import DeviceLost, SamefoxError
from generator.execution.dispatcher import Dispatcher, Task
from generator.execution.executor import Drawing, Executor, OnSteps
from generator.execution.forecast import Forecast
from generator.execution.ledger import Ledger
from generator.execution.line import failed
from generator.story import Recipe, Stepped, Take

log = logging.getLogger(__name__)


class Station:
    """Has at most two batches in hand: one is drawn, the one before is decoded, encoded and kept."""

    def __init__(
        self,
        executor: Executor,
        dispatcher: Dispatcher,
        forecast: Forecast,
        ledger: Ledger,
        stations: Callable[[], int],
    ) -> None:
        """``stations`` tells how many share the line."""
        self.executor = executor
        self._dispatcher = dispatcher
        self._forecast = forecast
        self._ledger = ledger
        self._stations = stations
        self._in_hand: set[int] = set()
        self._unfinished: set[asyncio.Task[None]] = set()

    async def work(self, sample: Recipe, started: Callable[[], None]) -> None:
        """Draw until this is cancelled.

        Args:
            sample: a recipe to get ready for.
            started: called whenever the process may just have told what it has found on this machine.
        """
        try:
            try:
                await self.executor.start(sample)
            except SamefoxError as error:
                log.error("%s It will be tried again for the next frame.", error)
            while True:
                started()
                await self._serve(await self._dispatcher.next(self.executor.room, self._stations))
        finally:
            await self.executor.close()
            await self._finished()  # what has come is kept

    def stop(self, take_ids: Iterable[int]) -> None:
        """Do not draw these; those that are not in hand do not matter."""
        for take_id in self._in_hand.intersection(take_ids):
            self.executor.cancel(take_id)

    async def _serve(self, batch: Sequence[Task]) -> None:
        """Draw a batch, and come back when the device is free and all before it is kept."""
        if batch[0].suspect:
            await self._finished()  # if the process dies of it, nobody else shall pay for that
        self._in_hand.update(task.take_id for task in batch)
        self._forecast.begun(self, batch)
        before = tuple(self._unfinished)
        drawing = await self._begun(batch)
        if drawing is not None:
            await drawing.free
        self._forecast.free(self)
        await _ended(before)
        if batch[0].suspect or drawing is None or all(each.done() for each in drawing.pictures.values()):
            await self._finished()  # of a process that died, everything is back in line

    async def _finished(self) -> None:
        await _ended(self._unfinished)

    async def _begun(self, batch: Sequence[Task]) -> Drawing | None:
        """Have those drawn that are still wanted; None if there are none."""
        begun = await asyncio.gather(*(self._ledger.begin(task, self.executor.device) for task in batch))
        takes = {take.id: take for take in begun if take is not None}
        self._in_hand.difference_update(task.take_id for task in batch if task.take_id not in takes)
        if not takes:
            return None

        def on_step(take_id: int, step: int, steps: int) -> None:
            self._forecast.stepped(take_id, step, steps)
            story_id = takes[take_id].story_id
            self._ledger.announce(Stepped(story_id=story_id, take_id=take_id, step=step, steps=steps))

        recipes = {take_id: take.recipe for take_id, take in takes.items()}
        drawing = await self._asked(recipes, on_step)
        for task in batch:
            if task.take_id in takes:
                self._watch(self._see_through(task, takes[task.take_id], drawing))
        return drawing

    async def _asked(self, recipes: Mapping[int, Recipe], on_step: OnSteps) -> Drawing:
        try:
            return await self.executor.draw(recipes, on_step)
        except Exception as error:  # one that nothing is known of must not end the device's work
            log.exception("%s could not be asked to draw", self.executor.device)
            how = DeviceLost(
                "The drawing process for {device} died ({how}).", device=self.executor.device, how=str(error)
            )
            return failed(recipes, how)

    def _watch(self, seeing: Coroutine[None, None, None]) -> None:
        watching = asyncio.create_task(seeing)
        self._unfinished.add(watching)
        watching.add_done_callback(self._unfinished.discard)

    async def _see_through(self, task: Task, take: Take, drawing: Drawing) -> None:
        try:
            await self._ledger.see_through(task, take, drawing.pictures[take.id])
        finally:
            self._in_hand.discard(take.id)
            self._forecast.ended(take.id)


async def _ended(tasks: Collection[asyncio.Task[None]]) -> None:
    """Wait for all; they go on when the waiting is cancelled, as they would not with `gather`."""
    if tasks:
        await asyncio.wait(tasks)
