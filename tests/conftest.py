"""What many tests share: small settings, and a real drawing process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import hypothesis
import psutil
import pytest
import pytest_asyncio

from generator.execution import local, workshop
from generator.execution.executor import Drawing, OnSteps
from generator.execution.local import LocalExecutor
from generator.settings import BotSettings, ModelSettings, Settings, StorySettings
from generator.story import Options, Person, Recipe, Script, Storyboard
from generator.storyboard import draft
from generator.studio import Studio, open_studio

ANN = Person(id=1, name="Ann")
BEN = Person(id=2, name="Ben")
PATIENCE = 600.0  # seconds; drawing processes start slowly on a busy machine

hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


def pytest_configure() -> None:
    """Before torch is imported: tiny tensors are slower on many threads, and other tests run beside."""
    os.environ["OMP_NUM_THREADS"] = "1"


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: whoever tests waits for a drawing process now and then."""
    return (psutil.cpu_count(logical=False) or 1) + 1


def small(folder: Path) -> Settings:
    """The tiny model at its smallest: a frame in a fraction of a second."""
    return Settings(
        model=ModelSettings(name="tiny"),
        story=StorySettings(width=64, height=64, steps=2),
        bot=BotSettings(data=folder),
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return small(tmp_path / "data")


@pytest.fixture
def board(settings: Settings) -> Storyboard:
    """A story of three scenes, seed 7."""
    script = Script(subject="a red fox", scenes=("in a meadow", "in the snow", "by a river"))
    return draft(script, Options(seed=7), settings)


class Device(LocalExecutor):
    """A real drawing process on which one studio draws after the other, since it takes seconds to start."""

    def __init__(self) -> None:
        super().__init__("cpu", "auto")
        self._numbers = count(1)
        self._drawn_as: dict[int, int] = {}
        self._beginning: asyncio.Future[None] | None = None

    async def start(self, prepare: Recipe | None = None) -> None:
        self._beginning = asyncio.ensure_future(super().start(prepare))
        await asyncio.shield(self._beginning)  # also when its studio closes before

    async def draw(self, recipes: Mapping[int, Recipe], on_step: OnSteps) -> Drawing:
        # It keeps in mind which takes were cancelled, and each archive counts from one.
        takes = {next(self._numbers): take_id for take_id in recipes}
        self._drawn_as.update((take_id, number) for number, take_id in takes.items())
        drawing = await super().draw(
            {number: recipes[take_id] for number, take_id in takes.items()},
            lambda number, step, steps: on_step(takes[number], step, steps),
        )
        pictures = {takes[number]: picture for number, picture in drawing.pictures.items()}
        return Drawing(pictures, drawing.free)

    def cancel(self, take_id: int) -> None:
        super().cancel(self._drawn_as.get(take_id, 0))

    async def close(self) -> None:
        """A studio closes: what it was in the middle of is dropped, and the next one goes on with it."""
        if (line := self._line) is not None:
            for number, picture in line._pictures.items():
                super().cancel(number)
                picture.cancel()
            while line.busy:
                await asyncio.sleep(0.01)

    async def end(self) -> None:
        """Nobody needs it any more."""
        if self._beginning is not None:  # a process that is cancelled while it is made may never be heard of
            await asyncio.wait([self._beginning])
        await super().close()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Studios that are opened in here draw on it."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(workshop, "LocalExecutor", lambda *_: self)
            yield


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """A translator is waited for, however slowly its process starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "TRANSLATION_PATIENCE", PATIENCE)
        yield


@pytest_asyncio.fixture(scope="session")
async def device() -> AsyncIterator[Device]:
    """What the tests of a run draw on."""
    device = Device()
    yield device
    await device.end()


@pytest.fixture
def lent(device: Device) -> Iterator[None]:
    """The studios that a test opens draw on the device, one after the other."""
    with device.lent():
        yield


@pytest_asyncio.fixture(scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory, device: Device) -> AsyncIterator[Studio]:
    """A studio that a module's tests share."""
    settings = small(tmp_path_factory.mktemp("studio"))
    with device.lent():
        async with open_studio(settings, settings.bot.data) as opened:
            yield opened
