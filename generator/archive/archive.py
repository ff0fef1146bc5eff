"""The archive: one SQLite file, one writer, whole transactions.

Every write is done as a whole or not at all, and is on disk when its method returns. Values go in and come
out frozen; rows do not leave this room.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from generator.archive.characters import Characters
from generator.archive.circles import Circles
from generator.archive.connection import NOW, Admit, Connection, Shelf, anything, reads, writes
from generator.archive.gallery import Gallery
from generator.archive.hearing import Hearing
from generator.archive.moderation import Moderation
from generator.archive.oblivion import Oblivion
from generator.archive.rows import (
    TAKES,
    add_contributor,
    add_story,
    add_take,
    read_story,
    read_take,
    take_of,
    touch,
    touch_of,
)
from generator.archive.servers import Servers
from generator.archive.titles import Titles
from generator.archive.work import Work
from generator.errors import NotFound
from generator.press.metadata import recipe_from_json
from generator.sentence import Sentence
from generator.story import Person, Picture, Recipe, Script, Story, Storyboard, Take


class Archive(Shelf):
    """All stories ever told here. Opened with `database.open_archive`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.servers = Servers(connection)
        self.circles = Circles(connection)
        self.hearing = Hearing(connection)
        self.characters = Characters(connection)
        self.titles = Titles(connection)
        self.work = Work(connection)
        self.moderation = Moderation(connection)
        self.gallery = Gallery(connection)
        self.oblivion = Oblivion(connection)

    # -- writing ----------------------------------------------------------------------------------------

    @writes
    def add_story(
        self,
        sql: sqlite3.Connection,
        storyboard: Storyboard,
        author: Person,
        *,
        guild_id: int,
        channel_id: int,
        thread_id: int | None = None,
        place_id: int | None = None,
        admit: Admit = anything,
    ) -> Story:
        """Keep a story with one queued take for each of its recipes."""
        admit(sql)
        story_id = add_story(
            sql,
            storyboard,
            author,
            guild_id=guild_id,
            channel_id=channel_id,
            thread_id=thread_id,
            place_id=place_id,
        )
        return read_story(sql, story_id)

    @writes
    def add_take(
        self,
        sql: sqlite3.Connection,
        parent: Take,
        recipe: Recipe,
        author: Person,
        *,
        scene: str | None = None,
        chooses: bool = True,
        admit: Admit = anything,
    ) -> Take:
        """Keep another take of the parent's frame, queued; with other words for its `scene`, if given.

        One that `chooses` stands for its frame as soon as it is drawn.
        """
        admit(sql)
        add_contributor(sql, parent.story_id, author)
        words = parent.scene if scene is None else scene
        take_id = add_take(sql, parent.story_id, parent.frame_id, words, parent.id, author, recipe, chooses)
        touch(sql, parent.story_id)
        return read_take(sql, take_id)

    @writes
    def add_takes(
        self,
        sql: sqlite3.Connection,
        wanted: Sequence[tuple[Take, Recipe]],
        author: Person,
        admit: Admit = anything,
    ) -> list[Take]:
        """Keep another take for each parent, of one story, queued; all of them or none."""
        admit(sql)
        takes = []
        for parent, recipe in wanted:
            add_contributor(sql, parent.story_id, author)
            take_id = add_take(sql, parent.story_id, parent.frame_id, parent.scene, parent.id, author, recipe)
            takes.append(read_take(sql, take_id))
            touch(sql, parent.story_id)
        return takes

    async def turn(self, take_id: int) -> int:
        """Turn a frame's message to one of its drawn takes; the story's number.

        Raises:
            NotFound: there is no such picture.
        """
        return await self._point("shown_id = ?1", take_id)

    async def choose(self, take_id: int) -> int:
        """Let a drawn take stand for its frame; the story's number.

        Raises:
            NotFound: there is no such picture.
        """
        return await self._point("chosen_id = ?1, shown_id = ?1", take_id)

    @writes
    def _point(self, sql: sqlite3.Connection, assignments: str, take_id: int) -> int:
        rows = sql.execute(
            f"UPDATE frames SET {assignments} WHERE id ="
            " (SELECT frame_id FROM takes WHERE id = ?1 AND path IS NOT NULL) RETURNING story_id",
            (take_id,),
        ).fetchall()
        for (story_id,) in rows:
            touch(sql, story_id)
            return int(story_id)
        raise NotFound("There is no picture {number} here any more.", number=take_id)

    async def start(self, take_id: int, device: str) -> bool:
        """Mark a queued take as being drawn; False if it is no longer wanted."""
        return await self._connection.update(
            f"UPDATE jobs SET state = 'drawing', device = ?, started_at = {NOW}"
            " WHERE take_id = ? AND state = 'queued'",
            (device, take_id),
        )

    @writes
    def lose(self, sql: sqlite3.Connection, take_id: int) -> int:
        """Count that a device died on a take, and queue it again; how often that has happened."""
        rows = sql.execute(
            "UPDATE jobs SET state = 'queued', attempts = attempts + 1"
            " WHERE take_id = ? AND state = 'drawing' RETURNING attempts",
            (take_id,),
        ).fetchall()
        return next((int(attempts) for (attempts,) in rows), 0)

    @writes
    def finish(self, sql: sqlite3.Connection, take_id: int, path: Path, picture: Picture) -> bool:
        """Record a drawn take, whose file is complete; False if it was cancelled meanwhile."""
        done = sql.execute(
            "UPDATE jobs SET state = 'drawn', seconds = ?, engine = ?,"
            f" finished_at = {NOW} WHERE take_id = ? AND state = 'drawing'",
            (picture.seconds, json.dumps(asdict(picture.engine)), take_id),
        )
        if done.rowcount:
            verdict = None if picture.verdict is None else json.dumps(asdict(picture.verdict))
            sql.execute(
                "UPDATE takes SET path = ?, verdict = ? WHERE id = ?", (path.as_posix(), verdict, take_id)
            )
            sql.execute(
                "UPDATE frames SET shown_id = takes.id, chosen_id = iif(chooses, takes.id, chosen_id)"
                " FROM takes WHERE frames.id = frame_id AND takes.id = ?",
                (take_id,),
            )
            touch_of(sql, take_id)
        return bool(done.rowcount)

    @writes
    def fail(self, sql: sqlite3.Connection, take_id: int, failure: Sentence) -> bool:
        """Give a take up, with a sentence for its author."""
        given_up = sql.execute(
            "UPDATE jobs SET state = 'failed', failure = ?,"
            f" finished_at = {NOW}"
            " WHERE take_id = ? AND state IN ('queued', 'drawing')",
            (failure.kept(), take_id),
        )
        touch_of(sql, take_id)
        return bool(given_up.rowcount)

    @writes
    def cancel(self, sql: sqlite3.Connection, story_id: int) -> list[int]:
        """Give up all takes of a story that are not drawn yet; their ids."""
        sql.execute(
            # One that grows is not over: only its pictures are stopped.
            "UPDATE stories SET cancelled = 1 WHERE id = ? AND NOT growing"
            " AND EXISTS (SELECT 1 FROM takes JOIN jobs"
            " ON take_id = takes.id WHERE story_id = stories.id AND parent_id IS NULL"
            " AND state IN ('queued', 'drawing'))",
            (story_id,),
        )
        rows = sql.execute(
            f"UPDATE jobs SET state = 'cancelled', finished_at = {NOW}"
            " WHERE state IN ('queued', 'drawing')"
            " AND take_id IN (SELECT id FROM takes WHERE story_id = ?) RETURNING take_id",
            (story_id,),
        ).fetchall()
        if rows:
            touch(sql, story_id)
        return sorted(int(take_id) for (take_id,) in rows)

    @writes
    def requeue(self, sql: sqlite3.Connection) -> list[Take]:
        """Queue again what a stopped process left half drawn; every take that waits, oldest first."""
        sql.execute("UPDATE jobs SET state = 'queued' WHERE state IN ('queued', 'drawing')")
        rows = sql.execute(f"{TAKES} WHERE jobs.state IN ('queued', 'drawing') ORDER BY takes.id").fetchall()
        return [take_of(row) for row in rows]

    async def set_thread(self, story_id: int, thread_id: int) -> None:
        """Remember where a story's frames go."""
        await self._connection.update("UPDATE stories SET thread_id = ? WHERE id = ?", (thread_id, story_id))

    async def set_card(self, story_id: int, message_id: int) -> None:
        """Remember the message that follows a story's progress."""
        await self._connection.update("UPDATE stories SET card_id = ? WHERE id = ?", (message_id, story_id))

    async def set_strip(self, story_id: int, message_id: int | None, posted: str | None = None) -> None:
        """Remember the message that shows a story's frames side by side, and what it shows."""
        await self._connection.update(
            "UPDATE stories SET strip_id = ?, strip_posted = ? WHERE id = ?", (message_id, posted, story_id)
        )

    async def set_message(self, frame_id: int, message_id: int | None, posted: str | None = None) -> None:
        """Remember the message that shows a frame, and what it shows."""
        await self._connection.update(
            "UPDATE frames SET message_id = ?, posted = ? WHERE id = ?", (message_id, posted, frame_id)
        )

    async def settle(self, story: Story) -> bool:
        """Note that a story owes no more messages; False if it has changed since it was read."""
        return await self._connection.update(
            "UPDATE stories SET settled = 1 WHERE id = ? AND version = ?", (story.id, story.version)
        )

    async def abandon(self, story_id: int) -> None:
        """Note that a story's place is gone, and that nothing more of it can be shown."""
        await self._connection.update("UPDATE stories SET settled = 1 WHERE id = ?", (story_id,))

    async def set_note(self, name: str, value: str) -> None:
        """Remember a small thing between two starts."""
        await self._connection.update("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    # -- reading ----------------------------------------------------------------------------------------

    @reads
    def story(self, sql: sqlite3.Connection, story_id: int) -> Story:
        """A story with all its takes.

        Raises:
            NotFound: there is none with this number.
        """
        return read_story(sql, story_id)

    @reads
    def take(self, sql: sqlite3.Connection, take_id: int) -> Take:
        """One take.

        Raises:
            NotFound: there is none with this number.
        """
        return read_take(sql, take_id)

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
