"""The archive: one SQLite file, one writer, whole transactions.

Every write is one ``BEGIN IMMEDIATE`` transaction and is on disk when its method returns. Values go in and
come out frozen; rows do not leave this file.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import aiosqlite

from generator.archive.connection import NOW, Connection, insert
from generator.archive.servers import Servers
from generator.errors import NotFound
from generator.press.metadata import recipe_from_json, recipe_to_json
from generator.sentence import Sentence
from generator.story import Person, Picture, Recipe, Script, Story, Storyboard, Take, TakeState

_TAKES = """
    SELECT takes.*, jobs.state, jobs.attempts, jobs.failure, jobs.seconds, frames.scene,
           contributors.name AS author_name
    FROM takes
    JOIN jobs ON jobs.take_id = takes.id
    JOIN frames ON frames.story_id = takes.story_id AND frames.position = takes.frame
    JOIN contributors ON contributors.story_id = takes.story_id AND contributors.person_id = takes.author_id
"""

_STORY = """
    SELECT stories.*, contributors.name AS author_name
    FROM stories
    JOIN contributors ON contributors.story_id = stories.id AND contributors.person_id = stories.author_id
    WHERE stories.id = ?
"""


class Archive:
    """All stories ever told here. Opened with `database.open_archive`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.servers = Servers(connection)

    # -- writing ----------------------------------------------------------------------------------------

    async def add_story(
        self,
        storyboard: Storyboard,
        author: Person,
        *,
        guild_id: int,
        channel_id: int,
        thread_id: int | None = None,
    ) -> Story:
        """Keep a story with one queued take for each of its recipes."""
        async with self._connection.transaction() as sql:
            story_id = await insert(
                sql,
                "INSERT INTO stories (guild_id, channel_id, thread_id, author_id, subject, style)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (guild_id, channel_id, thread_id, author.id, storyboard.subject, storyboard.style),
            )
            await _add_contributor(sql, story_id, author)
            for position, (scene, recipe) in enumerate(
                zip(storyboard.scenes, storyboard.recipes, strict=True)
            ):
                await sql.execute(
                    "INSERT INTO frames VALUES (?, ?, ?, ?)", (story_id, position, scene, author.id)
                )
                await _add_take(sql, story_id, position, None, author, recipe)
            return await _read_story(sql, story_id)

    async def add_take(self, parent: Take, recipe: Recipe, author: Person) -> Take:
        """Keep another take of the parent's frame, queued."""
        async with self._connection.transaction() as sql:
            await _add_contributor(sql, parent.story_id, author)
            take_id = await _add_take(sql, parent.story_id, parent.frame, parent.id, author, recipe)
            await sql.execute("UPDATE stories SET settled = 0 WHERE id = ?", (parent.story_id,))
            return await _read_take(sql, take_id)

    async def start(self, take_id: int, device: str) -> bool:
        """Mark a queued take as being drawn; False if it is no longer wanted."""
        return await self._connection.update(
            f"UPDATE jobs SET state = 'drawing', device = ?, started_at = {NOW}"
            " WHERE take_id = ? AND state = 'queued'",
            (device, take_id),
        )

    async def lose(self, take_id: int) -> int:
        """Count that a device died on a take, and queue it again; how often that has happened."""
        async with self._connection.transaction() as sql:
            rows = await sql.execute_fetchall(
                "UPDATE jobs SET state = 'queued', attempts = attempts + 1"
                " WHERE take_id = ? AND state = 'drawing' RETURNING attempts",
                (take_id,),
            )
            return next((int(attempts) for (attempts,) in rows), 0)

    async def finish(self, take_id: int, path: Path, picture: Picture) -> bool:
        """Record a drawn take, whose file is complete; False if it was cancelled meanwhile."""
        async with self._connection.transaction() as sql:
            done = await sql.execute(
                "UPDATE jobs SET state = 'drawn', seconds = ?, engine = ?,"
                f" finished_at = {NOW} WHERE take_id = ? AND state = 'drawing'",
                (picture.seconds, json.dumps(asdict(picture.engine)), take_id),
            )
            if done.rowcount:
                await sql.execute("UPDATE takes SET path = ? WHERE id = ?", (path.as_posix(), take_id))
            return bool(done.rowcount)

    async def fail(self, take_id: int, failure: Sentence) -> bool:
        """Give a take up, with a sentence for its author."""
        return await self._connection.update(
            "UPDATE jobs SET state = 'failed', failure = ?,"
            f" finished_at = {NOW}"
            " WHERE take_id = ? AND state IN ('queued', 'drawing')",
            (failure.kept(), take_id),
        )

    async def cancel(self, story_id: int) -> list[int]:
        """Give up all takes of a story that are not drawn yet; their ids."""
        async with self._connection.transaction() as sql:
            await sql.execute(
                "UPDATE stories SET cancelled = 1 WHERE id = ? AND EXISTS (SELECT 1 FROM takes JOIN jobs"
                " ON take_id = takes.id WHERE story_id = stories.id AND parent_id IS NULL"
                " AND state IN ('queued', 'drawing'))",
                (story_id,),
            )
            rows = await sql.execute_fetchall(
                f"UPDATE jobs SET state = 'cancelled', finished_at = {NOW}"
                " WHERE state IN ('queued', 'drawing')"
                " AND take_id IN (SELECT id FROM takes WHERE story_id = ?) RETURNING take_id",
                (story_id,),
            )
            return sorted(int(take_id) for (take_id,) in rows)

    async def requeue(self) -> list[Take]:
        """Queue again what a stopped process left half drawn; every take that waits, oldest first."""
        async with self._connection.transaction() as sql:
            await sql.execute("UPDATE jobs SET state = 'queued' WHERE state IN ('queued', 'drawing')")
            rows = await sql.execute_fetchall(
                f"{_TAKES} WHERE jobs.state IN ('queued', 'drawing') ORDER BY takes.id"
            )
            return [_take(row) for row in rows]

    async def set_thread(self, story_id: int, thread_id: int) -> None:
        """Remember where a story's frames go."""
        await self._connection.update("UPDATE stories SET thread_id = ? WHERE id = ?", (thread_id, story_id))

    async def set_card(self, story_id: int, message_id: int) -> None:
        """Remember the message that follows a story's progress."""
        await self._connection.update("UPDATE stories SET card_id = ? WHERE id = ?", (message_id, story_id))

    async def set_strip(self, story_id: int, message_id: int) -> None:
        """Remember the message that shows a story's frames side by side."""
        await self._connection.update("UPDATE stories SET strip_id = ? WHERE id = ?", (message_id, story_id))

    async def set_message(self, take_id: int, message_id: int) -> None:
        """Remember the message that shows a take."""
        await self._connection.update("UPDATE takes SET message_id = ? WHERE id = ?", (message_id, take_id))

    async def settle(self, story_id: int) -> bool:
        """Note that a story owes no more messages; False if there is still something to draw or to show."""
        return await self._connection.update(
            "UPDATE stories SET settled = 1 WHERE id = ? AND NOT EXISTS (SELECT 1 FROM takes JOIN jobs"
            " ON take_id = takes.id WHERE story_id = stories.id AND (state IN ('queued', 'drawing')"
            " OR (state != 'cancelled' AND message_id IS NULL)))",
            (story_id,),
        )

    async def abandon(self, story_id: int) -> None:
        """Note that a story's place is gone, and that nothing more of it can be shown."""
        await self._connection.update("UPDATE stories SET settled = 1 WHERE id = ?", (story_id,))

    async def set_note(self, name: str, value: str) -> None:
        """Remember a small thing between two starts."""
        await self._connection.update("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    # -- reading ----------------------------------------------------------------------------------------

    async def story(self, story_id: int) -> Story:
        """A story with all its takes.

        Raises:
            NotFound: there is none with this number.
        """
        async with self._connection.reading() as sql:
            return await _read_story(sql, story_id)

    async def take(self, take_id: int) -> Take:
        """One take.

        Raises:
            NotFound: there is none with this number.
        """
        async with self._connection.reading() as sql:
            return await _read_take(sql, take_id)

    async def latest_telling(self, script: Script) -> Story | None:
        """The newest story with this subject and these scenes."""
        rows = await self._connection.fetch(
            "SELECT id FROM stories WHERE subject = ? ORDER BY id DESC", (script.subject,)
        )
        for row in rows:
            story = await self.story(row["id"])
            if story.scenes == script.scenes:
                return story
        return None

    async def unsettled(self) -> list[int]:
        """The stories that still owe somebody a message, oldest first."""
        rows = await self._connection.fetch("SELECT id FROM stories WHERE NOT settled ORDER BY id")
        return [int(row["id"]) for row in rows]

    async def unsettled_in(self, thread_id: int) -> list[int]:
        """The stories that still owe a message to this thread."""
        rows = await self._connection.fetch(
            "SELECT id FROM stories WHERE NOT settled AND thread_id = ?", (thread_id,)
        )
        return [int(row["id"]) for row in rows]

    async def recent_work(self, limit: int) -> list[tuple[Recipe, float]]:
        """The last drawn takes' recipes and seconds, oldest first."""
        rows = await self._connection.fetch(
            "SELECT recipe, seconds FROM jobs JOIN takes ON takes.id = take_id"
            " WHERE state = 'drawn' ORDER BY take_id DESC LIMIT ?",
            (limit,),
        )
        return [(recipe_from_json(row["recipe"]), float(row["seconds"])) for row in reversed(list(rows))]

    async def note(self, name: str) -> str | None:
        """What `set_note` remembered."""
        rows = await self._connection.fetch("SELECT value FROM notes WHERE name = ?", (name,))
        return next((str(row["value"]) for row in rows), None)


async def _add_contributor(sql: aiosqlite.Connection, story_id: int, person: Person) -> None:
    await sql.execute(
        "INSERT OR REPLACE INTO contributors VALUES (?, ?, ?)", (story_id, person.id, person.name)
    )


async def _add_take(
    sql: aiosqlite.Connection,
    story_id: int,
    frame: int,
    parent_id: int | None,
    author: Person,
    recipe: Recipe,
) -> int:
    take_id = await insert(
        sql,
        "INSERT INTO takes (story_id, frame, parent_id, author_id, seed, recipe) VALUES (?, ?, ?, ?, ?, ?)",
        (story_id, frame, parent_id, author.id, recipe.seed, recipe_to_json(recipe)),
    )
    await sql.execute("INSERT INTO jobs (take_id) VALUES (?)", (take_id,))
    return take_id


async def _read_story(sql: aiosqlite.Connection, story_id: int) -> Story:
    for row in await sql.execute_fetchall(_STORY, (story_id,)):
        scenes = await sql.execute_fetchall(
            "SELECT scene FROM frames WHERE story_id = ? ORDER BY position", (story_id,)
        )
        takes = await sql.execute_fetchall(
            f"{_TAKES} WHERE takes.story_id = ? ORDER BY takes.id", (story_id,)
        )
        return Story(
            id=row["id"],
            guild_id=row["guild_id"],
            channel_id=row["channel_id"],
            thread_id=row["thread_id"],
            card_id=row["card_id"],
            strip_id=row["strip_id"],
            author=Person(id=row["author_id"], name=row["author_name"]),
            subject=row["subject"],
            style=row["style"],
            scenes=tuple(scene["scene"] for scene in scenes),
            created_at=datetime.fromisoformat(row["created_at"]),
            cancelled=bool(row["cancelled"]),
            takes=tuple(_take(take) for take in takes),
        )
    raise NotFound("There is no story {number} here any more.", number=story_id)


async def _read_take(sql: aiosqlite.Connection, take_id: int) -> Take:
    for row in await sql.execute_fetchall(f"{_TAKES} WHERE takes.id = ?", (take_id,)):
        return _take(row)
    raise NotFound("There is no picture {number} here any more.", number=take_id)


def _take(row: sqlite3.Row) -> Take:
    return Take(
        id=row["id"],
        story_id=row["story_id"],
        frame=row["frame"],
        scene=row["scene"],
        parent_id=row["parent_id"],
        author=Person(id=row["author_id"], name=row["author_name"]),
        recipe=recipe_from_json(row["recipe"]),
        state=TakeState(row["state"]),
        attempts=row["attempts"],
        failure=None if row["failure"] is None else Sentence.read(row["failure"]),
        path=row["path"],
        seconds=row["seconds"],
        message_id=row["message_id"],
    )
