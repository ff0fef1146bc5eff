"""Looking after a story told together: what its owner and moderators decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from generator.sentence import Sentence
from generator.story import Person
from generator.together.circle import (
    LONGEST,
    MOST_MEMBERS,
    Circle,
    CircleRefused,
    Mode,
    Phase,
    check_manager,
    check_open,
    give_turn,
    in_time,
    rest,
)


def close(circle: Circle, person: Person, *, moderator: bool = False) -> Circle:
    """Nothing more is written; what was only proposed is dropped.

    Raises:
        CircleRefused: it is not up to them, or it is closed.
    """
    check_manager(circle, person, moderator=moderator)
    check_open(circle)
    # The poll's number stays: whoever shows the story has to end it.
    return replace(rest(circle, None), phase=Phase.CLOSED, poll_id=circle.poll_id)


def reopen(circle: Circle, person: Person, now: datetime, *, moderator: bool = False) -> Circle:
    """It goes on.

    Raises:
        CircleRefused: it is not up to them, or it is not closed.
    """
    check_manager(circle, person, moderator=moderator)
    if not circle.closed:
        raise CircleRefused("This story is open: press ✍️ and add a scene.")
    return _begin(replace(circle, phase=Phase.WRITING), now)


def hand_over(circle: Circle, person: Person, heir: Person, *, moderator: bool = False) -> Circle:
    """The story is somebody else's from now on.

    Raises:
        CircleRefused: it is not up to them.
    """
    check_manager(circle, person, moderator=moderator)
    return replace(circle, owner=heir)


def set_mode(
    circle: Circle,
    person: Person,
    mode: Mode,
    now: datetime,
    *,
    writers: Sequence[Person] = (),
    moderator: bool = False,
) -> Circle:
    """The next scene is decided on in another way; where nobody takes turns yet, those do who wrote so far.

    Raises:
        CircleRefused: it is not up to them, or there are proposals that would be lost.
    """
    check_manager(circle, person, moderator=moderator)
    if mode is circle.mode:
        return circle
    if circle.proposals:
        raise CircleRefused("Scenes are proposed; please let the vote decide first, then change the mode.")
    members = circle.members or tuple(writers)[:MOST_MEMBERS] or (circle.owner,)
    circle = replace(circle, mode=mode, members=members)
    return circle if circle.closed else _begin(circle, now)


def set_minutes(
    circle: Circle, person: Person, minutes: int, now: datetime, *, moderator: bool = False
) -> Circle:
    """Turns and votes last longer or shorter, the present one included.

    Raises:
        CircleRefused: it is not up to them, or not possible.
    """
    check_manager(circle, person, moderator=moderator)
    if not 1 <= minutes <= LONGEST:
        raise CircleRefused(
            "A turn or a vote lasts 1 to {most} minutes; {minutes} is not possible.",
            most=LONGEST,
            minutes=minutes,
        )
    circle = replace(circle, minutes=minutes)
    return circle if circle.deadline is None else replace(circle, deadline=in_time(circle, now))


def check_may_undo(circle: Circle, person: Person, writer: Person, *, moderator: bool = False) -> None:
    """Make sure that this person may take the last scene back: it is theirs, or the story is.

    Raises:
        CircleRefused: neither is.
    """
    if person.id != writer.id:
        check_manager(circle, person, moderator=moderator)


def took_back(circle: Circle, person: Person, writer: Person, number: int) -> Circle:
    """The last scene is taken back; everybody is told so, unless whoever wrote it did that themselves."""
    if person.id == writer.id:
        return circle
    values = {"number": number, "author": writer.name}
    if person.id == circle.owner.id:
        news = Sentence(
            "↩️ {name} took back scene {number}, by {author}, who has its words behind ✍️.",
            values | {"name": person.name},
        )
    else:
        news = Sentence(
            "↩️ A moderator took back scene {number}, by {author}, who has its words behind ✍️.", values
        )
    return replace(circle, news=news)


def begun(circle: Circle, now: datetime) -> Circle:
    """A new circle, whose owner takes the first turn."""
    if circle.mode is Mode.TURNS:
        circle = replace(circle, members=(circle.owner,))
    return _begin(circle, now)


def _begin(circle: Circle, now: datetime) -> Circle:
    circle = rest(circle, None)
    if circle.mode is Mode.TURNS and circle.members:
        return give_turn(circle, circle.members[0], now)
    return circle
