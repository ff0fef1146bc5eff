"""Who may put more work in line: limits, held against what the archive counts."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from generator import limits
from generator.archive.archive import Archive
from generator.archive.connection import Admit
from generator.archive.work import Use, free_again, read_use
from generator.limits import Bounds, Standing
from generator.moderation.gate import Gate, Words
from generator.settings import LimitSettings
from generator.story import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a member has asked for, and what they may ask for."""

    use: Use
    bounds: Bounds

    @property
    def left_today(self) -> int | None:
        """How many pictures the member may still have in these 24 hours; ``None`` is any number."""
        own = (self.use.frames, self.bounds.frames_a_day)
        all_members = (self.use.server_frames, self.bounds.server_frames_a_day)
        return min(
            (max(0, limit - used) for used, limit in (own, all_members) if limit is not None), default=None
        )


class Admission:
    """Decides at the door about people and words, and where the work is written down about how much it is."""

    def __init__(self, host: LimitSettings, archive: Archive, gate: Gate) -> None:
        self._host = host
        self._archive = archive
        self._gate = gate

    async def ticket(
        self,
        person: Person,
        guild_id: int,
        frames: int,
        standing: Standing,
        asked: Words,
        *,
        telling: bool = False,
    ) -> Admit:
        """What admits so many frames into the archive, if they are within all limits then.

        It counts in the transaction that adds them, so that two who come at once do not both take the last
        place, and nobody waits until somebody else's are on disk. Too much is a `LimitReached`, whose
        sentence says when it will not be.

        Raises:
            Banned: moderators have excluded this person.
            TextRefused: the words may not be drawn there.
            LimitReached: so many frames are more than any story can have.
        """
        await self._gate.check_person(guild_id, person.id)
        await self._gate.check_words(guild_id, asked)
        bounds = await self._bounds(guild_id, standing)
        if telling:
            limits.check_scenes(frames, bounds.scenes)

        def admit(sql: sqlite3.Connection) -> None:
            use = read_use(sql, guild_id, person.id)
            if telling:
                limits.check_stories(use.stories, bounds.stories_at_once)
            limits.check_waiting(use.waiting, frames, bounds.waiting)
            _check_day(sql, person, guild_id, frames, use, bounds)

        return admit

    async def allowance(self, person: Person, guild_id: int, standing: Standing) -> Allowance:
        """How much a member has asked for, and how much they may."""
        use = await self._archive.work.use(guild_id, person.id)
        return Allowance(use=use, bounds=await self._bounds(guild_id, standing))

    async def _bounds(self, guild_id: int, standing: Standing) -> Bounds:
        server = await self._archive.servers.settings(guild_id)
        return limits.bounds(self._host, server.limits, standing)


def _check_day(
    sql: sqlite3.Connection, person: Person, guild_id: int, frames: int, use: Use, bounds: Bounds
) -> None:
    for used, limit, whose in (
        (use.frames, bounds.frames_a_day, person.id),
        (use.server_frames, bounds.server_frames_a_day, None),
    ):
        if limit is None or used + frames <= limit:
            continue
        seconds = None
        if frames <= limit:
            free = free_again(sql, guild_id, whose, used + frames - limit)
            seconds = (free - datetime.now(UTC)).total_seconds()
        raise limits.day_is_over(used, frames, limit, seconds, server=whose is None)
