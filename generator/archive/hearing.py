"""How far the messages in the threads of stories told together have been read."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from generator.archive.connection import Shelf, writes


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is known of a thread's messages."""

    last_id: int | None  #: the last that is known, 0 before the first; None: nothing so far is for the story
    receipt_id: int | None  #: one that became a scene, and whose writer may not have been told so


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The thread of a story that goes on."""

    story_id: int
    guild_id: int
    thread_id: int


class Hearing(Shelf):
    """A shelf of the archive. A message that becomes a scene is noted by whoever adds the scene."""

    async def heard(self, story_id: int) -> Heard:
        """How far a story's thread has been read."""
        rows = await self._connection.fetch(
            "SELECT heard_id, receipt_id FROM circles WHERE story_id = ?", (story_id,)
        )
        return next(
            (Heard(last_id=row["heard_id"], receipt_id=row["receipt_id"]) for row in rows),
            Heard(last_id=None, receipt_id=None),
        )

    @writes
    def hear(self, sql: sqlite3.Connection, story_id: int, message_id: int) -> None:
        """A message is known, and no scene."""
        hear(sql, story_id, message_id)

    async def thank(self, story_id: int) -> None:
        """Whoever wrote the last scene has the receipt."""
        await self._connection.update(
            "UPDATE circles SET receipt_id = NULL WHERE story_id = ? AND receipt_id IS NOT NULL", (story_id,)
        )

    async def ignore(self, story_id: int) -> None:
        """Nothing that was written so far is for the story."""
        await self._connection.update(
            "UPDATE circles SET heard_id = NULL WHERE story_id = ? AND heard_id IS NOT NULL", (story_id,)
        )

    async def ignore_closed(self) -> None:
        """The same for all stories that nobody adds to."""
        await self._connection.update(
            "UPDATE circles SET heard_id = NULL WHERE phase = ? AND heard_id IS NOT NULL", ("closed",)
        )

    async def ignore_all(self) -> None:
        """The same for every story."""
        await self._connection.update("UPDATE circles SET heard_id = NULL WHERE heard_id IS NOT NULL", ())

    async def rooms(self) -> list[Room]:
        """The threads of all stories that go on, oldest first."""
        rows = await self._connection.fetch(
            "SELECT story_id, guild_id, thread_id FROM circles JOIN stories ON id = story_id"
            " WHERE phase != 'closed' AND NOT cancelled AND thread_id IS NOT NULL ORDER BY story_id"
        )
        return [
            Room(story_id=row["story_id"], guild_id=row["guild_id"], thread_id=row["thread_id"])
            for row in rows
        ]


def hear(sql: sqlite3.Connection, story_id: int, message_id: int, receipt_id: int | None = None) -> None:
    """A message is known; one that is owed a receipt is so until it has it."""
    sql.execute(
        "UPDATE circles SET heard_id = max(coalesce(heard_id, 0), ?), receipt_id = coalesce(?, receipt_id)"
        " WHERE story_id = ?",
        (message_id, receipt_id, story_id),
    )
