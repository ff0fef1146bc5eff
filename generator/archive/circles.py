"""Stories told together: where their rules stand, and the messages that only they have."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from generator.archive.circle_rows import Common, read_circle, read_common, write_circle
from generator.archive.connection import NOW, Admit, Shelf, anything, reads, writes
from generator.archive.hearing import hear
from generator.archive.rows import (
    add_contributor,
    add_frame,
    add_story,
    add_take,
    read_story,
    read_take,
    touch,
)
from generator.errors import NotFound
from generator.press.metadata import recipe_to_json
from generator.story import Frame, Person, Story, Storyboard, Take
from generator.together.circle import Circle, Proposal, Step
from generator.together.growing import all_recipes, next_recipe

Check = Callable[[Circle, Story], None]
"""Raises what forbids it. Like all that is asked within a transaction, it only looks at what it is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """The messages of a story told together, besides those that every story has."""

    prompt_id: int | None  #: the one with the buttons, at the end of the thread
    prompt_posted: str | None  #: what it shows
    prompts: int  #: how many there have been
    prelude_id: int | None  #: shows the frames that came from an earlier story
    prelude_posted: str | None  #: what it shows
    carried_id: int | None  #: the last of these frames
    continues_id: int | None  #: that story


class Circles(Shelf):
    """A shelf of the archive."""

    # -- writing ----------------------------------------------------------------------------------------

    @writes
    def add(
        self,
        sql: sqlite3.Connection,
        board: Storyboard,
        common: Common,
        circle: Circle,
        *,
        guild_id: int,
        channel_id: int,
        carried: Sequence[tuple[Frame, Path]] = (),
        continues_id: int | None = None,
        admit: Admit = anything,
    ) -> Story:
        """Keep a new story, whose number its circle gets.

        `carried` are frames of an earlier story, each with a copy of its picture's file; they come first.
        """
        admit(sql)
        story_id = add_story(
            sql, board, circle.owner, guild_id=guild_id, channel_id=channel_id, first=len(carried)
        )
        carried_id = None
        for position, (frame, path) in enumerate(carried):
            carried_id = _carry(sql, story_id, position, frame, path)
        sql.execute(
            "INSERT INTO circles (story_id, mode, phase, minutes, recipe, window_length, continues_id,"
            " carried_id, heard_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            (
                story_id,
                circle.mode,
                circle.phase,
                circle.minutes,
                recipe_to_json(common.recipe),
                common.window_length,
                continues_id,
                carried_id,
            ),
        )
        write_circle(sql, replace(circle, story_id=story_id))
        return read_story(sql, story_id)

    @writes
    def change(
        self,
        sql: sqlite3.Connection,
        story_id: int,
        act: Callable[[Circle, Story], Step],
        message_id: int | None = None,
        admit: Admit = anything,
    ) -> tuple[Circle, Take | None]:
        """Replace a circle by what `act` makes of it, and add the scene that became part of the story.

        The circle as it is then, and the new frame's queued take. If a message in its thread led to it, that
        is known from then on, and owed a receipt. Whatever `act` raises is raised; then nothing is changed.
        It is asked on the database's thread, so it only looks at what it is given, and is quick.

        Raises:
            NotFound: there is no such circle.
            PromptTooLong: the scene does not fit into CLIP's context together with the subject.
        """
        admit(sql)
        before, story = read_circle(sql, story_id), read_story(sql, story_id)
        after, scene = act(before, story)
        take = None if scene is None else _add_scene(sql, story, scene)
        if after != before:
            write_circle(sql, after)
        if after != before or take is not None:
            touch(sql, story_id)
        if message_id is not None:
            hear(sql, story_id, message_id, receipt_id=message_id)
        return after, take

    @writes
    def take_back(
        self, sql: sqlite3.Connection, story_id: int, act: Callable[[Circle, Frame], Circle]
    ) -> tuple[Frame, list[int]]:
        """Take the last scene out of the story; its frame, and its takes that need not be drawn any more.

        The circle is replaced by what `act` makes of it, which raises what forbids that.

        Raises:
            NotFound: there is no such circle, or no scene in it.
        """
        circle, story = read_circle(sql, story_id), read_story(sql, story_id)
        if not story.frames:
            raise NotFound("There is no scene to take back yet.")
        frame = story.frames[-1]
        after = act(circle, frame)
        if after != circle:
            write_circle(sql, after)
        sql.execute("UPDATE frames SET position = NULL WHERE id = ?", (frame.id,))
        rows = sql.execute(
            f"UPDATE jobs SET state = 'cancelled', finished_at = {NOW}"  # noqa: S608
            " WHERE state IN ('queued', 'drawing')"
            " AND take_id IN (SELECT id FROM takes WHERE frame_id = ?) RETURNING take_id",
            (frame.id,),
        ).fetchall()
        touch(sql, story_id)
        return frame, sorted(int(take_id) for (take_id,) in rows)

    @writes
    def move(self, sql: sqlite3.Connection, story_id: int, frame_id: int, by: int, check: Check) -> None:
        """Let a frame change places with the one before (-1) or after (+1) it, where there is one.

        Raises:
            NotFound: there is no such circle, or no such scene in it.
        """
        circle, story = read_circle(sql, story_id), read_story(sql, story_id)
        check(circle, story)
        ids = [frame.id for frame in story.frames]
        if frame_id not in ids:
            raise NotFound("This scene is not part of the story any more; please choose another one.")
        place = ids.index(frame_id)
        other = min(max(place + by, 0), len(ids) - 1)
        if other == place:
            return
        # By way of no place at all, since no two frames may have the same.
        sql.execute("UPDATE frames SET position = NULL WHERE id = ?", (frame_id,))
        sql.execute("UPDATE frames SET position = ? WHERE id = ?", (place, ids[other]))
        sql.execute("UPDATE frames SET position = ? WHERE id = ?", (other, frame_id))
        touch(sql, story_id)

    @writes
    def retell(
        self, sql: sqlite3.Connection, story_id: int, author: Person, check: Check, admit: Admit = anything
    ) -> list[Take]:
        """Keep another take of every frame, queued, as if the whole text had been asked for at once.

        Raises:
            NotFound: there is no such circle.
        """
        admit(sql)
        circle, story = read_circle(sql, story_id), read_story(sql, story_id)
        check(circle, story)
        common = read_common(sql, story_id)
        add_contributor(sql, story_id, author)
        takes = []
        recipes = all_recipes(common.recipe, _expressed(story), common.window_length)
        for frame, recipe in zip(story.frames, recipes, strict=True):
            parent = frame.chosen
            take_id = add_take(sql, story_id, frame.id, parent.scene, parent.id, author, recipe)
            takes.append(read_take(sql, take_id))
        touch(sql, story_id)
        return takes

    async def set_prompt(self, story_id: int, message_id: int | None, posted: str | None = None) -> None:
        """Remember the message with the buttons, and what it shows; each one that is posted is counted."""
        await self._connection.update(
            "UPDATE circles SET prompts = prompts + (?2 IS NOT NULL AND prompt_id IS NOT ?2), prompt_id = ?2,"
            " prompt_posted = ?3 WHERE story_id = ?1",
            (story_id, message_id, posted),
        )

    async def set_prelude(self, story_id: int, message_id: int, posted: str | None = None) -> None:
        """Remember the message that shows the frames of an earlier story, and what it shows."""
        await self._connection.update(
            "UPDATE circles SET prelude_id = ?, prelude_posted = ? WHERE story_id = ?",
            (message_id, posted, story_id),
        )

    @writes
    def abandon(self, sql: sqlite3.Connection, story_id: int) -> None:
        """Its place is gone: nothing is waited for any more, as whatever still shows it is to say."""
        sql.execute(
            "UPDATE circles SET phase = 'closed', deadline = NULL, turn_id = NULL WHERE story_id = ?",
            (story_id,),
        )
        sql.execute("UPDATE stories SET growing = 0 WHERE id = ?", (story_id,))
        touch(sql, story_id)

    # -- reading ----------------------------------------------------------------------------------------

    @reads
    def circle(self, sql: sqlite3.Connection, story_id: int) -> Circle:
        """Where a story told together stands.

        Raises:
            NotFound: there is no such story, or it is told by one person.
        """
        return read_circle(sql, story_id)

    @reads
    def posted(self, sql: sqlite3.Connection, story_id: int) -> tuple[Circle, Posts] | None:
        """A circle and its messages; None for a story that is told by one person."""
        for row in sql.execute("SELECT * FROM circles WHERE story_id = ?", (story_id,)).fetchall():
            names = Posts.__dataclass_fields__
            return read_circle(sql, story_id), Posts(**{name: row[name] for name in names})
        return None

    @reads
    def common(self, sql: sqlite3.Connection, story_id: int) -> Common:
        """What all its frames share.

        Raises:
            NotFound: there is no such circle.
        """
        return read_common(sql, story_id)

    async def in_thread(self, thread_id: int) -> int | None:
        """The story that is told together in a thread."""
        rows = await self._connection.fetch(
            "SELECT story_id FROM stories JOIN circles ON story_id = id WHERE thread_id = ?"
            " ORDER BY story_id DESC LIMIT 1",
            (thread_id,),
        )
        return next((int(row["story_id"]) for row in rows), None)

    async def deadlines(self) -> list[tuple[datetime, int]]:
        """When something is over in which story, the earliest first."""
        rows = await self._connection.fetch(
            "SELECT deadline, story_id FROM circles JOIN stories ON id = story_id"
            " WHERE deadline IS NOT NULL AND NOT cancelled ORDER BY deadline"
        )
        return [(datetime.fromisoformat(row["deadline"]), int(row["story_id"])) for row in rows]


def _expressed(story: Story) -> list[str]:
    """Its scenes as the recipes have them."""
    return [frame.chosen.recipe.express for frame in story.frames]


def _add_scene(sql: sqlite3.Connection, story: Story, scene: Proposal) -> Take:
    common = read_common(sql, story.id)
    recipe = next_recipe(common.recipe, _expressed(story), scene.express, common.window_length)
    add_contributor(sql, story.id, scene.author)
    frame_id = add_frame(sql, story.id, len(story.frames), scene.author)
    take_id = add_take(sql, story.id, frame_id, scene.scene, None, scene.author, recipe)
    return read_take(sql, take_id)


def _writer(frame: Frame) -> Person:
    """Who wrote the words of a frame as it is now; others may have had it drawn again since."""
    first = next(take for take in frame.takes if take.scene == frame.chosen.scene)
    return frame.author if first is frame.takes[0] else first.author


def _carry(sql: sqlite3.Connection, story_id: int, position: int, frame: Frame, path: Path) -> int:
    """A frame of another story becomes one of this, drawn already; its number.

    It is by whoever wrote what it says: the words that it had before do not come along, and are forgotten
    with whoever wrote them.
    """
    old, writer = frame.chosen, _writer(frame)
    for person in (writer, old.author):
        add_contributor(sql, story_id, person)
    frame_id = add_frame(sql, story_id, position, writer)
    take_id = add_take(sql, story_id, frame_id, old.scene, old.id, old.author, old.recipe)
    sql.execute(
        # What may be seen of the picture is what might be seen of it there.
        "UPDATE takes SET path = ?, (verdict, hidden, origin_id) ="
        " (SELECT verdict, hidden, coalesce(origin_id, id) FROM takes WHERE id = ?) WHERE id = ?",
        (path.as_posix(), old.id, take_id),
    )
    # First given up, so that it does not count as work that was asked of a device.
    for state in ("cancelled", "drawn"):
        sql.execute("UPDATE jobs SET state = ? WHERE take_id = ?", (state, take_id))
    return frame_id
