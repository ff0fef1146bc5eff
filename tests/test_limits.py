"""Limits, held against a real archive: what counts, who is exempt, and what a refusal says."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from generator.admission import Admission
from generator.archive.archive import Archive
from generator.archive.database import open_archive
from generator.errors import LimitReached
from generator.limits import USUAL, Standing, bounds, standing
from generator.moderation.gate import Gate, words
from generator.sentence import Sentence
from generator.server import Limits, ServerSettings
from generator.settings import LimitSettings
from generator.story import Engine, Person, Picture, Storyboard
from tests.conftest import ANN, BEN

GUILD = 7
PICTURE = Picture(
    png=b"",
    seconds=1.0,
    engine=Engine(device="cpu", precision="fp32", samefox="0", torch="0", diffusers="0", transformers="0"),
)


class Desk:
    """An archive at a path, with a server's limits, that can be closed and opened again."""

    def __init__(self, path: Path, board: Storyboard) -> None:
        self.path = path
        self.board = board

    async def asked(self, archive: Archive, person: Person = ANN, scenes: int = 3, **more: object) -> int:
        """Ask for a story, as the studio does."""
        board = replace(self.board, scenes=self.board.scenes[:scenes], recipes=self.board.recipes[:scenes])
        admission = Admission(more.pop("host", LimitSettings()), archive, Gate(archive))  # type: ignore[arg-type]
        admit = await admission.ticket(
            person,
            GUILD,
            scenes,
            more.pop("standing", USUAL),  # type: ignore[arg-type]
            words(1),
            telling=True,
        )
        return (await archive.add_story(board, person, guild_id=GUILD, channel_id=1, admit=admit)).id

    async def drawn(self, archive: Archive, story_id: int) -> None:
        for take in (await archive.story(story_id)).takes:
            await archive.start(take.id, "cpu")
            await archive.finish(take.id, Path("x.png"), PICTURE)

    async def age(self, hours: float) -> None:
        """As if all that was asked for so far had been asked for earlier."""
        await asyncio.to_thread(self._age, hours)  # while the archive ends a transaction

    def _age(self, hours: float) -> None:
        earlier = (datetime.now(UTC) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        with sqlite3.connect(self.path) as connection:
            connection.execute("UPDATE work SET asked_at = ?", (earlier,))


@pytest.fixture
def desk(tmp_path: Path, board: Storyboard) -> Desk:
    return Desk(tmp_path / "archive.sqlite3", board)


async def limit(archive: Archive, **limits: object) -> None:
    await archive.servers.change(GUILD, ANN, lambda settings: settings.altered(limits=Limits(**limits)))  # type: ignore[arg-type]


async def test_a_members_pictures_of_the_last_24_hours_are_counted_across_a_restart(desk: Desk) -> None:
    async with open_archive(desk.path) as archive:
        await limit(archive, frames_a_day=7)
        await desk.drawn(archive, await desk.asked(archive))
        await desk.asked(archive)
    async with open_archive(desk.path) as archive:
        with pytest.raises(LimitReached) as refused:
            await desk.asked(archive)
        assert str(refused.value) == (
            "You have 1 left of 7 pictures in 24 hours here, and this needs 3. Please ask for fewer now, or "
            "again in about 24 h."
        )
        await desk.asked(archive, BEN)
        await desk.asked(archive, scenes=1)
        with pytest.raises(LimitReached, match="all of them are used up; please ask again in about 24 h"):
            await desk.asked(archive, scenes=1)
        await desk.age(21)
        with pytest.raises(LimitReached, match="again in about 3 h"):
            await desk.asked(archive)
        await desk.age(24.01)
        await desk.asked(archive)


async def test_what_fails_or_is_stopped_before_it_is_drawn_does_not_count(desk: Desk) -> None:
    async with open_archive(desk.path) as archive:
        await limit(archive, frames_a_day=3)
        first = await desk.asked(archive)
        one, *_ = (await archive.story(first)).takes
        await archive.start(one.id, "cpu")
        await archive.finish(one.id, Path("x.png"), PICTURE)
        await archive.cancel(first)
        with pytest.raises(LimitReached, match="You have 2 left of 3"):
            await desk.asked(archive)
        second = await desk.asked(archive, scenes=2)
        for take in (await archive.story(second)).takes:
            await archive.fail(take.id, Sentence("No."))
        assert (await archive.work.use(GUILD, ANN.id)).frames == 1
        await desk.asked(archive, scenes=2)


async def test_deleting_a_story_gives_no_drawn_picture_back(desk: Desk) -> None:
    async with open_archive(desk.path) as archive:
        await desk.drawn(archive, await desk.asked(archive))
        await desk.asked(archive)
        with sqlite3.connect(desk.path) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("DELETE FROM takes")
            connection.execute("DELETE FROM stories")
        use = await archive.work.use(GUILD, ANN.id)
        assert (use.waiting, use.stories, use.frames) == (0, 0, 3)
        again = await desk.asked(archive)
        await desk.drawn(archive, again)
        assert (await archive.work.use(GUILD, ANN.id)).frames == 6, "although numbers are used again"


async def test_a_server_has_its_own_day(desk: Desk) -> None:
    async with open_archive(desk.path) as archive:
        await limit(archive, server_frames_a_day=4)
        await desk.asked(archive)
        with pytest.raises(LimitReached, match="All members together have 1 left of 4"):
            await desk.asked(archive, BEN)


async def test_what_never_fits_is_said_without_a_time(desk: Desk) -> None:
    async with open_archive(desk.path) as archive:
        await limit(archive, frames_a_day=2)
        with pytest.raises(LimitReached, match="this needs 3; please ask for fewer"):
            await desk.asked(archive)


async def test_a_story_may_have_so_many_scenes_and_a_member_so_many_stories_at_once(desk: Desk) -> None:
    async with open_archive(desk.path) as archive:
        await limit(archive, scenes=2, stories_at_once=1)
        with pytest.raises(LimitReached, match="has 3 scenes, and here a story can have 2"):
            await desk.asked(archive)
        story_id = await desk.asked(archive, scenes=2)
        with pytest.raises(LimitReached, match="stop one of them in /queue"):
            await desk.asked(archive, scenes=1)
        await desk.asked(archive, BEN, scenes=1)
        await desk.drawn(archive, story_id)
        await desk.asked(archive, scenes=1)


async def test_exempt_roles_exceed_what_the_server_allows_but_not_the_host(desk: Desk) -> None:
    async with open_archive(desk.path) as archive:
        await limit(archive, frames_a_day=1, stories_at_once=1)
        free, host = Standing(exempt=True), LimitSettings(frames_a_day=5)
        await desk.asked(archive, standing=free, host=host)
        await desk.asked(archive, scenes=2, standing=free, host=host)
        with pytest.raises(LimitReached, match="You can have 5 pictures"):
            await desk.asked(archive, scenes=1, standing=free, host=host)


async def test_two_who_come_at_once_do_not_both_take_the_last_place(desk: Desk) -> None:
    async with open_archive(desk.path) as archive:
        await limit(archive, frames_a_day=3)
        answers = await asyncio.gather(*(desk.asked(archive) for _ in range(5)), return_exceptions=True)
        assert sum(isinstance(answer, LimitReached) for answer in answers) == 4
        assert (await archive.work.use(GUILD, ANN.id)).frames == 3


async def test_many_who_come_at_once_take_as_many_places_as_there_are(desk: Desk) -> None:
    members = [Person(id=number, name=str(number)) for number in range(1, 13)]
    async with open_archive(desk.path) as archive:
        await limit(archive, server_frames_a_day=31, stories_at_once=1)
        asked = (desk.asked(archive, member) for member in members for _ in range(3))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(answer, int) for answer in answers) == 10
        assert all(isinstance(answer, int | LimitReached) for answer in answers)
        assert (await archive.work.use(GUILD, ANN.id)).server_frames == 30
        assert all([(await archive.work.use(GUILD, member.id)).stories <= 1 for member in members])


def test_the_largest_of_a_members_weights_counts() -> None:
    server = ServerSettings(role_weights={1: 0.5, 2: 3.0, 3: 9.0}, limits=Limits(exempt_roles=(4,)))
    assert standing([1, 2], server) == Standing(weight=3.0)
    assert standing([1], server) == Standing(weight=0.5)
    assert standing([], server) == USUAL
    assert standing([4], server) == Standing(exempt=True)


def test_a_server_stays_within_the_host() -> None:
    host = LimitSettings(stories_at_once=3, frames_a_day=50)
    assert bounds(host, Limits(stories_at_once=9, frames_a_day=10), USUAL).stories_at_once == 3
    assert bounds(host, Limits(stories_at_once=9, frames_a_day=10), USUAL).frames_a_day == 10
    assert bounds(LimitSettings(), Limits(), USUAL).frames_a_day is None
