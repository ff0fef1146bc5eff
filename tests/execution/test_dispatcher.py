from __future__ import annotations

import asyncio

from generator.execution.dispatcher import Dispatcher, Task


def add(dispatcher: Dispatcher, owner: str, story_id: int, *take_ids: int) -> None:
    for take_id in take_ids:
        dispatcher.add(Task(take_id=take_id, story_id=story_id, owner=owner))


async def served(dispatcher: Dispatcher, count: int) -> list[int]:
    return [(await dispatcher.next()).take_id for _ in range(count)]


async def test_one_owner_is_served_in_the_order_asked() -> None:
    dispatcher = Dispatcher()
    add(dispatcher, "Ann", 1, 1, 2, 3)
    assert await served(dispatcher, 3) == [1, 2, 3]


async def test_owners_take_turns_so_a_long_story_does_not_hold_up_a_short_one() -> None:
    dispatcher = Dispatcher()
    add(dispatcher, "Ann", 1, *range(1, 21))
    assert await served(dispatcher, 1) == [1]
    add(dispatcher, "Ben", 2, 101, 102)
    assert await served(dispatcher, 5) == [2, 101, 3, 102, 4]


async def test_an_empty_line_waits_for_work() -> None:
    dispatcher = Dispatcher()
    waiting = asyncio.create_task(dispatcher.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    add(dispatcher, "Ann", 1, 1)
    assert (await waiting).take_id == 1


async def test_two_devices_that_wait_share_what_comes() -> None:
    dispatcher = Dispatcher()
    devices = [asyncio.create_task(dispatcher.next()) for _ in range(2)]
    await asyncio.sleep(0)
    add(dispatcher, "Ann", 1, 1, 2)
    assert {task.take_id for task in await asyncio.gather(*devices)} == {1, 2}


async def test_what_is_discarded_is_not_served() -> None:
    dispatcher = Dispatcher()
    add(dispatcher, "Ann", 1, 1, 2, 3)
    add(dispatcher, "Ben", 2, 11)
    dispatcher.discard([1, 3, 99])
    assert await served(dispatcher, 2) == [2, 11]


async def test_ahead_is_what_is_really_served_before() -> None:
    dispatcher = Dispatcher()
    add(dispatcher, "Ann", 1, *range(1, 8))
    add(dispatcher, "Ben", 2, 11)
    add(dispatcher, "Cai", 3, 21, 22, 23)
    add(dispatcher, "Cai", 4, 24)
    add(dispatcher, "Dan", 5, 31, 32)
    told = {
        story: dispatcher.ahead(owner, story)
        for owner, story in [("Ann", 1), ("Ben", 2), ("Cai", 3), ("Cai", 4), ("Dan", 5)]
    }
    order: dict[int, int] = {}
    for place in range(14):
        order.setdefault((await dispatcher.next()).story_id, place)
    assert told == order


def test_a_newcomer_is_told_the_place_it_would_have() -> None:
    dispatcher = Dispatcher()
    assert dispatcher.ahead("Ann", 1) == 0
    add(dispatcher, "Ben", 2, 11, 12)
    assert dispatcher.ahead("Ann", 1) == 1
    add(dispatcher, "Ann", 3, 21)
    assert dispatcher.ahead("Ann", 1) == 3
