"""Where a host offers several models."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from generator.settings import ModelSettings
from generator.story import Person
from tests.cogs.conftest import Stage, raised
from tests.cogs.members import answered, more, said, told
from tests.conftest import Device, small


@pytest_asyncio.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory, device: Device) -> AsyncIterator[Stage]:
    """A stage with the picture book beside the tiny model."""
    settings = small(tmp_path_factory.mktemp("models"))
    both = ModelSettings(name="tiny", others=("storybook",))
    async with raised(settings.model_copy(update={"model": both}), device) as stage:
        yield stage


async def test_another_model_draws_one_picture_or_all_where_several_are_offered(
    stage: Stage,
) -> None:
    story = await told(stage, seed=7)
    menu = answered(await more(stage, stage.ann, story))
    take = story.takes[0].id
    result = await stage.ann.select(menu, ["storybook"], custom_id=f"samefox:takes:menu:model.{take}")
    assert "Frame 1 is being drawn again with seed 7" in said(stage, result)
    await stage.ann.select(menu, ["storybook"], custom_id=f"samefox:takes:menu:modelall.{take}")
    told_again = await stage.bot.studio.archive.story(story.id)
    first, *others = told_again.takes[2:]
    assert [take.recipe.model for take in (first, *others)] == ["storybook"] * 3
    assert (first.recipe.steps, first.recipe.scheduler) == (16, "dpm-karras"), "as this model wants it"
    ben = answered(await more(stage, stage.ben, story))
    assert f"samefox:takes:menu:modelall.{take}" not in str(
        stage.env.backend.get_message(ben.channel_id, ben.id).components
    )
    mo = Person(id=stage.mo.id, name="Mo")
    servers = stage.bot.studio.archive.servers
    await servers.change(stage.env.guild.id, mo, lambda s: s.altered(models=("tiny",)))
    refused = await stage.ann.select(menu, ["storybook"], custom_id=f"samefox:takes:menu:model.{take}")
    assert "no model “storybook” here" in said(stage, refused)
    await stage.bot.studio.cancel(story.id)
    await stage.told(story.id)
