"""One writer to the database and one reader, shared by all shelves of the archive.

A transaction is a function of the database, executed whole on the database's own thread: nothing in it waits,
and nothing comes in between. The way there and back takes longer than most statements, and a commit waits for
the disk; so what comes in to be written while the thread is busy goes there together, and is committed
together. Still, a write is over only when it is on disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from functools import partial, wraps
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeAlias, TypeVar

import aiosqlite

from generator.errors import ArchiveError

NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
"""The present as the tables keep times: UTC, to the millisecond, so that text order is time order."""

P = ParamSpec("P")
T = TypeVar("T")

Work: TypeAlias = Callable[[sqlite3.Connection], T]
"""What is done in one transaction, on the database's thread.

It is quick, and touches nothing that others may change meanwhile. It fetches the rows of a query whole: one
that is left open would keep its moment, and later queries would be answered from that.
"""

Admit: TypeAlias = Work[None]
"""Looks, within a transaction and before it writes anything, whether it may; raises if not."""

_Outcome: TypeAlias = Callable[[], T]
"""Returns what a work returned, or raises what it raised."""

_TOGETHER = 64  # works in one transaction at most, so that nobody waits for a thousand others
_TRIES = 20
_PAUSE = 0.05  # seconds


class Connection:
    """Transactions are whole and come one after the other; readers see what is committed, and do not wait.

    A database in memory has one connection, which is writer and reader.
    """

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self._writer = writer
        self._reader = reader
        self._waiting: deque[tuple[Work[Any], asyncio.Future[_Outcome[Any]]]] = deque()
        self._writing: asyncio.Task[None] | None = None  # as long as anything waits

    async def write(self, work: Work[T]) -> T:
        """All of what a work does, or nothing if it raises; over once it is on disk.

        Whoever is cancelled before their work has begun has written nothing; after that, all of it.

        Raises:
            ArchiveError: it could not be written. Where all that was to be committed together was lost, as on
                a full disk, everybody is told so, for what was refused may have been refused because of it.
        """
        settled: asyncio.Future[_Outcome[T]] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, settled))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all(), name="write")
        outcome = await settled
        try:
            return outcome()
        except sqlite3.Error as error:
            raise ArchiveError(
                "The host could not write this down ({reason}); please try again.", reason=str(error)
            ) from error

    async def read(self, work: Work[T]) -> T:
        """Several queries that see the same moment."""
        if self._reader is self._writer:
            return await _there_and_back(self._reader, work)
        return await _there_and_back(self._reader, partial(_at_one_moment, work))

    async def update(self, statement: str, values: tuple[object, ...]) -> bool:
        """One statement as a transaction; whether it changed a row.

        Raises:
            ArchiveError: it could not be written.
        """
        return await self.write(lambda sql: bool(sql.execute(statement, values).rowcount))

    async def fetch(self, query: str, values: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """All rows of one query."""
        return await self.read(lambda sql: sql.execute(query, values).fetchall())

    async def clean(self) -> bool:
        """Let the journal keep nothing of what was deleted; False if others read all the while.

        What is left then goes when the journal is next begun anew, or with the last connection.
        """
        for _ in range(_TRIES):
            if await _there_and_back(self._writer, _emptied):
                return True
            await asyncio.sleep(_PAUSE)
        return False

    async def close(self) -> None:
        """Wait for what is being written; nothing may be asked for any more."""
        if self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._write_next()
        finally:
            self._writing = None

    async def _write_next(self) -> None:
        """Write what waits, or the first of it."""
        taken = [self._waiting.popleft() for _ in range(min(_TOGETHER, len(self._waiting)))]
        batch = [(work, settled) for work, settled in taken if not settled.done()]
        outcomes: Sequence[_Outcome[Any]]
        try:
            outcomes = await _there_and_back(self._writer, partial(_together, [work for work, _ in batch]))
        except Exception as error:
            outcomes = [partial(_fail, error)] * len(batch)
        for (_, settled), outcome in zip(batch, outcomes, strict=True):
            if not settled.done():
                settled.set_result(outcome)


class Shelf:
    """A part of the archive, with SQL of its own: its methods are works that it `writes` or `reads`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection


S = TypeVar("S", bound=Shelf)


def writes(
    work: Callable[Concatenate[S, sqlite3.Connection, P], T],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """A shelf's method that is a work, as one that is called without the database: see `Connection.write`."""

    return _called(Connection.write, work)


def reads(
    work: Callable[Concatenate[S, sqlite3.Connection, P], T],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """The same for `Connection.read`."""

    return _called(Connection.read, work)


def _called(
    way: Callable[[Connection, Work[T]], Coroutine[Any, Any, T]],
    work: Callable[Concatenate[S, sqlite3.Connection, P], T],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    @wraps(work)
    async def called(shelf: S, /, *values: P.args, **more: P.kwargs) -> T:
        return await way(shelf._connection, lambda sql: work(shelf, sql, *values, **more))

    return called


def anything(sql: sqlite3.Connection) -> None:
    """Admits it."""


async def _there_and_back(connection: aiosqlite.Connection, work: Work[T]) -> T:
    """Do a work on the database's thread."""
    result: T = await connection._execute(work, connection._conn)  # type: ignore[no-untyped-call]
    return result


def _together(works: Sequence[Work[Any]], sql: sqlite3.Connection) -> Sequence[_Outcome[Any]]:
    """Do all works in one transaction, which is on disk then; what became of each."""
    try:
        sql.execute("BEGIN IMMEDIATE")
        outcomes = [_attempted(work, sql) for work in works]
        sql.execute("COMMIT")
    except BaseException:
        sql.rollback()
        raise
    return outcomes


def _attempted(work: Work[T], sql: sqlite3.Connection) -> _Outcome[T]:
    """Do a work, or nothing of it.

    Raises:
        sqlite3.Error: what others have done in the same transaction is lost.
    """
    sql.execute("SAVEPOINT mine")
    try:
        result = work(sql)
    except BaseException as error:
        if not sql.in_transaction:  # the database has rolled it back by itself, as after a full disk
            raise sqlite3.OperationalError(str(error)) from error
        sql.execute("ROLLBACK TO mine")
        sql.execute("RELEASE mine")
        return partial(_fail, error)
    sql.execute("RELEASE mine")
    return lambda: result


def _fail(error: BaseException) -> NoReturn:
    raise error


def _at_one_moment(work: Work[T], sql: sqlite3.Connection) -> T:
    sql.execute("BEGIN")
    try:
        return work(sql)
    finally:
        sql.rollback()


def _emptied(sql: sqlite3.Connection) -> bool:
    """Whether the journal could be emptied without waiting for those who read what was there before."""
    ((patience,),) = sql.execute("PRAGMA busy_timeout")
    sql.execute("PRAGMA busy_timeout = 0").fetchall()
    try:
        ((busy, *_pages),) = sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error:
        return False
    finally:
        sql.execute(f"PRAGMA busy_timeout = {patience}").fetchall()
    return not busy
