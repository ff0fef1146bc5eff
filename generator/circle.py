"""The rules of a story told together: a frozen state, and what becomes of it.

Nobody's clock is read here, nothing is kept and nothing is drawn: each function takes the circle and returns
the one that follows, or refuses with a sentence for the person who acted.

* *open*: anyone writes at any time.
* *turns*: those who joined write one after the other. A turn that nobody uses passes on; once everybody has
  let theirs pass, the circle rests until somebody writes: an empty room is not called through for ever.
* *vote*: everyone may propose one scene. When the time is over, or somebody calls for it, a poll decides
  between the proposals; a single one needs none. Of equal votes, the earlier proposal wins, also where nobody
  voted.
"""

from __future__ import annotations

from collections.abc import Sequence
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


# -- writing --------------------------------------------------------------------------------------------


def write(circle: Circle, proposal: Proposal, now: datetime) -> Step:
    """Somebody wrote a scene; in a vote, it is one of several.

    Raises:
        CircleRefused: it is not their turn, or not the time.
    """
    check_may_write(circle, proposal.author)
    if circle.mode is Mode.VOTE:
        return _propose(circle, proposal, now), None
    if circle.mode is Mode.TURNS:
        circle = join(circle, proposal.author, now)
        return _pass_on(replace(circle, missed=0), proposal.author, now), proposal
    return replace(circle, news=None), proposal


def check_may_write(circle: Circle, person: Person) -> None:
    """Make sure that this person may write now.

    Raises:
        CircleRefused: it is not their turn, or not the time.
    """
    _check_open(circle)
    if circle.phase is not Phase.WRITING:
        raise CircleRefused(
            "The vote is on: please vote above first. When it is over, you can propose the scene after it."
        )
    if circle.mode is Mode.TURNS and circle.turn is not None and circle.turn.id != person.id:
        if circle.is_member(person):
            raise CircleRefused("It is {name}’s turn; yours comes later.", name=circle.turn.name)
        raise CircleRefused("It is {name}’s turn. Press 🙋 Join, and yours comes too.", name=circle.turn.name)


def _propose(circle: Circle, proposal: Proposal, now: datetime) -> Circle:
    """One proposal a person: another one takes the place of their first."""
    ids = [known.author.id for known in circle.proposals]
    if proposal.author.id in ids:
        place = ids.index(proposal.author.id)
        proposals = (*circle.proposals[:place], proposal, *circle.proposals[place + 1 :])
    else:
        proposals = (*circle.proposals, proposal)
    deadline = circle.deadline or _in_time(circle, now)
    circle = replace(circle, proposals=proposals, deadline=deadline, news=None)
    return _open_vote(circle) if len(proposals) == MOST_PROPOSALS else circle


# -- turns ----------------------------------------------------------------------------------------------


def join(circle: Circle, person: Person, now: datetime) -> Circle:
    """Somebody wants to take turns; who does already stays where they are.

    Raises:
        CircleRefused: there are no turns, or no place is left.
    """
    _check_open(circle)
    if circle.mode is not Mode.TURNS:
        raise CircleRefused("Nobody needs to join: in this story, anyone can write.")
    if circle.is_member(person):
        return circle
    if len(circle.members) >= MOST_MEMBERS:
        raise CircleRefused("All {count} places are taken.", count=MOST_MEMBERS)
    alone = len(circle.members) == 1
    circle = replace(circle, members=(*circle.members, person), news=None)
    if circle.turn is None:
        return _give_turn(replace(circle, missed=0), person, now)
    # Who was alone had all the time in the world; now somebody waits.
    return _give_turn(circle, circle.turn, now) if alone else circle


def leave(circle: Circle, person: Person, now: datetime) -> Circle:
    """Somebody wants to take no more turns.

    Raises:
        CircleRefused: they did not take any.
    """
    if not circle.is_member(person):
        raise CircleRefused("You take no turns in this story.")
    follower = circle.after(person)
    members = tuple(member for member in circle.members if member.id != person.id)
    circle = replace(circle, members=members)
    if circle.turn is None or (circle.turn.id != person.id and len(members) > 1):
        return circle
    holder = follower if circle.turn.id == person.id else circle.turn
    return _give_turn(circle, holder if members else None, now)


def skip(circle: Circle, person: Person, now: datetime, *, moderator: bool = False) -> Circle:
    """A turn is passed on, by the person whose turn it is, the owner or a moderator.

    Raises:
        CircleRefused: it is not up to them, or there is no turn.
    """
    _check_open(circle)
    if circle.mode is not Mode.TURNS or circle.turn is None:
        raise CircleRefused("It is nobody’s turn at the moment; whoever wants to can write.")
    if person.id not in (circle.turn.id, circle.owner.id) and not moderator:
        raise CircleRefused(
            "Only {name}, {owner} or a moderator can skip this turn. It passes on by itself when its time is "
            "over.",
            name=circle.turn.name,
            owner=circle.owner.name,
        )
    if len(circle.members) < 2:
        raise CircleRefused("Nobody else takes turns yet; ask somebody to press 🙋 Join.")
    news = Sentence("⏭ {name}’s turn was skipped.", {"name": circle.turn.name})
    return replace(_pass_on(circle, circle.turn, now), news=news)


def _pass_on(circle: Circle, person: Person, now: datetime) -> Circle:
    return _give_turn(replace(circle, news=None), circle.after(person), now)


def _give_turn(circle: Circle, person: Person | None, now: datetime) -> Circle:
    """Whoever is alone has no deadline: there is nobody to pass the turn on to."""
    hurry = person is not None and len(circle.members) > 1
    return replace(circle, turn=person, deadline=_in_time(circle, now) if hurry else None)


# -- votes ----------------------------------------------------------------------------------------------


def call_vote(circle: Circle, person: Person, *, moderator: bool = False) -> Step:
    """The proposing is over, for somebody who proposed, the owner or a moderator; a single scene is taken.

    Raises:
        CircleRefused: it is not up to them, or there is nothing to vote on.
    """
    _check_open(circle)
    if circle.phase is not Phase.WRITING:
        raise CircleRefused("The vote is on already: it is right above.")
    if not circle.proposals:
        raise CircleRefused("There is nothing to vote on yet. Press ✍️ and propose a scene.")
    ids = {proposal.author.id for proposal in circle.proposals}
    if person.id not in ids | {circle.owner.id} and not moderator:
        raise CircleRefused("Whoever proposed a scene can call for the vote; press ✍️ and propose one.")
    return _choose(circle)


def end_vote(circle: Circle, person: Person, *, moderator: bool = False) -> Circle:
    """The votes are to be counted before the time is over.

    Raises:
        CircleRefused: it is not up to them, or there is no vote.
    """
    check_manager(circle, person, moderator=moderator)
    if circle.phase is not Phase.VOTING:
        raise CircleRefused("There is no vote at the moment.")
    return replace(circle, phase=Phase.COUNTING, deadline=None)


def polled(circle: Circle, poll_id: int, now: datetime) -> Circle:
    """The poll is posted, and its time begins."""
    return replace(circle, poll_id=poll_id, deadline=_in_time(circle, now))


def poll_ended(circle: Circle) -> Circle:
    """A poll whose result nobody waits for is ended."""
    return circle if circle.phase in (Phase.VOTING, Phase.COUNTING) else replace(circle, poll_id=None)


def decide(circle: Circle, votes: Sequence[int] | None) -> Step:
    """The votes are counted, in the order of the proposals; whatever is missing counts as none.

    Without ``votes``, there could be no poll.
    """
    if circle.phase not in (Phase.VOTING, Phase.COUNTING) or not circle.proposals:
        return circle, None
    if votes is None:
        template = "🗳 I may not post polls here, so the scene that {name} proposed first goes on."
        chosen = circle.proposals[0]
        return _rest(circle, Sentence(template, {"name": chosen.author.name})), chosen
    counts = [*votes, *[0] * len(circle.proposals)][: len(circle.proposals)]
    best = counts.index(max(counts))
    chosen, tied = circle.proposals[best], counts.count(max(counts)) > 1
    if not any(counts):
        template = "🗳 Nobody voted, so the scene that {name} proposed first goes on."
    elif tied:
        template = "🗳 {name}’s scene was chosen: of equal votes ({votes} each), the earlier one wins."
    else:
        template = "🗳 {name}’s scene was chosen with {votes} of {total} votes."
    values = {"name": chosen.author.name, "votes": counts[best], "total": sum(counts)}
    return _rest(circle, Sentence(template, values)), chosen


def _choose(circle: Circle) -> Step:
    """A poll, unless there is but one scene to choose."""
    if len(circle.proposals) > 1:
        return _open_vote(circle), None
    chosen = circle.proposals[0]
    news = Sentence("🗳 {name}’s scene was the only one, so it goes on.", {"name": chosen.author.name})
    return _rest(circle, news), chosen


def _open_vote(circle: Circle) -> Circle:
    """Its time begins once the poll is there."""
    return replace(circle, phase=Phase.VOTING, deadline=None, poll_id=None, news=None)


def _rest(circle: Circle, news: Sentence | None) -> Circle:
    """Ready for the next scene's proposals."""
    return replace(
        circle, phase=Phase.WRITING, proposals=(), deadline=None, poll_id=None, turn=None, missed=0, news=news
    )


# -- time -----------------------------------------------------------------------------------------------


def expire(circle: Circle, now: datetime) -> Step:
    """What becomes of the circle when its deadline has passed; nothing before that.

    However late it is noticed, one turn passes: the next in line has all of their time.
    """
    if circle.deadline is None or now < circle.deadline or circle.closed:
        return circle, None
    if circle.phase is Phase.VOTING:
        return replace(circle, phase=Phase.COUNTING, deadline=None), None
    if circle.mode is Mode.VOTE:
        return _choose(circle) if circle.proposals else (replace(circle, deadline=None), None)
    if circle.turn is None:
        return replace(circle, deadline=None), None
    news = Sentence("⏳ {name}’s time was over.", {"name": circle.turn.name})
    missed = circle.missed + 1
    if missed >= len(circle.members):
        news = Sentence("💤 Nobody wrote for a whole round. Whoever likes can go on.")
        return replace(circle, turn=None, deadline=None, missed=0, news=news), None
    return replace(_pass_on(circle, circle.turn, now), missed=missed, news=news), None


def _in_time(circle: Circle, now: datetime) -> datetime:
    return now + timedelta(minutes=circle.minutes)


# -- looking after it -----------------------------------------------------------------------------------


def close(circle: Circle, person: Person, *, moderator: bool = False) -> Circle:
    """Nothing more is written; what was only proposed is dropped.

    Raises:
        CircleRefused: it is not up to them, or it is closed.
    """
    check_manager(circle, person, moderator=moderator)
    _check_open(circle)
    # The poll's number stays: whoever shows the story has to end it.
    return replace(_rest(circle, None), phase=Phase.CLOSED, poll_id=circle.poll_id)


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
    return circle if circle.deadline is None else replace(circle, deadline=_in_time(circle, now))


def check_may_undo(circle: Circle, person: Person, writer: Person, *, moderator: bool = False) -> None:
    """Make sure that this person may take the last scene back: it is theirs, or the story is.

    Raises:
        CircleRefused: neither is.
    """
    if person.id != writer.id:
        check_manager(circle, person, moderator=moderator)


def begun(circle: Circle, now: datetime) -> Circle:
    """A new circle, whose owner takes the first turn."""
    if circle.mode is Mode.TURNS:
        circle = replace(circle, members=(circle.owner,))
    return _begin(circle, now)


def _begin(circle: Circle, now: datetime) -> Circle:
    circle = _rest(circle, None)
    if circle.mode is Mode.TURNS and circle.members:
        return _give_turn(circle, circle.members[0], now)
    return circle


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


def _check_open(circle: Circle) -> None:
    if circle.closed:
        raise CircleRefused(
            "This story is closed. {name} or a moderator can open it again with ⚙️.", name=circle.owner.name
        )
