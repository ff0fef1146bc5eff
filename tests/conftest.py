"""What many tests share: small settings, and a studio with a real drawing process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from generator.settings import BotSettings, ModelSettings, Settings, StorySettings
from generator.story import Options, Person, Script, Storyboard
from generator.storyboard import draft
from generator.studio import Studio, open_studio

ANN = Person(id=1, name="Ann")
BEN = Person(id=2, name="Ben")


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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    """A studio with one real drawing process, which a module's tests share: it takes seconds to start."""
    settings = small(tmp_path_factory.mktemp("studio"))
    async with open_studio(settings, settings.bot.data) as opened:
        yield opened
