"""The one door: a real archive, a real drawing process, real files."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from generator.errors import LimitReached, NotFound
from generator.execution.ledger import TRIES
from generator.execution.local import LocalExecutor
from generator.press.metadata import read
from generator.settings import LimitSettings, Settings, SpeedSettings, StorySettings
from generator.story import (
    Changed,
    Changes,
    Event,
    Options,
    Script,
    Stepped,
    Story,
    Storyboard,
    Take,
    TakeState,
)
from generator.studio import Studio, open_studio
from tests.conftest import ANN, BEN, PATIENCE, small

TOGETHER = 3


@pytest_asyncio.fixture(scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    """A studio whose device draws several pictures at once."""
    settings = small(tmp_path_factory.mktemp("studio"))
    settings = settings.model_copy(update={"speed": SpeedSettings(together=TOGETHER)})
    async with open_studio(settings, settings.bot.data) as opened:
        yield opened


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


async def kill(studio: Studio) -> None:
    """Kill the drawing process, as soon as there is one: a take is marked as drawn on before."""
    (station,) = studio._workshop._stations
    assert isinstance(station.executor, LocalExecutor)
    async with asyncio.timeout(PATIENCE):
        while (line := station.executor._line) is None or not line.alive:
            await asyncio.sleep(0.01)
    os.kill(line.process.pid, signal.SIGKILL)


async def test_on_slow_devices_stories_have_fewer_steps_where_nobody_says_how_many(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    await studio.look()
    fox, options = Script(subject="a fox", scenes=("in a meadow",)), Options(model="someone/sdxl")
    model = studio._settings.model.model_copy(update={"others": ("someone/sdxl",)})
    silent = {"model": model, "story": StorySettings()}  # a host who says nothing
    monkeypatch.setattr(studio, "_settings", studio._settings.model_copy(update=silent))
    assert studio.draft(fox, options).recipes[0].steps == 50
    (station,) = studio._workshop._stations
    assert not station.executor.slow, "it was told of the tiny model alone"
    monkeypatch.setattr(station.executor, "slow", True)
    assert studio.draft(fox, options).recipes[0].steps == 20
    assert studio.draft(fox, replace(options, steps=40)).recipes[0].steps == 40


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
    assert sorted(steps) == [(take.id, step) for take in story.takes for step in (1, 2)]
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


async def test_what_is_asked_for_after_a_story_was_deleted_while_it_was_drawn_is_drawn(
    studio: Studio, board: Storyboard
) -> None:
    with studio.watch() as events:
        story = await studio.tell(longer(board, 100), ANN)
        await first_step(events)
        await studio.oversight.delete_story(story.id, ANN)
    other = await told(studio, await studio.tell(board, ANN))
    assert [take.state for take in other.takes] == [TakeState.DRAWN] * 3


async def drawn_beside(studio: Studio, take: Take) -> set[int]:
    """Wait until a device works on a take as it stands; on which takes it works then."""
    async with asyncio.timeout(PATIENCE):
        while True:
            takes = (await studio.archive.story(take.story_id)).takes
            drawing = {each.id: each.attempts for each in takes if each.state is TakeState.DRAWING}
            if drawing.get(take.id) == take.attempts:
                return set(drawing)
            await asyncio.sleep(0.01)


async def test_one_of_several_that_are_drawn_at_once_is_stopped_and_the_others_are_drawn(
    studio: Studio, board: Storyboard
) -> None:
    story = await studio.tell(longer(board, 60), ANN)
    reroll = await studio.redraw(story.takes[0].id, BEN, Changes(seed=8))
    assert len(await drawn_beside(studio, reroll)) >= TOGETHER
    assert await studio.withdraw(story.id, BEN.id)
    story = await told(studio, story)
    assert [take.state for take in story.takes] == [TakeState.DRAWN] * 3 + [TakeState.CANCELLED]


async def test_what_a_device_dies_on_is_drawn_one_by_one_until_it_is_known_whose_fault_it_is(
    studio: Studio, board: Storyboard
) -> None:
    story = await studio.tell(longer(board, 100), ANN)
    _, culprit, innocent = story.takes
    assert await drawn_beside(studio, culprit) >= {culprit.id, innocent.id}
    other = await studio.tell(board, BEN)
    await kill(studio)
    for attempts in range(1, TRIES):
        assert await drawn_beside(studio, replace(culprit, attempts=attempts)) == {culprit.id}
        await kill(studio)
    _, culprit, innocent = (await told(studio, story)).takes
    assert (culprit.state, culprit.attempts) == (TakeState.FAILED, TRIES)
    assert f"after {TRIES} tries" in str(culprit.failure)
    assert "killed by signal 9" in str(culprit.failure)
    assert (innocent.state, innocent.attempts) == (TakeState.DRAWN, 1)
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


@pytest.mark.usefixtures("lent")
async def test_one_person_cannot_fill_the_line(settings: Settings, board: Storyboard) -> None:
    settings = settings.model_copy(update={"limits": LimitSettings(waiting=4)})
    async with open_studio(settings, settings.bot.data) as studio:
        story = await studio.tell(longer(board, 100), ANN)
        with pytest.raises(LimitReached, match="can have 4 pictures waiting"):
            await studio.tell(board, ANN)
        await studio.tell(board, BEN)
        await studio.cancel(story.id)
        await studio.tell(board, ANN)


@pytest.mark.usefixtures("lent")
async def test_a_new_studio_finishes_exactly_what_is_missing(settings: Settings, board: Storyboard) -> None:
    async with open_studio(settings, settings.bot.data) as first:
        with first.watch() as events:
            story = await first.tell(longer(board, 20), ANN)
            async with asyncio.timeout(PATIENCE):
                async for event in events:
                    if isinstance(event, Stepped) and event.take_id == story.takes[1].id:
                        break
            while not (done := await first.archive.take(story.takes[0].id)).drawn:
                await asyncio.sleep(0.01)  # it is finished while the next one is drawn
    async with open_studio(settings, settings.bot.data) as second:
        story = await told(second, await second.archive.story(story.id))
        assert [take.state for take in story.takes] == [TakeState.DRAWN] * 3
        assert story.takes[0] == done, "what was drawn is not drawn again"


@pytest.mark.usefixtures("lent")
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
