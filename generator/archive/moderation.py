"""Bans, reports, hidden pictures, and who decided it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from generator.archive.connection import Connection, Shelf, reads, writes
from generator.archive.rows import insert, read_take, take_down, touch, touch_of
from generator.errors import NotFound
from generator.moderation.values import Act, Ban, Outcome, Report
from generator.story import Person

_COPIES = """
    WITH drawn (id) AS (SELECT coalesce(origin_id, id) FROM takes WHERE id = ?)
    SELECT takes.id, story_id FROM takes JOIN drawn ON takes.id = drawn.id OR origin_id = drawn.id
    ORDER BY takes.id
"""
"""All takes of the same picture: the one that was drawn, and those that later stories took along."""

_UNPOSTED = """
    SELECT id FROM reports WHERE message_id IS NULL AND (outcome IS NULL OR (
        outcome IN ('hidden', 'banned')
        AND EXISTS (SELECT 1 FROM takes WHERE takes.id = take_id AND hidden AND path IS NOT NULL)
        AND NOT EXISTS (
            SELECT 1 FROM reports AS other
            WHERE other.take_id = reports.take_id AND other.outcome IN ('hidden', 'banned')
            AND (other.message_id IS NOT NULL OR other.id < reports.id)
        )
    )) ORDER BY id
"""
"""Reports that nobody has handled, and those without which nobody could show a hidden picture again."""


class Moderation(Shelf):
    """A shelf of the archive: what moderators decide, and what members tell them."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._banned: set[tuple[int, int]] | None = None
        self._reading_bans = asyncio.Lock()

    # -- bans -------------------------------------------------------------------------------------------

    async def ban(self, guild_id: int, person: Person, by: Person, reason: str) -> None:
        """Exclude a member from the bot in a server; a further ban replaces the reason."""
        await self._connection.write(lambda sql: _exclude(sql, guild_id, person, by, reason))
        (await self._everybody_banned()).add((guild_id, person.id))

    async def unban(self, guild_id: int, person: Person, by: Person) -> bool:
        """Let a member in again; False if they were not excluded."""
        lifted = await self._connection.write(lambda sql: _let_in(sql, guild_id, person, by))
        (await self._everybody_banned()).discard((guild_id, person.id))
        return lifted

    async def ban_of(self, guild_id: int, person_id: int) -> Ban | None:
        """A member's ban in a server, if they have one."""
        if (guild_id, person_id) not in await self._everybody_banned():
            return None
        rows = await self._connection.fetch(
            "SELECT * FROM bans WHERE guild_id = ? AND person_id = ?", (guild_id, person_id)
        )
        return next(map(_ban, rows), None)

    async def _everybody_banned(self) -> set[tuple[int, int]]:
        """Server and person of every ban. Kept in memory, since it is asked for before each answer."""
        if self._banned is None:
            async with self._reading_bans:  # once, also when many come before it is done
                if self._banned is None:
                    rows = await self._connection.fetch("SELECT guild_id, person_id FROM bans")
                    self._banned = {(row["guild_id"], row["person_id"]) for row in rows}
        return self._banned

    async def bans(self, guild_id: int) -> list[Ban]:
        """Everybody who is excluded in a server, newest first."""
        rows = await self._connection.fetch(
            "SELECT * FROM bans WHERE guild_id = ? ORDER BY banned_at DESC, person_id", (guild_id,)
        )
        return list(map(_ban, rows))

    async def acts(self, guild_id: int, limit: int) -> list[Act]:
        """Who moderated what in a server, newest first."""
        rows = await self._connection.fetch(
            "SELECT * FROM acts WHERE guild_id = ? ORDER BY id DESC LIMIT ?", (guild_id, limit)
        )
        return [
            Act(
                by=Person(id=row["by_id"], name=row["by_name"]),
                act=row["act"],
                subject=row["subject"],
                reason=row["reason"],
                at=datetime.fromisoformat(row["acted_at"]),
            )
            for row in rows
        ]

    @writes
    def note(
        self, sql: sqlite3.Connection, guild_id: int, by: Person, act: str, person_id: int, subject: str
    ) -> None:
        """Remember that a moderator did something with what was a person's."""
        _note(sql, guild_id, by, act, person_id, subject, "")

    async def pending_stories(self, guild_id: int, person_id: int) -> list[int]:
        """The stories in a server for which something that a member asked for is not drawn yet."""
        rows = await self._connection.fetch(
            "SELECT DISTINCT story_id FROM work WHERE open AND guild_id = ? AND person_id = ?",
            (guild_id, person_id),
        )
        return [int(row["story_id"]) for row in rows]

    @writes
    def cancel_takes(self, sql: sqlite3.Connection, guild_id: int, person_id: int) -> list[int]:
        """Give up all that a member asked for in a server and that is not drawn yet; the takes' ids."""
        rows = sql.execute(
            "UPDATE jobs SET state = 'cancelled' WHERE state IN ('queued', 'drawing') AND take_id IN"
            " (SELECT takes.id FROM takes JOIN stories ON stories.id = story_id"
            "  WHERE guild_id = ? AND takes.author_id = ?) RETURNING take_id",
            (guild_id, person_id),
        ).fetchall()
        for (take_id,) in rows:
            touch_of(sql, take_id)
        return sorted(int(take_id) for (take_id,) in rows)

    # -- pictures ---------------------------------------------------------------------------------------

    @writes
    def hide(self, sql: sqlite3.Connection, take_id: int, by: Person, *, hidden: bool = True) -> None:
        """Let a picture be shown nowhere, or again.

        Raises:
            NotFound: there is no such picture.
        """
        _hide(sql, take_id, by, hidden=hidden)

    @writes
    def delete_picture(self, sql: sqlite3.Connection, take_id: int, by: Person) -> None:
        """Delete a picture; its file is among the remains, its take says that it is gone.

        Raises:
            NotFound: there is no such picture.
        """
        _delete_picture(sql, take_id, by)

    async def stories_with(self, take_id: int) -> list[int]:
        """The stories that have a picture: the one that it was drawn for, and those that took it along."""
        return [int(row["story_id"]) for row in await self._connection.fetch(_COPIES, (take_id,))]

    # -- reports ----------------------------------------------------------------------------------------

    @writes
    def add_report(
        self, sql: sqlite3.Connection, take_id: int, reporter: Person, reason: str
    ) -> Report | None:
        """Keep what a member says about a picture; None if they have said it before.

        Raises:
            NotFound: there is no such picture.
        """
        guild_id = _guild_of(sql, take_id)
        if sql.execute(
            "SELECT 1 FROM reports WHERE take_id = ? AND reporter_id = ?", (take_id, reporter.id)
        ).fetchall():
            return None
        report_id = insert(
            sql,
            "INSERT INTO reports (take_id, guild_id, reporter_id, reporter_name, reason)"
            " VALUES (?, ?, ?, ?, ?)",
            (take_id, guild_id, reporter.id, reporter.name, reason),
        )
        return _read_report(sql, report_id)

    async def open_reports(self, guild_id: int, reporter_id: int) -> int:
        """How many reports of a member wait to be handled."""
        (row,) = await self._connection.fetch(
            "SELECT count(*) AS number FROM reports"
            " WHERE guild_id = ? AND reporter_id = ? AND outcome IS NULL",
            (guild_id, reporter_id),
        )
        return int(row["number"])

    @reads
    def report(self, sql: sqlite3.Connection, report_id: int) -> Report:
        """One report.

        Raises:
            NotFound: there is none, perhaps because its picture's story was deleted.
        """
        return _read_report(sql, report_id)

    async def unposted(self) -> list[int]:
        """The reports whose message the moderators lack, oldest first."""
        return [int(row["id"]) for row in await self._connection.fetch(_UNPOSTED)]

    async def set_report_message(self, report_id: int, channel_id: int, message_id: int) -> None:
        """Remember the message that tells the moderators."""
        await self._connection.update(
            "UPDATE reports SET channel_id = ?, message_id = ? WHERE id = ?",
            (channel_id, message_id, report_id),
        )

    async def handle(self, report_id: int, by: Person, outcome: Outcome) -> bool:
        """Note how a report was handled, and do just that; False if somebody was faster.

        Whoever else reported a picture that is taken away is right too.
        """
        handled = await self._handle(report_id, by, outcome)
        if handled is not None and outcome is Outcome.BANNED:
            (await self._everybody_banned()).add(handled)
        return handled is not None

    @writes
    def _handle(
        self, sql: sqlite3.Connection, report_id: int, by: Person, outcome: Outcome
    ) -> tuple[int, int] | None:
        """The server, and who asked for the picture; None if somebody was faster."""
        report = _read_report(sql, report_id)
        if report.outcome is not None:
            return None
        alike = "id = ?" if outcome is Outcome.DISMISSED else "take_id = ? AND outcome IS NULL"
        sql.execute(
            f"UPDATE reports SET outcome = ?, handler_id = ?, handler_name = ? WHERE {alike}",  # noqa: S608
            (outcome, by.id, by.name, report.id if outcome is Outcome.DISMISSED else report.take_id),
        )
        author = read_take(sql, report.take_id).author
        if outcome is Outcome.DELETED:
            _delete_picture(sql, report.take_id, by)
        elif outcome is not Outcome.DISMISSED:
            _hide(sql, report.take_id, by, hidden=True)
        if outcome is Outcome.BANNED and not _is_excluded(sql, report.guild_id, author):
            # Without a reason: the author is told it, and what a reporter wrote is for moderators alone.
            _exclude(sql, report.guild_id, author, by, "")
        return report.guild_id, author.id

    @reads
    def reports_of(self, sql: sqlite3.Connection, take_id: int) -> Sequence[Report]:
        """All reports about a picture."""
        rows = sql.execute("SELECT * FROM reports WHERE take_id = ? ORDER BY id", (take_id,))
        return [_report(row) for row in rows.fetchall()]


def _is_excluded(sql: sqlite3.Connection, guild_id: int, person: Person) -> bool:
    found = sql.execute("SELECT 1 FROM bans WHERE guild_id = ? AND person_id = ?", (guild_id, person.id))
    return bool(found.fetchall())


def _exclude(sql: sqlite3.Connection, guild_id: int, person: Person, by: Person, reason: str) -> None:
    sql.execute(
        "INSERT OR REPLACE INTO bans (guild_id, person_id, name, reason, by_id, by_name)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (guild_id, person.id, person.name, reason, by.id, by.name),
    )
    _note(sql, guild_id, by, "ban", person.id, person.name, reason)


def _let_in(sql: sqlite3.Connection, guild_id: int, person: Person, by: Person) -> bool:
    lifted = sql.execute("DELETE FROM bans WHERE guild_id = ? AND person_id = ?", (guild_id, person.id))
    if lifted.rowcount:
        _note(sql, guild_id, by, "unban", person.id, person.name, "")
    return bool(lifted.rowcount)


def _hide(sql: sqlite3.Connection, take_id: int, by: Person, *, hidden: bool) -> None:
    guild_id = _guild_of(sql, take_id)
    for each, story_id in sql.execute(_COPIES, (take_id,)).fetchall():
        sql.execute("UPDATE takes SET hidden = ? WHERE id = ?", (hidden, each))
        touch(sql, story_id)
        if hidden:
            take_down(sql, story_id)
    _note(sql, guild_id, by, "hide" if hidden else "unhide", None, f"#{take_id}", "")


def _delete_picture(sql: sqlite3.Connection, take_id: int, by: Person) -> None:
    guild_id = _guild_of(sql, take_id)
    for each, story_id in sql.execute(_COPIES, (take_id,)).fetchall():
        sql.execute(
            "INSERT INTO remains (kind, path)"
            " SELECT 'file', path FROM takes WHERE id = ? AND path IS NOT NULL",
            (each,),
        )
        sql.execute("UPDATE takes SET path = NULL WHERE id = ?", (each,))
        touch(sql, story_id)
        take_down(sql, story_id)
    _note(sql, guild_id, by, "delete", None, f"#{take_id}", "")


def _note(
    sql: sqlite3.Connection,
    guild_id: int,
    by: Person,
    act: str,
    person_id: int | None,
    subject: str,
    why: str,
) -> None:
    sql.execute(
        "INSERT INTO acts (guild_id, by_id, by_name, act, person_id, subject, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (guild_id, by.id, by.name, act, person_id, subject, why),
    )


def _guild_of(sql: sqlite3.Connection, take_id: int) -> int:
    for (guild_id,) in sql.execute(
        "SELECT guild_id FROM takes JOIN stories ON stories.id = story_id WHERE takes.id = ?", (take_id,)
    ).fetchall():
        return int(guild_id)
    raise NotFound("There is no picture {number} here any more.", number=take_id)


def _read_report(sql: sqlite3.Connection, report_id: int) -> Report:
    for row in sql.execute("SELECT * FROM reports WHERE id = ?", (report_id,)).fetchall():
        return _report(row)
    raise NotFound("This report is gone, because the story it was about was deleted.")


def _report(row: sqlite3.Row) -> Report:
    return Report(
        id=row["id"],
        take_id=row["take_id"],
        guild_id=row["guild_id"],
        reporter=Person(id=row["reporter_id"], name=row["reporter_name"]),
        reason=row["reason"],
        at=datetime.fromisoformat(row["reported_at"]),
        channel_id=row["channel_id"],
        message_id=row["message_id"],
        outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
        handler=None if row["handler_id"] is None else Person(id=row["handler_id"], name=row["handler_name"]),
    )


def _ban(row: sqlite3.Row) -> Ban:
    return Ban(
        person=Person(id=row["person_id"], name=row["name"]),
        reason=row["reason"],
        by=Person(id=row["by_id"], name=row["by_name"]),
        at=datetime.fromisoformat(row["banned_at"]),
    )
