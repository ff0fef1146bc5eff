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

_ABOUT = """
    AND (instr(lower(subject), lower(?2)) OR instr(lower(name), lower(?2)) OR stories.id = ?2)
    AND (?3 IS NULL OR author_id = ?4
        OR coalesce(place_id, channel_id) IN (SELECT value FROM json_each(?3))
        OR thread_id IN (SELECT value FROM json_each(?3)))
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


class Titles(Shelf):
    """A shelf of the archive that is only read."""

    async def newest(self, guild_id: int, words: str, viewer: Viewer, limit: int) -> list[Title]:
        """The newest stories here that somebody may see, by words of the number, subject or author's name."""
        return await self._titles(_ABOUT, _values(guild_id, words, viewer, limit))

    async def finished(self, guild_id: int, words: str, viewer: Viewer, limit: int) -> list[Title]:
        """The same of those with pictures that nobody adds to."""
        return await self._titles(_FINISHED + _ABOUT, _values(guild_id, words, viewer, limit))

    async def in_thread(self, guild_id: int, thread_id: int) -> list[Title]:
        """The stories told in a thread, newest first."""
        return await self._titles("AND thread_id = ?2 ORDER BY stories.id DESC", (guild_id, thread_id))

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


def _values(guild_id: int, words: str, viewer: Viewer, limit: int) -> tuple[object, ...]:
    channels = None if viewer.channels is None else json.dumps(viewer.channels)
    return guild_id, words.strip().lstrip("#"), channels, viewer.person_id, limit
