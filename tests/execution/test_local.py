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

import pytest
import pytest_asyncio

from generator.errors import DeviceLost, DrawingCancelled, ModelError
from generator.execution.local import LocalExecutor
from generator.press.metadata import read
from generator.story import Recipe, Storyboard

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def executor() -> AsyncIterator[LocalExecutor]:
    executor = LocalExecutor("cpu", "auto")
    yield executor
    await executor.close()


@pytest.fixture
def recipe(board: Storyboard) -> Recipe:
    return board.recipes[0]


def pid(executor: LocalExecutor) -> int:
    assert executor._line is not None
    return executor._line.process.pid


async def until_step(steps: list[int], count: int) -> None:
    async with asyncio.timeout(180):
        while len(steps) < count:
            await asyncio.sleep(0.005)


TAKES = count(1)  # a number is drawn once: a process keeps in mind what was cancelled


async def test_a_frame_comes_back_with_its_recipe_inside_and_its_steps_before(
    executor: LocalExecutor, recipe: Recipe
) -> None:
    steps: list[tuple[int, int]] = []
    picture = await executor.draw(next(TAKES), recipe, lambda step, of: steps.append((step, of)))
    assert steps == [(1, 2), (2, 2)]
    assert read(picture.png) == (recipe, picture.engine)
    assert picture.seconds > 0

    again = LocalExecutor("cpu", "auto")
    try:
        assert (await again.draw(next(TAKES), recipe, lambda *_: None)).png == picture.png, "in a new process"
    finally:
        await again.close()


async def test_a_cancelled_frame_stops_between_two_steps_and_the_next_one_is_drawn(
    executor: LocalExecutor, recipe: Recipe
) -> None:
    steps: list[int] = []
    long = replace(recipe, steps=100)
    take_id = next(TAKES)
    drawing = asyncio.create_task(executor.draw(take_id, long, lambda step, _: steps.append(step)))
    await until_step(steps, 2)
    executor.cancel(take_id + 1)  # somebody else's
    executor.cancel(take_id)
    with pytest.raises(DrawingCancelled):
        await drawing
    assert len(steps) < 100
    first = pid(executor)
    next(TAKES)
    await executor.draw(next(TAKES), recipe, lambda *_: None)
    assert pid(executor) == first


async def test_a_killed_process_is_reported_and_a_fresh_one_draws_the_next_frame(
    executor: LocalExecutor, recipe: Recipe
) -> None:
    steps: list[int] = []
    drawing = asyncio.create_task(
        executor.draw(next(TAKES), replace(recipe, steps=100), lambda s, _: steps.append(s))
    )
    await until_step(steps, 1)
    os.kill(pid(executor), signal.SIGKILL)
    with pytest.raises(DeviceLost, match="killed by signal 9"):
        await drawing
    await executor.draw(next(TAKES), recipe, lambda *_: None)


async def test_a_process_that_died_while_idle_is_not_the_next_frames_fault(
    executor: LocalExecutor, recipe: Recipe
) -> None:
    await executor.draw(next(TAKES), recipe, lambda *_: None)
    assert executor._line is not None
    os.kill(pid(executor), signal.SIGKILL)
    await executor._line.process.wait()
    await executor.draw(next(TAKES), recipe, lambda *_: None)


async def test_a_model_that_is_not_there_is_said_in_words_and_the_process_lives(
    executor: LocalExecutor, recipe: Recipe
) -> None:
    with pytest.raises(ModelError, match="/no/such/model"):
        await executor.draw(next(TAKES), replace(recipe, model="/no/such/model"), lambda *_: None)
    await executor.draw(next(TAKES), recipe, lambda *_: None)


async def test_a_device_that_is_not_there_is_said_in_words(recipe: Recipe) -> None:
    executor = LocalExecutor("cuda:7", "auto")
    try:
        with pytest.raises(ModelError, match="cuda:7"):
            await executor.draw(next(TAKES), recipe, lambda *_: None)
    finally:
        await executor.close()


@pytest.mark.skipif(sys.platform != "linux", reason="limits another process's memory")
async def test_out_of_memory_is_tried_again_in_lean_mode(
    recipe: Recipe, capfd: pytest.CaptureFixture[str]
) -> None:
    executor = LocalExecutor("cpu", "auto")  # of its own, as it cannot be fed again
    await executor.draw(next(TAKES), recipe, lambda *_: None)
    used = int(Path(f"/proc/{pid(executor)}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    # Decoding 1408 × 1408 at once takes about 560 MiB, in tiles about 100; the heap keeps some of the rest.
    limit = used + 400 * 2**20
    resource.prlimit(pid(executor), resource.RLIMIT_AS, (limit, limit))
    picture = await executor.draw(
        next(TAKES), replace(recipe, width=1408, height=1408, steps=1), lambda *_: None
    )
    await executor.close()
    assert picture.engine.lean
    assert read(picture.png) is not None
    assert "tried again in lean mode" in capfd.readouterr().err


async def test_closing_twice_ends_the_process_once() -> None:
    executor = LocalExecutor("cpu", "auto")
    await executor.start()
    process = executor._line.process if executor._line else None
    assert process is not None
    await executor.close()
    await executor.close()
    assert process.returncode is not None


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_the_drawing_process_ends_when_the_bot_is_killed(recipe: Recipe) -> None:
    code = (
        "import asyncio\n"
        "from generator.execution.local import LocalExecutor\n"
        "async def main():\n"
        "    executor = LocalExecutor('cpu', 'auto')\n"
        "    await executor.start()\n"
        "    print(executor._line.process.pid, flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    bot = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert bot.stdout is not None
    worker = int(await bot.stdout.readline())
    bot.kill()
    await bot.wait()
    async with asyncio.timeout(20):
        while Path(f"/proc/{worker}/exe").exists():
            await asyncio.sleep(0.05)
