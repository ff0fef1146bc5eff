"""A real drawing process: asked, cancelled, killed, starved."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from time import perf_counter

import psutil
import pytest
import pytest_asyncio

from generator.errors import DeviceLost, DrawingCancelled, ModelError
from generator.execution.executor import Equip
from generator.execution.local import IN_VAIN, LocalExecutor
from generator.press.metadata import read
from generator.settings import SpeedSettings
from generator.shape import shape
from generator.story import Picture, Recipe, Storyboard

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOGETHER = 3

TAKES = count(1)  # a number is drawn once: a process keeps in mind what was cancelled


class Steps(list[tuple[int, int, int]]):
    """What an executor tells of steps, by takes."""

    def __call__(self, take_id: int, step: int, steps: int) -> None:
        self.append((take_id, step, steps))

    async def reach(self, number: int) -> None:
        async with asyncio.timeout(180):
            while len(self) < number:
                await asyncio.sleep(0.005)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def executor() -> AsyncIterator[LocalExecutor]:
    executor = LocalExecutor("cpu", "auto", Equip(speed=SpeedSettings(together=TOGETHER), models=("tiny",)))
    yield executor
    await executor.close()


@pytest.fixture
def recipe(board: Storyboard) -> Recipe:
    return board.recipes[0]


@pytest.fixture
def batch(board: Storyboard) -> dict[int, Recipe]:
    return {next(TAKES): recipe for recipe in board.recipes}


def longer(batch: dict[int, Recipe], steps: int) -> dict[int, Recipe]:
    return {take_id: replace(recipe, steps=steps) for take_id, recipe in batch.items()}


def pid(executor: LocalExecutor) -> int:
    assert executor._line is not None
    return executor._line.process.pid


async def draw(executor: LocalExecutor, recipe: Recipe) -> Picture:
    take_id = next(TAKES)
    return await (await executor.draw({take_id: recipe}, Steps())).pictures[take_id]


async def test_a_picture_comes_back_with_its_recipe_inside_and_its_steps_before(
    executor: LocalExecutor, recipe: Recipe
) -> None:
    steps, take_id = Steps(), next(TAKES)
    drawing = await executor.draw({take_id: recipe}, steps)
    picture = await drawing.pictures[take_id]
    assert steps == [(take_id, 1, 2), (take_id, 2, 2)]
    assert read(picture.png) == (recipe, picture.engine)
    assert picture.seconds > 0
    await drawing.free


async def test_it_tells_whether_its_models_are_too_large_for_its_device(executor: LocalExecutor) -> None:
    large = LocalExecutor("cpu", "auto", Equip(models=("someone/sdxl",)))
    await asyncio.gather(executor.start(), large.start())
    assert large.slow and not executor.slow
    await large.close()


@pytest.mark.skipif(not hasattr(os, "nice"), reason="nobody is nice here")
async def test_who_draws_on_the_processor_lets_the_bot_go_first(
    executor: LocalExecutor, recipe: Recipe
) -> None:
    await draw(executor, recipe)
    niceness = min(os.nice(0) + 10, 19)
    assert os.getpriority(os.PRIO_PROCESS, pid(executor)) == niceness
    grouped = Path(f"/proc/{pid(executor)}/autogroup")
    assert not grouped.exists() or grouped.read_text().endswith(f"nice {niceness}\n")


async def test_several_are_drawn_at_once_and_each_has_its_own_steps_and_picture(
    executor: LocalExecutor, batch: dict[int, Recipe]
) -> None:
    steps, begun = Steps(), perf_counter()
    drawing = await executor.draw(batch, steps)
    pictures = await asyncio.gather(*drawing.pictures.values())
    assert sum(picture.seconds for picture in pictures) < perf_counter() - begun, "each has its share"
    assert executor.room(shape(next(iter(batch.values())))) == TOGETHER
    assert steps == [(take_id, step, 2) for step in (1, 2) for take_id in batch], "step by step together"
    assert [read(picture.png) for picture in pictures] == [
        (recipe, picture.engine) for recipe, picture in zip(batch.values(), pictures, strict=True)
    ]
    assert {picture.engine.together for picture in pictures} == {3}


async def test_more_than_there_is_room_for_are_drawn_one_part_after_the_other(
    executor: LocalExecutor, recipe: Recipe
) -> None:
    steps, batch = Steps(), {next(TAKES): recipe for _ in range(TOGETHER + 1)}
    drawing = await executor.draw(batch, steps)
    await asyncio.gather(*drawing.pictures.values())
    last = max(batch)
    assert steps[-2:] == [(last, 1, 2), (last, 2, 2)]


async def test_a_cancelled_picture_stops_between_two_steps_and_the_next_one_is_drawn(
    executor: LocalExecutor, recipe: Recipe
) -> None:
    steps, take_id = Steps(), next(TAKES)
    drawing = await executor.draw({take_id: replace(recipe, steps=100)}, steps)
    await steps.reach(2)
    executor.cancel(next(TAKES))  # somebody else's
    executor.cancel(take_id)
    with pytest.raises(DrawingCancelled):
        await drawing.pictures[take_id]
    await drawing.free
    assert len(steps) < 100
    first = pid(executor)
    await draw(executor, recipe)
    assert pid(executor) == first


async def test_of_several_the_cancelled_one_is_dropped_and_the_others_go_on(
    executor: LocalExecutor, batch: dict[int, Recipe]
) -> None:
    steps, (first, second, third) = Steps(), batch
    drawing = await executor.draw(longer(batch, 60), steps)
    await steps.reach(4)
    executor.cancel(second)
    with pytest.raises(DrawingCancelled):
        await drawing.pictures[second]
    assert not drawing.free.done()
    await asyncio.gather(drawing.pictures[first], drawing.pictures[third])
    told = [take_id for take_id, _, _ in steps]
    assert told.count(first) == told.count(third) == 60
    assert told.count(second) < 60


async def test_when_all_are_cancelled_the_device_is_free_before_the_next_step(
    executor: LocalExecutor, batch: dict[int, Recipe], recipe: Recipe
) -> None:
    steps = Steps()
    drawing = await executor.draw(longer(batch, 1000), steps)
    await steps.reach(2)
    for take_id in batch:
        executor.cancel(take_id)
    await drawing.free
    assert len(steps) < 1000
    for picture in drawing.pictures.values():
        with pytest.raises(DrawingCancelled):
            await picture
    await draw(executor, recipe)


async def test_a_killed_process_is_reported_for_all_and_a_fresh_one_draws_the_same(
    executor: LocalExecutor, batch: dict[int, Recipe], recipe: Recipe
) -> None:
    before = await draw(executor, recipe)
    steps, unwanted = Steps(), next(TAKES)
    drawing = await executor.draw(longer(batch, 100), steps)
    await steps.reach(1)
    os.kill(pid(executor), signal.SIGKILL)
    for picture in drawing.pictures.values():
        with pytest.raises(DeviceLost, match="killed by signal 9"):
            await picture
    await drawing.free

    steps.clear()
    asking = asyncio.create_task(executor.draw({unwanted: recipe}, steps))
    await asyncio.sleep(0)
    executor.cancel(unwanted)  # while no process is there to hear it
    with pytest.raises(DrawingCancelled):
        await (await asking).pictures[unwanted]
    assert not steps
    assert (await draw(executor, recipe)).png == before.png


async def test_after_processes_that_died_in_vain_the_next_leaves_out_what_is_risky(
    recipe: Recipe,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level("INFO")  # the process's own too
    executor = LocalExecutor("cpu", "auto", Equip(speed=SpeedSettings(compile=True), models=("tiny",)))
    with monkeypatch.context() as broken:
        broken.setattr("sys.executable", "/bin/false")
        for _ in range(IN_VAIN):
            with pytest.raises(DeviceLost, match="exit status 1"):
                await draw(executor, recipe)
    await draw(executor, recipe)
    await executor.close()
    said = capfd.readouterr().err
    assert "cpu, " in said and "compiled" not in said


async def test_a_process_that_says_nothing_for_too_long_counts_as_hung(
    executor: LocalExecutor, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    await draw(executor, recipe)
    os.kill(pid(executor), signal.SIGSTOP)
    monkeypatch.setattr("generator.execution.line.PATIENCE", 1.0)
    with pytest.raises(DeviceLost, match="hung"):
        await draw(executor, recipe)
    monkeypatch.undo()
    await draw(executor, recipe)


async def test_a_process_that_died_while_idle_is_not_the_next_pictures_fault(
    executor: LocalExecutor, recipe: Recipe
) -> None:
    await draw(executor, recipe)
    assert executor._line is not None
    os.kill(pid(executor), signal.SIGKILL)
    await executor._line.process.wait()
    await draw(executor, recipe)


async def test_a_model_that_is_not_there_is_said_in_words_and_the_process_lives(
    executor: LocalExecutor, recipe: Recipe
) -> None:
    with pytest.raises(ModelError, match="/no/such/model"):
        await draw(executor, replace(recipe, model="/no/such/model"))
    await draw(executor, recipe)


async def test_a_device_that_is_not_there_is_said_in_words(recipe: Recipe) -> None:
    executor = LocalExecutor("cuda:7", "auto")
    try:
        with pytest.raises(ModelError, match="cuda:7"):
            await draw(executor, recipe)
    finally:
        await executor.close()


async def test_a_process_that_cannot_be_started_is_lost_in_words(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(DeviceLost, match="No such file"):
        await draw(LocalExecutor("cpu", "auto"), recipe)


@pytest.mark.skipif(sys.platform != "linux", reason="limits another process's memory")
async def test_a_start_that_is_broken_off_anywhere_leaves_no_process() -> None:
    before = set(psutil.Process().children())
    for moment in range(8):
        executor = LocalExecutor("cpu", "fp32")
        starting = asyncio.create_task(executor.start())
        for _ in range(moment):
            await asyncio.sleep(0)
        starting.cancel()
        async with asyncio.timeout(120):
            await asyncio.wait([starting])
            await executor.close()
            while set(psutil.Process().children()) - before:
                await asyncio.sleep(0.02)
        assert starting.cancelled()


async def test_out_of_memory_is_tried_again_by_leaner_plans(
    recipe: Recipe, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")  # else a busy machine's threads reserve a heap each
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "131072")  # nor does a heap keep what a failed try has freed
    executor = LocalExecutor("cpu", "auto", Equip(models=("tiny",)))
    large = replace(recipe, width=1408, height=1408, steps=1)
    await draw(executor, recipe)
    used = int(Path(f"/proc/{pid(executor)}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    # Decoding 1792 × 1792 at once takes 500 MiB, in tiles 160. Each heap reserves 64 MiB of addresses, which
    # count; and what the heap has kept from before does not.
    limit = used + 240 * 2**20
    resource.prlimit(pid(executor), resource.RLIMIT_AS, (limit, limit))
    picture = await draw(executor, large)
    assert picture.engine.lean
    assert read(picture.png)[0] == large
    assert "enough memory" in capfd.readouterr().err
    await closed_twice(executor, recipe)


async def closed_twice(executor: LocalExecutor, recipe: Recipe) -> None:
    """It ends the process once, and what that draws is cancelled."""
    drawing = await executor.draw({(take_id := next(TAKES)): replace(recipe, steps=1000)}, Steps())
    assert executor._line is not None
    process = executor._line.process
    await executor.close()
    await executor.close()
    assert process.returncode is not None
    assert drawing.pictures[take_id].cancelled()
    assert drawing.free.done()
