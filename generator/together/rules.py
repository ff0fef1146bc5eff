"""How a story told together goes on: who writes when, turns, votes, and what happens when time is over.

* *open*: anyone writes at any time.
* *turns*: those who joined write one after the other. A turn that nobody uses passes on; once everybody has
  let theirs pass, the circle rests until somebody writes: an empty room is not called through for ever.
* *vote*: everyone may propose one scene. When the time is over, or somebody calls for it, a poll decides
  between the proposals; a single one needs none. Of equal votes, the earlier proposal wins, also where nobody
  voted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from generator.sentence import Sentence
from generator.story import Person
from generator.together.circle import (
    MOST_MEMBERS,
    MOST_PROPOSALS,
    Circle,
    CircleRefused,
    Mode,
    Phase,
    Proposal,
    Step,
    check_manager,
    check_open,
    give_turn,
    in_time,
    rest,
)

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
    check_open(circle)
    if circle.phase is not Phase.WRITING:
        raise CircleRefused(
            "The vote is on: please vote above first. When it is over, you can propose the scene after it."
        )
    if circle.mode is Mode.TURNS and circle.turn is not None and circle.turn.id != person.id:
        if circle.is_member(person):
            raise _not_yet(circle, circle.turn, person)
        raise CircleRefused("It is {name}’s turn. Press 🙋 Join, and yours comes too.", name=circle.turn.name)


def _not_yet(circle: Circle, turn: Person, person: Person) -> CircleRefused:
    """When it will be the turn of somebody who takes turns."""
    place = [each.id for each in circle.members].index(person.id)
    before = circle.members[place - 1]
    if before.id == turn.id:
        return CircleRefused(
            "It is {name}’s turn; you are next, and ✍️ and /scene add work then.", name=turn.name
        )
    return CircleRefused(
        "It is {name}’s turn; yours comes after {before}’s, and ✍️ and /scene add work then.",
        name=turn.name,
        before=before.name,
    )


def _propose(circle: Circle, proposal: Proposal, now: datetime) -> Circle:
    """One proposal a person: another one takes the place of their first."""
    same = proposal.scene.casefold()
    for known in circle.proposals:  # two answers of one meaning would split the votes for it
        if known.author.id != proposal.author.id and known.scene.casefold() == same:
            raise CircleRefused(
                "{name} has proposed the same scene, so the vote will have it; you can propose another.",
                name=known.author.name,
            )
    ids = [known.author.id for known in circle.proposals]
    if proposal.author.id in ids:
        place = ids.index(proposal.author.id)
        proposals = (*circle.proposals[:place], proposal, *circle.proposals[place + 1 :])
    else:
        proposals = (*circle.proposals, proposal)
    deadline = circle.deadline or in_time(circle, now)
    circle = replace(circle, proposals=proposals, deadline=deadline, news=None)
    return _open_vote(circle) if len(proposals) == MOST_PROPOSALS else circle


# -- turns ----------------------------------------------------------------------------------------------


def join(circle: Circle, person: Person, now: datetime) -> Circle:
    """Somebody wants to take turns; who does already stays where they are.

    Raises:
        CircleRefused: there are no turns, or no place is left.
    """
    check_open(circle)
    if circle.mode is not Mode.TURNS:
        raise CircleRefused("Nobody needs to join: in this story, anyone can write.")
    if circle.is_member(person):
        return circle
    if len(circle.members) >= MOST_MEMBERS:
        raise CircleRefused(
            "All {count} places are taken; you can read along, and join once somebody has left.",
            count=MOST_MEMBERS,
        )
    alone = len(circle.members) == 1
    circle = replace(circle, members=(*circle.members, person), news=None)
    if circle.turn is None:
        return give_turn(replace(circle, missed=0), person, now)
    # Who was alone had all the time in the world; now somebody waits.
    return give_turn(circle, circle.turn, now) if alone else circle


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
    return give_turn(circle, holder if members else None, now)


def skip(
    circle: Circle, person: Person, now: datetime, holder_id: int | None = None, *, moderator: bool = False
) -> Circle:
    """A turn is passed on, by the person whose turn it is, the owner or a moderator.

    Raises:
        CircleRefused: it is not up to them, there is no turn, or it is another's by now.
    """
    check_open(circle)
    if circle.mode is not Mode.TURNS or circle.turn is None:
        raise CircleRefused("It is nobody’s turn at the moment; whoever wants to can write.")
    if person.id not in (circle.turn.id, circle.owner.id) and not moderator:
        raise CircleRefused(
            "Only {names} or a moderator can skip this turn. It passes on by itself when its time is over.",
            names=list({each.id: each.name for each in (circle.turn, circle.owner)}.values()),
        )
    if holder_id not in (None, circle.turn.id):
        raise CircleRefused(
            "It is {name}’s turn by now. If you want to skip that one too, press ⏭️ again.",
            name=circle.turn.name,
        )
    if len(circle.members) < 2:
        raise CircleRefused("Nobody else takes turns yet; ask somebody to press 🙋 Join.")
    news = Sentence("⏭ {name}’s turn was skipped.", {"name": circle.turn.name})
    return replace(_pass_on(circle, circle.turn, now), news=news)


def _pass_on(circle: Circle, person: Person, now: datetime) -> Circle:
    return give_turn(replace(circle, news=None), circle.after(person), now)


# -- votes ----------------------------------------------------------------------------------------------


def call_vote(circle: Circle, person: Person, *, moderator: bool = False) -> Step:
    """The proposing is over, for somebody who proposed, the owner or a moderator; a single scene is taken.

    Raises:
        CircleRefused: it is not up to them, or there is nothing to vote on.
    """
    check_open(circle)
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
        raise CircleRefused("There is no vote at the moment. Press ✍️ and propose a scene to vote on.")
    return replace(circle, phase=Phase.COUNTING, deadline=None)


def polled(circle: Circle, poll_id: int, now: datetime) -> Circle:
    """The poll is posted, and its time begins."""
    return replace(circle, poll_id=poll_id, deadline=in_time(circle, now))


def poll_ended(circle: Circle) -> Circle:
    """A poll whose result nobody waits for is ended."""
    return circle if circle.phase in (Phase.VOTING, Phase.COUNTING) else replace(circle, poll_id=None)


def decide(circle: Circle, votes: Sequence[int] | None) -> Step:
    """The votes are counted, in the order of the proposals; whatever is missing counts as none.

    Without ``votes``, there could be no poll.
    """
    if circle.phase not in (Phase.VOTING, Phase.COUNTING):
        return circle, None
    if not circle.proposals:  # whoever proposed them is forgotten
        return rest(circle, None), None
    if len(circle.proposals) == 1:
        return _choose(circle)
    if votes is None:
        chosen = circle.proposals[0]
        news = Sentence(
            "🗳 I may not post polls here, so the scene that {name} proposed first goes on.",
            {"name": chosen.author.name},
        )
        return rest(circle, news), chosen
    counts = [*votes, *[0] * len(circle.proposals)][: len(circle.proposals)]
    chosen = circle.proposals[counts.index(max(counts))]
    return rest(circle, _result(chosen, counts)), chosen


def _result(chosen: Proposal, counts: Sequence[int]) -> Sentence:
    """Which scene won, and why."""
    values = {"name": chosen.author.name, "votes": max(counts), "total": sum(counts)}
    if not any(counts):
        return Sentence("🗳 Nobody voted, so the scene that {name} proposed first goes on.", values)
    if counts.count(max(counts)) > 1:
        return Sentence(
            "🗳 {name}’s scene was chosen: of equal votes ({votes} each), the earlier one wins.", values
        )
    return Sentence("🗳 {name}’s scene was chosen. Votes: {votes} of {total}.", values)


def _choose(circle: Circle) -> Step:
    """A poll, unless there is but one scene to choose."""
    if len(circle.proposals) > 1:
        return _open_vote(circle), None
    chosen = circle.proposals[0]
    news = Sentence("🗳 {name}’s scene was the only one, so it goes on.", {"name": chosen.author.name})
    return rest(circle, news), chosen


def _open_vote(circle: Circle) -> Circle:
    """Its time begins once the poll is there."""
    return replace(circle, phase=Phase.VOTING, deadline=None, poll_id=None, news=None)


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
