"""Who may put more work in line: limits, held against what the archive counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from generator import limits
from generator.archive.archive import Archive
from generator.archive.work import Use
from generator.limits import Bounds, Standing
from generator.settings import LimitSettings
from generator.story import Person


class Admission:
    """Lets in one after the other, so that two who come at once do not both take the last place."""

    def __init__(self, host: LimitSettings, archive: Archive) -> None:
        self._host = host
        self._archive = archive
        self._door = asyncio.Lock()

    @asynccontextmanager
    async def admitted(
        self, person: Person, guild_id: int, frames: int, standing: Standing, *, telling: bool = False
    ) -> AsyncIterator[None]:
        """What is put into the archive inside of it is within all limits.

        Raises:
            LimitReached: it is not; the sentence says when it will be.
        """
        server = (await self._archive.servers.settings(guild_id)).limits
        bounds = limits.bounds(self._host, server, standing)
        if telling:
            limits.check_scenes(frames, bounds.scenes)
        async with self._door:
            use = await self._archive.work.use(guild_id, person.id)
            if telling:
                limits.check_stories(use.stories, bounds.stories_at_once)
            limits.check_waiting(use.waiting, frames, bounds.waiting)
            await self._check_day(person, guild_id, frames, use, bounds)
            yield

    async def _check_day(self, person: Person, guild_id: int, frames: int, use: Use, bounds: Bounds) -> None:
        for used, limit, whose in (
            (use.frames, bounds.frames_a_day, person.id),
            (use.server_frames, bounds.server_frames_a_day, None),
        ):
            if limit is None or used + frames <= limit:
                continue
            seconds = None
            if frames <= limit:
                free = await self._archive.work.free_again(guild_id, whose, used + frames - limit)
                seconds = (free - datetime.now(UTC)).total_seconds()
            raise limits.day_is_over(used, frames, limit, seconds, server=whose is None)
