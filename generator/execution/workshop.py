"""Where takes are drawn: what is in line goes to a device that is free, and what comes back is written down.

A picture's way: archive (queued) → dispatcher → executor → file → archive (drawn) → whoever watches.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from generator.archive.archive import Archive
from generator.archive.work import NOWHERE
from generator.errors import ArchiveError, DeviceLost, DrawingCancelled, SamefoxError
from generator.execution.dispatcher import Dispatcher, Task
from generator.execution.executor import Equip, Executor
from generator.execution.forecast import Forecast, task_of
from generator.execution.local import LocalExecutor
from generator.execution.pace import Pace
from generator.limits import USUAL, Standing
from generator.press import files
from generator.sentence import Sentence
from generator.settings import OFF, Settings
from generator.story import Changed, Event, Picture, Recipe, Stepped, Take, TakeState

log = logging.getLogger(__name__)

TRIES = 3
"""How often a frame is begun before a device that dies on it is taken to be the frame's fault."""


class Workshop:
    """The devices and those who wait for them. A part of the studio."""

    def __init__(
        self,
        settings: Settings,
        archive: Archive,
        folder: Path,
        sample: Recipe,
        announce: Callable[[Event], None],
    ) -> None:
        """``sample`` is a recipe that new processes get ready for."""
        self._settings = settings
        self._archive = archive
        self._folder = folder
        self._sample = sample
        self._announce = announce
        self._executors: list[LocalExecutor] = []
        self._devices: set[asyncio.Task[None]] = set()
        self._pace = Pace()
        self.dispatcher = Dispatcher()
        self.forecast = Forecast(self.dispatcher, self._pace, lambda: len(self._executors))

    async def recover(self) -> None:
        """Take up what an earlier process left."""
        for recipe, seconds in await self._archive.recent_work(100):
            self._pace.measured(recipe, seconds)
        waiting = await self._archive.requeue()
        orders = await self._archive.work.orders()
        for take in waiting:
            order = orders.get(take.id, NOWHERE)
            self.dispatcher.add(task_of(take, order.guild_id, order.weight))
        if waiting:
            log.info("Taking up %d frames from before", len(waiting))

    def open(self, device: str) -> None:
        """Draw on this device too, from now on; ``auto`` is all that the machine has."""
        task = asyncio.create_task(self._serve(device), name=f"drawing on {device}")
        self._devices.add(task)
        task.add_done_callback(self._devices.discard)

    async def close(self) -> None:
        """Stop drawing; what is begun is taken up at the next start."""
        for task in self._devices:
            task.cancel()
        await asyncio.gather(*self._devices, return_exceptions=True)

    async def queue(self, takes: Sequence[Take], guild_id: int, standing: Standing = USUAL) -> None:
        """Put one person's takes of a story in line."""
        if takes and standing.weight != USUAL.weight:
            await self._archive.work.weigh(takes[0].story_id, takes[0].author.id, standing.weight)
        for take in takes:
            self.dispatcher.add(task_of(take, guild_id, standing.weight))

    def stop(self, take_ids: Sequence[int]) -> None:
        """Do not draw takes that the archive knows to be cancelled."""
        self.dispatcher.discard(take_ids)
        for executor in self._executors:
            for take_id in take_ids:
                executor.cancel(take_id)

    async def translate(self, texts: Sequence[str], language: str) -> tuple[str, ...]:
        """Turn texts into English, on the first device's process.

        Raises:
            NotTranslated: it cannot; the sentence says what to do.
        """
        return await self._executors[0].translate(texts, language)

    def _equipment(self) -> Equip:
        """The models beside the painter; only the first device's process translates."""
        safety, translation = self._settings.safety, self._settings.translation
        return Equip(
            speed=self._settings.speed,
            safety=safety if safety.model != OFF else None,
            translator=translation.model if translation.model != OFF and not self._executors else None,
        )

    async def _serve(self, device: str) -> None:
        """Draw on one device for as long as the studio is open."""
        executor = LocalExecutor(device, self._settings.model.precision, self._equipment())
        self._executors.append(executor)
        try:
            try:
                await executor.start(self._sample)
            except (SamefoxError, OSError) as error:
                log.error("%s It will be tried again for the next frame.", error)
            while True:
                self._open_siblings(executor)
                await self._draw_next(executor)
        finally:
            self._executors.remove(executor)
            await executor.close()

    def _open_siblings(self, executor: LocalExecutor) -> None:
        """Use the machine's other devices too, once the first has told of them."""
        known = {other.device for other in self._executors}
        for device in executor.siblings:
            if device not in known:
                self.open(device)

    async def _draw_next(self, executor: Executor) -> None:
        """Draw what is next; one take's bad luck must not close the device to all others."""
        task = await self.dispatcher.next()
        try:
            await self._draw(executor, task)
        except Exception:
            log.exception("Take %d could not be drawn", task.take_id)
            try:
                sentence = Sentence("The host could not keep the picture; its log says why.")
                await self._archive.fail(task.take_id, sentence)
            except ArchiveError as error:
                log.error("%s Take %d waits for the next start.", error, task.take_id)
        finally:
            self.dispatcher.done(task)
            self.forecast.ended(task.take_id)
        self._announce(Changed(story_id=task.story_id))

    async def _draw(self, executor: Executor, task: Task) -> None:
        """Draw a take and write down what came of it."""
        take_id = task.take_id
        if not await self._archive.start(take_id, executor.device):
            return
        take = await self._archive.take(take_id)
        if take.state is not TakeState.DRAWING:
            return  # cancelled since; from here on, the executor hears of it
        self._announce(Changed(story_id=take.story_id))
        try:
            picture = await self._picture(executor, take)
        except DrawingCancelled:
            pass  # whoever cancelled it has written that down
        except DeviceLost as error:
            await self._lost(task, error)
        except SamefoxError as error:
            await self._archive.fail(take_id, error.sentence)
        else:
            await self._keep(take, picture)

    async def _lost(self, task: Task, error: DeviceLost) -> None:
        """Put a take on which a device died in line again, unless that has happened too often."""
        log.warning("%s It was drawing take %d.", error, task.take_id)
        if await self._archive.lose(task.take_id) < TRIES:
            self.dispatcher.put_back(task)
        else:
            sentence = Sentence(
                "The picture was given up after {tries} tries: {error} The host's log knows more.",
                {"tries": TRIES, "error": error.sentence},
            )
            await self._archive.fail(task.take_id, sentence)

    async def _picture(self, executor: Executor, take: Take) -> Picture:
        def on_step(step: int, steps: int) -> None:
            self.forecast.stepped(take.id, step, steps)
            self._announce(Stepped(story_id=take.story_id, take_id=take.id, step=step, steps=steps))

        return await executor.draw(take.id, take.recipe, on_step)

    async def _keep(self, take: Take, picture: Picture) -> None:
        """Complete the file before its row says that it is there."""
        path = Path("pictures", f"{take.story_id}-{take.id}.png")
        await asyncio.to_thread(files.save, self._folder / path, picture.png)
        if await self._archive.finish(take.id, path, picture):
            self._pace.measured(take.recipe, picture.seconds)
        else:  # nobody wants it any more
            await asyncio.to_thread((self._folder / path).unlink, missing_ok=True)
