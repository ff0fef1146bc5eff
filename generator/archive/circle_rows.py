"""Where a story told together stands, from rows and into them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from generator.archive.rows import add_contributor
from generator.errors import NotFound
from generator.press.metadata import recipe_from_json
from generator.sentence import Sentence
from generator.story import Person, Recipe
from generator.together.circle import Circle, Mode, Phase, Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What all frames of a story told together share."""

    recipe: Recipe  #: without a scene
    window_length: int


def write_circle(sql: sqlite3.Connection, circle: Circle) -> None:
    """Keep all that the rules know of a circle."""
    people = (circle.owner, *circle.members, *(proposal.author for proposal in circle.proposals))
    for person in people:
        add_contributor(sql, circle.story_id, person)
    sql.execute(
        "UPDATE stories SET author_id = ?, growing = ? WHERE id = ?",
        (circle.owner.id, not circle.closed, circle.story_id),
    )
    sql.execute(
        "UPDATE circles SET mode = ?, phase = ?, minutes = ?, turn_id = ?, missed = ?, deadline = ?,"
        " news = ?, poll_id = ? WHERE story_id = ?",
        (
            circle.mode,
            circle.phase,
            circle.minutes,
            None if circle.turn is None else circle.turn.id,
            circle.missed,
            None if circle.deadline is None else circle.deadline.isoformat(),
            None if circle.news is None else circle.news.kept(),
            circle.poll_id,
            circle.story_id,
        ),
    )
    sql.executemany(
        "INSERT OR IGNORE INTO polls VALUES (?, ?, ?)",
        [
            (circle.story_id, circle.poll_id, proposal.author.id)
            for proposal in circle.proposals
            if circle.poll_id is not None
        ],
    )
    sql.execute("DELETE FROM circle_members WHERE story_id = ?", (circle.story_id,))
    sql.executemany(
        "INSERT INTO circle_members VALUES (?, ?, ?)",
        [(circle.story_id, place, member.id) for place, member in enumerate(circle.members)],
    )
    sql.execute("DELETE FROM proposals WHERE story_id = ?", (circle.story_id,))
    sql.executemany(
        "INSERT INTO proposals VALUES (?, ?, ?, ?, ?)",
        [
            (circle.story_id, place, proposal.author.id, proposal.scene, proposal.express)
            for place, proposal in enumerate(circle.proposals)
        ],
    )


def read_circle(sql: sqlite3.Connection, story_id: int) -> Circle:
    """A circle.

    Raises:
        NotFound: there is none with this number.
    """
    people = {
        int(row["person_id"]): Person(id=row["person_id"], name=row["name"])
        for row in sql.execute("SELECT * FROM contributors WHERE story_id = ?", (story_id,)).fetchall()
    }
    members = sql.execute(
        "SELECT person_id FROM circle_members WHERE story_id = ? ORDER BY place", (story_id,)
    ).fetchall()
    proposals = sql.execute(
        "SELECT * FROM proposals WHERE story_id = ? ORDER BY place", (story_id,)
    ).fetchall()
    query = "SELECT circles.*, author_id FROM circles JOIN stories ON id = story_id WHERE story_id = ?"
    for row in sql.execute(query, (story_id,)).fetchall():
        return Circle(
            story_id=story_id,
            owner=people[row["author_id"]],
            mode=Mode(row["mode"]),
            phase=Phase(row["phase"]),
            minutes=row["minutes"],
            members=tuple(people[member] for (member,) in members if member in people),
            turn=people.get(row["turn_id"]),
            missed=row["missed"],
            deadline=None if row["deadline"] is None else datetime.fromisoformat(row["deadline"]),
            proposals=tuple(
                Proposal(author=people[each["author_id"]], scene=each["scene"], express=each["express"])
                for each in proposals
                if each["author_id"] in people
            ),
            poll_id=row["poll_id"],
            news=None if row["news"] is None else Sentence.read(row["news"]),
        )
    raise NotFound("This is not a story told together, or I do not remember it any more.")


def read_common(sql: sqlite3.Connection, story_id: int) -> Common:
    """What all frames of a story told together share.

    Raises:
        NotFound: there is none with this number.
    """
    query = "SELECT recipe, window_length FROM circles WHERE story_id = ?"
    for row in sql.execute(query, (story_id,)).fetchall():
        return Common(recipe=recipe_from_json(row["recipe"]), window_length=row["window_length"])
    raise NotFound("This is not a story told together, or I do not remember it any more.")
