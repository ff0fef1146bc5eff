"""A story in another language, told through a translator in the drawing process."""

from __future__ import annotations

from pathlib import Path

from cogs.rehearsal.tongues import own_languages
from generator.settings import TranslationSettings
from generator.story import Person
from tests.cogs.conftest import raised, texts
from tests.cogs.members import fields, latest, said
from tests.cogs.round import Round
from tests.conftest import small
from tests.models import build_translator


async def test_what_is_said_in_chinese_stays_on_the_cards_and_is_drawn_from_english(tmp_path: Path) -> None:
    translator = TranslationSettings(model=str(build_translator(tmp_path / "marian")))
    settings = small(tmp_path / "data").model_copy(update={"translation": translator})
    async with raised(settings) as stage:
        with own_languages({"Ben": "zh-CN"}):
            answered = said(
                stage,
                await stage.ben.slash(stage.stories, "story tell", prompt="一只红狐：在雪地里 | 在河边"),
            )
            assert answered.startswith("🦊 你的故事在")
            assert "英文" not in answered, "all of it was translated"
            story = await latest(stage)
            assert "1. 在雪地里" in texts(stage.card(story)).replace("\\", "")
            assert "在河边" in texts(stage.frames(story)[1])
            assert [take.recipe.express for take in story.takes] == ["in the snow", "by a river"]
            long = await stage.ben.slash(stage.stories, "story tell", prompt="一只红狐：" + "在雪地里" * 60)
            assert "太长，翻译不了" in said(stage, long)
            assert "在雪地里" * 60 in said(stage, long), "the text comes back"
            scene = await stage.ben.click(stage.shown(stage.frames(story)[0]), label="Remix")
            remixed = await stage.ben.submit_modal(scene, fields(scene, "在河边"))
            assert "🎨 正在用种子" in said(stage, remixed)
            take = (await stage.told(story.id)).takes[-1]
            assert (take.scene, take.recipe.express) == ("在河边", "by a river")

            await stage.ben.slash(stage.stories, "story together", subject="一只红狐", scenes="在雪地里")
            story = await stage.bot.studio.archive.story(story.id + 1)
            assert (story.subject, story.scenes) == ("一只红狐", ("在雪地里",))
            await stage.bot.studio.together.add(story.id, story.author, "在河边", locale="zh-CN")
            takes = (await stage.bot.studio.archive.story(story.id)).takes
            assert [take.recipe.express for take in takes] == ["in the snow", "by a river"]
            assert takes[1].recipe.prompt == "a red fox in the snow by a river"

            # What moderators refuse later is found in the English, too.
            told = await stage.told(story.id - 1)
            await stage.bot.studio.archive.servers.change(
                stage.env.guild.id,
                Person(id=1, name="Mo"),
                lambda now: now.altered(refused_words=("river",)),
            )
            for command in ("story show", "story continue"):
                refused = await stage.ben.slash(stage.stories, command, number=str(told.id))
                assert "river" in said(stage, refused)
            assert (await stage.bot.studio.archive.story(story.id)).scenes == ("在雪地里", "在河边")
            again = await stage.ann.slash(
                (await Round(stage, story.id).thread()), "scene add", text="in a barn"
            )
            assert "river" in said(stage, again)
