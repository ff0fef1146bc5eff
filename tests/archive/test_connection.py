"""Writes that are committed together, and what happens to the others when one of them goes wrong."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event

import aiosqlite
import pytest
import pytest_asyncio

from generator.archive.connection import Connection
from generator.errors import ArchiveError, NotFound

INSERT = "INSERT INTO things VALUES (?, ?)"
PATIENCE = 60.0  # seconds


@pytest_asyncio.fixture
async def writer(tmp_path: Path) -> AsyncIterator[aiosqlite.Connection]:
    async with aiosqlite.connect(tmp_path / "a.sqlite3", isolation_level=None) as connection:
        await connection.execute_fetchall("PRAGMA journal_mode = WAL")
        await connection.execute_fetchall("PRAGMA foreign_keys = ON")
        await connection.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        await connection.execute(
            "CREATE TABLE parts (thing_id INTEGER REFERENCES things DEFERRABLE INITIALLY DEFERRED)"
        )
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


class Held:
    """A write that is under way until it is let go."""

    def __init__(self, connection: Connection) -> None:
        self._begun, self._free = Event(), Event()
        self.write = asyncio.create_task(connection.write(self._work))

    def _work(self, sql: sqlite3.Connection) -> None:
        self._begun.set()
        sql.execute(INSERT, (1, "held"))
        assert self._free.wait(PATIENCE)

    async def begun(self) -> None:
        assert await asyncio.to_thread(self._begun.wait, PATIENCE)

    def let_go(self) -> None:
        self._free.set()


async def test_what_is_written_at_once_is_committed_together_in_its_order(
    connection: Connection, writer: aiosqlite.Connection
) -> None:
    await writer.execute("CREATE TABLE kept (number INTEGER)")
    said = await statements(writer)
    changed = await asyncio.gather(
        *(connection.update("INSERT INTO kept VALUES (?)", (number,)) for number in range(500))
    )
    rows = await connection.fetch("SELECT number FROM kept ORDER BY rowid")
    assert all(changed) and [row["number"] for row in rows] == list(range(500))
    assert said.count("COMMIT") == 8, "64 at most, so that nobody waits for a thousand others"


async def test_what_comes_while_others_are_written_is_committed_together_after_them(
    connection: Connection, writer: aiosqlite.Connection
) -> None:
    said, held = await statements(writer), Held(connection)
    await held.begun()
    later = [asyncio.create_task(connection.update(INSERT, (number, "later"))) for number in range(2, 9)]
    await asyncio.sleep(0.05)
    held.let_go()
    await asyncio.gather(held.write, *later)
    assert await names(connection) == ["held"] + ["later"] * 7
    assert said.count("COMMIT") == 2


async def test_one_after_the_other_each_is_on_disk_before_the_next(
    connection: Connection, writer: aiosqlite.Connection
) -> None:
    said = await statements(writer)
    for number in range(3):
        await connection.update(INSERT, (number, "a"))
        assert said.count("COMMIT") == number + 1
        assert len(await names(connection)) == number + 1


@pytest.mark.parametrize(
    "error, told",
    [
        (sqlite3.IntegrityError("no such luck"), ArchiveError),
        (NotFound("There is none."), NotFound),
        (StopIteration(), RuntimeError),  # which no coroutine may raise
    ],
)
async def test_one_that_fails_has_written_nothing_and_takes_nobody_with_it(
    connection: Connection, error: Exception, told: type[Exception]
) -> None:
    def half(sql: sqlite3.Connection) -> None:
        sql.execute(INSERT, (100, "half"))
        raise error

    writes = [connection.update(INSERT, (number, "whole")) for number in range(6)]
    writes.insert(3, connection.write(half))
    *results, last = await asyncio.gather(*writes, return_exceptions=True)
    assert isinstance(results.pop(3), told)
    assert results == [True] * 5 and last is True
    assert await names(connection) == ["whole"] * 6


async def test_what_a_work_raises_is_raised_as_it_is(connection: Connection) -> None:
    refusal = NotFound("There is no {name} here.", name="fox")

    def refused(sql: sqlite3.Connection) -> None:
        raise refusal

    for asked in (connection.write(refused), connection.read(refused)):
        with pytest.raises(NotFound) as raised:
            await asked
        assert raised.value is refusal
    with pytest.raises(ArchiveError, match=r"could not write this down \(NOT NULL .*\); please try again"):
        await connection.update(INSERT, (1, None))


async def test_who_is_cancelled_before_their_work_has_begun_has_written_nothing(
    connection: Connection,
) -> None:
    held = Held(connection)
    await held.begun()
    first, second = (asyncio.create_task(connection.update(INSERT, (n, str(n)))) for n in (2, 3))
    await asyncio.sleep(0)
    first.cancel()
    held.let_go()
    await asyncio.gather(held.write, second)
    assert first.cancelled()
    assert await names(connection) == ["held", "3"]


async def test_who_is_cancelled_later_has_written_all_and_takes_nobody_with_them(
    connection: Connection,
) -> None:
    held = Held(connection)
    other = asyncio.create_task(connection.update(INSERT, (2, "other")))
    await held.begun()
    held.write.cancel()
    await asyncio.wait([held.write])
    held.let_go()
    assert await other
    assert held.write.cancelled()
    assert await names(connection) == ["held", "other"]


@pytest.mark.parametrize("moments", range(8))
async def test_wherever_a_writer_is_cancelled_the_next_one_can_write(
    connection: Connection, moments: int
) -> None:
    write = asyncio.create_task(connection.update(INSERT, (1, "one")))
    for _ in range(moments):
        await asyncio.sleep(0)
    write.cancel()
    await asyncio.gather(write, return_exceptions=True)
    async with asyncio.timeout(PATIENCE):
        await connection.update(INSERT, (2, "two"))
    assert (await names(connection))[-1] == "two"


async def test_when_the_disk_is_full_all_whose_writes_were_lost_are_told(
    connection: Connection, writer: aiosqlite.Connection
) -> None:
    await writer.execute_fetchall("PRAGMA max_page_count = 10")
    writes = [connection.update(INSERT, (number, "small")) for number in range(6)]
    writes.insert(3, connection.update(INSERT, (100, "large" * 100_000)))
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert all(isinstance(result, ArchiveError) and "full" in str(result) for result in results)
    assert await names(connection) == []
    await connection.update(INSERT, (2, "two"))
    assert await names(connection) == ["two"]


async def test_who_is_refused_while_the_database_loses_all_does_not_refuse_the_others(
    connection: Connection,
) -> None:
    def losing(sql: sqlite3.Connection) -> None:
        sql.execute("ROLLBACK")  # which SQLite does by itself when the disk is full
        raise NotFound("There is none.")

    results = await asyncio.gather(
        connection.update(INSERT, (1, "before")),
        connection.write(losing),
        connection.update(INSERT, (2, "after")),
        return_exceptions=True,
    )
    assert all(isinstance(result, ArchiveError) for result in results)
    assert await names(connection) == []


async def test_what_cannot_be_committed_is_lost_and_all_are_told(connection: Connection) -> None:
    writes = [connection.update(INSERT, (number, "whole")) for number in range(3)]
    orphan = connection.update("INSERT INTO parts VALUES (?)", (99,))  # noticed by the commit
    results = await asyncio.gather(*writes, orphan, return_exceptions=True)
    assert all(isinstance(result, ArchiveError) for result in results)
    assert await names(connection) == []
    await connection.update(INSERT, (2, "two"))
    assert await names(connection) == ["two"]


async def test_when_a_transaction_cannot_be_begun_all_are_told_and_the_next_ones_can_write(
    connection: Connection, writer: aiosqlite.Connection, tmp_path: Path
) -> None:
    await writer.execute_fetchall("PRAGMA busy_timeout = 50")
    async with aiosqlite.connect(tmp_path / "a.sqlite3", isolation_level=None) as stranger:
        await stranger.execute("BEGIN IMMEDIATE")
        writes = (connection.update(INSERT, (number, "lost")) for number in range(3))
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert all(isinstance(result, ArchiveError) and "locked" in str(result) for result in results)
    await connection.update(INSERT, (1, "one"))
    assert await names(connection) == ["one"]


async def test_what_is_being_written_when_it_is_closed_is_written(connection: Connection) -> None:
    held = Held(connection)
    later = asyncio.create_task(connection.update(INSERT, (2, "later")))
    await held.begun()
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    held.let_go()
    await closing
    assert await names(connection) == ["held", "later"]
    await asyncio.gather(held.write, later)


async def test_a_reader_sees_one_moment_and_waits_for_no_writer(connection: Connection) -> None:
    looked, written = Event(), Event()

    def look_twice(sql: sqlite3.Connection) -> list[int]:
        query = "SELECT count(*) FROM things"
        ((first,),) = sql.execute(query)
        looked.set()
        assert written.wait(PATIENCE)
        ((second,),) = sql.execute(query)
        return [first, second]

    reading = asyncio.create_task(connection.read(look_twice))
    assert await asyncio.to_thread(looked.wait, PATIENCE)
    await connection.update(INSERT, (1, "one"))
    written.set()
    assert await reading == [0, 0]
    assert await names(connection) == ["one"]


async def test_a_reader_waits_for_no_writer_and_sees_nothing_that_is_not_committed(
    connection: Connection,
) -> None:
    held = Held(connection)
    await held.begun()
    async with asyncio.timeout(PATIENCE / 2):
        assert await names(connection) == []
    held.let_go()
    await held.write
    assert await names(connection) == ["held"]


async def test_a_reader_who_fails_or_is_cancelled_leaves_the_door_open(connection: Connection) -> None:
    def fails(sql: sqlite3.Connection) -> None:
        sql.execute("SELECT * FROM things").fetchall()
        raise NotFound("There is none.")

    for moments in range(6):
        with pytest.raises(NotFound):
            await connection.read(fails)
        reader = asyncio.create_task(names(connection))
        for _ in range(moments):
            await asyncio.sleep(0)
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        await connection.update(INSERT, (moments, "a"))
        async with asyncio.timeout(PATIENCE):
            assert len(await names(connection)) == moments + 1


async def test_the_journal_keeps_nothing_of_what_was_deleted_and_waits_for_no_reader_for_long(
    connection: Connection, writer: aiosqlite.Connection, tmp_path: Path
) -> None:
    journal, patience = tmp_path / "a.sqlite3-wal", "PRAGMA busy_timeout"
    await writer.execute_fetchall(f"{patience} = 5000")
    await connection.update(INSERT, (1, "a secret"))
    looked, cleaned = Event(), Event()

    def look(sql: sqlite3.Connection) -> bool:
        sql.execute("SELECT * FROM things").fetchall()
        looked.set()
        return cleaned.wait(PATIENCE)

    reading = asyncio.create_task(connection.read(look))
    assert await asyncio.to_thread(looked.wait, PATIENCE)
    await connection.update("DELETE FROM things", ())
    async with asyncio.timeout(PATIENCE / 2):
        assert not await connection.clean()
    assert b"a secret" in journal.read_bytes()
    cleaned.set()
    assert await reading
    assert await connection.clean()
    assert journal.read_bytes() == b""
    assert [tuple(row) for row in await writer.execute_fetchall(patience)] == [(5000,)]
    await connection.update(INSERT, (2, "another"))
    assert await names(connection) == ["another"]
