"""The database file: opened by one bot at a time, and brought up to date before it is used."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib import resources
from pathlib import Path

import aiosqlite
from filelock import FileLock, Timeout

from generator.archive.archive import Archive
from generator.archive.connection import Connection
from generator.errors import ArchiveError


@asynccontextmanager
async def open_archive(path: Path | None) -> AsyncIterator[Archive]:
    """Open the database at `path`, bringing it up to date; without a path it lives in memory alone.

    Raises:
        ArchiveError: it cannot be opened, is no database, is in use, or is newer than this code; then it is
            untouched.
    """
    name = "in memory" if path is None else str(path)
    with _alone(path):
        async with _connected(path or ":memory:", name) as writer:
            try:
                await _migrate(writer, name)
            except sqlite3.Error as error:
                raise _unusable(name, error) from error
            async with _reader(path, name, writer) as reader:
                connection = Connection(writer, reader)
                try:
                    yield Archive(connection)
                finally:
                    await connection.close()


@asynccontextmanager
async def _connected(path: Path | str, name: str) -> AsyncIterator[aiosqlite.Connection]:
    try:
        connection = await aiosqlite.connect(path, isolation_level=None)
    except sqlite3.Error as error:
        raise ArchiveError(f"The archive {name} cannot be opened: {error}.") from error
    try:
        connection.row_factory = sqlite3.Row
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def _reader(
    path: Path | None, name: str, writer: aiosqlite.Connection
) -> AsyncIterator[aiosqlite.Connection]:
    """A connection of its own, where the database is not in the memory of the other."""
    if path is None:
        yield writer
        return
    async with _connected(path, name) as reader:
        await reader.execute_fetchall("PRAGMA query_only = ON")
        yield reader


@contextmanager
def _alone(path: Path | None) -> Iterator[None]:
    """Keep a second bot off the same stories; the operating system lifts the lock of a dead one."""
    if path is None:
        yield
        return
    lock = FileLock(path.with_suffix(".lock"), blocking=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise ArchiveError(
            f"The archive {path} is in use by another Samefox; please stop that one, or start this one with "
            "another folder."
        ) from error
    except OSError as error:
        raise ArchiveError(
            f"The folder {path.parent} cannot be written: {error.strerror}. Please see that it can be, or "
            "start Samefox with another folder."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _unusable(name: str, error: sqlite3.Error) -> ArchiveError:
    disk = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
    disks = getattr(error, "sqlite_errorcode", 0) & 0xFF in disk  # above that byte, it says more exactly why
    wanted = "see that its disk has room and can be written" if disks else "put an earlier copy in its place"
    return ArchiveError(
        f"The archive {name} cannot be used: {error}. Please {wanted}, or start Samefox with another folder."
    )


async def _migrate(connection: aiosqlite.Connection, name: str) -> None:
    """Apply the numbered migrations that the database has not seen, all of them or none."""
    migrations = sorted(
        (file for file in resources.files(__package__).joinpath("migrations").iterdir()),
        key=lambda file: file.name,
    )
    ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
    if version > len(migrations):
        raise ArchiveError(
            f"The archive {name} was written by a newer Samefox (version {version} of its tables; this one "
            f"knows {len(migrations)}). Please update Samefox, or start it with another folder."
        )
    # WAL: readers never wait for the writer. FULL: what is committed survives a power cut. What is deleted is
    # overwritten, and does not stay in free pages for whoever reads the file.
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 5000", "secure_delete = ON"):
        await connection.execute_fetchall(f"PRAGMA {pragma}")
    # executescript() would commit an open transaction, so the script brings its own.
    script = "\n".join(file.read_text(encoding="utf-8") for file in migrations[version:])
    if script:
        try:
            await connection.executescript(
                f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {len(migrations)};\nCOMMIT;"
            )
        except sqlite3.Error:
            await connection.rollback()
            raise
    # Not before: a migration may put a table in another's place, and every row refers to it again after.
    await connection.execute_fetchall("PRAGMA foreign_keys = ON")
