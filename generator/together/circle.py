"""A story told together: where it stands, and what its rules have in common.

The state is frozen. Nobody's clock is read here, nothing is kept and nothing is drawn: each rule, in
`rules` and `keeping`, takes the circle and returns the one that follows, or refuses with a
sentence for the person who acted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from generator.errors import Refusal
from generator.sentence import Sentence
from generator.story import Person

MOST_PROPOSALS = 10
"""As many answers as a poll of Discord's has."""

MOST_MEMBERS = 50
LONGEST = 7 * 24 * 60
"""Minutes that a turn or a vote may last."""


class CircleRefused(Refusal):
    """The rules of a story told together do not allow it now."""


class Mode(StrEnum):
    """Who adds the next scene."""

    OPEN = "open"  #: anyone, at any time
    TURNS = "turns"  #: those who joined, one after the other
    VOTE = "vote"  #: several are proposed, and a poll chooses


class Phase(StrEnum):
    """What the circle waits for."""

    WRITING = "writing"  #: a scene, or proposals of one
    VOTING = "voting"  #: the votes of an open poll
    COUNTING = "counting"  #: the poll's result; its time is over
    CLOSED = "closed"  #: nothing, until it is opened again


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A scene that somebody wrote, before it is a frame."""

    author: Person
    scene: str  #: as it was written
    express: str  #: as the picture's recipe will have it


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Where a story told together stands."""

    story_id: int
    owner: Person  #: whose story it is: its story's author
    mode: Mode
    phase: Phase = Phase.WRITING
    minutes: int  #: how long a turn, the proposing and the voting last
    members: tuple[Person, ...] = ()  #: who takes turns, in the order of joining
    turn: Person | None = None  #: whose turn it is; nobody's while the circle rests, and in other modes
    missed: int = 0  #: turns in a row that nobody used
    deadline: datetime | None = None  #: when the turn, the proposing or the voting is over
    proposals: tuple[Proposal, ...] = ()  #: in the order of the poll's answers
    poll_id: int | None = None  #: the message with the poll
    news: Sentence | None = None  #: what happened last, where it does not show by itself

    @property
    def closed(self) -> bool:
        """Whether nothing can be written any more."""
        return self.phase is Phase.CLOSED

    def is_member(self, person: Person) -> bool:
        """Whether this person takes turns."""
        return any(member.id == person.id for member in self.members)

    def after(self, person: Person) -> Person | None:
        """Whose turn follows this person's: the next who joined, around the circle."""
        ids = [member.id for member in self.members]
        if not ids:
            return None
        place = ids.index(person.id) if person.id in ids else -1
        return self.members[(place + 1) % len(ids)]


Step = tuple[Circle, Proposal | None]
"""The circle that follows, and the scene that became part of the story, if one did."""


def give_turn(circle: Circle, person: Person | None, now: datetime) -> Circle:
    """It is somebody's turn, or nobody's.

    Whoever is alone has no deadline: there is nobody to pass the turn on to.
    """
    hurry = person is not None and len(circle.members) > 1
    return replace(circle, turn=person, deadline=in_time(circle, now) if hurry else None)


def rest(circle: Circle, news: Sentence | None) -> Circle:
    """Ready for the next scene's proposals."""
    return replace(
        circle, phase=Phase.WRITING, proposals=(), deadline=None, poll_id=None, turn=None, missed=0, news=news
    )


def in_time(circle: Circle, now: datetime) -> datetime:
    """When a turn or a vote that begins now is over."""
    return now + timedelta(minutes=circle.minutes)


def may_manage(circle: Circle, person: Person, *, moderator: bool = False) -> bool:
    """Whether this person looks after the story."""
    return moderator or person.id == circle.owner.id


def check_manager(circle: Circle, person: Person, *, moderator: bool = False) -> None:
    """Make sure that this person looks after the story.

    Raises:
        CircleRefused: they do not.
    """
    if not may_manage(circle, person, moderator=moderator):
        raise CircleRefused(
            "Only {name}, whose story this is, or a moderator can do that.", name=circle.owner.name
        )


def check_open(circle: Circle) -> None:
    """Make sure that the story goes on.

    Raises:
        CircleRefused: it is closed.
    """
    if circle.closed:
        raise CircleRefused(
            "This story is closed. {name} or a moderator can open it again with ⚙️.", name=circle.owner.name
        )
