"""One writer to the database and one reader, shared by all shelves of the archive.

What comes in to be written while the disk is busy is committed together: a commit waits for the disk, and
twenty at once need not wait for it twenty times. Still, a write is over only when it is on disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

import aiosqlite

from generator.errors import ArchiveError

NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
"""The present as the tables keep times: UTC, to the millisecond, so that text order is time order."""

Admit: TypeAlias = Callable[[aiosqlite.Connection], Awaitable[None]]
"""Looks, within a transaction and before it writes anything, whether it may; raises if not."""

P = ParamSpec("P")
T = TypeVar("T")

_TRIES = 20
_PAUSE = 0.05  # seconds


class Connection:
    """Transactions are whole and come one after the other; readers see what is committed, and do not wait.

    A database in memory has one connection, which is writer and reader.
    """

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self._writer = writer
        self._reader = reader
        # A transaction must not be interleaved with another's. The lock is given to whoever waited longest.
        self._writing = asyncio.Lock()
        self._reading = self._writing if reader is writer else asyncio.Lock()
        self._commit: asyncio.Task[None] | None = None  # which will end the transaction that is open
        self._lost = False  # whether the database has rolled it back by itself

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """All of what is executed in it, or nothing; over once it is on disk.

        Raises:
            ArchiveError: it could not be written.
        """
        async with self._joined() as sql:
            await sql.execute("SAVEPOINT mine")
            try:
                yield sql
            except BaseException:
                await sql.execute("ROLLBACK TO mine")
                raise
            finally:
                await sql.execute("RELEASE mine")

    async def update(self, statement: str, values: tuple[object, ...]) -> bool:
        """One statement as a transaction; whether it changed a row.

        Raises:
            ArchiveError: it could not be written.
        """
        async with self._joined() as sql:
            cursor = await sql.execute(statement, values)
        return bool(cursor.rowcount)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[aiosqlite.Connection]:
        """Several queries that see the same moment."""
        async with self._reading:
            if self._reader is self._writer:
                yield self._reader
                return
            try:
                # In here, since whoever is cancelled now has begun all the same.
                await self._reader.execute("BEGIN")
                yield self._reader
            finally:
                await self._reader.rollback()

    async def fetch(self, query: str, values: tuple[object, ...] = ()) -> Iterable[sqlite3.Row]:
        """All rows of one query."""
        async with self._reading:
            return await self._reader.execute_fetchall(query, values)

    async def clean(self) -> bool:
        """Let the journal keep nothing of what was deleted; False if others read and write all the while.

        What is left then goes when the journal is next begun anew, or with the last connection.
        """
        for _ in range(_TRIES):
            async with self._writing:
                if self._commit is None and await self._emptied():
                    return True
            await asyncio.sleep(_PAUSE)
        return False

    async def _emptied(self) -> bool:
        """Whether the journal could be emptied without waiting for those who read what was there before."""
        ((patience,),) = await self._writer.execute_fetchall("PRAGMA busy_timeout")
        await self._writer.execute_fetchall("PRAGMA busy_timeout = 0")
        try:
            ((busy, *_pages),) = await self._writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error:
            return False
        finally:
            await self._writer.execute_fetchall(f"PRAGMA busy_timeout = {patience}")
        return not busy

    async def close(self) -> None:
        """Wait for what is being written; nothing may be asked for any more."""
        if self._commit is not None:
            await asyncio.wait([self._commit])

    @asynccontextmanager
    async def _joined(self) -> AsyncIterator[aiosqlite.Connection]:
        """A part in the transaction that is open, which is committed when this is over."""
        try:
            async with self._writing:
                commit = self._commit
                if commit is None:
                    # Made before anything can go wrong. It takes its turn behind those who wait for theirs
                    # already, so that they join, and before those who come later.
                    commit = self._commit = asyncio.create_task(self._end(), name="commit")
                    await self._writer.execute("BEGIN IMMEDIATE")
                elif self._lost:
                    raise sqlite3.OperationalError("what was written with it was lost")
                try:
                    yield self._writer
                except sqlite3.Error:
                    self._lost = not self._writer.in_transaction  # as after a full disk
                    raise
            await asyncio.shield(commit)
        except sqlite3.Error as error:
            raise ArchiveError(
                "The host could not write this down ({reason}); please try again.", reason=str(error)
            ) from error

    async def _end(self) -> None:
        async with self._writing:
            lost, self._commit, self._lost = self._lost, None, False
            try:
                await self._writer.commit()
            except sqlite3.Error:
                await self._writer.rollback()
                raise
            if lost:
                raise sqlite3.OperationalError("what was written with it was lost")


async def anything(sql: aiosqlite.Connection) -> None:
    """Admits it."""


def at_once(
    work: Callable[Concatenate[sqlite3.Connection, P], T],
) -> Callable[Concatenate[aiosqlite.Connection, P], Coroutine[Any, Any, T]]:
    """Execute many statements on one way to the database's thread and back, which takes longer than most."""

    @wraps(work)
    async def there_and_back(sql: aiosqlite.Connection, /, *values: P.args, **more: P.kwargs) -> T:
        result: T = await sql._execute(work, sql._conn, *values, **more)  # type: ignore[no-untyped-call]
        return result

    return there_and_back


async def insert(sql: aiosqlite.Connection, statement: str, values: tuple[object, ...]) -> int:
    """Insert a row; its number."""
    cursor = await sql.execute(statement, values)
    assert cursor.lastrowid is not None
    return cursor.lastrowid
