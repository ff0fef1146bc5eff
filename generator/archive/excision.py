"""Taking scenes out of a story that stays, with their pictures and words."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace

from generator.archive.rows import read_story, take_down, touch
from generator.method.windows import joined
from generator.press.metadata import recipe_from_json, recipe_to_json
from generator.redraft import place_of
from generator.story import GAP, Frame, Person, Recipe, Story, Take

NOBODY = Person(id=0, name="…")
"""Who is in the place of somebody who wanted to be forgotten."""

_CARRIED = """
    SELECT story_id, frame_id FROM takes
    WHERE origin_id IN (SELECT value FROM json_each(?1)) AND story_id = (
        SELECT min(story_id) FROM takes
        WHERE origin_id IN (SELECT value FROM json_each(?1)) AND story_id > ?2
    )
"""

_REMAINS_OF_TAKE = (
    "INSERT INTO remains (kind, path) SELECT 'file', path FROM takes WHERE id = ?1 AND path IS NOT NULL",
    (
        "INSERT INTO remains (kind, guild_id, channel_id, message_id)"
        " SELECT 'message', guild_id, channel_id, message_id FROM reports"
        " WHERE message_id IS NOT NULL AND take_id = ?1"
    ),
    "DELETE FROM reports WHERE take_id = ?1",
)


def carried_on(
    sql: sqlite3.Connection, story: Story, author_id: int | None = None
) -> list[tuple[Story, list[Frame]]]:
    """The later stories that took frames of a story along, also from each other, with these frames.

    Only those that one author wrote, if they are named.
    """
    frames = [frame for frame in (*story.frames, *story.taken_back) if author_id in (None, frame.author.id)]
    gone = {take.id for frame in frames for take in frame.takes}
    found: list[tuple[Story, list[Frame]]] = []
    later = story.id
    while rows := sql.execute(_CARRIED, (json.dumps(sorted(gone)), later)).fetchall():
        later = int(rows[0]["story_id"])
        copies = {int(row["frame_id"]) for row in rows}
        other = read_story(sql, later)
        along = [frame for frame in (*other.frames, *other.taken_back) if frame.id in copies]
        gone |= {take.id for frame in along for take in frame.takes}
        found.append((other, along))
    return found


def take_out(
    sql: sqlite3.Connection, story: Story, theirs: Sequence[Frame], remixes: Sequence[Take] = ()
) -> set[str]:
    """Take frames out of a story, and single takes of the others; what only these say is not said any more.

    These words, which recipes of later stories may hold too.
    """
    frames = (*story.frames, *story.taken_back)
    gone = [*remixes, *(take for frame in theirs for take in frame.takes)]
    stay = [take for frame in frames for take in frame.takes if take not in gone]
    # What somebody else has written too stays as theirs.
    words = _said(gone) - _said(stay)
    for take in gone:
        for statement in _REMAINS_OF_TAKE:
            sql.execute(statement, (take.id,))
    for take in remixes:
        sql.execute("DELETE FROM takes WHERE id = ?", (take.id,))
    for frame in theirs:
        _empty(sql, frame.id)
    _unsay(sql, stay, words)
    for position, frame in enumerate(each for each in story.frames if each not in theirs):
        sql.execute("UPDATE frames SET position = ? WHERE id = ?", (position, frame.id))
    take_down(sql, story.id)
    touch(sql, story.id)
    return words


def unsay(sql: sqlite3.Connection, story: Story, words: set[str]) -> None:
    """Take words of another story out of what came along from there, also of frames that did not come."""
    takes = [take for frame in (*story.frames, *story.taken_back) for take in frame.takes]
    _unsay(sql, takes, words - _said(takes))


def _unsay(sql: sqlite3.Connection, takes: Iterable[Take], words: set[str]) -> None:
    """Take words for other scenes out of recipes, and out of the files of their pictures."""
    for take in takes:
        if words & {*take.recipe.suppress}:
            recipe = _without(take.recipe, words)
            sql.execute("UPDATE takes SET recipe = ? WHERE id = ?", (recipe_to_json(recipe), take.id))
            sql.execute(
                "INSERT INTO remains (kind, path) SELECT 'words', path FROM takes"
                " WHERE id = ? AND path IS NOT NULL",
                (take.id,),
            )


def _empty(sql: sqlite3.Connection, frame_id: int) -> None:
    """Take a scene out of its story, with its pictures and words; whoever shows it takes its message away."""
    sql.execute("UPDATE frames SET position = NULL WHERE id = ?", (frame_id,))
    sql.execute(
        "UPDATE jobs SET state = 'cancelled' WHERE state IN ('queued', 'drawing')"
        " AND take_id IN (SELECT id FROM takes WHERE frame_id = ?)",
        (frame_id,),
    )
    rows = sql.execute("SELECT id, recipe FROM takes WHERE frame_id = ?", (frame_id,)).fetchall()
    for take_id, text in rows:
        recipe = replace(recipe_from_json(text), prompt=GAP, express=GAP, suppress=())
        sql.execute(
            "UPDATE takes SET scene = ?, path = NULL, recipe = ? WHERE id = ?",
            (GAP, recipe_to_json(recipe), take_id),
        )


def remixes_of(frame: Frame, person_id: int) -> list[Take]:
    """The takes of another's frame for which a member wrote other words, whoever had them drawn again."""
    first, *others = frame.takes
    own = {take.scene for take in others if take.author.id == person_id} - {first.scene}
    return [take for take in others if take.scene in own]


def _said(takes: Iterable[Take]) -> set[str]:
    """All words for scenes, as they were written and as the recipes have them."""
    return {text for take in takes for text in (take.scene, take.recipe.express)}


def _without(recipe: Recipe, words: set[str]) -> Recipe:
    """A recipe in which other scenes than its own are not said any more."""
    place = place_of(recipe)
    suppress = tuple(GAP if scene in words else scene for scene in recipe.suppress)
    prompt = joined(recipe.subject, [*suppress[:place], recipe.express, *suppress[place:]])
    return replace(recipe, suppress=suppress, prompt=prompt)
