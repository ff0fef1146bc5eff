"""What is asked of the devices: by whom and where, how much still waits, how much in the last 24 hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from generator.archive.connection import Connection
from generator.story import Person

DAY = timedelta(hours=24)

_USE = """
    SELECT
        (SELECT count(*) FROM work WHERE open AND person_id = ?2) AS waiting,
        (SELECT count(DISTINCT story_id) FROM work
         WHERE open AND person_id = ?2 AND guild_id = ?1 AND telling) AS stories,
        (SELECT count(*) FROM work WHERE guild_id = ?1 AND person_id = ?2 AND asked_at > day_ago) AS frames,
        (SELECT count(*) FROM work WHERE guild_id = ?1 AND asked_at > day_ago) AS server_frames
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day') AS day_ago)
"""
_OLDEST_OF_MEMBER = """
    SELECT asked_at FROM work
    WHERE guild_id = ?1 AND person_id = ?2 AND asked_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day')
    ORDER BY asked_at LIMIT 1 OFFSET ?3
"""
_OLDEST_OF_SERVER = """
    SELECT asked_at FROM work
    WHERE guild_id = ?1 AND ?2 IS NULL AND asked_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day')
    ORDER BY asked_at LIMIT 1 OFFSET ?3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Where a take that waits was asked for, and what turns its author has there."""

    guild_id: int
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What one person waits for in one story."""

    story_id: int
    subject: str
    scenes: int
    person: Person  #: who asked for the frames
    author_id: int  #: who told the story
    thread_id: int | None
    take_ids: tuple[int, ...]  #: what is not drawn yet, in the order it was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a person, and their server, has asked for so far; what was never drawn is not in it."""

    waiting: int  #: frames of the person that are not drawn yet, in all servers
    stories: int  #: of the person in this server, not all drawn yet
    frames: int  #: of the person in this server, in the last 24 hours
    server_frames: int  #: of all members, in the last 24 hours


class Work:
    """A shelf of the archive: the work at hand."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def orders(self) -> dict[int, Order]:
        """Of each take that waits, by its number."""
        rows = await self._connection.fetch("SELECT take_id, guild_id, weight FROM work WHERE open")
        return {row["take_id"]: Order(guild_id=row["guild_id"], weight=row["weight"]) for row in rows}

    async def weigh(self, story_id: int, person_id: int, weight: float) -> None:
        """Remember with what weight a person's frames of a story wait."""
        await self._connection.update(
            "UPDATE work SET weight = ? WHERE open AND person_id = ? AND story_id = ? AND weight != ?",
            (weight, person_id, story_id, weight),
        )

    async def errands(self, guild_id: int) -> list[Errand]:
        """Everything that a server's members wait for."""
        rows = await self._connection.fetch(
            "SELECT work.story_id, work.person_id, stories.subject, stories.author_id, stories.thread_id,"
            " contributors.name, group_concat(take_id) AS take_ids,"
            " (SELECT count(*) FROM frames WHERE frames.story_id = work.story_id) AS scenes"
            " FROM work JOIN stories ON stories.id = work.story_id"
            " JOIN contributors ON contributors.story_id = work.story_id"
            " AND contributors.person_id = work.person_id"
            " WHERE open AND work.guild_id = ? GROUP BY work.story_id, work.person_id",
            (guild_id,),
        )
        return [
            Errand(
                story_id=row["story_id"],
                subject=row["subject"],
                scenes=row["scenes"],
                person=Person(id=row["person_id"], name=row["name"]),
                author_id=row["author_id"],
                thread_id=row["thread_id"],
                take_ids=tuple(sorted(map(int, row["take_ids"].split(",")))),
            )
            for row in rows
        ]

    async def use(self, guild_id: int, person_id: int) -> Use:
        """What counts against the limits of a person in a server."""
        (row,) = await self._connection.fetch(_USE, (guild_id, person_id))
        return Use(
            waiting=row["waiting"],
            stories=row["stories"],
            frames=row["frames"],
            server_frames=row["server_frames"],
        )

    async def free_again(self, guild_id: int, person_id: int | None, number: int) -> datetime:
        """When the `number` oldest of the last 24 hours count no longer, of a member or of all."""
        query = _OLDEST_OF_SERVER if person_id is None else _OLDEST_OF_MEMBER
        (row,) = await self._connection.fetch(query, (guild_id, person_id, number - 1))
        return datetime.fromisoformat(row["asked_at"]) + DAY
