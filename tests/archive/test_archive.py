from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest
import pytest_asyncio

from generator.archive.archive import Archive
from generator.archive.database import open_archive
from generator.errors import ArchiveError, NotFound
from generator.press.metadata import recipe_to_json
from generator.sentence import Sentence
from generator.story import Engine, Picture, Script, Story, Storyboard, Take, TakeState
from tests.conftest import ANN, BEN

ENGINE = Engine(device="cpu", precision="fp32", samefox="1", torch="2", diffusers="3", transformers="4")
PICTURE = Picture(png=b"png", seconds=1.5, engine=ENGINE)
FILE = Path("pictures/1.png")


@pytest_asyncio.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    async with open_archive(tmp_path / "archive.sqlite3") as opened:
        yield opened


@pytest_asyncio.fixture
async def story(archive: Archive, board: Storyboard) -> Story:
    return await archive.add_story(board, ANN, guild_id=10, channel_id=20)


async def test_a_story_comes_back_as_it_was_told(archive: Archive, story: Story, board: Storyboard) -> None:
    assert (story.subject, story.scenes, story.author) == (board.subject, board.scenes, ANN)
    assert [take.recipe for take in story.takes] == list(board.recipes)
    assert {take.state for take in story.takes} == {TakeState.QUEUED}
    assert await archive.story(story.id) == story


async def test_a_number_is_given_once(archive: Archive, story: Story, board: Storyboard) -> None:
    """A device may still be stopping what was deleted, and buttons of it may still be there."""
    await archive.oblivion.delete_story(story.id)
    other = await archive.add_story(board, ANN, guild_id=10, channel_id=20)
    assert other.id > story.id
    assert min(take.id for take in other.takes) > max(take.id for take in story.takes)
    assert min(frame.id for frame in other.frames) > max(frame.id for frame in story.frames)


async def test_a_take_goes_from_queued_over_drawing_to_drawn(archive: Archive, story: Story) -> None:
    take_id = story.takes[0].id
    assert await archive.start(take_id, "cpu")
    assert (await archive.take(take_id)).state is TakeState.DRAWING
    assert await archive.finish(take_id, FILE, PICTURE)
    drawn = await archive.take(take_id)
    assert (drawn.state, drawn.path, drawn.seconds) == (TakeState.DRAWN, "pictures/1.png", 1.5)


async def test_only_a_queued_take_is_started_and_only_once(archive: Archive, story: Story) -> None:
    take_id = story.takes[0].id
    assert await archive.start(take_id, "cpu")
    assert not await archive.start(take_id, "cpu")


async def test_a_cancelled_take_is_neither_started_nor_finished(archive: Archive, story: Story) -> None:
    first, second, third = story.takes
    await archive.start(first.id, "cpu")
    assert await archive.cancel(story.id) == [first.id, second.id, third.id]
    assert not await archive.finish(first.id, FILE, PICTURE)
    assert not await archive.start(second.id, "cpu")
    assert (await archive.story(story.id)).cancelled
    assert await archive.settle(await archive.story(story.id))
    assert await archive.cancel(story.id) == []
    assert await archive.unsettled() == [], "there is nothing new to show"


async def test_cancelling_a_reroll_leaves_the_story_told(archive: Archive, story: Story) -> None:
    for take in story.takes:
        await archive.start(take.id, "cpu")
        await archive.finish(take.id, FILE, PICTURE)
    await archive.add_take(story.takes[0], story.takes[0].recipe, BEN)
    assert len(await archive.cancel(story.id)) == 1
    assert not (await archive.story(story.id)).cancelled


async def test_a_reroll_remembers_its_ancestor_and_who_asked(archive: Archive, story: Story) -> None:
    take = await archive.add_take(story.takes[1], story.takes[1].recipe, BEN)
    assert (take.parent_id, take.author, take.frame_id) == (story.takes[1].id, BEN, story.frames[1].id)
    again = await archive.story(story.id)
    assert again.author == ANN
    assert [take.id for take in again.frames[1].takes] == [story.takes[1].id, take.id]
    assert [len(frame.takes) for frame in again.frames] == [1, 2, 1]


async def test_a_failure_is_kept_so_that_it_can_be_said_in_another_language(
    archive: Archive, story: Story
) -> None:
    died = Sentence("{device} died ({how}).", {"device": "cpu", "how": Sentence("signal {n}", {"n": 9})})
    await archive.fail(story.takes[0].id, died)
    assert (await archive.take(story.takes[0].id)).failure == died
    assert str(died) == "cpu died (signal 9)."


async def test_a_failure_kept_as_plain_text_by_an_older_samefox_is_said_as_it_is(
    archive: Archive, story: Story
) -> None:
    await archive._connection.update(
        "UPDATE jobs SET failure = 'It {broke}.' WHERE take_id = ?", (story.takes[0].id,)
    )
    assert str((await archive.take(story.takes[0].id)).failure) == "It {broke}."


async def drawn(archive: Archive, *takes: Take) -> None:
    for take in takes:
        await archive.start(take.id, "cpu")
        await archive.finish(take.id, FILE, PICTURE)


async def test_a_frame_shows_its_newest_picture_which_stands_for_it_unless_a_stranger_asked(
    archive: Archive, story: Story
) -> None:
    (first, second, third), recipe = story.takes, story.takes[0].recipe
    await archive.fail(first.id, Sentence("no"))
    await drawn(archive, second)
    again = await archive.add_take(first, recipe, ANN, scene="in a hole")
    other = await archive.add_take(second, recipe, BEN, chooses=False)
    await drawn(archive, again, other)
    one, two, three = (await archive.story(story.id)).frames
    assert (one.chosen.id, one.shown.id, one.scene) == (again.id, again.id, "in a hole")
    assert (two.chosen.id, two.shown.id) == (second.id, other.id)
    assert [take.id for take in two.pages] == [second.id, other.id]
    assert three.chosen.id == three.shown.id == third.id, "what is not drawn yet stands for itself"
    assert three.pages == ()


async def test_a_message_is_turned_without_choosing_and_choosing_turns_it(
    archive: Archive, story: Story
) -> None:
    first = story.takes[0]
    second = await archive.add_take(first, first.recipe, ANN)
    await drawn(archive, first, second)
    assert await archive.turn(first.id) == story.id
    frame = (await archive.story(story.id)).frames[0]
    assert (frame.shown.id, frame.chosen.id) == (first.id, second.id)
    await archive.choose(first.id)
    assert (await archive.story(story.id)).frames[0].chosen.id == first.id
    with pytest.raises(NotFound):
        await archive.choose(story.takes[1].id)  # of which there is no picture


async def test_all_frames_are_drawn_again_or_none(archive: Archive, story: Story) -> None:
    wanted = [(take, take.recipe) for take in story.takes]
    takes = await archive.add_takes(wanted, BEN)
    assert [take.parent_id for take in takes] == [take.id for take in story.takes]
    with pytest.raises(ArchiveError):
        await archive.add_takes([*wanted, (replace(story.takes[0], frame_id=99), wanted[0][1])], BEN)
    assert len((await archive.story(story.id)).takes) == 6


async def test_a_cancelled_writer_leaves_the_archive_usable(archive: Archive, story: Story) -> None:
    writing = asyncio.create_task(archive.fail(story.takes[0].id, Sentence("no")))
    for _ in range(3):
        await asyncio.sleep(0)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await archive.set_note("still", "working")
    assert await archive.note("still") == "working"


async def test_a_lost_device_queues_the_take_again_and_is_counted(archive: Archive, story: Story) -> None:
    take_id = story.takes[0].id
    for attempt in (1, 2):
        await archive.start(take_id, "cpu")
        assert await archive.lose(take_id) == attempt
    assert (await archive.take(take_id)).state is TakeState.QUEUED


async def test_what_was_half_drawn_is_queued_again_in_its_old_place(archive: Archive, story: Story) -> None:
    first, second, third = story.takes
    await archive.start(first.id, "cpu")
    await archive.finish(first.id, FILE, PICTURE)
    await archive.start(second.id, "cpu")
    assert [take.id for take in await archive.requeue()] == [second.id, third.id]


async def test_a_story_settles_only_as_it_was_seen(archive: Archive, story: Story) -> None:
    assert await archive.unsettled() == [story.id]
    await archive.fail(story.takes[0].id, Sentence("no"))
    assert not await archive.settle(story), "something has changed since"
    seen = await archive.story(story.id)
    await archive.set_message(story.frames[0].id, 5, "a failure")
    assert await archive.settle(seen), "noting what was posted changes nothing"
    assert await archive.unsettled() == []
    for change in (
        archive.add_take(story.takes[0], story.takes[0].recipe, BEN),
        archive.cancel(story.id),
    ):
        await change
        assert await archive.unsettled() == [story.id]
        assert await archive.settle(await archive.story(story.id))


async def test_what_was_posted_is_kept(archive: Archive, story: Story) -> None:
    huge = 2**63 - 1  # Discord's ids need all of SQLite's integers
    await archive.set_card(story.id, huge)
    await archive.set_thread(story.id, 2)
    await archive.set_strip(story.id, 3, "1-2-3")
    await archive.set_message(story.frames[0].id, 4, "a picture")
    again = await archive.story(story.id)
    assert (again.card_id, again.thread_id, again.strip_id, again.strip_posted) == (huge, 2, 3, "1-2-3")
    assert (again.frames[0].message_id, again.frames[0].posted) == (4, "a picture")


async def test_what_does_not_exist_is_said_in_words(archive: Archive) -> None:
    with pytest.raises(NotFound, match="no story 5"):
        await archive.story(5)
    with pytest.raises(NotFound, match="no picture 6"):
        await archive.take(6)


async def test_the_latest_telling_of_a_script_is_found(archive: Archive, board: Storyboard) -> None:
    script = Script(subject=board.subject, scenes=board.scenes)
    assert await archive.latest_telling(script) is None
    await archive.add_story(board, ANN, guild_id=1, channel_id=1)
    second = await archive.add_story(board, ANN, guild_id=1, channel_id=1)
    assert await archive.latest_telling(script) == second


async def test_writers_do_not_meet_in_a_transaction(archive: Archive, board: Storyboard) -> None:
    stories = await asyncio.gather(
        *(archive.add_story(board, ANN, guild_id=1, channel_id=number) for number in range(20))
    )
    assert sorted(story.channel_id for story in stories) == list(range(20))
    assert all(len(story.takes) == 3 for story in stories)


async def test_a_write_that_fails_half_way_leaves_nothing_behind(
    archive: Archive, story: Story, tmp_path: Path
) -> None:
    with pytest.raises(ArchiveError, match="could not write this down"):
        await archive.add_take(replace(story.takes[0], frame_id=99), story.takes[0].recipe, BEN)
    with closing(sqlite3.connect(tmp_path / "archive.sqlite3")) as connection:
        assert connection.execute("SELECT name FROM contributors").fetchall() == [("Ann",)]
    await archive.add_take(story.takes[0], story.takes[0].recipe, BEN)


async def test_all_of_it_survives_reopening(tmp_path: Path, board: Storyboard) -> None:
    async with open_archive(tmp_path / "a.sqlite3") as archive:
        story = await archive.add_story(board, ANN, guild_id=1, channel_id=2)
        await archive.set_note("commands", "abc")
    async with open_archive(tmp_path / "a.sqlite3") as archive:
        assert await archive.story(story.id) == story
        assert await archive.note("commands") == "abc"
        assert await archive.note("nothing") is None


async def test_a_newer_database_is_refused_and_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ArchiveError, match="newer Samefox"):
        async with open_archive(path):
            pass
    assert path.read_bytes() == before
    assert not path.with_name("new.sqlite3-wal").exists()


async def test_a_second_bot_on_the_same_archive_is_refused(tmp_path: Path) -> None:
    async with open_archive(tmp_path / "a.sqlite3"):
        with pytest.raises(ArchiveError, match="in use by another Samefox"):
            async with open_archive(tmp_path / "a.sqlite3"):
                pass
    async with open_archive(tmp_path / "a.sqlite3"):
        pass


async def test_what_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "no.sqlite3"
    path.write_bytes(b"This is a diary, not a database. " * 100)
    with pytest.raises(ArchiveError, match=r"no\.sqlite3 cannot be used: .*\. Please put an earlier copy"):
        async with open_archive(path):
            pass


async def test_a_folder_that_cannot_be_written_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "no.lock").mkdir()  # in place of a file, also for those who may write everywhere
    with pytest.raises(ArchiveError, match=r"cannot be written: .*\. Please see that it can be"):
        async with open_archive(tmp_path / "no.sqlite3"):
            pass


async def test_a_database_of_others_calls_for_another_file_and_not_for_room(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "others.sqlite3")) as others:
        others.execute("CREATE TABLE stories (title)")
    with pytest.raises(ArchiveError, match=r"already exists\. Please put an earlier copy in its place"):
        async with open_archive(tmp_path / "others.sqlite3"):
            pass


async def test_an_archive_of_the_first_version_is_brought_up_to_date(
    tmp_path: Path, board: Storyboard
) -> None:
    first = resources.files("generator.archive").joinpath("migrations/0001_stories.sql")
    recipe = recipe_to_json(board.recipes[0])
    with closing(sqlite3.connect(tmp_path / "old.sqlite3")) as old, old:
        old.executescript(first.read_text(encoding="utf-8"))
        old.executescript(
            "PRAGMA user_version = 1;"
            "INSERT INTO stories (id, guild_id, channel_id, thread_id, author_id, subject, style)"
            " VALUES (7, 1, 2, 3, 1, 'a red fox', 'plain');"
            "INSERT INTO contributors VALUES (7, 1, 'Ann');"
            "INSERT INTO frames VALUES (7, 0, 'in a meadow', 1), (7, 1, 'in the snow', 1);"
        )
        for take_id, frame, parent, message, path in (
            (4, 0, None, 40, "pictures/4.png"),
            (5, 1, None, None, None),
            (6, 0, 4, 60, "pictures/6.png"),
        ):
            old.execute(
                "INSERT INTO takes (id, story_id, frame, parent_id, author_id, seed, recipe, message_id,"
                " path) VALUES (?, 7, ?, ?, 1, 7, ?, ?, ?)",
                (take_id, frame, parent, recipe, message, path),
            )
            old.execute(
                "INSERT INTO jobs (take_id, state) VALUES (?, ?)", (take_id, "drawn" if path else "queued")
            )
    async with open_archive(tmp_path / "old.sqlite3") as archive:
        story = await archive.story(7)
        assert story.scenes == ("in a meadow", "in the snow")
        assert [[take.id for take in frame.takes] for frame in story.frames] == [[4, 6], [5]]
        assert [frame.message_id for frame in story.frames] == [40, None]
        assert story.frames[0].chosen.id == 4
        assert (await archive.take(6)).parent_id == 4
        assert [take.id for take in await archive.requeue()] == [5]
        assert await archive._connection.fetch("PRAGMA foreign_key_check") == []
        await archive.oblivion.delete_story(7)
        assert (await archive.add_story(board, ANN, guild_id=1, channel_id=2)).id == 8


async def test_a_broken_migration_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations = tmp_path / "package" / "migrations"
    migrations.mkdir(parents=True)
    (migrations / "0001_good.sql").write_text("CREATE TABLE good (id INTEGER);")
    (migrations / "0002_bad.sql").write_text(
        "CREATE TABLE half (id INTEGER); CREATE TABLE half (id INTEGER);"
    )
    monkeypatch.setattr(resources, "files", lambda _: tmp_path / "package")
    with pytest.raises(ArchiveError, match="half already exists"):
        async with open_archive(tmp_path / "a.sqlite3"):
            pass
    connection = sqlite3.connect(tmp_path / "a.sqlite3")
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    assert connection.execute("PRAGMA user_version").fetchone() == (0,)
    connection.close()
