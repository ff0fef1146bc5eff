"""A member whose Discord is in Chinese, in servers of either language."""

from __future__ import annotations

from collections.abc import AsyncIterator

import discord
import pytest_asyncio

from cogs.rehearsal.tongues import own_languages
from generator.story import Person
from tests.cogs.conftest import Stage, custom_ids, texts
from tests.cogs.members import latest, said

STORY = "一只穿外套的红狐狸：在草地上 | 在雪地里"


@pytest_asyncio.fixture
async def chinese(stage: Stage) -> AsyncIterator[Stage]:
    """Ben's Discord is in Chinese; what the server chose is forgotten afterwards."""
    with own_languages({"Ben": "zh-CN"}):
        yield stage
    await speak(stage, None)


async def speak(stage: Stage, language: str | None) -> None:
    """What everybody sees is in this language from now on."""
    await stage.bot.studio.archive.servers.change(
        stage.env.guild.id, Person(id=1, name="Ori"), lambda now: now.altered(language=language)
    )


async def told_by_ben(stage: Stage) -> tuple[str, str, str]:
    """What Ben is answered, what the card says and what the first frame's message says."""
    answered = said(stage, await stage.ben.slash(stage.stories, "story tell", prompt=STORY, seed=7))
    story = await latest(stage)
    return answered, texts(stage.card(story)), texts(stage.frames(story)[0])


async def test_the_answer_is_in_the_members_language_and_the_card_in_the_servers(chinese: Stage) -> None:
    answered, card, frame = await told_by_ben(chinese)
    assert answered.startswith("🦊 你的故事在")
    assert "Told in 2 frames" in card
    assert "seed 7" in frame
    await speak(chinese, "zh-CN")
    answered, card, frame = await told_by_ben(chinese)
    assert answered.startswith("🦊 你的故事在")
    assert "讲完了，共 2 张画面" in card
    assert "种子 7" in frame


async def test_in_a_chinese_server_an_english_member_is_answered_in_english(chinese: Stage) -> None:
    await speak(chinese, "zh-CN")
    answered = said(chinese, await chinese.ann.slash(chinese.stories, "story tell", prompt="a red fox"))
    assert answered.startswith("I found the subject “a red fox” but no scenes")


async def test_a_refusal_and_its_form_are_in_the_members_language(chinese: Stage) -> None:
    refused = await chinese.ben.slash(chinese.stories, "story tell", prompt="一只红狐狸")
    assert said(chinese, refused).startswith("我找到了主角“一只红狐狸”，但没有场景")
    assert refused.response is not None
    form = await chinese.ben.click(refused.response, label="改一改")
    assert form.modal is not None
    assert form.modal["title"] == "写一个故事"
    assert [label["label"] for label in form.modal["components"]] == ["主角是谁？", "发生了什么？"]


async def test_a_server_is_spoken_to_in_its_discords_language_unless_it_chose(chinese: Stage) -> None:
    guild = chinese.bot.get_guild(chinese.env.guild.id)
    assert guild is not None
    chinese.env.backend.edit_guild(guild.id, {"preferred_locale": "zh-CN"})
    try:
        assert "讲完了" in (await told_by_ben(chinese))[1]
        await speak(chinese, "en")
        assert "Told in" in (await told_by_ben(chinese))[1]
    finally:
        chinese.env.backend.edit_guild(guild.id, {"preferred_locale": "en-US"})


async def test_what_a_member_shows_to_everybody_is_in_the_servers_language(chinese: Stage) -> None:
    story = await chinese.told(await chinese.tell("a red fox: in a meadow"))
    shown = await chinese.ben.slash(chinese.stories, "story show", number=str(story.id))
    card = next(message for message in reversed([shown.response, *shown.followups]) if message is not None)
    assert not card.ephemeral
    message = chinese.env.backend.get_message(card.channel_id, card.id)
    assert "told by Ann" in texts(message)
    await speak(chinese, "zh-CN")
    await chinese.ann.click(card, custom_id=next(each for each in custom_ids(message) if ":heart:" in each))
    assert "讲述者 Ann" in texts(chinese.env.backend.get_message(card.channel_id, card.id))


async def test_styles_are_offered_by_their_names_in_the_members_language(chinese: Stage) -> None:
    for typed in ("水彩", "water"):
        (style,) = await chinese.ben.autocomplete(chinese.stories, "story tell", "style", typed)
        assert (style["name"], style["value"]) == ("水彩", "watercolor")
    await chinese.ben.slash(chinese.stories, "story tell", prompt=STORY, style="水彩")
    story = await latest(chinese)
    assert story.style == "watercolor", "also when it is typed"
    (style,) = await chinese.ann.autocomplete(chinese.stories, "story tell", "style", "water")
    assert (style["name"], style["value"]) == ("watercolor", "watercolor")


async def test_discord_knows_the_commands_in_chinese(chinese: Stage) -> None:
    commands = {command.name: command for command in await chinese.bot.tree.fetch_commands()}
    story = commands["story"]
    assert story.name_localizations == {discord.Locale.chinese: "故事"}
    tell = next(option for option in story.options if option.name == "tell")
    assert tell.name_localizations == {discord.Locale.chinese: "讲述"}
    assert commands["Recipe"].name_localizations == {discord.Locale.chinese: "查看配方"}
