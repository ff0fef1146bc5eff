"""What many tests share: small settings, and a studio with a real drawing process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from generator.settings import BotSettings, Settings, StorySettings
from generator.story import Options, Person, Script, Storyboard
from generator.storyboard import draft
from generator.studio import Studio, open_studio

ANN = Person(id=1, name="Ann")
BEN = Person(id=2, name="Ben")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The tiny model at its smallest: a frame in a fraction of a second."""
    return Settings(
        story=StorySettings(width=64, height=64, steps=2),
        bot=BotSettings(data=tmp_path / "data"),
    )


@pytest.fixture
def board(settings: Settings) -> Storyboard:
    """A story of three scenes, seed 7."""
    script = Script(subject="a red fox", scenes=("in a meadow", "in the snow", "by a river"))
    return draft(script, Options(seed=7), settings)


@pytest_asyncio.fixture
async def studio(settings: Settings) -> AsyncIterator[Studio]:
    """A studio with one real drawing process."""
    async with open_studio(settings, settings.bot.data) as opened:
        yield opened
