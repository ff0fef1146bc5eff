"""Stories in another language: they keep their words, and their recipes have the English."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from generator.errors import NotTranslated, TextRefused
from generator.server import MemberDefaults, ServerSettings
from generator.settings import TranslationSettings
from generator.story import Changes, Options, Script
from generator.studio import Studio, open_studio
from generator.together.circle import Mode
from tests.conftest import ANN, BEN, small
from tests.models import build_translator

FOX = Script(subject="一只红狐", scenes=("在雪地里", "在河边"))


@pytest_asyncio.fixture(scope="module")
async def translating(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    folder = tmp_path_factory.mktemp("translating")
    translator = TranslationSettings(model=str(build_translator(folder / "marian")))
    settings = small(folder / "data").model_copy(update={"translation": translator})
    async with open_studio(settings, settings.bot.data) as studio:
        yield studio


async def test_a_story_keeps_its_words_and_its_recipes_have_the_english(translating: Studio) -> None:
    board = await translating.plan(FOX, Options(seed=7), locale="zh-CN")
    assert (board.subject, board.scenes) == (FOX.subject, FOX.scenes)
    assert board.recipes[0].prompt == "a red fox in the snow by a river"
    assert [recipe.express for recipe in board.recipes] == ["in the snow", "by a river"]
    assert translating.interpreter.follows(board)


async def test_a_story_in_english_is_not_touched(translating: Studio) -> None:
    english = Script(subject="a red fox", scenes=("in the snow",))
    assert not translating.interpreter.translates(english, "zh-CN")
    board = await translating.plan(english, Options(seed=7), locale="zh-CN")
    assert board == translating.draft(english, Options(seed=7))


async def test_other_words_for_a_scene_are_translated_too(translating: Studio) -> None:
    story = await translating.tell(await translating.plan(FOX, Options(seed=7)), ANN)
    take = await translating.redraw(story.takes[0].id, ANN, Changes(scene="在河边"))
    assert (take.scene, take.recipe.express) == ("在河边", "by a river")
    await translating.cancel(story.id)


async def test_words_are_refused_in_english_too(translating: Studio) -> None:
    board = await translating.plan(Script(subject="一只红狐", scenes=("裸体",)), Options())
    assert board.recipes[0].express == "naked"
    with pytest.raises(TextRefused):
        await translating.tell(board, ANN)


async def test_the_english_of_what_was_told_is_held_against_rules_that_were_made_later(
    translating: Studio,
) -> None:
    together, guild = translating.together, 77

    async def introduce(story_id: int) -> None:
        await translating.archive.set_card(story_id, 100)

    async def rule(*words: str) -> None:
        await translating.archive.servers.change(guild, BEN, lambda now: now.altered(refused_words=words))

    script = Script(subject="一只红狐", scenes=("在雪地里",))
    drafted = await together.plan(script, Options(), ServerSettings(), MemberDefaults(), locale="zh-CN")
    story = await together.begin(drafted, ANN, Mode.OPEN, 10, introduce, guild_id=guild, channel_id=20)
    while (story := await translating.archive.story(story.id)).pending:
        await asyncio.sleep(0.02)
    for word in ("snow", "fox"):
        await rule(word)
        with pytest.raises(TextRefused, match=word):
            await together.add(story.id, ANN, "在河边", locale="zh-CN")
        with pytest.raises(TextRefused, match=word):
            await together.retell(story.id, ANN, moderator=False)
    await rule()
    await together.close(story.id, ANN, moderator=False)
    earlier = await translating.archive.story(story.id)
    for word in ("snow", "fox"):
        await rule(word)
        with pytest.raises(TextRefused, match=word):
            await together.go_on(earlier, BEN, Mode.OPEN, 10, introduce, channel_id=20)
    await rule()
    goes_on = await together.go_on(earlier, BEN, Mode.OPEN, 10, introduce, channel_id=20)
    assert goes_on.scenes == earlier.scenes


async def test_what_is_too_long_to_be_translated_is_refused(translating: Studio) -> None:
    with pytest.raises(NotTranslated, match="too long"):
        await translating.plan(Script(subject="一只红狐", scenes=("在雪地里" * 60,)), Options())


async def test_without_a_translator_the_words_stay_and_are_known_not_to_be_followed(studio: Studio) -> None:
    board = await studio.plan(FOX, Options(seed=7), locale="zh-CN")
    assert board.recipes[0].express == "在雪地里"
    assert not studio.interpreter.follows(board)
