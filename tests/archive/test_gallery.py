"""A server's finished stories are found by author, character, day and favourites, however many there are."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
import pytest_asyncio

from generator.archive.archive import Archive
from generator.archive.database import open_archive
from generator.archive.gallery import COUNTED, Filter, Post, Viewer, _next, _server
from generator.errors import NotFound
from generator.story import Person, Storyboard
from tests.conftest import ANN, BEN

HERE, ELSEWHERE = 10, 11
ANYBODY = Viewer(person_id=0)


@pytest_asyncio.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    async with open_archive(tmp_path / "archive.sqlite3") as opened:
        yield opened


async def told(
    archive: Archive, board: Storyboard, subject: str, author: Person = ANN, guild: int = HERE
) -> int:
    story = await archive.add_story(replace(board, subject=subject), author, guild_id=guild, channel_id=20)
    await archive.gallery.shelve(story)
    return story.id


async def found(archive: Archive, wanted: Filter, guild: int = HERE, viewer: Viewer = ANYBODY) -> list[int]:
    """All stories that pass, by turning the pages from the newest to the oldest."""
    leaf = await archive.gallery.leaf(guild, wanted, viewer)
    numbers = []
    while leaf is not None:
        numbers.append(leaf.story_id)
        older = leaf.older_id
        leaf = await archive.gallery.leaf(guild, wanted, viewer, older) if older is not None else None
    return numbers


async def test_stories_are_found_by_what_they_are_about(archive: Archive, board: Storyboard) -> None:
    fox = await told(archive, board, "A photo of a red fox with coat")
    cat = await told(archive, board, "a blue cat")
    red = await told(archive, board, "红狐写真")
    assert await found(archive, Filter()) == [red, cat, fox]
    assert await found(archive, Filter(words="fo RED")) == [fox]
    assert await found(archive, Filter(words="a")) == [cat, fox]
    assert await found(archive, Filter(words="狐写")) == [red]
    assert await found(archive, Filter(words="狐")) == [red]
    for words in (
        "写狐",
        "dog",
        'fox" OR "cat',
        "fox*",
        "NEAR(",
        "guild11",
        "guild",
        "g",
        "1",
        "🐈",
        "!!",
        "\ue00010",
    ):
        assert await found(archive, Filter(words=words)) in ([], [fox]), words


async def test_stories_are_found_by_emoji(archive: Archive, board: Storyboard) -> None:
    await told(archive, board, "a red fox")
    emoji = await told(archive, board, "🦊❤️ Rex")
    for words in ("🦊", "❤️🦊", "rex 🦊", "🦊 re"):
        assert await found(archive, Filter(words=words)) == [emoji], words


async def test_stories_from_before_are_found_by_their_words_alone(tmp_path: Path, board: Storyboard) -> None:
    path = tmp_path / "before.sqlite3"
    async with open_archive(path) as archive:
        fox = await told(archive, board, "a red fox")
    async with aiosqlite.connect(path) as sql:
        await sql.execute("UPDATE gallery_words SET words = 'guild10 a red fox'")
        await sql.execute("PRAGMA user_version = 14")
        await sql.commit()
    async with open_archive(path) as archive:
        assert await found(archive, Filter(words="fox")) == [fox]
        assert await found(archive, Filter(words="guild")) == []


async def test_what_is_told_elsewhere_never_appears(archive: Archive, board: Storyboard) -> None:
    here = await told(archive, board, "a fox")
    there = await told(archive, board, "a fox", guild=ELSEWHERE)
    await archive.gallery.like(there, ANN.id)
    for wanted in (
        Filter(),
        Filter(words="fox"),
        Filter(author_id=ANN.id),
        Filter(words=f"guild{ELSEWHERE}"),
    ):
        assert there not in await found(archive, wanted)
    assert await found(archive, Filter(favourites_of=ANN.id)) == []
    assert await archive.gallery.titles(HERE, "fox", ANYBODY, 25) == [(here, "a fox")]
    leaf = await archive.gallery.leaf(HERE, Filter(), ANYBODY, there)
    assert leaf is not None
    assert leaf.story_id == here


async def test_filters_can_be_put_together(archive: Archive, board: Storyboard) -> None:
    numbers = [await told(archive, board, f"a fox {n % 2}", (ANN, BEN)[n % 3 == 0]) for n in range(9)]
    for number in numbers[::2]:
        await archive.gallery.like(number, BEN.id)
    wanted = Filter(author_id=ANN.id, words="fox 0", favourites_of=BEN.id)
    assert await found(archive, wanted) == [numbers[8], numbers[4], numbers[2]]
    assert await found(archive, Filter(favourites_of=ANN.id)) == []


async def test_days_are_looked_at_from_the_first_to_the_last(
    archive: Archive, board: Storyboard, tmp_path: Path
) -> None:
    numbers = [await told(archive, board, "a fox") for _ in range(5)]
    async with aiosqlite.connect(tmp_path / "archive.sqlite3") as sql:
        for number in numbers:
            await sql.execute(
                "UPDATE gallery SET told_on = ? WHERE story_id = ?", (f"2026-11-{10 + number}", number)
            )
        await sql.commit()
    one, two, three, four, five = numbers
    assert await found(archive, Filter(since="2026-11-12")) == [five, four, three, two]
    assert await found(archive, Filter(since="2026-11-12", until="2026-11-13")) == [three, two]
    assert await found(archive, Filter(until="2026-11-11", words="fox")) == [one]
    assert await found(archive, Filter(since="2026-12-01")) == []


async def test_a_heart_is_given_once_and_taken_back(archive: Archive, board: Storyboard) -> None:
    number = await told(archive, board, "a fox")
    await archive.gallery.like(number, ANN.id)
    hearts = await archive.gallery.like(number, BEN.id)
    assert (hearts.number, hearts.mine) == (2, True)
    hearts = await archive.gallery.like(number, ANN.id)
    assert (hearts.number, hearts.mine) == (1, False)
    with pytest.raises(NotFound):
        await archive.gallery.like(99, ANN.id)


async def test_a_deleted_story_leaves_nothing_behind(
    archive: Archive, board: Storyboard, tmp_path: Path
) -> None:
    one, two, three = [await told(archive, board, "a fox") for _ in range(3)]
    await archive.gallery.like(two, ANN.id)
    await archive.oblivion.delete_story(two)
    assert await found(archive, Filter(words="fox")) == [three, one]
    assert await found(archive, Filter(favourites_of=ANN.id)) == []
    leaf = await archive.gallery.leaf(HERE, Filter(), ANYBODY, two)
    assert leaf is not None
    assert leaf.story_id == one, "a button that names it goes to the next older one"
    async with aiosqlite.connect(tmp_path / "archive.sqlite3") as sql:
        for table in ("favourites", "gallery_words"):
            rows = await sql.execute_fetchall(
                f"SELECT rowid FROM {table}" if "words" in table else f"SELECT story_id FROM {table}"
            )
            assert (two,) not in rows


async def test_who_is_forgotten_has_no_favourites(archive: Archive, board: Storyboard) -> None:
    number = await told(archive, board, "a fox", BEN)
    await archive.gallery.like(number, ANN.id)
    assert (await archive.oblivion.belongings(ANN.id)).favourites == 1
    await archive.oblivion.forget(ANN.id)
    assert (await archive.gallery.hearts(number)).number == 0


async def test_a_post_is_kept_when_the_story_is_brought_up_to_date(
    archive: Archive, board: Storyboard
) -> None:
    story = await archive.add_story(board, ANN, guild_id=HERE, channel_id=20)
    assert await archive.gallery.post(story.id) is None
    post = Post(channel_id=5, message_id=6, posted="1-2")
    await archive.gallery.shelve(story, post)
    await archive.gallery.shelve(story)
    assert await archive.gallery.post(story.id) == post
    await archive.gallery.shelve(story, replace(post, posted="1-3"))
    assert await archive.gallery.post(story.id) == replace(post, posted="1-3")


async def test_a_filter_has_one_number_for_ever(archive: Archive) -> None:
    wanted = Filter(words="红狐 " * 40, author_id=2**62, since="2026-01-01", favourites_of=3)
    number = await archive.gallery.keep(wanted)
    assert await archive.gallery.keep(wanted) == number != await archive.gallery.keep(Filter())
    assert await archive.gallery.filter(number) == wanted
    assert await archive.gallery.filter(number + 99) == Filter()


async def test_a_story_is_seen_by_who_may_read_where_it_was_told(archive: Archive, board: Storyboard) -> None:
    number = await told(archive, board, "a fox")  # in channel 20
    assert await found(archive, Filter(), viewer=Viewer(person_id=BEN.id, channels=(20, 21))) == [number]
    assert await found(archive, Filter(words="fox"), viewer=Viewer(person_id=BEN.id, channels=(21,))) == []
    assert await found(archive, Filter(), viewer=Viewer(person_id=ANN.id, channels=())) == [number]


async def fill(archive: Archive, stories: int) -> None:
    """A gallery of so many, told in ten channels by a hundred people over half a year."""

    def insert(sql: sqlite3.Connection) -> None:
        count = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {stories})"
        for into in (
            "stories (id, guild_id, channel_id, author_id, subject, style) SELECT i, 1, 5, 5, '', '' FROM n",
            f"gallery SELECT i, 10, i % 100, i % 10, '2026-0' || (1 + 6 * i / {stories + 1}), 0, 0, 0 FROM n",
            f"gallery_words (rowid, words) SELECT i, '{_server(HERE)} a fox' FROM n",
            "favourites SELECT 1, 10, i FROM n WHERE i % 10 = 0",
        ):
            sql.execute(f"{count} INSERT INTO {into}")

    await archive.gallery._connection.write(insert)


@pytest.mark.parametrize(
    ("wanted", "viewer"),
    [
        (Filter(), ANYBODY),
        (Filter(), Viewer(person_id=200, channels=(3, 7))),
        (Filter(author_id=7), ANYBODY),
        (Filter(words="fox"), ANYBODY),
        (Filter(words="fox", author_id=7), ANYBODY),
        (Filter(favourites_of=1), ANYBODY),
        (Filter(since="2026-02", until="2026-05"), ANYBODY),
    ],
)
async def test_turning_a_page_costs_the_same_in_a_small_gallery_and_in_a_large_one(
    tmp_path: Path, wanted: Filter, viewer: Viewer
) -> None:
    costs = []
    for stories in (2000, 20_000):
        async with open_archive(tmp_path / f"{stories}.sqlite3") as archive:
            await fill(archive, stories)
            looks = [
                partial(_next, guild_id=HERE, wanted=wanted, viewer=viewer, relation=each, at=stories // 2)
                for each in ("<=", ">", "<")
            ]
            costs.append(await archive.gallery._connection.read(partial(cost, looks)))
    assert costs[1] < 1.5 * costs[0], "SQLite's instructions"


def cost(looks: Sequence[Callable[[sqlite3.Connection], object]], sql: sqlite3.Connection) -> int:
    """How many of SQLite's instructions they take."""
    steps: list[None] = []
    sql.set_progress_handler(lambda: steps.append(None), 1)
    for look in looks:
        assert look(sql)
    return len(steps)


async def test_so_many_are_counted_as_costs_little(tmp_path: Path) -> None:
    async with open_archive(tmp_path / "archive.sqlite3") as archive:
        await fill(archive, 50_000)

        async def counted(at: int, viewer: Viewer = ANYBODY, **wanted: Any) -> tuple[int | None, int | None]:
            leaf = await archive.gallery.leaf(HERE, Filter(**wanted), viewer, at)
            assert leaf is not None
            return leaf.newer, leaf.older

        assert await counted(50_000) == (0, COUNTED)
        assert await counted(25_000) == (COUNTED, COUNTED)
        assert await counted(40) == (COUNTED, 39)
        assert await counted(49_990, favourites_of=1) == (1, COUNTED)
        assert await counted(49_999, Viewer(person_id=1000, channels=(3, 9))) == (0, COUNTED)
        assert await counted(49_999, Viewer(person_id=99, channels=())) == (0, None), "they are too far apart"
        leaf = await archive.gallery.leaf(HERE, Filter(), Viewer(person_id=99, channels=()))
        assert leaf is not None and leaf.older_id == 49_899, "and found all the same"
