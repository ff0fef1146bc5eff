"""What is deleted is gone from every table, and what it stood for is noted until it is removed too."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from generator.archive.archive import Archive
from generator.archive.circle_rows import Common
from generator.archive.database import open_archive
from generator.errors import NotFound
from generator.method.windows import joined
from generator.moderation.values import Outcome
from generator.redraft import reworded
from generator.server import MemberDefaults, ServerSettings
from generator.story import Person, Story, Storyboard
from generator.together import rules
from generator.together.circle import Circle, Mode, Phase, Proposal
from generator.together.growing import without_scene
from tests.archive.test_archive import FILE, PICTURE
from tests.conftest import BEN

LEO = Person(id=777777, name="Leonora")
"""A member whose number and name are nowhere else."""


@pytest_asyncio.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    async with open_archive(tmp_path / "archive.sqlite3") as opened:
        yield opened


async def told(archive: Archive, board: Storyboard, author: Person) -> Story:
    """A story that is drawn and posted."""
    story = await archive.add_story(board, author, guild_id=10, channel_id=20)
    await archive.set_card(story.id, 100)
    await archive.set_thread(story.id, 100)
    for frame in story.frames:
        await archive.start(frame.takes[0].id, "cpu")
        await archive.finish(frame.takes[0].id, Path(f"pictures/{frame.id}.png"), PICTURE)
        await archive.set_message(frame.id, 200 + frame.id)
    await archive.set_strip(story.id, 300)
    return await archive.story(story.id)


async def together(archive: Archive, board: Storyboard, owner: Person, *others: Person) -> Story:
    """A story whose owner wrote the first scenes, and each of the others one."""
    common = Common(recipe=without_scene(board.recipes[0]), window_length=10)
    state = Circle(story_id=0, owner=owner, mode=Mode.OPEN, phase=Phase.WRITING, minutes=60)
    story = await archive.circles.add(board, common, state, guild_id=10, channel_id=20)
    await archive.set_card(story.id, 101)
    await archive.set_thread(story.id, 101)
    for other in others:
        scene = f"a scene by {other.name}"
        proposal = Proposal(author=other, scene=scene, express=scene)
        now = story.created_at
        await archive.circles.change(story.id, lambda c, _, p=proposal, t=now: rules.write(c, p, t))
    return await archive.story(story.id)


def found(path: Path, *needles: object) -> set[str]:
    """The tables in which anything is one of these, or contains it."""
    tables = set()
    with closing(sqlite3.connect(path)) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in database.execute(f"SELECT * FROM {table}"):
                if any(str(needle) in str(value) for value in row for needle in needles):
                    tables.add(table)
    return tables


async def test_a_deleted_story_leaves_nothing_but_what_is_to_be_removed(
    archive: Archive, board: Storyboard, tmp_path: Path
) -> None:
    story = await told(archive, board, LEO)
    report = await archive.moderation.add_report(story.takes[0].id, BEN, "no")
    assert report is not None
    await archive.moderation.set_report_message(report.id, 30, 400)
    assert await archive.oblivion.delete_story(story.id) == []
    with pytest.raises(NotFound):
        await archive.story(story.id)
    remains = await archive.oblivion.remains()
    assert {each.path for each in remains if each.kind == "file"} == {take.path for take in story.takes}
    messages = {(each.channel_id, each.message_id) for each in remains if each.kind == "message"}
    assert messages == {(20, 100), (100, 300), (30, 400)} | {(100, 200 + f.id) for f in story.frames}
    assert [each.channel_id for each in remains if each.kind == "thread"] == [100]
    assert found(tmp_path / "archive.sqlite3", story.subject) == set()
    for each in remains:
        await archive.oblivion.removed(each)
    assert await archive.oblivion.remains() == []


async def test_in_a_thread_that_was_there_before_only_the_storys_messages_go(
    archive: Archive, board: Storyboard
) -> None:
    story = await archive.add_story(board, LEO, guild_id=10, channel_id=20, thread_id=20)
    assert await archive.oblivion.delete_story(story.id) == [take.id for take in story.takes]
    assert await archive.oblivion.remains() == []


async def test_who_is_forgotten_is_in_no_table_any_more(
    archive: Archive, board: Storyboard, tmp_path: Path
) -> None:
    await told(archive, board, LEO)
    await together(archive, board, BEN, LEO)
    stranger = await told(archive, board, BEN)
    await archive.add_take(stranger.takes[0], stranger.takes[0].recipe, LEO)
    await archive.servers.set_defaults(LEO.id, MemberDefaults(steps=7))
    await archive.servers.change(10, LEO, lambda settings: ServerSettings(steps=9))
    await archive.moderation.ban(10, LEO, BEN, "a reason")
    await archive.moderation.ban(10, BEN, LEO, "another")
    await archive.moderation.ban(10, Person(id=3, name="Cas"), LEO, "Leonora's words")
    await archive.moderation.unban(10, Person(id=3, name="Cas"), BEN)
    for take, outcome in zip(stranger.takes, (Outcome.DISMISSED, Outcome.BANNED), strict=False):
        report = await archive.moderation.add_report(take.id, LEO, "Leonora says no")
        assert report is not None
        await archive.moderation.handle(report.id, LEO, outcome)
    mine = await archive.oblivion.belongings(LEO.id)
    assert (mine.stories, mine.shared, mine.pictures, mine.scenes, mine.defaults) == (1, 2, 3, 1, True)
    assert mine.traces

    await archive.oblivion.forget(LEO.id)
    path = tmp_path / "archive.sqlite3"
    assert b"Leonora" not in path.with_name("archive.sqlite3-wal").read_bytes()
    assert found(path, LEO.name) == set()
    assert found(path, LEO.id) == {"bans", "work"}, "a ban and today's limits hold, without a name"
    assert (await archive.oblivion.belongings(LEO.id)).nothing


async def test_in_a_story_told_together_a_forgotten_members_scenes_go_and_the_others_stay(
    archive: Archive, board: Storyboard
) -> None:
    before = await together(archive, board, BEN, LEO, Person(id=3, name="Cas"))
    after_take = before.frames[4].takes[0]
    assert "a scene by Leonora" in after_take.recipe.prompt
    (shared, stopped) = await archive.oblivion.forget(LEO.id)
    assert shared == [before.id]
    assert stopped == [before.frames[3].takes[0].id]
    story = await archive.story(before.id)
    assert story.scenes == (*before.scenes[:3], "a scene by Cas")
    assert [frame.position for frame in story.frames] == [0, 1, 2, 3]
    assert "Leonora" not in story.frames[3].takes[0].recipe.prompt
    assert [frame.id for frame in story.taken_back] == [before.frames[3].id], "its message is taken away"
    assert {each.kind for each in await archive.oblivion.remains()} <= {"words"}
    assert (await archive.circles.circle(story.id)).owner == BEN


async def test_a_story_told_together_goes_to_whoever_added_first_when_its_owner_is_forgotten(
    archive: Archive, board: Storyboard
) -> None:
    empty = replace(board, scenes=(), recipes=())
    before = await together(
        archive, replace(board, scenes=board.scenes[:1], recipes=board.recipes[:1]), LEO, BEN
    )
    await archive.oblivion.forget(LEO.id)
    story = await archive.story(before.id)
    assert story.author == BEN
    assert story.scenes == ("a scene by Ben",)
    assert empty.subject == story.subject, "who it is about stays: it is in every picture"


async def test_what_a_forgotten_member_made_of_anothers_picture_goes_and_the_picture_stays(
    archive: Archive, board: Storyboard, tmp_path: Path
) -> None:
    before = await told(archive, board, BEN)
    first = before.takes[0]
    recipe = reworded(first.recipe, "dancing Leonora")
    remix = await archive.add_take(first, recipe, LEO, scene="dancing Leonora")
    copy = await archive.add_take(remix, replace(recipe, seed=9), BEN)
    for take in (remix, copy):
        await archive.start(take.id, "cpu")
        await archive.finish(take.id, Path(f"pictures/remix{take.id}.png"), PICTURE)
    assert (await archive.story(before.id)).scenes[0] == "dancing Leonora"
    await archive.oblivion.forget(LEO.id)
    story = await archive.story(before.id)
    assert (story.scenes, story.takes) == (before.scenes, before.takes)
    files = {each.path for each in await archive.oblivion.remains() if each.kind == "file"}
    assert files == {f"pictures/remix{take.id}.png" for take in (remix, copy)}
    assert found(tmp_path / "archive.sqlite3", "Leonora") == set()


async def going_on(archive: Archive, board: Storyboard, story: Story, owner: Person) -> Story:
    """A story told together that begins with the frames of another."""
    common = Common(recipe=without_scene(board.recipes[0]), window_length=10)
    state = Circle(story_id=0, owner=owner, mode=Mode.OPEN, phase=Phase.WRITING, minutes=60)
    carried = [(frame, Path(f"pictures/copy{frame.id}.png")) for frame in story.frames]
    empty = replace(board, scenes=(), recipes=())
    return await archive.circles.add(
        empty, common, state, guild_id=10, channel_id=20, carried=carried, continues_id=story.id
    )


@pytest.mark.parametrize("again", [False, True])
async def test_a_forgotten_members_words_for_anothers_picture_go_from_the_story_that_goes_on_too(
    archive: Archive, board: Storyboard, tmp_path: Path, again: bool
) -> None:
    before = await told(archive, board, BEN)
    first = before.takes[0]
    last = await archive.add_take(first, reworded(first.recipe, "of Leonora"), LEO, scene="of Leonora")
    if again:  # Ben has it drawn again, in Leonora's words
        last = await archive.add_take(last, replace(last.recipe, seed=9), BEN)
    await archive.start(last.id, "cpu")
    await archive.finish(last.id, Path("pictures/remix.png"), PICTURE)
    later = await going_on(archive, board, await archive.story(before.id), BEN)
    assert later.scenes[0] == "of Leonora"
    assert [frame.author.name for frame in later.frames] == ["Leonora", "Ben", "Ben"]
    await archive.oblivion.forget(LEO.id)
    assert (await archive.story(later.id)).scenes == before.scenes[1:]
    assert found(tmp_path / "archive.sqlite3", "Leonora", LEO.id) <= {"work"}


async def test_words_that_did_not_come_along_are_forgotten_in_the_story_that_goes_on_too(
    archive: Archive, board: Storyboard, tmp_path: Path
) -> None:
    before = await together(archive, board, BEN, LEO, Person(id=3, name="Cas"))
    *_others, leo, cas = before.frames
    assert leo.takes[0].scene in cas.takes[0].recipe.suppress
    later = await going_on(archive, board, replace(before, frames=(cas,)), BEN)
    await archive.oblivion.forget(LEO.id)
    assert found(tmp_path / "archive.sqlite3", "Leonora") == set()
    (carried,) = (await archive.story(later.id)).takes
    assert carried.path in {each.path for each in await archive.oblivion.remains() if each.kind == "words"}


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("deleted", [False, True])
async def test_polls_with_words_that_go_are_taken_away_also_when_their_vote_is_over(
    archive: Archive, board: Storyboard, over: bool, deleted: bool
) -> None:
    story = await together(archive, board, BEN)
    proposals = tuple(Proposal(author=who, scene=who.name, express=who.name) for who in (LEO, BEN))
    vote = {"mode": Mode.VOTE, "phase": Phase.VOTING, "proposals": proposals}
    asked = story.created_at
    await archive.circles.change(
        story.id, lambda circle, _: (rules.polled(replace(circle, **vote), 900, asked), None)
    )
    if over:
        await archive.circles.change(story.id, lambda circle, _: rules.decide(circle, [0, 1]))
    await (archive.oblivion.delete_story(story.id) if deleted else archive.oblivion.forget(LEO.id))
    messages = [(each.channel_id, each.message_id) for each in await archive.oblivion.remains()]
    assert messages.count((101, 900)) == 1
    if not over and not deleted:
        circle = await archive.circles.circle(story.id)
        assert (circle.phase, circle.poll_id, circle.deadline) == (Phase.VOTING, None, None)
        assert [proposal.author.id for proposal in circle.proposals] == [BEN.id]


async def test_scenes_that_were_taken_back_lose_a_forgotten_members_words_too(
    archive: Archive, board: Storyboard, tmp_path: Path
) -> None:
    story = await together(archive, board, BEN, LEO, Person(id=3, name="Cas"))
    await archive.circles.take_back(story.id, lambda circle, _frame: circle)
    await archive.oblivion.forget(LEO.id)
    assert found(tmp_path / "archive.sqlite3", "Leonora") == set()
    (cas,) = [frame for frame in (await archive.story(story.id)).taken_back if frame.author.name == "Cas"]
    recipe = cas.takes[0].recipe
    assert recipe.prompt == joined(recipe.subject, [*recipe.suppress, recipe.express])


async def test_what_moderators_were_told_goes_with_who_reported_and_with_what_was_reported(
    archive: Archive, board: Storyboard
) -> None:
    mine = await together(archive, board, BEN, LEO)
    other = await told(archive, board, BEN)
    takes = (mine.frames[3].takes[0].id, other.takes[0].id)
    reporters = (BEN, LEO)
    for number, (take_id, reporter) in enumerate(zip(takes, reporters, strict=True)):
        report = await archive.moderation.add_report(take_id, reporter, "no")
        assert report is not None
        await archive.moderation.set_report_message(report.id, 30, 400 + number)
    await archive.oblivion.forget(LEO.id)
    messages = {each.message_id for each in await archive.oblivion.remains() if each.channel_id == 30}
    assert messages == {400, 401}
    (unposted,) = await archive.moderation.unposted()
    assert (await archive.moderation.report(unposted)).take_id == other.takes[0].id, "it is still open"


async def test_moderators_are_told_anew_wherever_a_message_named_who_is_forgotten(
    archive: Archive, board: Storyboard
) -> None:
    story, cas, moderation = await told(archive, board, BEN), Person(id=3, name="Cas"), archive.moderation
    again = await archive.add_take(story.takes[2], story.takes[2].recipe, LEO)
    parts = ((0, LEO, cas), (1, cas, LEO), (2, cas, cas), (3, cas, cas))  # the last named Leo nowhere
    takes = (story.takes[0], story.takes[1], again, story.takes[2])
    numbers = []
    for (number, reporter, handler), take in zip(parts, takes, strict=True):
        report = await moderation.add_report(take.id, reporter, "no")
        assert report is not None
        numbers.append(report.id)
        await moderation.set_report_message(report.id, 30, 400 + number)
        if take is not again:  # which nobody has handled
            await moderation.handle(report.id, handler, Outcome.HIDDEN)
    assert await moderation.unposted() == []
    await archive.oblivion.forget(LEO.id)
    gone = [each.message_id for each in await archive.oblivion.remains() if each.channel_id == 30]
    assert gone == [400, 401, 402]
    assert await moderation.unposted() == numbers[:3]
    await moderation.hide(takes[0].id, cas, hidden=False)
    assert await moderation.unposted() == numbers[1:3], "nobody misses a button to show it again"


async def test_a_hidden_picture_that_several_reported_needs_one_message_to_show_it_again(
    archive: Archive, board: Storyboard
) -> None:
    story, moderation = await told(archive, board, BEN), archive.moderation
    reports = [
        await moderation.add_report(story.takes[0].id, who, "no") for who in (LEO, Person(id=3, name="Cas"))
    ]
    first, second = (report.id for report in reports if report is not None)
    await moderation.handle(first, BEN, Outcome.HIDDEN)
    assert await moderation.unposted() == [first]
    await moderation.set_report_message(second, 30, 400)
    assert await moderation.unposted() == []


async def test_a_forgotten_members_words_are_not_left_in_the_index_of_the_gallery(
    board: Storyboard, tmp_path: Path
) -> None:
    path = tmp_path / "another.sqlite3"
    async with open_archive(path) as archive:
        for author in (BEN, LEO):
            subject = f"the fox {author.name}"
            await archive.gallery.shelve(await told(archive, replace(board, subject=subject), author))
        await archive.oblivion.forget(LEO.id)
    # Of a word, the index may have the end alone.
    assert b"eonora" not in path.read_bytes()
    assert b"fox Ben" in path.read_bytes()


async def test_nobody_else_loses_anything(archive: Archive, board: Storyboard) -> None:
    story = await told(archive, board, BEN)
    await archive.oblivion.forget(LEO.id)
    assert await archive.story(story.id) == story
    assert await archive.oblivion.remains() == []
    assert FILE


async def test_who_has_only_reported_moderated_or_changed_settings_is_known_until_forgotten(
    archive: Archive, board: Storyboard
) -> None:
    story = await told(archive, board, BEN)
    assert (await archive.oblivion.belongings(LEO.id)).nothing
    for trace in (
        lambda: archive.moderation.add_report(story.takes[0].id, LEO, "no"),
        lambda: archive.moderation.hide(story.takes[0].id, LEO),
        lambda: archive.moderation.ban(10, Person(id=3, name="Cas"), LEO, ""),
        lambda: archive.moderation.ban(10, LEO, BEN, ""),
        lambda: archive.servers.change(10, LEO, lambda settings: settings.altered(steps=9)),
    ):
        await trace()
        assert not (await archive.oblivion.belongings(LEO.id)).nothing
        await archive.oblivion.forget(LEO.id)
        assert (await archive.oblivion.belongings(LEO.id)).nothing


async def test_remixes_are_counted_as_they_are_forgotten(archive: Archive, board: Storyboard) -> None:
    story = await told(archive, board, BEN)
    recipe = reworded(story.takes[0].recipe, "on the moon")
    await archive.add_take(story.takes[0], recipe, LEO, scene="on the moon")
    await archive.add_take(story.takes[0], story.takes[0].recipe, LEO)
    assert (await archive.oblivion.belongings(LEO.id)).remixes == 1
    await archive.oblivion.forget(LEO.id)
    kept = (await archive.story(story.id)).frames[0].takes
    assert [take.scene for take in kept] == [story.takes[0].scene] * 2


@pytest.mark.parametrize("forgotten", [False, True])
async def test_what_a_reporter_wrote_leaves_the_bans_of_earlier_versions_and_moderators_words_stay(
    board: Storyboard, tmp_path: Path, forgotten: bool
) -> None:
    path, cas = tmp_path / "earlier.sqlite3", Person(id=3, name="Cas")
    async with open_archive(path) as archive:
        story = await told(archive, board, BEN)
        await archive.moderation.hide(story.takes[0].id, cas)
        await archive.moderation.ban(10, LEO, cas, "a moderator's words")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE acts SET acted_at = '2026-01-01T00:00:00.000Z' WHERE act = 'hide'")
    async with open_archive(path) as archive:
        report = await archive.moderation.add_report(story.takes[1].id, LEO, "")
        assert report is not None
        await archive.moderation.handle(report.id, cas, Outcome.BANNED)
        if forgotten:
            await archive.oblivion.forget(BEN.id)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE bans SET reason = 'a reporter''s words' WHERE person_id = ?", (BEN.id,))
        database.execute("UPDATE acts SET reason = 'a reporter''s words' WHERE person_id = ?", (BEN.id,))
        database.execute("PRAGMA user_version = 15")
    async with open_archive(path) as archive:
        bans = {ban.person.id: ban.reason for ban in await archive.moderation.bans(10)}
        assert bans == {BEN.id: "", LEO.id: "a moderator's words"}
        said = [act.reason for act in await archive.moderation.acts(10, 9)]
        assert said == ["", "", "a moderator's words", ""]
