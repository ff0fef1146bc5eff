from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.archive.database import open_archive
from generator.execution.dispatcher import Dispatcher, Task
from generator.execution.forecast import Forecast, Outlook, task_of
from generator.execution.pace import Pace
from generator.settings import Settings
from generator.shape import shape
from generator.story import Options, Recipe, Script
from generator.storyboard import draft
from tests.conftest import ANN
from tests.simulation import Batch, Request, tell

BOARD = draft(Script(subject="a red fox", scenes=("in a meadow",)), Options(seed=7), Settings())
RECIPE = BOARD.recipes[0]
SHAPE = shape(RECIPE)
SECONDS = 2.0


def at_hand(devices: int = 1, room: int = 1) -> tuple[Dispatcher, Forecast]:
    dispatcher, pace = Dispatcher(), Pace()
    pace.measured(RECIPE, SECONDS)
    return dispatcher, Forecast(dispatcher, pace, lambda: devices, lambda _: room)


def task(take_id: int, owner: str = "Ann", recipe: Recipe = RECIPE) -> Task:
    form = shape(recipe)
    return Task(take_id=take_id, story_id=hash(owner), owner=owner, cost=form.work, shape=form)


STORIES = st.lists(
    st.builds(
        Request,
        at=st.just(0.0),
        owner=st.sampled_from("ABCD"),
        frames=st.integers(1, 6),
        server=st.sampled_from("xy"),
        cost=st.just(SHAPE.work),
        shape=st.just(SHAPE),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=50)
@given(STORIES, st.integers(1, 4), st.integers(1, 8))
def test_if_all_is_as_measured_and_nobody_else_comes_the_time_is_exact(
    requests: list[Request], devices: int, room: int
) -> None:
    """Where several devices draw batches, up to one: a story's last frame may end before those beside it."""
    dispatcher, forecast = at_hand(devices, room)
    samples: list[Task] = []
    foretold: dict[int, Outlook] = {}

    def asked(sample: Task, now: float, drawing: list[Batch]) -> None:
        samples.append(sample)
        if len(samples) == len(requests):
            for each in samples:
                foretold[each.story_id] = forecast.of(each, requests[each.story_id].frames)

    told = tell(requests, devices, lambda _: SECONDS, dispatcher=dispatcher, asked=asked, room=lambda _: room)
    for story_id, story in enumerate(told):
        assert foretold[story_id].next == pytest.approx(story.begun[0])
        batch = 0.0 if 1 in (devices, room) else (room - 1) * SECONDS
        assert foretold[story_id].seconds == pytest.approx(max(story.finished), abs=batch + 1e-6)


def test_what_is_being_drawn_counts_for_what_is_left_of_it() -> None:
    dispatcher, forecast = at_hand()
    dispatcher.add(task(1, "Ben"))
    drawn = dispatcher.take()
    assert drawn is not None
    forecast.begun("device", [drawn])
    assert forecast.of(task(2), 1).next == pytest.approx(SECONDS)
    forecast.stepped(1, 3, 4)
    assert forecast.of(task(2), 1) == Outlook(ahead=0, next=pytest.approx(0.5), seconds=pytest.approx(2.5))
    forecast.free("device")
    assert forecast.of(task(2), 1).next == 0.0


def test_large_pictures_of_others_take_their_own_time() -> None:
    dispatcher, forecast = at_hand()
    large = replace(RECIPE, width=2 * RECIPE.width)  # never measured: twice the work
    dispatcher.add(task(1, "Ben", large))
    assert forecast.of(task(2), 1).next == pytest.approx(2 * SECONDS)


def test_before_anything_is_measured_only_the_place_is_told() -> None:
    dispatcher, forecast = at_hand()
    unknown = replace(RECIPE, model="another")
    dispatcher.add(task(1, "Ben", unknown))
    assert forecast.of(task(2, "Ann", unknown), 3) == Outlook(ahead=1, next=None, seconds=None)


async def test_the_outlook_of_a_story_takes_in_what_is_being_drawn_and_what_waits() -> None:
    dispatcher, forecast = at_hand()
    async with open_archive(None) as archive:
        board = replace(BOARD, scenes=BOARD.scenes * 3, recipes=BOARD.recipes * 3)
        story = await archive.add_story(board, ANN, guild_id=1, channel_id=1)
        for take in story.takes:
            dispatcher.add(task_of(take, story.guild_id))
        taken = dispatcher.take()
        assert taken is not None
        forecast.begun("device", [taken])
        await archive.start(taken.take_id, "cpu")
        story = await archive.story(story.id)
    assert forecast.outlook(story) == Outlook(ahead=0, next=0.0, seconds=pytest.approx(3 * SECONDS))
    forecast.stepped(taken.take_id, 1, 2)
    assert forecast.outlook(story).seconds == pytest.approx(2.5 * SECONDS)
