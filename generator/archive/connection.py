"""One connection to the database, shared by everything that reads and writes it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import aiosqlite

from generator.errors import ArchiveError

NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
"""The present as the tables keep times: UTC, to the millisecond, so that text order is time order."""


class Connection:
    """One reader and writer: whole transactions, each ``BEGIN IMMEDIATE``, on disk when they are over."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        # One connection serves every task, so a transaction must not be interleaved with another's.
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """All of what is executed in it, or nothing.

        Raises:
            ArchiveError: it could not be written.
        """
        async with self._lock:
            try:
                await self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                await self._connection.commit()
            except sqlite3.Error as error:
                await self._connection.rollback()
                raise ArchiveError(
                    "The host could not write this down ({reason}); please try again.", reason=str(error)
                ) from error
            except BaseException:
                await self._connection.rollback()
                raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[aiosqlite.Connection]:
        """Several queries that see the same moment."""
        async with self._lock:
            yield self._connection

    async def update(self, statement: str, values: tuple[object, ...]) -> bool:
        """One statement as a transaction; whether it changed a row."""
        async with self.transaction() as sql:
            return bool((await sql.execute(statement, values)).rowcount)

    async def fetch(self, query: str, values: tuple[object, ...] = ()) -> Iterable[sqlite3.Row]:
        """All rows of one query."""
        async with self._lock:
            return await self._connection.execute_fetchall(query, values)


async def insert(sql: aiosqlite.Connection, statement: str, values: tuple[object, ...]) -> int:
    """Insert a row; its number."""
    cursor = await sql.execute(statement, values)
    assert cursor.lastrowid is not None
    return cursor.lastrowid
