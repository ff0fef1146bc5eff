"""Deleting: a story, or everything of a member. Rows go at once; what they stood for is noted as remains."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import PurePath

from generator.archive.connection import Shelf, reads, writes
from generator.archive.excision import NOBODY, carried_on, remixes_of, take_out, unsay
from generator.archive.rows import read_story, take_down
from generator.moderation.values import Belongings, Posting, Remnant
from generator.press.metadata import recipe_from_json
from generator.story import Recipe, Story

_OWN = """
    SELECT id FROM stories WHERE author_id = ?1 AND NOT EXISTS
        (SELECT 1 FROM frames WHERE story_id = stories.id AND frames.author_id != ?1 AND position IS NOT NULL)
"""
_SHARED = f"""
    SELECT story_id FROM contributors WHERE person_id = ?1 AND story_id NOT IN ({_OWN})
"""  # noqa: S608 constants

_WAITING = f"""
    SELECT takes.id FROM takes JOIN jobs ON take_id = takes.id JOIN frames ON frames.id = frame_id
    WHERE state IN ('queued', 'drawing') AND (takes.story_id IN ({_OWN}) OR frames.author_id = ?1)
"""  # noqa: S608 constants

_REMIXES = f"""
    SELECT takes.id FROM takes JOIN frames ON frames.id = frame_id
    WHERE frames.author_id != ?1 AND takes.story_id IN ({_SHARED})
      AND scene != (SELECT scene FROM takes WHERE frame_id = frames.id ORDER BY id LIMIT 1)
      AND scene IN (SELECT scene FROM takes WHERE frame_id = frames.id AND takes.author_id = ?1)
"""  # noqa: S608 constants

_TRACES = """
    EXISTS (SELECT 1 FROM reports WHERE ?1 IN (reporter_id, handler_id))
    OR EXISTS (SELECT 1 FROM acts WHERE ?1 IN (by_id, person_id))
    OR EXISTS (SELECT 1 FROM bans WHERE by_id = ?1 OR (person_id = ?1 AND name != ''))
    OR EXISTS (SELECT 1 FROM server_changes WHERE person_id = ?1)
"""

_NAMED_IN_REPORT = """
    (?1 IN (reporter_id, handler_id)
     OR EXISTS (SELECT 1 FROM takes WHERE takes.id = take_id AND takes.author_id = ?1))
"""

_REPORTED = f"""
    SELECT DISTINCT story_id FROM reports JOIN takes ON takes.id = take_id
    WHERE message_id IS NOT NULL AND {_NAMED_IN_REPORT}
"""  # noqa: S608 constants

_UNTELL = (
    (
        "INSERT INTO remains (kind, guild_id, channel_id, message_id)"  # noqa: S608 constants
        " SELECT 'message', guild_id, channel_id, message_id FROM reports"
        f" WHERE message_id IS NOT NULL AND {_NAMED_IN_REPORT}"
    ),
    f"UPDATE reports SET channel_id = NULL, message_id = NULL WHERE {_NAMED_IN_REPORT}",  # noqa: S608 constants
)
"""Moderators are told anew of the reports that stay, by messages without a member's name."""

_REMAINS_OF_STORY = (
    (
        "INSERT INTO remains (kind, path) SELECT 'file', path FROM takes"
        " WHERE story_id = ?1 AND path IS NOT NULL"
    ),
    (
        "INSERT INTO remains (kind, guild_id, channel_id, message_id)"
        " SELECT 'message', guild_id, thread_id, message_id FROM frames JOIN stories ON stories.id = story_id"
        " WHERE story_id = ?1 AND message_id IS NOT NULL AND thread_id IS NOT NULL"
    ),
    (
        "INSERT INTO remains (kind, guild_id, channel_id, message_id)"
        " SELECT 'message', guild_id, thread_id, strip_id FROM stories"
        " WHERE id = ?1 AND strip_id IS NOT NULL AND thread_id IS NOT NULL"
    ),
    (
        "INSERT INTO remains (kind, guild_id, channel_id, message_id)"
        " SELECT 'message', guild_id, thread_id, message FROM stories, (SELECT prompt_id AS message"
        " FROM circles WHERE story_id = ?1 UNION SELECT prelude_id FROM circles WHERE story_id = ?1"
        " UNION SELECT poll_id FROM circles WHERE story_id = ?1"
        " UNION SELECT message_id FROM polls WHERE story_id = ?1)"
        " WHERE id = ?1 AND message IS NOT NULL AND thread_id IS NOT NULL"
    ),
    (
        "INSERT INTO remains (kind, guild_id, channel_id, message_id)"
        " SELECT 'message', guild_id, channel_id, message_id FROM gallery"
        " WHERE story_id = ?1 AND message_id IS NOT NULL"
    ),
    (
        "INSERT INTO remains (kind, guild_id, channel_id, message_id)"
        " SELECT 'message', reports.guild_id, channel_id, message_id FROM reports"
        " WHERE message_id IS NOT NULL AND take_id IN (SELECT id FROM takes WHERE story_id = ?1)"
    ),
    # The story's own thread, and not one that it was told in.
    (
        "INSERT INTO remains (kind, guild_id, channel_id) SELECT 'thread', guild_id, thread_id FROM stories"
        " WHERE id = ?1 AND thread_id = card_id"
    ),
    (
        "INSERT INTO remains (kind, guild_id, channel_id, message_id)"
        " SELECT 'message', guild_id, channel_id, card_id FROM stories WHERE id = ?1 AND card_id IS NOT NULL"
    ),
)

_POLLS = "SELECT message_id FROM polls WHERE story_id = ?1 AND author_id = ?2"
_WITHDRAW_POLLS = (
    (
        "INSERT INTO remains (kind, guild_id, channel_id, message_id)"
        " SELECT 'message', guild_id, thread_id, message_id FROM stories JOIN polls ON stories.id = story_id"
        " WHERE story_id = ?1 AND polls.author_id = ?2 AND thread_id IS NOT NULL"
    ),
    f"UPDATE circles SET poll_id = NULL, deadline = NULL WHERE story_id = ?1 AND poll_id IN ({_POLLS})",  # noqa: S608
    f"DELETE FROM polls WHERE story_id = ?1 AND message_id IN ({_POLLS})",  # noqa: S608 constants
)
"""The polls that hold a member's words go; a vote that is on is asked again, without their proposal."""


class Oblivion(Shelf):
    """A shelf of the archive, where things are taken from."""

    @reads
    def heirs(self, sql: sqlite3.Connection, story_id: int, author_id: int | None = None) -> list[int]:
        """The later stories that took frames of a story along, all or those of one author.

        Raises:
            NotFound: there is none with this number.
        """
        story = read_story(sql, story_id)
        return [other.id for other, _frames in carried_on(sql, story, author_id)]

    @writes
    def delete_story(self, sql: sqlite3.Connection, story_id: int, author_id: int | None = None) -> list[int]:
        """Delete a story with all that belongs to it; the takes that need not be drawn any more.

        Later stories that go on from it lose the frames that they took along, all or those of one author.

        Raises:
            NotFound: there is none with this number.
        """
        story = read_story(sql, story_id)
        stopped = [take.id for take in story.takes if take.pending]
        for other, frames in carried_on(sql, story, author_id):
            stopped += [take.id for frame in frames for take in frame.takes if take.pending]
            take_out(sql, other, frames)
        _delete(sql, story_id)
        return stopped

    async def belongings(self, person_id: int) -> Belongings:
        """What of a member is kept, in all servers."""
        (row,) = await self._connection.fetch(
            f"""
            SELECT (SELECT count(*) FROM ({_OWN})) AS stories,
                   (SELECT count(*) FROM ({_SHARED})) AS shared,
                   (SELECT count(*) FROM takes WHERE path IS NOT NULL AND story_id IN ({_OWN})) AS pictures,
                   (SELECT count(*) FROM frames WHERE author_id = ?1 AND story_id NOT IN ({_OWN})) AS scenes,
                   (SELECT count(*) FROM ({_REMIXES})) AS remixes,
                   (SELECT count(*) FROM characters WHERE owner_id = ?1) AS characters,
                   (SELECT count(*) FROM favourites WHERE person_id = ?1) AS favourites,
                   (SELECT count(*) FROM member_defaults WHERE person_id = ?1) AS defaults,
                   {_TRACES} AS traces
            """,  # noqa: S608 constants
            (person_id,),
        )
        return Belongings(
            stories=row["stories"],
            shared=row["shared"],
            pictures=row["pictures"],
            scenes=row["scenes"],
            remixes=row["remixes"],
            characters=row["characters"],
            favourites=row["favourites"],
            defaults=bool(row["defaults"]),
            traces=bool(row["traces"]),
        )

    async def forget(self, person_id: int) -> tuple[list[int], list[int]]:
        """Delete all of a member's own, and take their part out of what is others'.

        The stories of which a message changes or goes, and the takes that need not be drawn any more.

        A story told alone goes. In a story told together, scenes of theirs go with their pictures, the
        others' recipes lose the words, and nobody's name stands where theirs stood; whoever added first owns
        it then.
        Bans and what counts towards today's limits stay, without a name.
        """
        forgotten = await self._forget(person_id)
        await self._connection.clean()
        return forgotten

    @writes
    def _forget(self, sql: sqlite3.Connection, person_id: int) -> tuple[list[int], list[int]]:
        stopped = [int(take_id) for (take_id,) in sql.execute(_WAITING, (person_id,)).fetchall()]
        # First, while it is known whose name stands in moderators' messages.
        reported = [int(story_id) for (story_id,) in sql.execute(_REPORTED, (person_id,)).fetchall()]
        for statement in _UNTELL:
            sql.execute(statement, (person_id,))
        for (story_id,) in sql.execute(_OWN, (person_id,)).fetchall():
            _delete(sql, story_id)
        shared = [int(story_id) for (story_id,) in sql.execute(_SHARED, (person_id,)).fetchall()]
        for story_id in shared:
            _take_part_out(sql, read_story(sql, story_id), person_id)
        for statement in _FORGET:
            sql.execute(statement, (person_id,))
        # An index of words only notes that some are gone, until it is written anew: 2 s for a million.
        sql.execute("INSERT INTO gallery_words (gallery_words) VALUES ('optimize')")
        return list(dict.fromkeys([*shared, *reported])), stopped

    @writes
    def leave(self, sql: sqlite3.Connection, postings: Sequence[Posting]) -> None:
        """Note what is to be removed, message or thread."""
        sql.executemany(
            "INSERT INTO remains (kind, guild_id, channel_id, message_id)"
            " VALUES (iif(?3 IS NULL, 'thread', 'message'), ?1, ?2, ?3)",
            postings,
        )

    async def own_stories(self, person_id: int) -> list[int]:
        """The stories that a member told alone."""
        return [int(row["id"]) for row in await self._connection.fetch(_OWN, (person_id,))]

    async def remains(self) -> list[Remnant]:
        """What is still to be removed, oldest first."""
        rows = await self._connection.fetch("SELECT * FROM remains ORDER BY id")
        return [
            Remnant(
                id=row["id"],
                kind=row["kind"],
                path=row["path"],
                guild_id=row["guild_id"],
                channel_id=row["channel_id"],
                message_id=row["message_id"],
            )
            for row in rows
        ]

    async def recipe_of(self, path: str) -> Recipe | None:
        """What a file's picture is drawn from, as far as it may be told now."""
        rows = await self._connection.fetch("SELECT recipe FROM takes WHERE path = ?", (path,))
        return next((recipe_from_json(row["recipe"]) for row in rows), None)

    async def files(self) -> set[str]:
        """What the files of all pictures are called."""
        rows = await self._connection.fetch("SELECT path FROM takes WHERE path IS NOT NULL")
        return {PurePath(row["path"]).name for row in rows}

    async def removed(self, remnant: Remnant) -> None:
        """It is gone."""
        await self._connection.update("DELETE FROM remains WHERE id = ?", (remnant.id,))


_FORGET = (
    "DELETE FROM member_defaults WHERE person_id = ?1",
    "DELETE FROM favourites WHERE person_id = ?1",
    (
        "DELETE FROM gallery_filters"
        " WHERE ?1 IN (json_extract(filter, '$.author_id'), json_extract(filter, '$.favourites_of'))"
    ),
    "DELETE FROM characters WHERE owner_id = ?1 AND guild_id IS NULL",
    "UPDATE characters SET owner_id = 0, owner_name = '…' WHERE owner_id = ?1",
    "UPDATE server_changes SET person_id = 0, person_name = '' WHERE person_id = ?1",
    "UPDATE bans SET name = '' WHERE person_id = ?1",
    "UPDATE bans SET by_id = 0, by_name = '' WHERE by_id = ?1",
    # Below zero, since nobody reports the same picture twice.
    "UPDATE reports SET reporter_id = -id, reporter_name = '…', reason = '' WHERE reporter_id = ?1",
    "UPDATE reports SET handler_id = 0, handler_name = '…' WHERE handler_id = ?1",
    "UPDATE acts SET by_id = 0, by_name = '', reason = '' WHERE by_id = ?1",
    "UPDATE acts SET person_id = NULL, subject = '', reason = '' WHERE person_id = ?1",
)
"""A member's traces outside of stories."""


def _delete(sql: sqlite3.Connection, story_id: int) -> None:
    take_down(sql, story_id)
    for statement in _REMAINS_OF_STORY:
        sql.execute(statement, (story_id,))
    sql.execute("DELETE FROM stories WHERE id = ?", (story_id,))


def _take_part_out(sql: sqlite3.Connection, story: Story, person_id: int) -> None:
    """Take a member's scenes out of a story told together, and their name from what stays."""
    frames = (*story.frames, *story.taken_back)
    theirs = [frame for frame in frames if frame.author.id == person_id]
    remixes = [take for frame in frames if frame not in theirs for take in remixes_of(frame, person_id)]
    sql.execute("INSERT OR REPLACE INTO contributors VALUES (?, ?, ?)", (story.id, NOBODY.id, NOBODY.name))
    later = [other for other, _frames in carried_on(sql, story)]
    words = take_out(sql, story, theirs, remixes)
    for other in later:  # where they may have no part
        unsay(sql, other, words)
    for statement in _WITHDRAW_POLLS:
        sql.execute(statement, (story.id, person_id))
    _disown(sql, story, person_id)


def _disown(sql: sqlite3.Connection, story: Story, person_id: int) -> None:
    """Put nobody where a member's name stood; a story of theirs goes to whoever added to it first."""
    heirs = [frame.author.id for frame in story.frames if frame.author.id not in (person_id, NOBODY.id)]
    heir = heirs[0] if heirs else NOBODY.id
    for statement, values in (
        ("UPDATE stories SET author_id = ? WHERE author_id = ? AND id = ?", (heir, person_id, story.id)),
        (
            "UPDATE gallery SET author_id = ? WHERE author_id = ? AND story_id = ?",
            (heir, person_id, story.id),
        ),
        ("UPDATE frames SET author_id = ? WHERE author_id = ? AND story_id = ?", (0, person_id, story.id)),
        ("UPDATE takes SET author_id = ? WHERE author_id = ? AND story_id = ?", (0, person_id, story.id)),
        ("DELETE FROM circle_members WHERE person_id = ? AND story_id = ?", (person_id, story.id)),
        ("DELETE FROM proposals WHERE author_id = ? AND story_id = ?", (person_id, story.id)),
        (
            (
                "UPDATE circles SET turn_id = (SELECT person_id FROM circle_members"
                " WHERE circle_members.story_id = circles.story_id ORDER BY place LIMIT 1)"
                " WHERE turn_id = ? AND story_id = ?"
            ),
            (person_id, story.id),
        ),
        ("UPDATE circles SET news = NULL WHERE story_id = ?", (story.id,)),
        ("DELETE FROM contributors WHERE person_id = ? AND story_id = ?", (person_id, story.id)),
    ):
        sql.execute(statement, values)
