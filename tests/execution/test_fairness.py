"""Fairness in simulated time: who waits for how long, with whom."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.execution.dispatcher import Dispatcher, Task
from tests.simulation import Request, Told, tell

NINE = [f"member {number}" for number in range(9)]
HORDE = Request(0.0, "horde", 100)


def small(at: float, frames: int = 4, **more: object) -> list[Request]:
    """Nine members who want little."""
    return [Request(at, owner, frames, **more) for owner in NINE]  # type: ignore[arg-type]


def mean(told: list[Told]) -> float:
    return sum(story.wait for story in told) / len(told)


@pytest.mark.parametrize("room", [1, 4])
@pytest.mark.parametrize("devices", [1, 2, 3])
@pytest.mark.parametrize("at", [0.0, 0.5, 20.5])
def test_nine_with_four_frames_each_wait_little_longer_for_one_with_a_hundred(
    at: float, devices: int, room: int
) -> None:
    alone = tell(small(at), devices, room=lambda _: room)
    together = tell([HORDE, *small(at)], devices, room=lambda _: room)[1:]
    assert max(story.wait for story in together) <= 1.5 * max(story.wait for story in alone)
    assert mean(together) <= 1.5 * mean(alone)
    for with_others, without in zip(together, alone, strict=True):
        assert with_others.wait <= 1.5 * without.wait


def test_a_hundred_single_stories_are_no_better_than_one_of_a_hundred() -> None:
    alone = tell(small(3.5))
    crowd = [Request(0.0, "horde", 1) for _ in range(100)]
    for story, without in zip(tell([*crowd, *small(3.5)])[100:], alone, strict=True):
        assert story.wait <= 1.5 * without.wait


def test_nine_who_come_one_after_the_other_are_served_at_once() -> None:
    requests = [Request(10.5 + 10 * index, owner, 4) for index, owner in enumerate(NINE)]
    for story in tell([HORDE, *requests])[1:]:
        assert story.first <= 2.5, "what is being drawn, then theirs"
        assert story.wait <= 8.5, "every second turn"


def test_a_server_of_ten_busy_members_takes_no_more_than_one_with_a_single_member() -> None:
    busy = [Request(0.0, f"busy {number}", 100, "large") for number in range(10)]
    (quiet,) = tell([*busy, Request(5.5, "only", 20, "small")])[10:]
    assert quiet.first <= 2.5
    assert quiet.wait <= 2 * 20 + 1


def test_members_of_a_server_share_its_half() -> None:
    busy = [Request(0.0, f"busy {number}", 100, "large") for number in range(10)]
    pair = [Request(5.5, "Ann", 20, "small"), Request(5.5, "Ben", 10, "small")]
    ann, ben = tell([*busy, *pair])[10:]
    assert ben.wait <= 2 * 20 + 2, "ten of Ann's, ten of Ben's, and as many of the large server's"
    assert ann.wait <= 2 * 30 + 2


def test_a_role_of_weight_three_is_served_three_times_as_often() -> None:
    heavy, light = tell([Request(0.0, "heavy", 90, weight=3.0), Request(0.0, "light", 90)], until=80)
    assert len(heavy.finished) / len(light.finished) == pytest.approx(3, rel=0.1)


def test_who_asks_for_large_pictures_is_served_less_often_and_for_as_long() -> None:
    large, little = tell([Request(0.0, "large", 20, cost=8.0), Request(0.0, "little", 200)], until=100)
    assert 8 * len(large.finished) == pytest.approx(len(little.finished), abs=16)
    newcomer = tell([Request(0.0, "large", 20, cost=8.0), Request(3.0, "newcomer", 4)])[1]
    assert newcomer.first <= 8 - 3 + 1, "what is being drawn, then theirs"
    assert newcomer.wait <= 8 - 3 + 8 + 4, "one of the large pictures among their four"


def test_nobody_saves_up_turns_by_being_absent() -> None:
    requests = [Request(0.0, "back", 5), Request(0.0, "stays", 100), Request(40.5, "back", 20)]
    _, stays, back = tell(requests)
    during = sum(40.5 <= finished <= back.finished[-1] for finished in stays.finished)
    assert during >= 19, "they alternate from then on"


def test_leaving_and_coming_back_at_once_gives_no_advantage() -> None:
    """Somebody who asks for a frame whenever the last one is begun, against one who asks for all at once."""
    dispatcher, served = Dispatcher(), Counter[str]()
    for take_id in range(100):
        dispatcher.add(Task(take_id=take_id, story_id=1, owner="patient"))
    for take_id in range(100, 160):
        if not dispatcher.waiting("sly"):
            dispatcher.add(Task(take_id=take_id, story_id=take_id, owner="sly"))
        task = dispatcher.take()
        assert task is not None
        served[str(task.owner)] += 1
    assert abs(served["sly"] - served["patient"]) <= 1


def test_a_reroll_does_not_wait_for_its_owners_long_story() -> None:
    _, reroll = tell([HORDE, Request(10.5, "horde", 1)])
    assert reroll.wait <= 2.5


def test_an_endless_stream_of_newcomers_starves_nobody() -> None:
    newcomers = [Request(float(at), f"newcomer {at}", 1) for at in range(1, 300)]
    story = tell([Request(0.0, "old", 10), Request(0.0, "older", 10), *newcomers])[0]
    assert story.wait <= 120, "there are more and more to share with"


def test_what_is_drawn_at_once_is_served_in_the_order_in_which_it_would_be_one_by_one() -> None:
    def order(room: int) -> list[int]:
        dispatcher, served = Dispatcher(), list[int]()
        for owner, frames in enumerate((30, 3, 11, 1)):
            for frame in range(frames):
                dispatcher.add(
                    Task(take_id=100 * owner + frame, story_id=owner, owner=owner, shape=frame // 4 % 2)
                )
        while batch := dispatcher.take_together(lambda _: room):
            assert len({task.shape for task in batch}) == 1
            served += [task.take_id for task in batch]
        return served

    assert order(1) == order(4) == order(100)


PEOPLE = st.lists(
    st.builds(
        Request,
        at=st.integers(0, 40).map(float),
        owner=st.sampled_from("ABCDE"),
        frames=st.integers(1, 12),
        server=st.sampled_from("xyz"),
        cost=st.sampled_from([0.5, 1.0, 2.0, 7.0]),
        weight=st.just(1.0),
    ),
    min_size=1,
    max_size=25,
)


@given(PEOPLE)
def test_the_device_never_rests_while_somebody_waits(requests: list[Request]) -> None:
    free = 0.0  # when any order would have drawn everything
    for request in sorted(requests, key=lambda request: request.at):
        free = max(free, request.at) + request.frames * request.cost
    assert max(story.finished[-1] for story in tell(requests)) == pytest.approx(free)


@given(PEOPLE, st.integers(1, 3), st.integers(1, 5))
def test_everything_is_served_in_its_order_and_nobody_starves(
    requests: list[Request], devices: int, room: int
) -> None:
    for story in tell(requests, devices, room=lambda _: room):
        assert len(story.finished) == story.request.frames
        assert story.begun == sorted(story.begun)
        work = sum(other.frames * other.cost for other in requests)
        assert story.finished[-1] <= 40 + work


@given(
    st.lists(
        st.tuples(st.sampled_from([0.5, 1.0, 2.0, 3.0]), st.sampled_from([0.5, 1.0, 4.0])),
        min_size=2,
        max_size=6,
    )
)
def test_members_who_wait_together_differ_by_no_more_than_one_turn_each(
    people: list[tuple[float, float]],
) -> None:
    """Goyal, Vin and Cheng's bound: of work by weight, by one largest task by weight each."""
    dispatcher = Dispatcher()
    for owner, (weight, cost) in enumerate(people):
        for index in range(200):
            dispatcher.add(
                Task(take_id=owner * 1000 + index, story_id=owner, owner=owner, weight=weight, cost=cost)
            )
    worked: Counter[object] = Counter()
    for _ in range(150):
        task = dispatcher.take()
        assert task is not None
        worked[task.owner] += task.cost / task.weight  # type: ignore[assignment]
        for one, (weight, cost) in enumerate(people):
            for other, (weight_, cost_) in enumerate(people):
                assert worked[one] - worked[other] <= cost / weight + cost_ / weight_ + 1e-9


@given(
    st.lists(st.tuples(st.sampled_from(["add", "take", "back", "discard"]), st.integers(0, 9)), max_size=200)
)
def test_whatever_comes_and_goes_nothing_is_lost_and_nothing_is_served_twice(
    steps: list[tuple[str, int]],
) -> None:
    dispatcher = Dispatcher()
    waiting: dict[int, Task] = {}
    taken: list[Task] = []
    for take_id, (step, number) in enumerate(steps):
        if step == "add":
            waiting[take_id] = Task(take_id=take_id, story_id=number, owner=number // 2, server=number // 4)
            dispatcher.add(waiting[take_id])
        elif step == "take":
            batch = dispatcher.take_together(lambda _, room=number: room)  # type: ignore[misc]
            taken += batch
            gone = {task.take_id for task in batch}
            assert gone <= waiting.keys()
            waiting = {take_id: task for take_id, task in waiting.items() if take_id not in gone}
        elif step == "back" and taken:
            dispatcher.put_back(task := taken.pop())
            waiting[task.take_id] = task
        elif step == "discard":
            unwanted = [take for take, task in waiting.items() if task.story_id == number]
            dispatcher.discard(unwanted)
            for take in unwanted:
                del waiting[take]
        assert len(dispatcher) == len(waiting)
        for owner in range(5):
            assert dispatcher.waiting(owner) == sum(task.owner == owner for task in waiting.values())
    order = [task for _ in list(waiting) if (task := dispatcher.take()) is not None]
    assert {task.take_id for task in order} == set(waiting)
    assert dispatcher.take() is None
