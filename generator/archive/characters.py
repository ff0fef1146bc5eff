"""Characters that are kept under a name, to be in further stories."""

from __future__ import annotations

import sqlite3
import unicodedata
from dataclasses import dataclass

from generator.archive.connection import Shelf, reads, writes
from generator.archive.rows import insert
from generator.errors import NotFound, OptionRefused
from generator.story import Person

MOST = 25
"""Characters of one person, and of one server: as many as a menu of Discord's holds."""

LONGEST = 40  # characters of a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What makes a character look as it does."""

    subject: str
    style: str
    model: str
    seed: int  #: of the noise that it was drawn from
    take_id: int | None  #: the take that shows it; None once that is deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """Somebody to tell further stories about."""

    id: int
    owner: Person  #: who kept it
    guild_id: int | None  #: the server that shares it; None for the owner's own, which are theirs everywhere
    name: str
    looks: Looks


class Characters(Shelf):
    """A shelf of the archive: each person's own characters, and those that a server shares."""

    @writes
    def keep(
        self,
        sql: sqlite3.Connection,
        owner: Person,
        name: str,
        looks: Looks,
        *,
        guild_id: int | None = None,
    ) -> Character:
        """Keep a character, for its owner or for a whole server.

        Raises:
            OptionRefused: the name is no name or is taken, or there are enough characters.
        """
        name, key = tidy_name(name)
        others = _of(sql, None if guild_id else owner.id, guild_id)
        if len(others) >= MOST and guild_id is not None:
            raise OptionRefused(
                "This server has {most} characters already, and no more can be shared; please forget one "
                "that you shared, with /characters, or ask a moderator to.",
                most=MOST,
            )
        if len(others) >= MOST:
            raise OptionRefused(
                "There are {most} characters already, and no more can be kept; please forget one first, "
                "with /characters.",
                most=MOST,
            )
        _refuse_taken(key, name, others)
        number = insert(
            sql,
            "INSERT INTO characters (owner_id, owner_name, guild_id, name, key, subject, style, model,"
            " seed, take_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                owner.id, owner.name, guild_id, name, key, looks.subject, looks.style, looks.model,
                looks.seed, looks.take_id,
            ),
        )  # fmt: skip
        return Character(id=number, owner=owner, guild_id=guild_id, name=name, looks=looks)

    @writes
    def rename(self, sql: sqlite3.Connection, character: Character, name: str) -> Character:
        """Give a character another name.

        Raises:
            OptionRefused: it is no name, or taken.
            NotFound: the character is not there any more.
        """
        name, key = tidy_name(name)
        own = None if character.guild_id else character.owner.id
        others = [each for each in _of(sql, own, character.guild_id) if each.id != character.id]
        _refuse_taken(key, name, others)
        sql.execute("UPDATE characters SET name = ?, key = ? WHERE id = ?", (name, key, character.id))
        return _read(sql, character.id)

    async def drop(self, character_id: int) -> bool:
        """Forget one character; False if that had happened already."""
        return await self._connection.update("DELETE FROM characters WHERE id = ?", (character_id,))

    @reads
    def character(self, sql: sqlite3.Connection, character_id: int) -> Character:
        """One character.

        Raises:
            NotFound: there is none with this number.
        """
        return _read(sql, character_id)

    @reads
    def known(self, sql: sqlite3.Connection, person_id: int, guild_id: int | None) -> list[Character]:
        """A person's own characters, then those that the server shares, each by name."""
        own = _of(sql, person_id, None)
        return own + (_of(sql, None, guild_id) if guild_id else [])

    async def called(self, name: str, person_id: int, guild_id: int | None) -> Character:
        """The character of this name that a person means in a server; their own come first.

        Raises:
            OptionRefused: they know none.
        """
        known = await self.known(person_id, guild_id)
        found = next((each for each in known if name_key(each.name) == name_key(name)), None)
        if found is not None:
            return found
        if not known:
            raise OptionRefused(
                "You have no characters yet; under any picture, “More” and “Keep this character” keep one."
            )
        raise OptionRefused(
            "There is no character “{name}” here; choose one of {names}.",
            name=name[:LONGEST],
            names=[each.name for each in known],
        )


def tidy_name(text: str) -> tuple[str, str]:
    """A name as it is kept and as it is compared.

    Raises:
        OptionRefused: it is no name.
    """
    seen = (c if unicodedata.category(c)[0] != "C" else " " for c in unicodedata.normalize("NFC", text))
    name = " ".join("".join(seen).split())
    if not any(unicodedata.category(c)[0] in "LNS" for c in name) or len(name) > LONGEST:
        raise OptionRefused("Please give a name of 1 to {most} letters.", most=LONGEST)
    return name, name_key(name)


def name_key(name: str) -> str:
    """A name as names are compared: however it is spelt, it is the same character."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _refuse_taken(key: str, name: str, others: list[Character]) -> None:
    if any(name_key(other.name) == key for other in others):
        raise OptionRefused("There is a character “{name}” already; please choose another name.", name=name)


def _of(sql: sqlite3.Connection, owner_id: int | None, guild_id: int | None) -> list[Character]:
    """A person's own characters, or else those of a server, by name."""
    own = "SELECT * FROM characters WHERE guild_id IS NULL AND owner_id = ? ORDER BY key"
    shared = "SELECT * FROM characters WHERE guild_id = ? ORDER BY key"
    if guild_id is None:
        rows = sql.execute(own, (owner_id,)).fetchall()
    else:
        rows = sql.execute(shared, (guild_id,)).fetchall()
    return [_character(row) for row in rows]


def _read(sql: sqlite3.Connection, character_id: int) -> Character:
    for row in sql.execute("SELECT * FROM characters WHERE id = ?", (character_id,)).fetchall():
        return _character(row)
    raise NotFound("This character is not kept any more; /characters shows those that are.")


def _character(row: sqlite3.Row) -> Character:
    return Character(
        id=row["id"],
        owner=Person(id=row["owner_id"], name=row["owner_name"]),
        guild_id=row["guild_id"],
        name=row["name"],
        looks=Looks(
            subject=row["subject"],
            style=row["style"],
            model=row["model"],
            seed=row["seed"],
            take_id=row["take_id"],
        ),
    )
