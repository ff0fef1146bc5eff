"""Rows and values: what the shelves of the archive read and write in common."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from datetime import datetime

from generator.errors import NotFound
from generator.press.metadata import recipe_from_json, recipe_to_json
from generator.sentence import Sentence
from generator.story import Frame, Person, Recipe, Story, Storyboard, Take, TakeState, Verdict

TAKES = """
    SELECT takes.*, jobs.state, jobs.attempts, jobs.failure, jobs.seconds, contributors.name AS author_name
    FROM takes
    JOIN jobs ON jobs.take_id = takes.id
    JOIN contributors ON contributors.story_id = takes.story_id AND contributors.person_id = takes.author_id
"""

_FRAMES = """
    SELECT frames.*, contributors.name AS author_name
    FROM frames
    JOIN contributors ON contributors.story_id = frames.story_id AND contributors.person_id = frames.author_id
    WHERE frames.story_id = ? ORDER BY frames.position, frames.id
"""

_STORY = """
    SELECT stories.*, contributors.name AS author_name
    FROM stories
    JOIN contributors ON contributors.story_id = stories.id AND contributors.person_id = stories.author_id
    WHERE stories.id = ?
"""


def insert(sql: sqlite3.Connection, statement: str, values: tuple[object, ...]) -> int:
    """Insert a row; its number."""
    number = sql.execute(statement, values).lastrowid
    assert number is not None
    return number


def add_contributor(sql: sqlite3.Connection, story_id: int, person: Person) -> None:
    """Remember that a person has a part in a story, by the name they bear now."""
    sql.execute("INSERT OR REPLACE INTO contributors VALUES (?, ?, ?)", (story_id, person.id, person.name))


def add_story(
    sql: sqlite3.Connection,
    storyboard: Storyboard,
    author: Person,
    *,
    guild_id: int,
    channel_id: int,
    thread_id: int | None = None,
    place_id: int | None = None,
    first: int = 0,
) -> int:
    """Add a story with one queued take for each of its recipes, from position `first` on; its number."""
    story_id: int
    ((story_id,),) = sql.execute(
        "INSERT INTO stories (guild_id, channel_id, thread_id, place_id, author_id, subject, style)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            guild_id,
            channel_id,
            thread_id,
            channel_id if place_id is None else place_id,
            author.id,
            storyboard.subject,
            storyboard.style,
        ),
    )
    add_contributor(sql, story_id, author)
    scenes = list(enumerate(zip(storyboard.scenes, storyboard.recipes, strict=True), first))
    sql.executemany(
        "INSERT INTO frames (story_id, position, author_id) VALUES (?, ?, ?)",
        [(story_id, position, author.id) for position, _ in scenes],
    )
    sql.executemany(
        "INSERT INTO takes (story_id, frame_id, scene, author_id, seed, recipe)"
        " SELECT story_id, id, ?, author_id, ?, ? FROM frames WHERE story_id = ? AND position = ?",
        [
            (scene, recipe.seed, recipe_to_json(recipe), story_id, position)
            for position, (scene, recipe) in scenes
        ],
    )
    sql.execute("INSERT INTO jobs (take_id) SELECT id FROM takes WHERE story_id = ?", (story_id,))
    return story_id


def add_frame(sql: sqlite3.Connection, story_id: int, position: int, author: Person) -> int:
    """Add an empty frame at a position, by an author who is a contributor; its number."""
    return insert(
        sql,
        "INSERT INTO frames (story_id, position, author_id) VALUES (?, ?, ?)",
        (story_id, position, author.id),
    )


def add_take(
    sql: sqlite3.Connection,
    story_id: int,
    frame_id: int,
    scene: str,
    parent_id: int | None,
    author: Person,
    recipe: Recipe,
    chooses: bool = True,
) -> int:
    """Add a queued take to a frame, by an author who is a contributor; its number."""
    take_id = insert(
        sql,
        "INSERT INTO takes (story_id, frame_id, scene, parent_id, author_id, chooses, seed, recipe)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (story_id, frame_id, scene, parent_id, author.id, chooses, recipe.seed, recipe_to_json(recipe)),
    )
    sql.execute("INSERT INTO jobs (take_id) VALUES (?)", (take_id,))
    return take_id


def touch(sql: sqlite3.Connection, story_id: int) -> None:
    """A story has changed, and may owe somebody a message again."""
    sql.execute("UPDATE stories SET version = version + 1, settled = 0 WHERE id = ?", (story_id,))


def touch_of(sql: sqlite3.Connection, take_id: int) -> None:
    """`touch` the story of a take."""
    sql.execute(
        "UPDATE stories SET version = version + 1, settled = 0"
        " WHERE id = (SELECT story_id FROM takes WHERE id = ?)",
        (take_id,),
    )


def take_down(sql: sqlite3.Connection, story_id: int) -> None:
    """Something of a story may not be shown any more, so the messages that show it again go."""
    sql.execute(
        "INSERT INTO remains (kind, channel_id, message_id) SELECT 'message', channel_id, message_id"
        " FROM showings WHERE story_id = ?",
        (story_id,),
    )
    sql.execute("DELETE FROM showings WHERE story_id = ?", (story_id,))


def read_story(sql: sqlite3.Connection, story_id: int) -> Story:
    """A story with all its takes.

    Raises:
        NotFound: there is none with this number.
    """
    for row in sql.execute(_STORY, (story_id,)).fetchall():
        frames = [_frame(frame, takes) for frame, takes in _read_frames(sql, story_id)]
        return Story(
            id=row["id"],
            version=row["version"],
            guild_id=row["guild_id"],
            channel_id=row["channel_id"],
            place_id=row["channel_id"] if row["place_id"] is None else row["place_id"],
            thread_id=row["thread_id"],
            card_id=row["card_id"],
            strip_id=row["strip_id"],
            strip_posted=row["strip_posted"],
            author=Person(id=row["author_id"], name=row["author_name"]),
            subject=row["subject"],
            style=row["style"],
            created_at=datetime.fromisoformat(row["created_at"]),
            cancelled=bool(row["cancelled"]),
            growing=bool(row["growing"]),
            settled=bool(row["settled"]),
            frames=tuple(frame for frame in frames if frame.position is not None),
            taken_back=tuple(frame for frame in frames if frame.position is None),
        )
    raise NotFound("There is no story {number} here any more.", number=story_id)


def _read_frames(sql: sqlite3.Connection, story_id: int) -> list[tuple[sqlite3.Row, tuple[Take, ...]]]:
    """A story's frames in order, each with its takes."""
    takes: defaultdict[int, list[Take]] = defaultdict(list)
    query = f"{TAKES} WHERE takes.story_id = ? ORDER BY takes.id"
    for row in sql.execute(query, (story_id,)).fetchall():
        takes[row["frame_id"]].append(take_of(row))
    rows = sql.execute(_FRAMES, (story_id,)).fetchall()
    return [(row, tuple(takes[row["id"]])) for row in rows if takes[row["id"]]]


def read_take(sql: sqlite3.Connection, take_id: int) -> Take:
    """One take.

    Raises:
        NotFound: there is none with this number.
    """
    for row in sql.execute(f"{TAKES} WHERE takes.id = ?", (take_id,)).fetchall():
        return take_of(row)
    raise NotFound("There is no picture {number} here any more.", number=take_id)


def _frame(row: sqlite3.Row, takes: tuple[Take, ...]) -> Frame:
    return Frame(
        id=row["id"],
        position=row["position"],
        author=Person(id=row["author_id"], name=row["author_name"]),
        takes=takes,
        chosen_id=row["chosen_id"],
        shown_id=row["shown_id"],
        message_id=row["message_id"],
        posted=row["posted"],
    )


def take_of(row: sqlite3.Row) -> Take:
    """A row of `TAKES` as a value."""
    return Take(
        id=row["id"],
        story_id=row["story_id"],
        frame_id=row["frame_id"],
        scene=row["scene"],
        parent_id=row["parent_id"],
        author=Person(id=row["author_id"], name=row["author_name"]),
        recipe=recipe_from_json(row["recipe"]),
        state=TakeState(row["state"]),
        attempts=row["attempts"],
        failure=None if row["failure"] is None else Sentence.read(row["failure"]),
        path=row["path"],
        seconds=row["seconds"],
        verdict=None if row["verdict"] is None else Verdict(**json.loads(row["verdict"])),
        hidden=bool(row["hidden"]),
    )
