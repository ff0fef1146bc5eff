"""What stories are called, where nobody needs to know more of them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from generator.archive.connection import Shelf
from generator.archive.gallery import Viewer

_TITLES = """
    SELECT stories.id, channel_id, thread_id, author_id, name AS author_name, subject
    FROM stories JOIN contributors ON story_id = stories.id AND person_id = author_id
    WHERE guild_id = ?1 AND card_id IS NOT NULL
"""

_FINISHED = """
    AND NOT growing AND NOT cancelled
    AND EXISTS (SELECT 1 FROM takes WHERE takes.story_id = stories.id AND path IS NOT NULL)
"""

_OWN = """
    AND author_id = ?3
"""

_SEEN = """
    AND (?2 IS NULL OR author_id = ?3
        OR coalesce(place_id, channel_id) IN (SELECT value FROM json_each(?2))
        OR thread_id IN (SELECT value FROM json_each(?2)))
"""

_NUMBERED = """
    AND stories.id = ?4
"""

_ABOUT = """
    AND (instr(lower(subject), lower(?4)) OR instr(lower(name), lower(?4)))
    ORDER BY stories.id DESC LIMIT ?5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """A story in a line."""

    story_id: int
    channel_id: int
    thread_id: int | None
    author_id: int
    author_name: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which titles are wanted, and by whom."""

    guild_id: int
    viewer: Viewer
    words: str = ""  #: a part of the subject or of the author's name
    number: int | None = None  #: a story that comes first, whatever it is about
    limit: int


class Titles(Shelf):
    """A shelf of the archive that is only read."""

    async def newest(self, search: Search) -> list[Title]:
        """The newest stories here that somebody may see."""
        return await self._search(_SEEN, search)

    async def own(self, search: Search) -> list[Title]:
        """The same of those that they told themselves."""
        return await self._search(_OWN, search)

    async def finished(self, search: Search) -> list[Title]:
        """The same of those with pictures that nobody adds to."""
        return await self._search(_FINISHED + _SEEN, search)

    async def in_thread(self, guild_id: int, thread_id: int) -> list[Title]:
        """The stories told in a thread, newest first."""
        return await self._titles("AND thread_id = ?2 ORDER BY stories.id DESC", (guild_id, thread_id))

    async def _search(self, condition: str, search: Search) -> list[Title]:
        viewer = search.viewer
        channels = None if viewer.channels is None else json.dumps(viewer.channels)
        who = (search.guild_id, channels, viewer.person_id)
        first = []
        if search.number is not None:
            first = await self._titles(condition + _NUMBERED, (*who, search.number))
        words = search.words.strip().lstrip("#")
        about = await self._titles(condition + _ABOUT, (*who, words, search.limit))
        return [*first, *(each for each in about if each not in first)][: search.limit]

    async def _titles(self, condition: str, values: tuple[object, ...]) -> list[Title]:
        rows = await self._connection.fetch(_TITLES + condition, values)
        return [
            Title(
                story_id=row["id"],
                channel_id=row["channel_id"],
                thread_id=row["thread_id"],
                author_id=row["author_id"],
                author_name=row["author_name"],
                subject=row["subject"],
            )
            for row in rows
        ]
