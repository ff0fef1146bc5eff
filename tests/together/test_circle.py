"""The rules of a story told together, acted out without anything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cogs.presentation.words import say, speaking
from generator.story import Person
from generator.together import keeping, rules
from generator.together.circle import Circle, CircleRefused, Mode, Phase, Proposal, may_manage

ANN, BEN, CLEO, DAN = (
    Person(id=number, name=name) for number, name in enumerate(("Ann", "Ben", "Cleo", "Dan"), 1)
)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=10)


def circle(mode: Mode) -> Circle:
    """Ann's, with ten minutes for each turn."""
    return keeping.begun(Circle(story_id=1, owner=ANN, mode=mode, minutes=10), NOON)


def turns() -> Circle:
    """Ann, Ben and Cleo take turns; it is Ann's."""
    return rules.join(rules.join(circle(Mode.TURNS), BEN, NOON), CLEO, NOON)


def scene(author: Person, words: str = "") -> Proposal:
    words = words or f"in the garden of {author.name}"
    return Proposal(author=author, scene=words, express=words)


def proposed(*authors: Person) -> Circle:
    voting = circle(Mode.VOTE)
    for author in authors:
        voting, added = rules.write(voting, scene(author), NOON)
        assert added is None
    return voting


def counting(*authors: Person) -> Circle:
    voting, _ = rules.call_vote(proposed(*authors), ANN)
    return rules.end_vote(rules.polled(voting, 7, NOON), ANN)


def test_in_an_open_circle_anyone_writes_at_any_time() -> None:
    open_circle = circle(Mode.OPEN)
    for author in (BEN, BEN, CLEO):
        open_circle, added = rules.write(open_circle, scene(author), NOON)
        assert added == scene(author)
    assert (open_circle.turn, open_circle.deadline) == (None, None)


def test_turns_go_around_in_the_order_of_joining() -> None:
    taking = turns()
    for author, follower in ((ANN, BEN), (BEN, CLEO), (CLEO, ANN)):
        assert taking.turn == author
        taking, added = rules.write(taking, scene(author), LATER)
        assert added is not None
        assert (taking.turn, taking.deadline) == (follower, LATER + timedelta(minutes=10))


def test_a_full_round_says_what_a_latecomer_can_do() -> None:
    full = circle(Mode.TURNS)
    for number in range(rules.MOST_MEMBERS - 1):
        full = rules.join(full, Person(id=100 + number, name="Guest"), NOON)
    with pytest.raises(CircleRefused, match="join once somebody has left"):
        rules.join(full, BEN, NOON)


def test_out_of_turn_nobody_writes_and_a_stranger_hears_how_to_join() -> None:
    with pytest.raises(CircleRefused, match="It is Ann’s turn; you are next"):
        rules.write(turns(), scene(BEN), NOON)
    with pytest.raises(CircleRefused, match="🙋 Join"):
        rules.write(turns(), scene(DAN), NOON)


def test_who_is_alone_has_all_the_time_in_the_world_until_somebody_joins() -> None:
    alone = circle(Mode.TURNS)
    assert (alone.turn, alone.deadline) == (ANN, None)
    both = rules.join(alone, BEN, NOON)
    assert (both.turn, both.deadline) == (ANN, LATER)
    assert rules.join(both, BEN, LATER) == both, "joining twice changes nothing"


def test_a_turn_that_nobody_uses_passes_on_and_only_one_however_late() -> None:
    late = NOON + timedelta(days=3)
    passed, added = rules.expire(turns(), late)
    assert (passed.turn, passed.deadline, added) == (BEN, late + timedelta(minutes=10), None)
    assert "Ann’s time was over" in str(passed.news)
    assert rules.expire(turns(), LATER - timedelta(seconds=1)) == (turns(), None)


def test_after_a_round_without_a_scene_the_circle_rests_until_somebody_writes() -> None:
    resting, now = turns(), NOON
    for _ in range(3):
        now += timedelta(hours=1)
        resting, _ = rules.expire(resting, now)
    assert (resting.turn, resting.deadline) == (None, None)
    woken, added = rules.write(resting, scene(CLEO), now)
    assert added is not None
    assert woken.turn == ANN
    stranger, _ = rules.write(resting, scene(DAN), now)
    assert [member.name for member in stranger.members] == ["Ann", "Ben", "Cleo", "Dan"]
    assert stranger.turn == ANN


def test_a_scene_in_between_starts_the_count_of_missed_turns_anew() -> None:
    taking, _ = rules.expire(turns(), LATER)
    taking, _ = rules.write(taking, scene(BEN), LATER)
    assert taking.missed == 0


@pytest.mark.parametrize(("person", "moderator"), [(BEN, False), (ANN, False), (DAN, True)])
def test_a_turn_is_skipped_by_its_person_the_owner_or_a_moderator(person: Person, moderator: bool) -> None:
    bens, _ = rules.write(turns(), scene(ANN), NOON)
    assert rules.skip(bens, person, NOON, moderator=moderator).turn == CLEO
    with pytest.raises(CircleRefused, match="Only Ben, Ann or a moderator"):
        rules.skip(bens, CLEO, NOON)
    with pytest.raises(CircleRefused, match="Only Ann or a moderator can skip"):
        rules.skip(turns(), CLEO, NOON)


def test_alone_there_is_nobody_to_skip_to() -> None:
    with pytest.raises(CircleRefused, match="Nobody else"):
        rules.skip(circle(Mode.TURNS), ANN, NOON)


def test_who_leaves_takes_their_turn_along_and_the_last_leaves_an_empty_circle() -> None:
    taking = rules.leave(turns(), ANN, LATER)
    assert (taking.turn, [member.name for member in taking.members]) == (BEN, ["Ben", "Cleo"])
    taking = rules.leave(taking, CLEO, LATER)
    assert (taking.turn, taking.deadline) == (BEN, None), "alone, there is no hurry"
    taking = rules.leave(taking, BEN, LATER)
    assert (taking.turn, taking.deadline, taking.members) == (None, None, ())
    taking, added = rules.write(taking, scene(DAN), LATER)
    assert (added, taking.turn) == (scene(DAN), DAN)
    with pytest.raises(CircleRefused):
        rules.leave(turns(), DAN, NOON)


def test_the_first_proposal_starts_the_clock_and_another_of_the_same_person_replaces_it() -> None:
    voting = proposed(BEN, CLEO)
    assert (voting.phase, voting.deadline) == (Phase.WRITING, LATER)
    voting, _ = rules.write(voting, scene(BEN, "by a river"), LATER)
    assert [proposal.scene for proposal in voting.proposals] == ["by a river", "in the garden of Cleo"]
    assert voting.deadline == LATER, "which nobody can put off by proposing again"


def test_what_somebody_else_has_proposed_is_not_proposed_twice() -> None:
    voting, _ = rules.write(proposed(BEN), scene(CLEO, "by a river"), NOON)
    with pytest.raises(CircleRefused, match="Cleo has proposed the same scene"):
        rules.write(voting, scene(BEN, "By a river"), NOON)
    same, _ = rules.write(voting, scene(CLEO, "By a river"), NOON)
    assert [proposal.scene for proposal in same.proposals] == ["in the garden of Ben", "By a river"]


def test_when_the_proposing_is_over_a_poll_decides_unless_there_is_only_one() -> None:
    voting, added = rules.expire(proposed(BEN, CLEO), LATER)
    assert (voting.phase, voting.deadline, added) == (Phase.VOTING, None, None)
    single, added = rules.expire(proposed(BEN), LATER)
    assert (single.phase, single.proposals, added) == (Phase.WRITING, (), scene(BEN))


def test_so_many_proposals_as_a_poll_holds_open_the_vote() -> None:
    people = [Person(id=number, name=str(number)) for number in range(10)]
    assert proposed(*people).phase is Phase.VOTING


def test_while_the_vote_is_on_nothing_more_is_proposed() -> None:
    voting, _ = rules.call_vote(proposed(BEN, CLEO), BEN)
    with pytest.raises(CircleRefused, match="The vote is on"):
        rules.write(voting, scene(DAN), NOON)


def test_a_vote_is_called_for_by_those_who_have_a_part_in_it() -> None:
    with pytest.raises(CircleRefused, match="proposed"):
        rules.call_vote(proposed(BEN, CLEO), DAN)
    with pytest.raises(CircleRefused, match="nothing to vote on"):
        rules.call_vote(circle(Mode.VOTE), ANN)
    assert rules.call_vote(proposed(BEN, CLEO), DAN, moderator=True)[0].phase is Phase.VOTING


def test_the_time_of_a_vote_begins_when_its_poll_is_posted() -> None:
    voting, _ = rules.call_vote(proposed(BEN, CLEO), BEN)
    assert rules.expire(voting, NOON + timedelta(days=9)) == (voting, None)
    posted = rules.polled(voting, 7, LATER)
    assert (posted.poll_id, posted.deadline) == (7, LATER + timedelta(minutes=10))
    assert rules.expire(posted, LATER + timedelta(minutes=10))[0].phase is Phase.COUNTING


@pytest.mark.parametrize(
    ("votes", "winner", "news"),
    [
        ([1, 3, 0], CLEO, "Votes: 3 of 4"),
        ([1, 2, 2], CLEO, "of equal votes (2 each)"),
        ([0, 0, 0], BEN, "Nobody voted"),
        ([], BEN, "Nobody voted"),
        ([0, 1], CLEO, "Votes: 1 of 1"),
    ],
)
def test_the_most_votes_choose_and_of_equal_ones_the_earlier_proposal(
    votes: list[int], winner: Person, news: str
) -> None:
    decided, added = rules.decide(counting(BEN, CLEO, DAN), votes)
    assert added == scene(winner)
    assert news in str(decided.news)
    assert (decided.phase, decided.proposals, decided.poll_id) == (Phase.WRITING, (), None)
    assert rules.decide(decided, votes) == (decided, None), "a vote is counted once"


def test_what_a_vote_came_to_is_said_in_chinese_too() -> None:
    for votes in (None, [], [1, 1], [2, 1]):
        decided, _ = rules.decide(counting(BEN, CLEO), votes)
        assert decided.news is not None
        with speaking("zh-CN"):
            assert "提议" in say(decided.news) or "选中" in say(decided.news), decided.news


def test_two_who_skip_the_same_turn_skip_one() -> None:
    taking = turns()
    assert taking.turn == ANN
    skipped = rules.skip(taking, ANN, LATER, ANN.id)
    assert skipped.turn == BEN
    with pytest.raises(CircleRefused, match="Ben’s turn by now"):
        rules.skip(skipped, DAN, LATER, ANN.id, moderator=True)


def test_a_vote_on_what_nobody_proposes_any_more_is_over() -> None:
    forgotten = replace(counting(BEN, CLEO), proposals=())
    decided, added = rules.decide(forgotten, [])
    assert (decided.phase, added) == (Phase.WRITING, None)


def test_a_closed_circle_takes_nothing_until_its_owner_opens_it_again() -> None:
    closed = keeping.close(turns(), ANN)
    with pytest.raises(CircleRefused, match="This story is closed"):
        rules.write(closed, scene(ANN), NOON)
    with pytest.raises(CircleRefused, match="Only Ann"):
        keeping.reopen(closed, BEN, NOON)
    assert rules.expire(replace(closed, deadline=NOON), LATER)[0].turn is None
    opened = keeping.reopen(closed, ANN, LATER)
    assert (opened.turn, opened.members) == (ANN, turns().members)


def test_closing_in_the_middle_of_a_vote_keeps_the_poll_for_whoever_ends_it() -> None:
    voting = rules.polled(rules.call_vote(proposed(BEN, CLEO), BEN)[0], 7, NOON)
    closed = keeping.close(voting, ANN)
    assert (closed.phase, closed.proposals, closed.poll_id, closed.deadline) == (Phase.CLOSED, (), 7, None)


def test_the_mode_changes_unless_proposals_would_be_lost() -> None:
    with pytest.raises(CircleRefused, match="let the vote decide"):
        keeping.set_mode(proposed(BEN), ANN, Mode.OPEN, NOON)
    with pytest.raises(CircleRefused, match="Only Ann"):
        keeping.set_mode(turns(), BEN, Mode.OPEN, NOON)
    opened = keeping.set_mode(turns(), ANN, Mode.OPEN, NOON)
    assert (opened.turn, opened.deadline) == (None, None)
    back = keeping.set_mode(opened, ANN, Mode.TURNS, LATER)
    assert (back.turn, back.members) == (ANN, turns().members), "whoever had joined still has"
    first = keeping.set_mode(circle(Mode.OPEN), ANN, Mode.TURNS, NOON, writers=[CLEO, BEN])
    assert (first.turn, first.members) == (CLEO, (CLEO, BEN)), "or else, whoever has written"


def test_another_time_limit_counts_for_the_present_turn_too() -> None:
    assert keeping.set_minutes(turns(), ANN, 30, NOON).deadline == NOON + timedelta(minutes=30)
    with pytest.raises(CircleRefused, match="0 is not possible"):
        keeping.set_minutes(turns(), ANN, 0, NOON)


def test_a_handed_over_story_is_its_heirs() -> None:
    bens = keeping.hand_over(turns(), ANN, BEN)
    assert may_manage(bens, BEN)
    assert not may_manage(bens, ANN)


def test_all_hear_of_a_scene_that_somebody_else_took_back_but_no_moderators_name() -> None:
    told = circle(Mode.OPEN)
    assert keeping.took_back(told, BEN, BEN, 2) == told
    assert str(keeping.took_back(told, ANN, BEN, 2).news).startswith("↩️ Ann took back scene 2, by Ben")
    assert str(keeping.took_back(told, DAN, BEN, 2).news).startswith("↩️ A moderator took back scene 2")


def test_the_last_scene_is_taken_back_by_whoever_wrote_it_or_looks_after_the_story() -> None:
    keeping.check_may_undo(turns(), BEN, BEN)
    keeping.check_may_undo(turns(), ANN, BEN)
    keeping.check_may_undo(turns(), DAN, BEN, moderator=True)
    with pytest.raises(CircleRefused):
        keeping.check_may_undo(turns(), CLEO, BEN)
