"""The real line, stations, ledger and archive, with devices on which time passes only in steps."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import count

import pytest

from generator.archive.archive import Archive
from generator.archive.database import open_archive
from generator.execution.executor import Drawing, Equip, OnSteps
from generator.execution.workshop import Workshop
from generator.settings import Settings
from generator.shape import Shape
from generator.story import Engine, Person, Picture, Recipe, Story, Storyboard
from tests.conftest import ANN

ENGINE = Engine(device="cpu", precision="fp32", samefox="0", torch="0", diffusers="0", transformers="0")
PICTURE = Picture(png=b"a picture", seconds=1.0, engine=ENGINE)


class Clock:
    """Goes on to what ends next, once every device draws or has nothing to do."""

    def __init__(self) -> None:
        self.now = 0.0
        self._ends: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def after(self, seconds: float, end: Callable[[], None]) -> None:
        heapq.heappush(self._ends, (self.now + seconds, next(self._numbers), end))

    def tick(self) -> None:
        self.now, _, end = heapq.heappop(self._ends)
        end()


class Device:
    """A second a picture, however many it draws at once."""

    siblings = ()
    slow = True

    def __init__(self, name: str, clock: Clock, room: int) -> None:
        self.device = name
        self.batches: list[list[int]] = []
        self.drawing: set[int] = set()
        self._clock = clock
        self._room = room

    async def start(self, prepare: Recipe | None = None) -> None:
        pass

    def room(self, shape: Shape) -> int:
        return self._room

    async def draw(self, recipes: Mapping[int, Recipe], on_step: OnSteps) -> Drawing:
        loop = asyncio.get_running_loop()
        drawing = Drawing({take_id: loop.create_future() for take_id in recipes}, loop.create_future())
        self.batches.append(list(recipes))
        self.drawing.update(recipes)
        self._clock.after(len(recipes), partial(self._drawn, drawing))
        return drawing

    def _drawn(self, drawing: Drawing) -> None:
        self.drawing.difference_update(drawing.pictures)
        drawing.free.set_result(None)
        for picture in drawing.pictures.values():
            picture.set_result(PICTURE)

    def cancel(self, take_id: int) -> None:
        pass

    async def translate(self, texts: Sequence[str], language: str) -> tuple[str, ...]:
        return tuple(texts)

    async def close(self) -> None:
        pass


class Floor:
    """A workshop, its devices and their clock."""

    def __init__(
        self, settings: Settings, archive: Archive, board: Storyboard, number: int, room: int
    ) -> None:
        self.clock = Clock()
        self.devices = [Device(str(index), self.clock, room) for index in range(number)]
        named: Callable[[str, str, Equip], Device] = lambda name, *_: self.devices[int(name)]  # noqa: E731
        self.workshop = Workshop(
            settings, archive, settings.bot.data, board.recipes[0], lambda _: None, named
        )
        self._archive = archive
        self._board = board

    async def tell(self, frames: int, author: Person = ANN) -> Story:
        scenes, recipes = self._board.scenes[:1] * frames, self._board.recipes[:1] * frames
        board = replace(self._board, scenes=scenes, recipes=recipes)
        story = await self._archive.add_story(board, author, guild_id=1, channel_id=1)
        await self.workshop.queue(story.takes, 1)
        return story

    async def drawn(self) -> float:
        """Let time pass until nothing waits; how much it was."""
        dispatcher = self.workshop.dispatcher
        async with asyncio.timeout(60):
            while dispatcher or dispatcher.taken:
                await asyncio.sleep(0.001)
                drawing = set[int]().union(*(device.drawing for device in self.devices))
                at_work = not dispatcher or all(device.drawing for device in self.devices)
                if drawing and at_work and drawing == {task.take_id for task in dispatcher.taken}:
                    self.clock.tick()
        return self.clock.now


@asynccontextmanager
async def floor(settings: Settings, board: Storyboard, devices: int, room: int) -> AsyncIterator[Floor]:
    (settings.bot.data / "pictures").mkdir(parents=True, exist_ok=True)
    async with open_archive(None) as archive:
        opened = Floor(settings, archive, board, devices, room)
        for device in opened.devices:
            opened.workshop.open(device.device)
        await asyncio.sleep(0)
        yield opened
        await opened.workshop.close()


@pytest.mark.parametrize("room", [1, 8])
@pytest.mark.parametrize("frames", [2, 8, 20])
async def test_two_devices_halve_the_time_of_one_story(
    settings: Settings, board: Storyboard, frames: int, room: int
) -> None:
    times = []
    for devices in (1, 2):
        async with floor(settings, board, devices, room) as opened:
            story = await opened.tell(frames)
            times.append(await opened.drawn())
            assert not (await opened._archive.story(story.id)).pending
    assert times == [frames, frames / 2]


async def test_a_device_that_raises_what_nobody_knows_goes_on(
    settings: Settings, board: Storyboard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with floor(settings, board, 1, 4) as opened:
        device, draw = opened.devices[0], opened.devices[0].draw

        async def first(recipes: Mapping[int, Recipe], on_step: OnSteps) -> Drawing:
            monkeypatch.setattr(device, "draw", draw)
            raise ZeroDivisionError

        monkeypatch.setattr(device, "draw", first)
        story = await opened.tell(3)
        await opened.drawn()
        assert not (await opened._archive.story(story.id)).pending
    assert "could not be asked to draw" in caplog.text and "ZeroDivisionError" in caplog.text


async def test_a_workshop_is_slow_where_every_device_is(settings: Settings, board: Storyboard) -> None:
    async with floor(settings, board, 2, 1) as opened:
        await opened.workshop.looked.wait()
        assert opened.workshop.slow
        opened.devices[0].slow = False
        assert not opened.workshop.slow
    assert not opened.workshop.slow, "nobody knows"


@pytest.mark.parametrize("room", [1, 8])
async def test_two_devices_draw_almost_twice_as_many(
    settings: Settings, board: Storyboard, room: int
) -> None:
    times = []
    for devices in (1, 2):
        async with floor(settings, board, devices, room) as opened:
            for number in range(20):
                await opened.tell(1 + number % 7, Person(id=number % 6, name="Somebody"))
            times.append(await opened.drawn())
    assert times[0] / times[1] >= 1.95


async def test_who_finds_a_device_idle_sees_a_first_picture_soon_and_then_all_that_there_is_room_for(
    settings: Settings, board: Storyboard
) -> None:
    async with floor(settings, board, 1, 4) as opened:
        await opened.tell(8)
        await opened.drawn()
        assert [len(batch) for batch in opened.devices[0].batches] == [1, 4, 3]
