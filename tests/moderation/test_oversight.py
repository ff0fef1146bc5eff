"""What follows from moderators' and members' decisions: files go, work stops, and others lose nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from generator.archive.archive import Archive
from generator.archive.circle_rows import Common
from generator.archive.database import open_archive
from generator.errors import Banned
from generator.moderation.gate import Gate
from generator.moderation.oversight import Oversight
from generator.moderation.values import Outcome
from generator.press.metadata import encode, read
from generator.story import Changed, Event, Person, Picture, Story, Storyboard
from generator.together.circle import Circle, Mode, Proposal
from generator.together.growing import without_scene
from tests.archive.test_archive import ENGINE
from tests.archive.test_oblivion import LEO, together
from tests.conftest import ANN, BEN


class Desk:
    """The wing with an archive and a folder of its own."""

    def __init__(self, archive: Archive, folder: Path) -> None:
        self.archive, self.folder = archive, folder
        self.stopped: list[int] = []
        self.told: list[Event] = []
        self.oversight = Oversight(archive, folder, stop=self._stop, announce=self.told.append)

    def _stop(self, take_ids: Sequence[int]) -> None:
        self.stopped += take_ids

    async def draw(self, take_id: int) -> Path:
        """A real picture for a take."""
        take, path = await self.archive.take(take_id), Path("pictures", f"{take_id}.png")
        png = encode(Image.new("RGB", (8, 8), (take_id % 200, 9, 9)), take.recipe, ENGINE)
        (self.folder / "pictures").mkdir(exist_ok=True)
        (self.folder / path).write_bytes(png)
        await self.archive.start(take_id, "cpu")
        await self.archive.finish(take_id, path, Picture(png=png, seconds=1.0, engine=ENGINE))
        return self.folder / path


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_archive(tmp_path / "archive.sqlite3") as archive:
        yield Desk(archive, tmp_path)


async def test_a_ban_stops_what_waits_and_tells_whoever_shows_it(desk: Desk, board: Storyboard) -> None:
    story = await desk.archive.add_story(board, BEN, guild_id=10, channel_id=20)
    other = await desk.archive.add_story(board, BEN, guild_id=11, channel_id=20)
    assert await desk.oversight.ban(10, BEN, ANN, "why") == 3
    assert desk.stopped == [take.id for take in story.takes]
    assert desk.told == [Changed(story_id=story.id)]
    assert (await desk.archive.story(other.id)).pending, "in another server nothing changes"
    ban = await desk.archive.moderation.ban_of(10, BEN.id)
    assert ban is not None
    assert (ban.reason, ban.by) == ("why", ANN)
    assert await desk.archive.moderation.unban(10, BEN, ANN)
    assert not await desk.archive.moderation.unban(10, BEN, ANN)
    assert [act.act for act in await desk.archive.moderation.acts(10, 9)] == ["unban", "ban"]


@pytest.mark.parametrize("outcome", Outcome)
async def test_a_report_is_handled_once(desk: Desk, board: Storyboard, outcome: Outcome) -> None:
    story = await desk.archive.add_story(board, BEN, guild_id=10, channel_id=20)
    path = await desk.draw(story.takes[0].id)
    report = await desk.archive.moderation.add_report(story.takes[0].id, LEO, "why")
    assert report is not None
    assert await desk.archive.moderation.add_report(story.takes[0].id, LEO, "again") is None
    assert await desk.oversight.handle(report, ANN, outcome)
    for other in Outcome:
        assert not await desk.oversight.handle(report, ANN, other)
    take = await desk.archive.take(story.takes[0].id)
    assert path.exists() == take.drawn == (outcome is not Outcome.DELETED)
    assert take.hidden == (outcome in (Outcome.HIDDEN, Outcome.BANNED))
    assert (await desk.archive.moderation.ban_of(10, BEN.id) is not None) == (outcome is Outcome.BANNED)


@pytest.mark.parametrize("outcome", Outcome)
async def test_what_a_moderator_decided_is_done_though_the_process_dies_at_once(
    desk: Desk, board: Storyboard, outcome: Outcome
) -> None:
    story = await desk.archive.add_story(board, BEN, guild_id=10, channel_id=20)
    await desk.draw(story.takes[0].id)
    moderation = desk.archive.moderation
    reports = [await moderation.add_report(story.takes[0].id, reporter, "why") for reporter in (LEO, ANN)]
    assert reports[0] is not None
    assert await moderation.handle(reports[0].id, ANN, outcome)  # and then the lights go out
    take = await desk.archive.take(story.takes[0].id)
    assert take.hidden == (outcome in (Outcome.HIDDEN, Outcome.BANNED))
    assert take.drawn == (outcome is not Outcome.DELETED)
    assert (await moderation.ban_of(10, BEN.id) is not None) == (outcome is Outcome.BANNED)
    others = [report.outcome for report in await moderation.reports_of(take.id)][1:]
    assert others == [None if outcome is Outcome.DISMISSED else outcome]
    named = {"hidden": ["hide"], "deleted": ["delete"], "banned": ["ban", "hide"], "dismissed": []}
    assert [act.act for act in await moderation.acts(10, 9)] == named[outcome]


async def test_who_is_excluded_over_a_report_is_never_told_what_the_reporter_wrote(
    desk: Desk, board: Storyboard
) -> None:
    story = await desk.archive.add_story(board, BEN, guild_id=10, channel_id=20)
    moderation, gate = desk.archive.moderation, Gate(desk.archive)
    for reason in ("", "spam"):  # of a moderator; whoever is excluded already keeps it
        if reason:
            await moderation.ban(10, BEN, ANN, reason)
        report = await moderation.add_report(story.takes[bool(reason)].id, LEO, "Ben has my address")
        assert report is not None
        assert await desk.oversight.handle(report, ANN, Outcome.BANNED)
        with pytest.raises(Banned) as refused:
            await gate.check_person(10, BEN.id)
        assert "my address" not in str(refused.value)
        assert reason in str(refused.value)
    assert {act.reason for act in await moderation.acts(10, 9)} == {"", "spam"}


async def test_of_a_story_that_a_moderator_deleted_no_word_stays_once_its_author_is_forgotten(
    desk: Desk, board: Storyboard
) -> None:
    story = await desk.archive.add_story(board, LEO, guild_id=10, channel_id=20)
    await desk.oversight.delete_story(story.id, ANN)
    (act,) = await desk.archive.moderation.acts(10, 9)
    assert (act.act, act.subject) == ("delete story", story.subject)
    await desk.oversight.forget(LEO.id)
    (act,) = await desk.archive.moderation.acts(10, 9)
    assert (act.act, act.by, act.subject) == ("delete story", ANN, "")


async def went_on(desk: Desk, earlier: Story, board: Storyboard) -> Story:
    """A story that begins with copies of an earlier one's pictures."""
    carried = []
    for frame in earlier.frames:
        copy = Path("pictures", f"copy-{frame.id}.png")
        (desk.folder / copy).write_bytes((desk.folder / (frame.chosen.path or "")).read_bytes())
        carried.append((frame, copy))
    return await desk.archive.circles.add(
        replace(board, scenes=(), recipes=()),
        Common(recipe=without_scene(board.recipes[0]), window_length=10),
        Circle(story_id=0, owner=BEN, mode=Mode.OPEN, minutes=10),
        guild_id=10,
        channel_id=20,
        carried=carried,
        continues_id=earlier.id,
    )


async def test_what_is_decided_about_a_picture_holds_for_the_copies_that_later_stories_took_along(
    desk: Desk, board: Storyboard
) -> None:
    first = await desk.archive.add_story(board, BEN, guild_id=10, channel_id=20)
    for take in first.takes:
        await desk.draw(take.id)
    second = await went_on(desk, await desk.archive.story(first.id), board)
    third = await went_on(desk, second, board)
    stories = [first.id, second.id, third.id]

    async def marks() -> list[list[bool]]:
        read = [await desk.archive.story(story_id) for story_id in stories]
        return [[take.hidden for take in story.takes] for story in read]

    again = await desk.archive.add_take(first.takes[0], board.recipes[0], BEN)
    for hidden in (True, False):
        before = [(await desk.archive.story(story_id)).version for story_id in stories]
        await desk.oversight.hide(first.takes[0].id, ANN, hidden=hidden)
        assert await marks() == [[hidden, False, False, False], *[[hidden, False, False]] * 2]
        assert [(await desk.archive.story(story_id)).version for story_id in stories] > before
        assert desk.told[-3:] == [Changed(story_id=story_id) for story_id in stories]
    files = {(await desk.archive.story(story_id)).takes[0].path or "" for story_id in stories}
    await desk.oversight.delete_picture(first.takes[0].id, ANN)
    assert not any((desk.folder / path).exists() for path in files)
    assert desk.told[-3:] == [Changed(story_id=story_id) for story_id in stories]
    assert (await desk.archive.take(again.id)).pending, "another drawing of the frame is no copy"
    for hidden in (True, False):  # whichever of them a moderator was shown, it is the same picture
        await desk.oversight.hide(third.takes[1].id, ANN, hidden=hidden)
        assert await marks() == [[False, hidden, False, False], *[[False, hidden, False]] * 2]
        assert desk.told[-3:] == [Changed(story_id=story_id) for story_id in stories]


async def test_copies_are_known_by_their_picture_when_a_story_in_between_is_deleted(
    desk: Desk, board: Storyboard
) -> None:
    first, second, third = await chain(desk, board)
    await desk.oversight.delete_story(second.id, BEN)
    assert desk.told[-1] == Changed(story_id=second.id), "nothing that Ben wrote was drawn for it"
    for take_id in (first.takes[0].id, third.takes[0].id):
        for hidden in (True, False):
            await desk.oversight.hide(take_id, ANN, hidden=hidden)
            for story in (first, third):
                assert (await desk.archive.story(story.id)).takes[0].hidden is hidden


async def chain(desk: Desk, board: Storyboard) -> list[Story]:
    """A story of Ben's that goes on twice; in the second, Ann has added a scene, which the third has too."""
    first = await desk.archive.add_story(board, BEN, guild_id=10, channel_id=20)
    for take in first.takes:
        await desk.draw(take.id)
    first = await desk.archive.story(first.id)
    second = await went_on(desk, first, board)
    scene = Proposal(author=ANN, scene="in a boat", express="in a boat")
    _circle, take = await desk.archive.circles.change(second.id, lambda circle, _: (circle, scene))
    assert take is not None
    await desk.draw(take.id)
    second = await desk.archive.story(second.id)
    return [first, second, await went_on(desk, second, board)]


@pytest.mark.parametrize("by", [BEN, ANN])
async def test_what_is_deleted_is_gone_from_the_later_stories_that_took_it_along(
    desk: Desk, board: Storyboard, by: Person
) -> None:
    first, second, third = await chain(desk, board)
    await desk.oversight.delete_story(first.id, by)
    assert desk.told[-3:] == [Changed(story_id=each.id) for each in (first, second, third)]
    for story in (second, third):
        left = await desk.archive.story(story.id)
        assert left.scenes == ("in a boat",)
        assert left.frames[0].position == 0
        assert [(desk.folder / (take.path or "")).is_file() for take in left.takes] == [True]
        assert not any(scene in left.takes[0].recipe.prompt for scene in first.scenes)
    for take in (*first.takes, *second.takes[:3], *third.takes[:3]):
        assert take.path is not None and not (desk.folder / take.path).exists()


async def test_an_author_deletes_what_they_wrote_and_a_moderator_all_that_was_in_the_story(
    desk: Desk, board: Storyboard
) -> None:
    _first, second, third = await chain(desk, board)
    assert second.author == BEN
    await desk.oversight.delete_story(second.id, BEN)
    assert len((await desk.archive.story(third.id)).frames) == 4, "the fourth is Ann's, the others are older"
    _first, second, third = await chain(desk, board)
    await desk.oversight.delete_story(second.id, LEO)
    assert (await desk.archive.story(third.id)).scenes == board.scenes


async def test_where_a_story_is_shown_again_it_goes_once_some_of_it_may_not_be_shown(
    desk: Desk, board: Storyboard
) -> None:
    story = await together(desk.archive, board, BEN, LEO)
    await desk.draw(story.takes[0].id)
    take_id, gallery, gone = story.takes[0].id, desk.archive.gallery, []

    async def removed() -> list[int | None]:
        found = [each.message_id for each in await desk.archive.oblivion.remains() if each.channel_id == 30]
        return sorted(each or 0 for each in found)

    for number, act in enumerate(
        (
            lambda: desk.oversight.hide(take_id, ANN),
            lambda: desk.oversight.delete_picture(take_id, ANN),
            lambda: desk.oversight.forget(LEO.id),
            lambda: desk.oversight.delete_story(story.id, BEN),
        )
    ):
        await gallery.showed(story.id, 30, number)
        assert await removed() == gone
        await act()
        assert await removed() == (gone := [*gone, number])
    await gallery.showed(story.id, 30, 9)
    assert await removed() == gone, "a story that was deleted meanwhile is shown by nothing"


async def test_words_of_a_forgotten_member_leave_the_files_of_the_others(
    desk: Desk, board: Storyboard
) -> None:
    story = await together(desk.archive, board, BEN, LEO, Person(id=3, name="Cas"))
    paths = [await desk.draw(take.id) for take in story.takes]
    theirs, after = paths[3], paths[4]
    assert b"Leonora" in after.read_bytes()
    with Image.open(after) as picture:
        pixels = picture.tobytes()
    await desk.oversight.forget(LEO.id)
    assert not theirs.exists()
    assert all(b"Leonora" not in path.read_bytes() for path in paths if path.exists())
    found = read(after.read_bytes())
    assert found is not None
    assert found == ((await desk.archive.take(story.takes[4].id)).recipe, ENGINE)
    with Image.open(after) as picture:
        assert picture.tobytes() == pixels
    assert await desk.archive.oblivion.remains() == []


async def test_files_that_a_killed_process_left_are_swept(desk: Desk, board: Storyboard) -> None:
    story = await desk.archive.add_story(board, BEN, guild_id=10, channel_id=20)
    path = await desk.draw(story.takes[0].id)
    await desk.archive.oblivion.delete_story(story.id)  # and then the lights go out
    assert path.exists()
    await desk.oversight.sweep()
    assert not path.exists()


async def test_what_a_killed_process_did_not_write_down_goes_and_nothing_else(
    desk: Desk, board: Storyboard
) -> None:
    folder = desk.folder / "pictures"
    folder.mkdir()
    orphans = [folder / name for name in ("7-8.png", f"7-{'ab' * 8}.png", f".{'0f' * 8}.partial")]
    others = [folder / name for name in ("holiday.png", "7-8.png.bak", "note.partial")]
    for file in (*orphans, *others):
        file.write_bytes(b"")
    await desk.oversight.tidy()
    assert all(file.exists() for file in orphans), "the archive may be a new one in a lost one's place"
    story = await desk.archive.add_story(board, BEN, guild_id=10, channel_id=20)
    for number, take in enumerate(story.takes[:2]):
        await desk.archive.start(take.id, "cpu")
        path = Path("pictures", f"{story.id}-{take.id}.png" if number else f"3-{'cd' * 8}.png")
        (desk.folder / path).write_bytes(b"")
        others.append(desk.folder / path)
        await desk.archive.finish(take.id, path, Picture(png=b"", seconds=1.0, engine=ENGINE))
    await desk.oversight.tidy()
    assert {*folder.iterdir()} == {*others}
