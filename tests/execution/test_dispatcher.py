from __future__ import annotations

import asyncio
from collections import Counter
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from generator.execution.dispatcher import Dispatcher, Task
from generator.execution.turns import Ahead


def add(dispatcher: Dispatcher, owner: str, story_id: int, *take_ids: int) -> None:
    for take_id in take_ids:
        dispatcher.add(Task(take_id=take_id, story_id=story_id, owner=owner))


async def served(dispatcher: Dispatcher, count: int) -> list[int]:
    return [task.take_id for _ in range(count) for task in await dispatcher.next()]


async def test_one_owner_is_served_in_the_order_asked() -> None:
    dispatcher = Dispatcher()
    add(dispatcher, "Ann", 1, 1, 2, 3)
    assert await served(dispatcher, 3) == [1, 2, 3]


async def test_owners_take_turns_so_a_long_story_does_not_hold_up_a_short_one() -> None:
    dispatcher = Dispatcher()
    add(dispatcher, "Ann", 1, *range(1, 21))
    assert await served(dispatcher, 1) == [1]
    add(dispatcher, "Ben", 2, 101, 102)
    assert await served(dispatcher, 5) == [101, 2, 102, 3, 4]


async def test_an_empty_line_waits_for_work() -> None:
    dispatcher = Dispatcher()
    waiting = asyncio.create_task(dispatcher.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    add(dispatcher, "Ann", 1, 1)
    assert [task.take_id for task in await waiting] == [1]


async def test_two_devices_that_wait_share_what_comes() -> None:
    dispatcher = Dispatcher()
    devices = [asyncio.create_task(dispatcher.next()) for _ in range(2)]
    await asyncio.sleep(0)
    add(dispatcher, "Ann", 1, 1, 2)
    assert {task.take_id for (task,) in await asyncio.gather(*devices)} == {1, 2}


async def test_what_is_discarded_is_not_served() -> None:
    dispatcher = Dispatcher()
    add(dispatcher, "Ann", 1, 1, 2, 3)
    add(dispatcher, "Ben", 2, 11)
    dispatcher.discard([1, 3, 99])
    assert await served(dispatcher, 2) == [2, 11]


def ahead(dispatcher: Dispatcher, owner: str, story_id: int) -> Ahead:
    task = Task(take_id=0, story_id=story_id, owner=owner)
    return dispatcher.ahead(task, Ahead(), lambda shape: 2.0)


def test_a_newcomer_is_told_the_place_it_would_have() -> None:
    dispatcher = Dispatcher()
    assert ahead(dispatcher, "Ann", 1) == Ahead()
    add(dispatcher, "Ben", 2, 11, 12)
    assert ahead(dispatcher, "Ann", 1).count == 1
    add(dispatcher, "Ann", 3, 21)
    assert ahead(dispatcher, "Ann", 1) == Ahead(3, 3.0, 6.0), "both of Ben's and one of hers"


LINES = st.lists(
    st.tuples(st.sampled_from("xyz"), st.sampled_from("ABC"), st.integers(0, 1), st.integers(1, 5)),
    min_size=1,
    max_size=12,
)


@given(LINES, st.integers(0, 20), st.sampled_from([1.0, 2.0]))
def test_ahead_is_what_is_really_served_before(
    lines: list[tuple[str, str, int, int]], served: int, weight: float
) -> None:
    """Exactly so for every task, wherever the line stands, if costs are equal."""
    dispatcher, take_ids = Dispatcher(), count()
    for server, owner, number, frames in lines:
        for _ in range(frames):
            story_id = hash((server, owner, number))
            dispatcher.add(
                Task(take_id=next(take_ids), story_id=story_id, owner=owner, server=server, weight=weight)
            )
        if served:
            served -= dispatcher.take() is not None
    places: dict[int, tuple[Task, float]] = {}
    depths: Counter[int] = Counter()
    for task in list(dispatcher._tasks.values()):
        own = float(depths[task.story_id])
        depths[task.story_id] += 1
        places[task.take_id] = task, dispatcher.ahead(task, Ahead(own, own, own), lambda shape: 1.0).count
    for place in range(len(dispatcher)):
        task = dispatcher.take()
        assert task is not None
        assert places[task.take_id] == (task, place)


def test_among_very_many_the_place_is_nearly_right() -> None:
    dispatcher = Dispatcher()
    for owner in range(500):
        for frame in range(1 + owner % 5):
            add(dispatcher, str(owner), owner, 1000 * owner + frame)
    told = {owner: ahead(dispatcher, str(owner), owner).count for owner in range(500)}
    last = {
        owner: dispatcher.ahead(
            Task(take_id=0, story_id=owner, owner=str(owner)),
            Ahead(owner % 5, owner % 5, 0.0),
            lambda shape: 1.0,
        ).count
        for owner in range(500)
    }
    first_at: dict[int, int] = {}
    last_at: dict[int, int] = {}
    for place in range(len(dispatcher)):
        task = dispatcher.take()
        assert task is not None
        first_at.setdefault(task.story_id, place)
        last_at[task.story_id] = place
    # All begin at the same moment, so a place among those is a matter of half a round.
    assert max(abs(told[owner] - first_at[owner]) for owner in told) <= 260
    assert max(abs(last[owner] - last_at[owner]) for owner in last) <= 260


def test_what_was_taken_but_not_done_is_next_of_its_owner_and_uses_no_second_turn() -> None:
    dispatcher = Dispatcher()
    add(dispatcher, "Ann", 1, 1, 2, 3)
    add(dispatcher, "Ben", 2, 11, 12)
    first = dispatcher.take()
    assert first is not None
    dispatcher.put_back(first)
    assert [task.take_id for _ in range(5) if (task := dispatcher.take())] == [1, 11, 2, 12, 3]


def test_what_was_lost_together_is_back_in_its_order_and_is_then_taken_alone() -> None:
    dispatcher = Dispatcher()
    add(dispatcher, "Ann", 1, 1, 2, 3, 4, 5)
    batch = dispatcher.take_together(lambda _: 3)
    for task in (batch[1], batch[2], batch[0]):  # in whatever order that is written down
        dispatcher.put_back(task)
    taken = [[task.take_id for task in dispatcher.take_together(lambda _: 3)] for _ in range(4)]
    assert taken == [[1], [2], [3], [4, 5]]


def test_a_device_leaves_the_others_their_share() -> None:
    dispatcher = Dispatcher()
    add(dispatcher, "Ann", 1, *range(7))
    assert [len(dispatcher.take_together(lambda _: 8, devices=2)) for _ in range(3)] == [4, 2, 1]


async def test_whoever_had_to_wait_for_work_takes_one_alone() -> None:
    dispatcher = Dispatcher()
    waiting = asyncio.create_task(dispatcher.next(lambda _: 8))
    await asyncio.sleep(0)
    add(dispatcher, "Ann", 1, *range(5))
    assert len(await waiting) == 1
    assert len(await dispatcher.next(lambda _: 8)) == 4


def test_it_knows_how_many_wait_where() -> None:
    dispatcher = Dispatcher()
    add(dispatcher, "Ann", 1, 1, 2)
    add(dispatcher, "Ann", 2, 3)
    dispatcher.add(Task(take_id=4, story_id=3, owner="Ann", server=9))
    assert (len(dispatcher), dispatcher.waiting("Ann"), dispatcher.waiting_in(0, "Ann")) == (4, 4, 3)
    assert (dispatcher.waiting_in(9), dispatcher.waiting_in(0, "Ann", 1)) == (1, 2)
    assert dispatcher.waiting_in(0, "Ben", 1) == 0
