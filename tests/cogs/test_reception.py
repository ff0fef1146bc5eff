"""Whoever asks is acknowledged before anything else is done."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bot import CONNECTIONS
from cogs.reception import LATER
from tests.cogs.conftest import Stage
from tests.conftest import PATIENCE

RUSH = 2 * CONNECTIONS
STORY = {"prompt": "a red fox: in a meadow"}


def callbacks(stage: Stage) -> int:
    return sum(request.path.endswith("/callback") for request in stage.env.http_requests)


async def test_nobody_waits_for_the_archive_to_be_acknowledged(stage: Stage) -> None:
    before, acknowledged = callbacks(stage), threading.Event()
    reading = stage.bot.studio.archive._connection.read(lambda _: acknowledged.wait(PATIENCE))
    busy = asyncio.create_task(reading)
    asking = asyncio.create_task(stage.ann.slash(stage.stories, "story tell", **STORY))
    async with asyncio.timeout(PATIENCE):
        while callbacks(stage) == before:
            await asyncio.sleep(0.01)
    acknowledged.set()
    assert await busy
    assert (await asking).acknowledged
    await stage.told(await stage.newest())


async def test_all_are_acknowledged_before_one_is_let_in(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, let_in = callbacks(stage), []
    monkeypatch.setattr(stage.bot.reception, "_let_in", lambda _: let_in.append(callbacks(stage) - before))
    for number in range(RUSH):  # of whom Discord does not know, which nobody has noticed at this point
        command = {"name": "story", "options": [{"type": 1, "name": "tell"}]}
        stage.bot.reception.receive({"id": str(number), "token": "a", "type": 2, "data": command})
    async with asyncio.timeout(PATIENCE):
        while len(let_in) < RUSH:
            await asyncio.sleep(0.01)
    assert let_in == [RUSH] * RUSH


async def test_what_was_not_acknowledged_at_once_is_told_all_the_same(stage: Stage) -> None:
    before, asked = await stage.newest(), callbacks(stage)
    stage.env.inject_error("POST", "/interactions/*/callback", status=500, times=1)
    result = await stage.ann.slash(stage.stories, "story tell", **STORY)
    assert result.acknowledged and callbacks(stage) == asked + 2
    assert (await stage.told(before + 1)).pictures


async def test_what_is_acknowledged_at_once_is_there(stage: Stage) -> None:
    commands = {command.qualified_name for command in stage.bot.tree.walk_commands()}
    assert commands >= LATER
