"""Writes that are committed together, and what happens to the others when one of them goes wrong."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite
import pytest
import pytest_asyncio

from generator.archive.connection import Connection, insert
from generator.errors import ArchiveError

SIZE = "INSERT INTO things VALUES (?, ?)"


@pytest_asyncio.fixture
async def writer(tmp_path: Path) -> AsyncIterator[aiosqlite.Connection]:
    async with aiosqlite.connect(tmp_path / "a.sqlite3", isolation_level=None) as connection:
        await connection.execute_fetchall("PRAGMA journal_mode = WAL")
        await connection.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        yield connection


@pytest_asyncio.fixture
async def connection(tmp_path: Path, writer: aiosqlite.Connection) -> AsyncIterator[Connection]:
    async with aiosqlite.connect(tmp_path / "a.sqlite3", isolation_level=None) as reader:
        reader.row_factory = sqlite3.Row
        connection = Connection(writer, reader)
        yield connection
        await connection.close()


async def names(connection: Connection) -> list[str]:
    return [row["name"] for row in await connection.fetch("SELECT name FROM things ORDER BY id")]


async def statements(writer: aiosqlite.Connection) -> list[str]:
    said: list[str] = []
    await writer.set_trace_callback(said.append)
    return said


async def test_what_is_written_at_once_is_committed_together(
    connection: Connection, writer: aiosqlite.Connection
) -> None:
    said = await statements(writer)
    await asyncio.gather(*(connection.update(SIZE, (number, str(number))) for number in range(100)))
    assert await names(connection) == [str(number) for number in range(100)]
    assert said.count("COMMIT") <= 2


async def test_one_after_the_other_each_is_on_disk_before_the_next(
    connection: Connection, writer: aiosqlite.Connection
) -> None:
    said = await statements(writer)
    for number in range(3):
        await connection.update(SIZE, (number, "a"))
        assert said.count("COMMIT") == number + 1
        assert len(await names(connection)) == number + 1


async def test_one_that_fails_takes_nobody_with_it(connection: Connection) -> None:
    async def write(number: int) -> None:
        async with connection.transaction() as sql:
            await insert(sql, SIZE, (number, "first"))
            await insert(sql, SIZE, (number + 100, None if number == 3 else "second"))

    results = await asyncio.gather(*(write(number) for number in range(6)), return_exceptions=True)
    assert [isinstance(result, ArchiveError) for result in results] == [n == 3 for n in range(6)]
    assert sorted(await names(connection)) == ["first"] * 5 + ["second"] * 5


async def test_one_that_is_cancelled_takes_nobody_with_it(connection: Connection) -> None:
    async def write(number: int) -> None:
        async with connection.transaction() as sql:
            await insert(sql, SIZE, (number, "half"))
            if number == 2:
                await asyncio.sleep(60)

    writes = [asyncio.create_task(write(number)) for number in range(5)]
    await asyncio.sleep(0.1)
    writes[2].cancel()
    writes[4].cancel()  # which still waits for its turn
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [result is None for result in results] == [True, True, False, True, False]
    assert len(await names(connection)) == 3


@pytest.mark.parametrize("moments", range(8))
async def test_wherever_a_writer_is_cancelled_the_next_one_can_write(
    connection: Connection, moments: int
) -> None:
    write = asyncio.create_task(connection.update(SIZE, (1, "one")))
    for _ in range(moments):
        await asyncio.sleep(0)
    write.cancel()
    await asyncio.gather(write, return_exceptions=True)
    await connection.update(SIZE, (2, "two"))
    assert (await names(connection))[-1] == "two"


async def test_when_the_database_loses_them_all_all_are_told(
    connection: Connection, writer: aiosqlite.Connection
) -> None:
    async def full_disk() -> None:
        async with connection.transaction() as sql:
            await sql.execute("ROLLBACK")  # which SQLite does by itself when the disk is full
            await insert(sql, SIZE, (1, None))

    first = [connection.update(SIZE, (number, "before")) for number in range(10, 13)]
    then = [connection.update(SIZE, (number, "after")) for number in range(20, 23)]
    results = await asyncio.gather(*first, full_disk(), *then, return_exceptions=True)
    assert all(isinstance(result, ArchiveError) for result in results)
    assert await names(connection) == []
    await connection.update(SIZE, (2, "two"))
    assert await names(connection) == ["two"]


async def test_a_reader_sees_one_moment_and_waits_for_no_writer(connection: Connection) -> None:
    async with connection.reading() as sql, asyncio.timeout(60):
        assert not list(await sql.execute_fetchall("SELECT * FROM things"))
        await connection.update(SIZE, (1, "one"))
        assert not list(await sql.execute_fetchall("SELECT * FROM things"))
    assert await names(connection) == ["one"]


@pytest.mark.parametrize("steps", range(6))
async def test_a_reader_who_is_cancelled_at_any_moment_leaves_the_door_open(
    connection: Connection, steps: int
) -> None:
    async def read() -> None:
        async with connection.reading() as sql:
            await sql.execute_fetchall("SELECT 1")

    reader = asyncio.create_task(read())
    for _ in range(steps):
        await asyncio.sleep(0)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    async with asyncio.timeout(60):
        await read()


async def test_the_journal_keeps_nothing_of_what_was_deleted_and_waits_for_no_reader_for_long(
    connection: Connection, tmp_path: Path
) -> None:
    journal = tmp_path / "a.sqlite3-wal"
    await connection.update(SIZE, (1, "a secret"))
    async with connection.reading() as sql:
        await sql.execute_fetchall("SELECT * FROM things")
        await connection.update("DELETE FROM things", ())
        async with asyncio.timeout(60):
            assert not await connection.clean()
    assert b"a secret" in journal.read_bytes()
    assert await connection.clean()
    assert journal.read_bytes() == b""
    await connection.update(SIZE, (2, "another"))
    assert await names(connection) == ["another"]
