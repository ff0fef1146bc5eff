"""What comes of a take is written down: its file first, then its row, then whoever watches hears of it."""

from __future__ import annotations

import asyncio
import logging
from asyncio import Future
from collections.abc import Callable
from pathlib import Path

from generator.archive.archive import Archive
from generator.errors import ArchiveError, DeviceLost, DrawingCancelled, SamefoxError
from generator.execution.dispatcher import Dispatcher, Task
from generator.execution.pace import Pace
from generator.press import files
from generator.sentence import Sentence
from generator.story import Changed, Event, Picture, Take, TakeState

log = logging.getLogger(__name__)

TRIES = 3
"""How often a take is begun before a device that dies on it is taken to be the take's fault."""


class Ledger:
    """Keeps the archive true about the takes that are taken out of the line."""

    def __init__(
        self,
        archive: Archive,
        folder: Path,
        dispatcher: Dispatcher,
        pace: Pace,
        announce: Callable[[Event], None],
    ) -> None:
        """``folder`` is where the pictures' paths begin."""
        self._archive = archive
        self._folder = folder
        self._dispatcher = dispatcher
        self._pace = pace
        self.announce = announce

    async def begin(self, task: Task, device: str) -> Take | None:
        """Note that a take is being drawn; None if it is not to be drawn, and then it is done with."""
        try:
            if await self._archive.start(task.take_id, device):
                take = await self._archive.take(task.take_id)
                if take.state is TakeState.DRAWING:
                    self.announce(Changed(story_id=take.story_id))
                    return take
        except Exception:
            await self._give_up(task)
        self._over(task)
        return None

    async def see_through(self, task: Task, take: Take, picture: Future[Picture]) -> None:
        """Wait for what comes of a take, and write it down; nothing, if the studio is closed before."""
        await asyncio.wait([picture])
        if picture.cancelled():
            return
        try:
            await self._write_down(task, take, picture)
        except Exception:  # one take's bad luck must not close the device to all others
            await self._give_up(task)
        self._over(task)

    async def _write_down(self, task: Task, take: Take, picture: Future[Picture]) -> None:
        try:
            drawn = picture.result()
        except DrawingCancelled:
            pass  # whoever cancelled it has written that down
        except DeviceLost as error:
            await self._lose(task, error)
        except SamefoxError as error:
            await self._archive.fail(take.id, error.sentence)
        else:
            await self._keep(take, drawn)

    async def _keep(self, take: Take, picture: Picture) -> None:
        """Complete the file before its row says that it is there."""
        path = Path("pictures", f"{take.story_id}-{take.id}.png")
        await asyncio.to_thread(files.save, self._folder / path, picture.png)
        if await self._archive.finish(take.id, path, picture):
            self._pace.measured(take.recipe, picture.seconds, picture.engine.together)
        else:  # nobody wants it any more
            await asyncio.to_thread((self._folder / path).unlink, missing_ok=True)

    async def _lose(self, task: Task, error: DeviceLost) -> None:
        """Put a take on which a device died in line again, unless that has happened too often."""
        log.warning("%s It had take %d.", error, task.take_id)
        if await self._archive.lose(task.take_id) < TRIES:
            self._dispatcher.put_back(task)
        else:
            sentence = Sentence(
                "The picture was given up after {tries} tries: {error} The host’s log knows more.",
                {"tries": TRIES, "error": error.sentence},
            )
            await self._archive.fail(task.take_id, sentence)

    async def _give_up(self, task: Task) -> None:
        """Called where something raised that nothing is known of."""
        log.exception("Take %d could not be drawn", task.take_id)
        try:
            sentence = Sentence("The host could not keep the picture; its log says why.")
            await self._archive.fail(task.take_id, sentence)
        except ArchiveError as error:
            log.error("%s Take %d waits for the next start.", error, task.take_id)

    def _over(self, task: Task) -> None:
        self._dispatcher.done(task)
        self.announce(Changed(story_id=task.story_id))
