"""The one door: a real archive, a real drawing process, real files."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from generator.errors import LimitReached, NotFound
from generator.execution.workshop import TRIES
from generator.press.metadata import read
from generator.settings import LimitSettings, Settings
from generator.story import Changed, Changes, Event, Options, Script, Stepped, Story, Storyboard, TakeState
from generator.studio import Studio, open_studio
from tests.conftest import ANN, BEN, PATIENCE


async def told(studio: Studio, story: Story, seconds: float = PATIENCE) -> Story:
    async with asyncio.timeout(seconds):
        while story.pending:
            await asyncio.sleep(0.02)
            story = await studio.archive.story(story.id)
    return story


def longer(board: Storyboard, steps: int) -> Storyboard:
    return replace(board, recipes=tuple(replace(recipe, steps=steps) for recipe in board.recipes))


async def first_step(events: AsyncIterator[Event]) -> Stepped:
    async with asyncio.timeout(PATIENCE):
        async for event in events:
            if isinstance(event, Stepped):
                return event
    raise AssertionError


def worker(studio: Studio) -> int:
    line = studio._workshop._executors[0]._line
    assert line is not None
    return line.process.pid


async def test_a_told_story_has_a_complete_file_for_each_frame(studio: Studio, board: Storyboard) -> None:
    story = await told(studio, await studio.tell(board, ANN))
    assert [take.state for take in story.takes] == [TakeState.DRAWN] * 3
    for take in story.takes:
        picture = read(studio.pictures.path(take).read_bytes())
        assert picture is not None
        assert picture[0] == take.recipe
    assert not list(studio.pictures.path(story.takes[0]).parent.glob(".*")), "nothing half written is left"


async def test_whoever_watches_hears_of_every_step_and_every_change(
    studio: Studio, board: Storyboard
) -> None:
    heard: list[Event] = []
    with studio.watch() as events:
        story = await studio.tell(board, ANN)
        async with asyncio.timeout(PATIENCE):
            async for event in events:
                heard.append(event)
                if not (await studio.archive.story(story.id)).pending:
                    break
    steps = [(event.take_id, event.step) for event in heard if isinstance(event, Stepped)]
    assert steps == [(take.id, step) for take in story.takes for step in (1, 2)]
    assert Changed(story_id=story.id) in heard


async def test_a_frame_is_drawn_again_with_what_is_to_be_different(studio: Studio, board: Storyboard) -> None:
    story = await studio.tell(board, ANN)
    take = await studio.redraw(story.takes[1].id, BEN, Changes(seed=8, scene="in a hole"))
    same = await studio.redraw(story.takes[1].id, BEN, Changes())
    assert same.recipe == board.recipes[1]
    assert (take.recipe.seed, take.recipe.express, take.scene) == (8, "in a hole", "in a hole")
    assert take.recipe.prompt == "a red fox in a meadow in a hole by a river"
    await studio.cancel(story.id)
    with pytest.raises(NotFound):
        await studio.redraw(999, BEN, Changes())


async def test_a_whole_story_is_drawn_again_with_one_seed(studio: Studio, board: Storyboard) -> None:
    story = await studio.redraw_story((await studio.tell(board, ANN)).id, ANN, Changes(seed=9))
    assert [take.recipe.seed for take in story.takes] == [7, 7, 7, 9, 9, 9]
    await studio.cancel(story.id)


async def test_cancelling_stops_what_is_drawn_and_what_waits(studio: Studio, board: Storyboard) -> None:
    with studio.watch() as events:
        story = await studio.tell(longer(board, 100), ANN)
        await first_step(events)
        assert await studio.cancel(story.id)
    other = await told(studio, await studio.tell(board, BEN))
    assert [take.state for take in other.takes] == [TakeState.DRAWN] * 3, "the device is free again"
    story = await studio.archive.story(story.id)
    assert [take.state for take in story.takes] == [TakeState.CANCELLED] * 3
    assert not await studio.cancel(story.id)


async def test_a_device_that_dies_once_costs_only_time(studio: Studio, board: Storyboard) -> None:
    with studio.watch() as events:
        story = await studio.tell(longer(board, 30), ANN)
        await first_step(events)
        os.kill(worker(studio), signal.SIGKILL)
    story = await told(studio, story)
    assert [take.state for take in story.takes] == [TakeState.DRAWN] * 3
    assert sum(take.attempts for take in story.takes) == 1


async def test_a_frame_on_which_devices_keep_dying_is_given_up_and_all_others_go_on(
    studio: Studio, board: Storyboard
) -> None:
    fatal = longer(replace(board, scenes=board.scenes[:1], recipes=board.recipes[:1]), 100)
    story = await studio.tell(fatal, ANN)
    other = await studio.tell(board, BEN)
    for attempt in range(TRIES):
        async with asyncio.timeout(PATIENCE):
            take = await studio.archive.take(story.takes[0].id)
            while (take.state, take.attempts) != (TakeState.DRAWING, attempt):
                await asyncio.sleep(0.02)
                take = await studio.archive.take(take.id)
        os.kill(worker(studio), signal.SIGKILL)
    story = await told(studio, story)
    assert story.takes[0].state is TakeState.FAILED
    assert story.takes[0].failure is not None
    assert f"after {TRIES} tries" in str(story.takes[0].failure)
    assert "killed by signal 9" in str(story.takes[0].failure)
    other = await told(studio, other)
    assert [take.state for take in other.takes] == [TakeState.DRAWN] * 3


async def test_the_picture_book_names_the_words_it_does_not_know(studio: Studio, tmp_path: Path) -> None:
    script = Script(subject="a red fox", scenes=("eating a pizza in the snow",))
    assert studio.interpreter.unknown_words(studio.draft(script, Options())) == (), (
        "of another model nobody knows"
    )
    own = Studio(Settings(), studio.archive, tmp_path)
    board = own.draft(script, Options(style="watercolor"))
    assert own.interpreter.unknown_words(board) == ("pizza",), "and none of the style's"


async def test_one_person_cannot_fill_the_line(settings: Settings, board: Storyboard) -> None:
    settings = settings.model_copy(update={"limits": LimitSettings(waiting=4)})
    async with open_studio(settings, settings.bot.data) as studio:
        story = await studio.tell(longer(board, 100), ANN)
        with pytest.raises(LimitReached, match="can have 4 pictures waiting"):
            await studio.tell(board, ANN)
        await studio.tell(board, BEN)
        await studio.cancel(story.id)
        await studio.tell(board, ANN)


async def test_a_new_studio_finishes_exactly_what_is_missing(settings: Settings, board: Storyboard) -> None:
    async with open_studio(settings, settings.bot.data) as first:
        with first.watch() as events:
            story = await first.tell(longer(board, 20), ANN)
            async with asyncio.timeout(PATIENCE):
                async for event in events:
                    if isinstance(event, Stepped) and event.take_id == story.takes[1].id:
                        break
        done = await first.archive.take(story.takes[0].id)
    async with open_studio(settings, settings.bot.data) as second:
        story = await told(second, await second.archive.story(story.id))
        assert [take.state for take in story.takes] == [TakeState.DRAWN] * 3
        assert story.takes[0] == done, "what was drawn is not drawn again"


async def test_a_model_that_cannot_be_loaded_is_said_in_each_frames_words(
    settings: Settings, board: Storyboard
) -> None:
    async with open_studio(settings, settings.bot.data) as studio:
        recipes = tuple(replace(recipe, model="/no/such/model") for recipe in board.recipes)
        story = await told(studio, await studio.tell(replace(board, recipes=recipes), ANN))
        assert {take.state for take in story.takes} == {TakeState.FAILED}
        assert "/no/such/model" in str(story.takes[0].failure)
        again = await told(studio, await studio.tell(board, ANN))
        assert {take.state for take in again.takes} == {TakeState.DRAWN}, "the device is still of use"


async def test_a_full_disk_fails_the_frame_and_not_the_studio(studio: Studio, board: Storyboard) -> None:
    story = await told(studio, await studio.tell(board, ANN))
    pictures = studio.pictures.path(story.takes[0]).parent
    pictures.rename(pictures.with_name("elsewhere"))
    pictures.write_text("in the way")  # every save fails from now on
    lost = await told(studio, await studio.tell(board, ANN))
    assert {take.state for take in lost.takes} == {TakeState.FAILED}
    pictures.unlink()
    pictures.with_name("elsewhere").rename(pictures)
    again = await told(studio, await studio.tell(board, ANN))
    assert {take.state for take in again.takes} == {TakeState.DRAWN}


async def test_the_outlook_knows_the_place_and_after_a_measurement_the_time(
    studio: Studio, board: Storyboard
) -> None:
    recipes = tuple(replace(recipe, model="/never/drawn") for recipe in board.recipes)
    assert studio.outlook(await studio.tell(replace(board, recipes=recipes), ANN)).seconds is None
    first = await told(studio, await studio.tell(board, ANN))
    assert studio.outlook(first).seconds == 0
    begun = await studio.tell(longer(board, 50), ANN)
    async with asyncio.timeout(PATIENCE):
        while studio._workshop.forecast.progress(begun.takes[0].id) < 0.1:
            await asyncio.sleep(0.01)
    waiting = await studio.tell(board, BEN)
    outlook = studio.outlook(waiting)
    assert outlook.ahead == 0, "Ann has had her turn"
    assert outlook.next is not None and outlook.seconds is not None
    assert 0 < outlook.next < outlook.seconds
    behind = studio.outlook(await studio.archive.story(begun.id)).seconds
    assert behind is not None and behind > outlook.seconds
    await studio.cancel(begun.id)
    await told(studio, waiting)
