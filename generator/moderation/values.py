"""What moderators decide and members tell them, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from generator.story import Person


class Outcome(StrEnum):
    """How a report was handled."""

    HIDDEN = "hidden"  #: the picture is shown nowhere
    DELETED = "deleted"  #: the picture is gone
    BANNED = "banned"  #: the picture is hidden, and whoever had it drawn is excluded
    DISMISSED = "dismissed"  #: nothing is wrong with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """Somebody who may not use the bot in a server."""

    person: Person
    reason: str
    by: Person
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that a moderator did."""

    by: Person
    act: str
    subject: str  #: a member's name, or which story or picture
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a member says about a picture."""

    id: int
    take_id: int
    guild_id: int
    reporter: Person
    reason: str
    at: datetime
    channel_id: int | None  #: where the moderators were told
    message_id: int | None
    outcome: Outcome | None  #: None while nobody has handled it
    handler: Person | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """What of a member is kept, as numbers for the question whether it may go."""

    stories: int  #: all of it is theirs, and goes
    shared: int  #: told together with others; it stays, without their part
    pictures: int  #: in their own stories
    scenes: int  #: of theirs in stories that stay
    remixes: int  #: pictures of others' scenes in other words of theirs
    characters: int
    favourites: int
    defaults: bool
    traces: bool  #: they have reported, moderated or changed settings, or were moderated

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to forget."""
        return not any(getattr(self, name) for name in self.__slots__)


class Posting(NamedTuple):
    """Where something of a story was posted."""

    guild_id: int
    channel_id: int
    message_id: int | None = None  #: None for the thread that the channel is


@dataclass(frozen=True, slots=True, kw_only=True)
class Remnant:
    """Something of a deleted story that is still to be removed."""

    id: int
    kind: str  #: ``file``, ``words`` (in a file that stays), ``message`` or ``thread``
    path: str | None
    guild_id: int | None
    channel_id: int | None
    message_id: int | None
