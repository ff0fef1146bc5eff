"""Where stories told together stand, kept and found again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from generator.archive.archive import Archive
from generator.archive.circle_rows import Common
from generator.archive.database import open_archive
from generator.errors import NotFound
from generator.sentence import Sentence
from generator.story import Picture, Story, Storyboard, TakeState, Verdict
from generator.together.circle import Circle, CircleRefused, Mode, Phase, Proposal
from generator.together.growing import without_scene
from tests.archive.test_archive import ENGINE
from tests.conftest import ANN, BEN

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SCENE = Proposal(author=BEN, scene="在雪地里", express="in a hole")


@pytest_asyncio.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    async with open_archive(tmp_path / "archive.sqlite3") as opened:
        yield opened


@pytest_asyncio.fixture
async def story(archive: Archive, board: Storyboard) -> Story:
    """Three scenes of Ann's, to which others may add."""
    common = Common(recipe=without_scene(board.recipes[0]), window_length=10)
    circle = Circle(story_id=0, owner=ANN, mode=Mode.OPEN, minutes=10)
    return await archive.circles.add(board, common, circle, guild_id=10, channel_id=20)


def allowed(*_: object) -> None:
    """Nothing forbids it."""


def unchanged(circle: Circle, _: object) -> Circle:
    """Nothing forbids it, and nobody is told."""
    return circle


async def test_all_that_the_rules_know_is_kept(archive: Archive, story: Story) -> None:
    before = await archive.circles.circle(story.id)
    full = replace(
        before, mode=Mode.TURNS, phase=Phase.COUNTING, minutes=3, members=(BEN, ANN), turn=BEN, missed=1,
        deadline=NOON, proposals=(SCENE,), poll_id=7, news=Sentence("{name} won.", {"name": "Ben"}),
    )  # fmt: skip
    await archive.circles.change(story.id, lambda _, __: (full, None))
    assert await archive.circles.circle(story.id) == full
    assert await archive.circles.deadlines() == [(NOON, story.id)]
    assert (await archive.story(story.id)).version > story.version


async def test_a_scene_becomes_the_next_frame_in_the_same_transaction(archive: Archive, story: Story) -> None:
    _, take = await archive.circles.change(story.id, lambda circle, _: (circle, SCENE))
    assert take is not None
    assert (take.scene, take.recipe.express, take.author) == ("在雪地里", "in a hole", BEN)
    told = await archive.story(story.id)
    assert told.frames[:3] == story.frames
    assert (told.frames[3].position, told.frames[3].author) == (3, BEN)


async def test_what_is_refused_changes_nothing(archive: Archive, story: Story) -> None:
    def refuse(circle: Circle, _: Story) -> tuple[Circle, Proposal | None]:
        raise CircleRefused("Not now.")

    with pytest.raises(CircleRefused):
        await archive.circles.change(story.id, refuse)
    assert await archive.story(story.id) == story


async def test_a_scene_taken_back_is_not_drawn_any_more(archive: Archive, story: Story) -> None:
    frame, stopped = await archive.circles.take_back(story.id, unchanged)
    assert (frame.id, stopped) == (story.frames[2].id, [story.frames[2].takes[0].id])
    told = await archive.story(story.id)
    assert [each.id for each in told.frames] == [each.id for each in story.frames[:2]]
    assert told.taken_back[0].takes[0].state is TakeState.CANCELLED


async def test_words_that_were_taken_back_are_kept_for_whoever_wrote_them(
    archive: Archive, story: Story
) -> None:
    assert story.taken_from(story.author) == ""
    await archive.circles.take_back(story.id, unchanged)
    told = await archive.story(story.id)
    assert told.taken_from(story.author) == story.scenes[2]
    assert told.taken_from(BEN) == ""
    await archive.circles.change(story.id, lambda circle, _: (circle, replace(SCENE, author=ANN)))
    assert (await archive.story(story.id)).taken_from(story.author) == "", "they wrote something else"


async def test_a_scene_changes_places_and_stops_at_the_ends(archive: Archive, story: Story) -> None:
    first, second, third = (frame.id for frame in story.frames)
    for by in (1, 1, 1):
        await archive.circles.move(story.id, first, by, allowed)
    assert [frame.id for frame in (await archive.story(story.id)).frames] == [second, third, first]
    await archive.circles.move(story.id, third, -1, allowed)
    assert [frame.id for frame in (await archive.story(story.id)).frames] == [third, second, first]


async def test_a_picture_that_comes_along_shows_no_more_than_it_did(
    archive: Archive, board: Storyboard, story: Story
) -> None:
    verdict = Verdict(label="nsfw", score=0.9, unsafe=True, doubtful=True)
    picture = Picture(png=b"png", seconds=1.5, engine=ENGINE, verdict=verdict)
    for take in story.takes:
        assert await archive.start(take.id, "cpu")
        assert await archive.finish(take.id, Path(f"pictures/{take.id}.png"), picture)
    await archive.moderation.hide(story.takes[0].id, ANN)
    story = await archive.story(story.id)
    further = await archive.circles.add(
        replace(board, scenes=(), recipes=()),
        await archive.circles.common(story.id),
        Circle(story_id=0, owner=BEN, mode=Mode.OPEN, minutes=10),
        guild_id=10,
        channel_id=20,
        carried=[(frame, Path(f"pictures/copy-{frame.id}.png")) for frame in story.frames],
    )
    assert [take.hidden for take in further.takes] == [True, False, False]
    assert {take.verdict for take in further.takes} == {verdict}


async def test_a_story_that_one_person_tells_has_no_circle(archive: Archive, board: Storyboard) -> None:
    alone = await archive.add_story(board, ANN, guild_id=10, channel_id=20)
    assert await archive.circles.posted(alone.id) is None
    with pytest.raises(NotFound):
        await archive.circles.circle(alone.id)
