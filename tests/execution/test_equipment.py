"""The models beside the painter, in a real drawing process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from time import perf_counter

import pytest
import pytest_asyncio

from generator.errors import DrawingCancelled, ModelError, NotTranslated
from generator.execution.executor import Equip
from generator.execution.local import LocalExecutor
from generator.settings import SafetySettings
from generator.story import Picture, Recipe, Storyboard
from tests.models import ENGLISH, build_checker, build_translator

pytestmark = pytest.mark.asyncio(loop_scope="module")

TAKES = count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def executor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalExecutor]:
    folder = tmp_path_factory.mktemp("models")
    checker, translator = build_checker(folder / "checker", finds=True), build_translator(folder / "marian")
    equipment = Equip(safety=SafetySettings(model=str(checker)), translator=str(translator))
    executor = LocalExecutor("cpu", "auto", equipment)
    await executor.start()
    yield executor
    await executor.close()


@pytest.fixture
def recipe(board: Storyboard) -> Recipe:
    return board.recipes[0]


async def draw(executor: LocalExecutor, recipe: Recipe) -> Picture:
    take_id = next(TAKES)
    return await (await executor.draw({take_id: recipe}, lambda *_: None)).pictures[take_id]


async def test_every_picture_comes_with_a_verdict(executor: LocalExecutor, recipe: Recipe) -> None:
    picture = await draw(executor, recipe)
    assert picture.verdict is not None
    assert picture.verdict.unsafe


async def test_a_text_is_translated_while_a_frame_is_drawn(executor: LocalExecutor, recipe: Recipe) -> None:
    steps: list[int] = []
    take_id = next(TAKES)
    assert await executor.translate(list(ENGLISH), "zh") == tuple(ENGLISH.values())  # once warm
    long = replace(recipe, steps=1000)
    drawing = await executor.draw({take_id: long}, lambda _take, step, _steps: steps.append(step))
    async with asyncio.timeout(180):
        while not steps:
            await asyncio.sleep(0.005)
    begun = perf_counter()
    both = await asyncio.gather(executor.translate(["在河边"], "zh"), executor.translate(["一只红狐"], "zh"))
    print(f"two texts in {perf_counter() - begun:.2f} s beside a frame")
    assert both == [("by a river",), ("a red fox",)]
    assert not drawing.free.done(), "it was not waited for"
    executor.cancel(take_id)
    with pytest.raises(DrawingCancelled):
        await drawing.pictures[take_id]


async def test_what_cannot_be_translated_is_said_in_words(executor: LocalExecutor) -> None:
    with pytest.raises(NotTranslated, match="too long"):
        await executor.translate(["在河边" * 100], "zh")


async def test_a_death_is_told_to_whoever_waits_for_a_text_and_a_fresh_process_translates(
    executor: LocalExecutor,
) -> None:
    assert executor._line is not None
    os.kill(executor._line.process.pid, signal.SIGSTOP)  # so that it surely does not answer first
    asking = asyncio.create_task(executor.translate(["在河边"], "zh"))
    await asyncio.sleep(0.05)
    os.kill(executor._line.process.pid, signal.SIGKILL)
    with pytest.raises(NotTranslated, match="does not work at the moment"):
        await asking
    assert await executor.translate(["在河边"], "zh") == ("by a river",)


async def test_without_its_safety_model_nothing_is_drawn(recipe: Recipe, tmp_path: Path) -> None:
    executor = LocalExecutor("cpu", "auto", Equip(safety=SafetySettings(model=str(tmp_path))))
    try:
        with pytest.raises(ModelError, match=r"safety model .* nothing is drawn"):
            await draw(executor, recipe)
    finally:
        await executor.close()


async def test_without_its_translator_it_draws_and_says_so(recipe: Recipe, tmp_path: Path) -> None:
    executor = LocalExecutor("cpu", "auto", Equip(translator=str(tmp_path)))
    try:
        assert (await draw(executor, recipe)).verdict is None
        with pytest.raises(NotTranslated, match="write in English"):
            await executor.translate(["在河边"], "zh")
    finally:
        await executor.close()
