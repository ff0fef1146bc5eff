"""What servers and members decided for themselves, and who changed what."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime

from generator.archive.connection import Shelf, writes
from generator.server import Change, MemberDefaults, ServerSettings, differences
from generator.story import Person

_SETTINGS = "SELECT settings FROM servers WHERE guild_id = ?"


class Servers(Shelf):
    """A shelf of the archive: settings of servers, defaults of members."""

    async def settings(self, guild_id: int) -> ServerSettings:
        """A server's own settings; the defaults for one that never chose."""
        return _settings(await self._connection.fetch(_SETTINGS, (guild_id,)))

    @writes
    def change(
        self,
        sql: sqlite3.Connection,
        guild_id: int,
        by: Person,
        alter: Callable[[ServerSettings], ServerSettings],
    ) -> ServerSettings:
        """Replace a server's settings by what `alter` makes of the present ones, and note who changed what.

        Raises:
            ArchiveError: it could not be written.

        Whatever `alter` raises is raised; then nothing is changed. It is asked on the database's thread, so
        it only looks at what it is given.
        """
        before = _settings(sql.execute(_SETTINGS, (guild_id,)).fetchall())
        after = alter(before)
        sql.execute("INSERT OR REPLACE INTO servers VALUES (?, ?)", (guild_id, after.kept()))
        sql.executemany(
            "INSERT INTO server_changes (guild_id, person_id, person_name, setting, before, after)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (guild_id, by.id, by.name, name, json.dumps(old), json.dumps(new))
                for name, (old, new) in differences(before, after).items()
            ],
        )
        return after

    async def changes(self, guild_id: int, *, limit: int, offset: int = 0) -> list[Change]:
        """Who changed what, newest first."""
        rows = await self._connection.fetch(
            "SELECT * FROM server_changes WHERE guild_id = ? ORDER BY id DESC LIMIT ? OFFSET ?",
            (guild_id, limit, offset),
        )
        return [
            Change(
                person=Person(id=row["person_id"], name=row["person_name"]),
                at=datetime.fromisoformat(row["changed_at"]),
                setting=row["setting"],
                before=json.loads(row["before"]),
                after=json.loads(row["after"]),
            )
            for row in rows
        ]

    async def defaults(self, person_id: int) -> MemberDefaults:
        """A member's own defaults."""
        rows = await self._connection.fetch(
            "SELECT defaults FROM member_defaults WHERE person_id = ?", (person_id,)
        )
        return next((MemberDefaults.recalled(row["defaults"]) for row in rows), MemberDefaults())

    async def set_defaults(self, person_id: int, defaults: MemberDefaults) -> None:
        """Remember a member's own defaults."""
        await self._connection.update(
            "INSERT OR REPLACE INTO member_defaults VALUES (?, ?)", (person_id, defaults.kept())
        )


def _settings(rows: Iterable[sqlite3.Row]) -> ServerSettings:
    return next((ServerSettings.recalled(row["settings"]) for row in rows), ServerSettings())
