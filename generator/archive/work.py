"""What is asked of the devices: by whom and where, how much still waits, how much in the last 24 hours."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from generator.archive.connection import Shelf, reads, writes
from generator.story import Person

DAY = timedelta(hours=24)

_WITHDRAW = """
    UPDATE jobs SET state = 'cancelled', finished_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
    WHERE state IN ('queued', 'drawing')
      AND take_id IN (SELECT take_id FROM work WHERE open AND story_id = ? AND person_id = ?)
    RETURNING take_id
"""
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


NOWHERE = Order(guild_id=0, weight=1.0)
"""Of a take of which nothing is noted here: it is drawn all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What one person waits for in one story."""

    story_id: int
    place_id: int  #: whose readers may know of the story
    thread_id: int | None
    subject: str
    person: Person  #: who asked for the frames
    takes: dict[int, str]  #: scenes by the numbers of the takes that are not drawn yet, in their order


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a person, and their server, has asked for so far; what was never drawn is not in it."""

    waiting: int  #: frames of the person that are not drawn yet, in all servers
    stories: int  #: of the person in this server, not all drawn yet
    frames: int  #: of the person in this server, in the last 24 hours
    server_frames: int  #: of all members, in the last 24 hours


class Work(Shelf):
    """A shelf of the archive: the work at hand."""

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
            "SELECT work.story_id, work.person_id, stories.thread_id, stories.subject, contributors.name,"
            " coalesce(stories.place_id, stories.channel_id) AS place_id,"
            " json_group_object(work.take_id, takes.scene) AS takes"
            " FROM work JOIN stories ON stories.id = work.story_id JOIN takes ON takes.id = work.take_id"
            " JOIN contributors ON contributors.story_id = work.story_id"
            " AND contributors.person_id = work.person_id"
            " WHERE open AND work.guild_id = ? GROUP BY work.story_id, work.person_id",
            (guild_id,),
        )
        return [
            Errand(
                story_id=row["story_id"],
                place_id=row["place_id"],
                thread_id=row["thread_id"],
                subject=row["subject"],
                person=Person(id=row["person_id"], name=row["name"]),
                takes={
                    int(take_id): scene
                    for take_id, scene in sorted(
                        json.loads(row["takes"]).items(), key=lambda each: int(each[0])
                    )
                },
            )
            for row in rows
        ]

    @writes
    def withdraw(self, sql: sqlite3.Connection, story_id: int, person_id: int) -> list[int]:
        """Give up what one person asked for in a story and is not drawn yet; the takes' numbers."""
        rows = sql.execute(_WITHDRAW, (story_id, person_id)).fetchall()
        return sorted(int(row["take_id"]) for row in rows)

    @reads
    def use(self, sql: sqlite3.Connection, guild_id: int, person_id: int) -> Use:
        """What counts against the limits of a person in a server."""
        return read_use(sql, guild_id, person_id)


def read_use(sql: sqlite3.Connection, guild_id: int, person_id: int) -> Use:
    """What counts against the limits of a person in a server."""
    (row,) = sql.execute(_USE, (guild_id, person_id))
    return Use(
        waiting=row["waiting"],
        stories=row["stories"],
        frames=row["frames"],
        server_frames=row["server_frames"],
    )


def free_again(sql: sqlite3.Connection, guild_id: int, person_id: int | None, number: int) -> datetime:
    """When the `number` oldest of the last 24 hours count no longer, of a member or of all.

    At once, if fewer are left than that: the 24 hours of some may have ended since they were counted.
    """
    query = _OLDEST_OF_SERVER if person_id is None else _OLDEST_OF_MEMBER
    rows = sql.execute(query, (guild_id, person_id, number - 1)).fetchall()
    return next((datetime.fromisoformat(row["asked_at"]) + DAY for row in rows), datetime.now(UTC))
