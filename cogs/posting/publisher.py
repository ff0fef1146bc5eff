"""Shows in Discord what the archive knows.

Nothing here reacts to *what* happened; a `Telling` looks at a story, posts what is missing and brings up to
date what is not. So a frame just drawn, a restart and a reroll of last year are all the same work.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from itertools import islice
from typing import TYPE_CHECKING

from cogs.posting.telling import RETRY_INTERVAL, Telling
from generator.errors import NotFound
from generator.story import Event, Stepped
from generator.studio import Studio

if TYPE_CHECKING:
    from bot import Samefox

log = logging.getLogger(__name__)

REMINDED = 10
"""How many stories look at their place in line when something happens, however many wait."""


class Publisher:
    """Keeps one `Telling` going for each story that owes somebody a message."""

    def __init__(self, bot: Samefox, studio: Studio) -> None:
        self._bot = bot
        self._studio = studio
        self._tellings: OrderedDict[int, Telling] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    async def introduce(self, story_id: int) -> None:
        """Post a new story's card and open its thread.

        Raises:
            discord.HTTPException: Discord does not allow it.
            NotFound: it was deleted.
        """
        telling = Telling(self._bot, self._studio, story_id)
        try:
            await telling.introduce()
        except NotFound:
            await telling.withdraw()
            raise
        except Exception:
            telling.adopt = True  # it may have arrived, with only the answer lost
            self._tellings[story_id] = telling
            raise

    async def run(self) -> None:
        """Show everything that happens, and first what happened before; whatever goes wrong, begin again."""
        while True:
            try:
                await self._run()
            except Exception:
                log.exception("The publisher stumbled, and begins again")
                await asyncio.sleep(RETRY_INTERVAL)

    async def _run(self) -> None:
        with self._studio.watch() as events:
            await self._bot.wait_until_ready()
            for story_id in await self._studio.archive.unsettled():
                self._tell(self._telling(story_id, adopt=True))
            try:
                async for event in events:
                    self._hear(event)
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Stepped):
            if (telling := self._tellings.get(event.story_id)) is not None:
                telling.hear_step(event)
            return
        self._remind()
        telling = self._telling(event.story_id)
        telling.hear_change()
        self._tell(telling)

    def _remind(self) -> None:
        """Whoever waits in line may have moved up; of many, all have their turn to say so."""
        for story_id in list(islice(self._tellings, REMINDED)):
            self._tellings[story_id].wake.set()
            self._tellings.move_to_end(story_id)

    def _telling(self, story_id: int, *, adopt: bool = False) -> Telling:
        if story_id not in self._tellings:
            self._tellings[story_id] = Telling(self._bot, self._studio, story_id, adopt=adopt)
        return self._tellings[story_id]

    def _tell(self, telling: Telling) -> None:
        if not telling.running:
            telling.running = True
            task = asyncio.create_task(self._follow(telling), name=f"telling {telling.story_id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _follow(self, telling: Telling) -> None:
        try:
            await telling.run()
        except Exception:
            log.exception("Story %d cannot be shown; the next start tries again", telling.story_id)
        finally:
            self._tellings.pop(telling.story_id, None)
        if telling.changed:  # something came while it was settled
            self._tell(self._telling(telling.story_id))
