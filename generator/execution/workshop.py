"""Where takes are drawn: what is in line goes to a device that is free, and what comes back is written down.

A picture's way: archive (queued) → dispatcher → station → executor → ledger: file → archive (drawn) → whoever
watches.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from generator.archive.archive import Archive
from generator.archive.work import NOWHERE
from generator.execution.dispatcher import Dispatcher
from generator.execution.executor import Equip, Executor
from generator.execution.forecast import Forecast, task_of
from generator.execution.ledger import Ledger
from generator.execution.local import LocalExecutor
from generator.execution.pace import Pace
from generator.execution.station import Station
from generator.limits import USUAL, Standing
from generator.settings import OFF, Settings
from generator.shape import Shape
from generator.story import Event, Recipe, Take

log = logging.getLogger(__name__)


class Workshop:
    """The devices and those who wait for them. A part of the studio."""

    def __init__(
        self,
        settings: Settings,
        archive: Archive,
        folder: Path,
        sample: Recipe,
        announce: Callable[[Event], None],
        executor: Callable[[str, str, Equip], Executor] | None = None,
    ) -> None:
        """``sample`` is a recipe that new processes get ready for; ``executor`` is what draws."""
        self._settings = settings
        self._archive = archive
        self._sample = sample
        self._executor = executor or LocalExecutor
        self._stations: list[Station] = []
        self._working: set[asyncio.Task[None]] = set()
        self.looked = asyncio.Event()  # whether a device has said what it is, or that it cannot draw
        self._pace = Pace()
        self.dispatcher = Dispatcher()
        self.forecast = Forecast(self.dispatcher, self._pace, self._devices, self._room)
        self._ledger = Ledger(archive, folder, self.dispatcher, self._pace, announce)

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
        working = asyncio.create_task(self._work(device), name=f"drawing on {device}")
        self._working.add(working)
        working.add_done_callback(self._working.discard)

    async def close(self) -> None:
        """Stop drawing; what is begun is taken up at the next start."""
        for working in self._working:
            working.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    async def queue(self, takes: Sequence[Take], guild_id: int, standing: Standing = USUAL) -> None:
        """Put one person's takes of a story in line."""
        if takes and standing.weight != USUAL.weight:
            await self._archive.work.weigh(takes[0].story_id, takes[0].author.id, standing.weight)
        for take in takes:
            self.dispatcher.add(task_of(take, guild_id, standing.weight))

    def stop(self, take_ids: Sequence[int]) -> None:
        """Do not draw takes that the archive knows to be cancelled."""
        self.dispatcher.discard(take_ids)
        for station in self._stations:
            station.stop(take_ids)

    async def translate(self, texts: Sequence[str], language: str) -> tuple[str, ...]:
        """Turn texts into English, on the first device's process.

        Raises:
            NotTranslated: it cannot; the sentence says what to do.
        """
        return await self._stations[0].executor.translate(texts, language)

    def _equipment(self) -> Equip:
        """The models beside the painter; only the first device's process translates."""
        safety, translation = self._settings.safety, self._settings.translation
        return Equip(
            speed=self._settings.speed,
            models=self._settings.model.names,
            safety=safety if safety.model != OFF else None,
            translator=translation.model if translation.model != OFF and not self._stations else None,
            compiled=str(self._settings.bot.data / "compiled"),
        )

    async def _work(self, device: str) -> None:
        """Draw on one device for as long as the studio is open."""
        executor = self._executor(device, self._settings.model.precision, self._equipment())
        station = Station(executor, self.dispatcher, self.forecast, self._ledger, self._devices)
        self._stations.append(station)
        try:
            await station.work(self._sample, lambda: self._know(executor))
        finally:
            self._stations.remove(station)

    @property
    def slow(self) -> bool:
        """Whether fewer steps are wise where nobody says how many, on every device that is known."""
        return bool(self._stations) and all(station.executor.slow for station in self._stations)

    def _devices(self) -> int:
        return len(self._stations)

    def _room(self, shape: Shape) -> int:
        return max((station.executor.room(shape) for station in self._stations), default=1)

    def _know(self, executor: Executor) -> None:
        """Use the machine's other devices too, once the first has told of them."""
        self.looked.set()
        known = {station.executor.device for station in self._stations}
        for device in executor.siblings:
            if device not in known:
                self.open(device)
