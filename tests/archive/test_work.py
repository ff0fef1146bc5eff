"""What is asked of the devices, as the archive knows it."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from generator.archive.database import open_archive
from generator.archive.work import Order, free_again
from generator.story import Storyboard, TakeState
from tests.conftest import ANN, BEN


async def test_where_and_with_what_weight_a_take_waits_outlives_a_restart(
    tmp_path: Path, board: Storyboard
) -> None:
    path = tmp_path / "archive.sqlite3"
    async with open_archive(path) as archive:
        story = await archive.add_story(board, ANN, guild_id=7, channel_id=1)
        other = await archive.add_story(board, BEN, guild_id=8, channel_id=1)
        await archive.work.weigh(story.id, ANN.id, 3.0)
        await archive.cancel(other.id)
    async with open_archive(path) as archive:
        waiting = await archive.requeue()
        assert await archive.work.orders() == {
            take.id: Order(guild_id=7, weight=3.0) for take in waiting if take.story_id == story.id
        }


async def test_errands_are_told_by_story_and_person_and_withdrawn_by_both(board: Storyboard) -> None:
    async with open_archive(None) as archive:
        story = await archive.add_story(board, ANN, guild_id=7, channel_id=1)
        await archive.add_story(board, BEN, guild_id=8, channel_id=1)
        recipe = replace(board.recipes[1], seed=9)
        reroll = await archive.add_take(story.takes[1], recipe, BEN)
        errands = await archive.work.errands(7)
        assert [(errand.person, dict(errand.takes)) for errand in errands] == [
            (ANN, {take.id: take.scene for take in story.takes}),
            (BEN, {reroll.id: "in the snow"}),
        ]
        assert await archive.work.withdraw(story.id, BEN.id) == [reroll.id]
        assert (await archive.take(reroll.id)).state is TakeState.CANCELLED
        assert len(await archive.work.errands(7)) == 1
        assert await archive.work.withdraw(story.id, BEN.id) == []


async def test_what_was_free_before_it_was_asked_when_is_free_now(board: Storyboard) -> None:
    async with open_archive(None) as archive:
        await archive.add_story(board, ANN, guild_id=7, channel_id=1)

        def asked(sql: sqlite3.Connection) -> None:
            for person in (ANN.id, None):
                assert free_again(sql, 7, person, len(board.scenes)) > datetime.now(UTC)
                assert free_again(sql, 7, person, len(board.scenes) + 1) <= datetime.now(UTC)

        await archive.work._connection.read(asked)
