"""A story in another language, told through a translator in the drawing process."""

from __future__ import annotations

from pathlib import Path

from cogs.rehearsal.tongues import own_languages
from generator.settings import TranslationSettings
from tests.cogs.conftest import raised, texts
from tests.cogs.test_story import said
from tests.conftest import small
from tests.models import build_translator


async def test_a_chinese_story_is_drawn_from_english_and_keeps_its_words(tmp_path: Path) -> None:
    translator = TranslationSettings(model=str(build_translator(tmp_path / "marian")))
    settings = small(tmp_path / "data").model_copy(update={"translation": translator})
    async with raised(settings) as stage:
        with own_languages({"Ben": "zh-CN"}):
            answered = said(
                await stage.ben.slash(stage.stories, "story tell", prompt="一只红狐：在雪地里 | 在河边")
            )
            assert answered.startswith("🦊 你的故事在")
            assert "英文" not in answered, "all of it was translated"
            story = await stage.told((await stage.bot.studio.archive.unsettled())[-1])
            assert "1. 在雪地里" in texts(stage.card(story)).replace("\\", "")
            assert "在河边" in texts(stage.frames(story)[1])
            assert [take.recipe.express for take in story.takes] == ["in the snow", "by a river"]
            long = await stage.ben.slash(stage.stories, "story tell", prompt="一只红狐：" + "在雪地里" * 60)
            assert "太长，翻译不了" in said(long)
            assert "在雪地里" * 60 in said(long), "the text comes back"
