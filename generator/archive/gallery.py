"""The stories that were told to their end, for each server, and whom they please."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from generator.archive.connection import Shelf, reads, writes
from generator.errors import NotFound
from generator.story import Story

_IDEOGRAPH = re.compile(r"([\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff])")
_LAST = 2**62  # above every number
_KEYS = {
    "gallery": "gallery.story_id",
    "gallery_words": "gallery_words.rowid",
    "favourites": "favourites.story_id",
}
_EMOJI = re.compile(r"[\u2600-\u27bf\U0001f000-\U0001faff]")
_WORD = re.compile(rf"[^\W_]+|{_EMOJI.pattern}")


COUNTED = 100
"""As many stories on either side of a page are counted, so that the cost does not grow with the gallery."""

_LOOK, _LOOKS = 1000, 50
"""SQLite's instructions between two looks at what counting has cost, and how many looks it may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which of a server's stories are looked at; what is not said does not matter."""

    author_id: int | None = None
    words: str = ""  #: the beginnings of words of the subject, in any order
    since: str | None = None  #: the first day, ``YYYY-MM-DD``, in UTC
    until: str | None = None  #: the last day
    favourites_of: int | None = None  #: a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks at the gallery: they see what they told, and what was told where they may read."""

    person_id: int
    channels: tuple[int, ...] | None = None  #: where they may read; None: everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A story in the gallery, and where its page stands among those that pass the filter."""

    story_id: int
    newer_id: int | None
    older_id: int | None
    newer: int | None  #: how many are, up to `COUNTED`; None if finding that out takes too long
    older: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A story's message in the channel that its server has for finished stories, if it had one then."""

    channel_id: int | None = None
    message_id: int | None = None
    posted: str | None = None  #: what it shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearts:
    """Whom a story pleases."""

    number: int
    mine: bool  #: whether the person who asks is among them


class Gallery(Shelf):
    """A shelf of the archive: finished stories, favourites and filters."""

    # -- writing ----------------------------------------------------------------------------------------

    @writes
    def shelve(self, sql: sqlite3.Connection, story: Story, post: Post | None = None) -> None:
        """Put a finished story in, or bring it up to date; without a post, the one that it has stays.

        One that was deleted meanwhile stays out.
        """
        post = post or Post()
        shelved = sql.execute(
            "INSERT INTO gallery SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8"
            " WHERE EXISTS (SELECT 1 FROM stories WHERE id = ?1) ON CONFLICT DO UPDATE SET"
            " author_id = excluded.author_id, posted = coalesce(excluded.posted, posted)",
            (
                story.id,
                story.guild_id,
                story.author.id,
                story.place_id,
                story.created_at.date().isoformat(),
                post.channel_id,
                post.message_id,
                post.posted,
            ),
        )
        if shelved.rowcount:
            sql.execute(
                "INSERT OR REPLACE INTO gallery_words (rowid, words) VALUES (?, ?)",
                (story.id, f"{_server(story.guild_id)} {_apart(story.subject)}"),
            )

    @writes
    def like(self, sql: sqlite3.Connection, story_id: int, person_id: int) -> Hearts:
        """Make a story a favourite of a person, or take it back.

        Raises:
            NotFound: it is not in the gallery.
        """
        rows = sql.execute("SELECT guild_id FROM gallery WHERE story_id = ?", (story_id,)).fetchall()
        for (guild_id,) in rows:
            key = (person_id, guild_id, story_id)
            taken = sql.execute(
                "DELETE FROM favourites WHERE person_id = ? AND guild_id = ? AND story_id = ?", key
            )
            if not taken.rowcount:
                sql.execute("INSERT INTO favourites VALUES (?, ?, ?)", key)
            return _hearts(sql, story_id, person_id)
        raise NotFound("There is no story {number} in this gallery any more.", number=story_id)

    @writes
    def keep(self, sql: sqlite3.Connection, wanted: Filter) -> int:
        """Remember a filter; its number, which stays the same."""
        said = {name: value for name, value in asdict(wanted).items() if value}
        text = json.dumps(said, ensure_ascii=False, sort_keys=True)
        sql.execute("INSERT OR IGNORE INTO gallery_filters (filter) VALUES (?)", (text,))
        ((number,),) = sql.execute("SELECT id FROM gallery_filters WHERE filter = ?", (text,))
        return int(number)

    # -- reading ----------------------------------------------------------------------------------------

    async def post(self, story_id: int) -> Post | None:
        """What stands of a story in its gallery channel; None if the story is not in the gallery yet."""
        rows = await self._connection.fetch("SELECT * FROM gallery WHERE story_id = ?", (story_id,))
        return next(
            (
                Post(channel_id=row["channel_id"], message_id=row["message_id"], posted=row["posted"])
                for row in rows
            ),
            None,
        )

    async def filter(self, number: int) -> Filter:
        """A remembered filter; one that is not known any more lets everything pass."""
        rows = await self._connection.fetch("SELECT filter FROM gallery_filters WHERE id = ?", (number,))
        return next((Filter(**json.loads(row["filter"])) for row in rows), Filter())

    @reads
    def leaf(
        self, sql: sqlite3.Connection, guild_id: int, wanted: Filter, viewer: Viewer, at: int | None = None
    ) -> Leaf | None:
        """The story with this number, or the nearest older, or else newer one; None if nothing passes.

        Without a number it is the newest. What it costs does not depend on how many stories there are, as
        long as not almost all that one part of the filter lets pass are held back by another.
        """
        found = _next(sql, guild_id, wanted, viewer, "<=", at)
        if not found and at is not None:
            found = _next(sql, guild_id, wanted, viewer, ">", at)
        for story_id in found:
            newer = _next(sql, guild_id, wanted, viewer, ">", story_id)
            older = _next(sql, guild_id, wanted, viewer, "<", story_id)
            return Leaf(
                story_id=story_id,
                newer_id=next(iter(newer), None),
                older_id=next(iter(older), None),
                newer=_count(sql, guild_id, wanted, viewer, ">", story_id),
                older=_count(sql, guild_id, wanted, viewer, "<", story_id),
            )
        return None

    @reads
    def titles(
        self,
        sql: sqlite3.Connection,
        guild_id: int,
        words: str,
        viewer: Viewer,
        limit: int,
        first: int | None = None,
    ) -> list[tuple[int, str]]:
        """The newest stories about this, by number and subject; one may come first whatever it is about."""
        numbers = _next(sql, guild_id, Filter(words=words), viewer, "<=", None, limit)
        if first is not None and first in _next(sql, guild_id, Filter(), viewer, "<=", first):
            numbers = [first, *(number for number in numbers if number != first)][:limit]
        found = []
        for number in numbers:
            rows = sql.execute("SELECT subject FROM stories WHERE id = ?", (number,)).fetchall()
            found += [(number, str(subject)) for (subject,) in rows]
        return found

    @writes
    def lose(self, sql: sqlite3.Connection, thread_id: int) -> None:
        """A thread that stories were told in was deleted: who read them there cannot do so any more."""
        told_there = "SELECT id FROM stories WHERE thread_id = ?1 AND channel_id = ?1"
        for table, key in (("gallery", "story_id"), ("stories", "id")):
            sql.execute(
                f"UPDATE {table} SET place_id = ?1 WHERE {key} IN ({told_there})",  # noqa: S608 constants
                (thread_id,),
            )

    async def showed(self, story_id: int, channel_id: int, message_id: int) -> None:
        """Remember a message that shows a story again."""
        await self._connection.update(
            "INSERT OR IGNORE INTO showings SELECT ?, ?, id FROM stories WHERE id = ?",
            (message_id, channel_id, story_id),
        )

    @reads
    def hearts(self, sql: sqlite3.Connection, story_id: int, person_id: int = 0) -> Hearts:
        """Whom a story pleases."""
        return _hearts(sql, story_id, person_id)


def _hearts(sql: sqlite3.Connection, story_id: int, person_id: int) -> Hearts:
    ((number, mine),) = sql.execute(
        "SELECT count(*), coalesce(max(person_id = ?), 0) FROM favourites WHERE story_id = ?",
        (person_id, story_id),
    )
    return Hearts(number=number, mine=bool(mine))


def _next(
    sql: sqlite3.Connection,
    guild_id: int,
    wanted: Filter,
    viewer: Viewer,
    relation: str,
    at: int | None,
    limit: int = 1,
) -> list[int]:
    """The stories nearest to a number on one side of it, by an index that has them in order."""
    bounds, terms = _bounds(sql, guild_id, wanted), [*_terms(wanted.words)]
    if bounds is None or (wanted.words and not terms):  # signs alone, of which no story is
        return []
    tables, tests = ["gallery"], ["gallery.guild_id = ?"]
    values: list[object] = [guild_id]
    if viewer.channels is not None:
        tests += ["(gallery.author_id = ? OR gallery.place_id IN (SELECT value FROM json_each(?)))"]
        values += [viewer.person_id, json.dumps(viewer.channels)]
    if wanted.author_id is not None:
        tests, values = [*tests, "gallery.author_id = ?"], [*values, wanted.author_id]
    if terms:
        tables = ["gallery_words", *tables]
        tests += ["gallery.story_id = gallery_words.rowid", "gallery_words MATCH ?"]
        values += [" AND ".join([f'"{_server(guild_id)}"', *terms])]
    if wanted.favourites_of is not None:
        tests += [f"{_KEYS[tables[0]]} = favourites.story_id"]
        tables = ["favourites", *tables]
        tests += ["favourites.person_id = ?", "favourites.guild_id = ?"]
        values += [wanted.favourites_of, guild_id]
    key = _KEYS[tables[0]]
    tests, values = [*tests, f"{key} BETWEEN ? AND ?"], [*values, *_side(*bounds, relation, at)]
    order = "ASC" if relation == ">" else "DESC"
    # CROSS JOIN keeps SQLite to this order of tables, so that nothing has to be sorted.
    rows = sql.execute(
        f"SELECT {key} FROM {' CROSS JOIN '.join(tables)}"  # noqa: S608 constants
        f" WHERE {' AND '.join(tests)} ORDER BY {key} {order} LIMIT ?",
        (*values, limit),
    ).fetchall()
    return [int(number) for (number,) in rows]


def _count(
    sql: sqlite3.Connection, guild_id: int, wanted: Filter, viewer: Viewer, relation: str, at: int
) -> int | None:
    """How many stories there are on one side of a number, up to `COUNTED`; None if they are too far apart."""
    looks = iter(range(_LOOKS))
    sql.set_progress_handler(lambda: next(looks, None) is None, _LOOK)
    try:
        return len(_next(sql, guild_id, wanted, viewer, relation, at, COUNTED))
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return None
    finally:
        sql.set_progress_handler(None, 0)


def _side(low: int, high: int, relation: str, at: int | None) -> tuple[int, int]:
    """What lies between two numbers, on one side of a third; of two bounds a side, SQLite uses one."""
    if at is None:
        return low, high
    if relation == ">":
        return max(low, at + 1), high
    return low, min(high, at if relation == "<=" else at - 1)


def _bounds(sql: sqlite3.Connection, guild_id: int, wanted: Filter) -> tuple[int, int] | None:
    """The first and the last number of the days that are looked at; None if nothing was told on them."""
    low, high = 0, _LAST
    for day, relation, order in ((wanted.since, ">=", "ASC"), (wanted.until, "<=", "DESC")):
        if day is None:
            continue
        rows = sql.execute(
            f"SELECT story_id FROM gallery WHERE guild_id = ? AND told_on {relation} ?"  # noqa: S608 constants
            f" ORDER BY told_on {order}, story_id {order} LIMIT 1",
            (guild_id, day),
        ).fetchall()
        found = [int(number) for (number,) in rows]
        if not found:
            return None
        low, high = (found[0], high) if order == "ASC" else (low, found[0])
    return low, high


def _terms(words: str) -> Iterator[str]:
    """What SQLite's full-text search is asked of some words: each one's beginning."""
    for word in _WORD.findall(words):
        apart = _apart(word).split()
        yield f'"{word}" *' if apart == [word] else f'"{" ".join(apart)}"'


def _server(guild_id: int) -> str:
    """The mark of a server's stories among their words; it begins with a sign that no word has."""
    return f"\ue000{guild_id}"


def _apart(text: str) -> str:
    """Ideographs and emoji as words of their own, since nothing stands between them where words end.

    SQLite takes emoji for signs between words, so they are words by their numbers.
    """
    return _EMOJI.sub(lambda sign: f" \ue001{ord(sign[0]):x} ", _IDEOGRAPH.sub(r" \1 ", text))
