"""What is offered while somebody types is understood by its label, which is what a phone may send."""

from __future__ import annotations

from typing import Any

import pytest
from simcord import MemberActor

from cogs.presentation import offers
from cogs.presentation.offers import Offer, meant, number_in, number_of, offered, people
from cogs.presentation.words import speaking
from generator.archive.gallery import Viewer
from generator.archive.titles import Search
from generator.casting import looks_of
from generator.errors import OptionRefused
from generator.press.book import Kind
from generator.story import Person
from tests.cogs.conftest import Stage
from tests.cogs.members import said, told
from tests.cogs.round import answers

FOX = "a red fox: in a meadow | in the snow"


async def label(who: MemberActor, stage: Stage, command: str, option: str, typed: str, **others: Any) -> str:
    """The first label that is offered."""
    found = await who.autocomplete(stage.stories, command, option, typed, **others)
    return str(found[0]["name"])


@pytest.mark.parametrize(
    "command", ["story show", "story export", "story seed", "story continue", "story delete"]
)
async def test_a_story_is_meant_by_the_label_that_was_offered(stage: Stage, command: str) -> None:
    story = await told(stage, FOX)
    shown = await label(stage.ann, stage, command, "number", str(story.id))
    assert shown.startswith(f"{story.id} · a red fox")
    result = await stage.ann.slash(stage.stories, command, number=shown)
    assert "is no number" not in answers(result) and "no story" not in answers(result)
    assert await label(stage.ann, stage, command, "number", shown) == shown, "it is chosen, and tapped again"
    refused = await stage.ann.slash(stage.stories, command, number="the one with the fox")
    assert "“the one with the fox” is no number" in answers(refused)


async def test_a_picture_and_a_format_are_meant_by_their_labels(stage: Stage) -> None:
    story = await told(stage, FOX)
    number = await label(stage.ben, stage, "story seed", "number", str(story.id))
    frame = await label(stage.ben, stage, "story seed", "frame", "snow", number=number)
    assert frame == "2 · in the snow"
    assert "Frame 2" in said(
        stage, await stage.ben.slash(stage.stories, "story seed", number=number, frame=frame)
    )
    kind = await label(stage.ben, stage, "story export", "format", "zip", number=number)
    made = await stage.ben.slash(stage.stories, "story export", number=number, format=kind)
    assert "to keep" in said(stage, made)


async def test_a_character_is_meant_by_its_label_and_a_style_and_a_model_too(stage: Stage) -> None:
    story = await told(stage, FOX, seed=7)
    looks_at = story.takes[0]
    ben = Person(id=stage.ben.id, name="Ben")
    await stage.bot.studio.archive.characters.keep(ben, "Rusty", looks_of(story, looks_at))
    who = await label(stage.ben, stage, "story tell", "character", "rus")
    assert who == "Rusty · a red fox"
    style = await label(stage.ben, stage, "story tell", "style", "ink")
    await stage.ben.slash(
        stage.stories, "story tell", prompt="at sea", character=who, style=style.upper(), model=" TINY "
    )
    again = await stage.told(await stage.newest())
    assert (again.subject, again.scenes, again.style) == ("a red fox", ("at sea",), "ink")
    assert again.takes[0].recipe.model == "tiny"


async def test_who_may_be_let_in_again_is_meant_by_the_label_also_of_two_with_one_name(stage: Stage) -> None:
    moderation, guild_id = stage.bot.studio.archive.moderation, stage.env.guild.id
    mo = Person(id=stage.mo.id, name="Mo")
    for number in (501, 502):
        await moderation.ban(guild_id, Person(id=number, name="Eve"), mo, "")
    found = await stage.mo.autocomplete(stage.stories, "moderate unban", "member", "eve")
    assert sorted(choice["name"] for choice in found) == ["Eve · 501", "Eve · 502"]
    await stage.mo.slash(stage.stories, "moderate unban", member="Eve · 502")
    assert [ban.person.id for ban in await moderation.bans(guild_id)] == [501]
    await stage.mo.slash(stage.stories, "moderate unban", member="eve")
    assert await moderation.bans(guild_id) == []


async def test_a_story_is_found_by_its_number_before_those_that_are_about_it(stage: Stage) -> None:
    first = await told(stage, "a blue cat: on a roof")
    await told(stage, f"{first.id} blue cats: on a roof")
    for command in ("story show", "story export", "story continue", "story seed", "story delete"):
        found = await stage.ann.autocomplete(stage.stories, command, "number", str(first.id))
        assert found[0]["value"] == str(first.id), command
        assert len(found) == len({choice["value"] for choice in found}) > 1, command


async def test_only_ones_own_stories_are_offered_for_deletion_but_to_moderators(stage: Stage) -> None:
    story = await told(stage, "a grey owl: in a barn")
    assert await stage.ben.autocomplete(stage.stories, "story delete", "number", "grey owl") == []
    assert await stage.ben.autocomplete(stage.stories, "story delete", "number", str(story.id)) == []
    for who in (stage.ann, stage.mo):
        assert (
            await label(who, stage, "story delete", "number", "grey owl") == f"{story.id} · a grey owl · Ann"
        )


async def test_a_number_is_no_way_to_stories_that_somebody_may_not_see(stage: Stage) -> None:
    story, archive = await told(stage, "a white mouse: in a hole"), stage.bot.studio.archive
    stranger = Viewer(person_id=stage.ben.id, channels=())
    wanted = Search(guild_id=story.guild_id, number=story.id, viewer=stranger, limit=25)
    assert story.id not in [title.story_id for title in await archive.titles.newest(wanted)]
    found = await archive.gallery.titles(story.guild_id, "", stranger, 25, story.id)
    assert story.id not in [number for number, _subject in found]


def test_what_was_typed_is_a_part_of_what_is_offered() -> None:
    fox, long = Offer("fox", "Rusty · a red fox"), Offer("long", "word " * 40)
    assert [choice.value for choice in offered([fox, long], " RED  fox")] == ["fox"]
    assert [choice.value for choice in offered([fox, long], long.shown)] == ["long"]
    assert len(offered([fox] * 30)) == 25
    assert meant([fox, long], "ｒusty · a RED fox") == "fox"
    assert meant([fox, long], long.shown) == "long"
    assert meant([fox, long], "rusty") is None
    assert meant([Offer("1", "2"), Offer("2", "3")], "2") == "2", "a value before a label"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        (" #7 ", 7),
        ("７", 7),
        ("7 · a fox\nin a box · Ann", 7),
        ("3 little pigs", None),
        ("fox", None),
        ("-1", None),
        ("9" * 40, None),
    ],
)
def test_a_number_is_read_alone_or_before_a_label(text: str, number: int | None) -> None:
    assert number_in(text) == number
    if number is None:
        with pytest.raises(OptionRefused, match="is no number"):
            number_of(text)
    else:
        assert number_of(text) == number


def test_labels_are_read_in_the_language_they_are_offered_in() -> None:
    with speaking("zh-CN"):
        for offer in offers.formats():
            assert offers.format_called(offer.shown) == Kind(offer.value)
        assert [offers.style_called(each.shown, ["ink", "photo"]) for each in offers.styles(["ink"])] == [
            "ink"
        ]
    assert offers.style_called("cubist", ["ink"]) == "cubist"
    assert offers.style_called(None, ["ink"]) is None
    assert offers.model_called("X.safetensors", ["/models/x.safetensors"]) == "/models/x.safetensors"


def test_somebody_without_a_name_is_offered_by_their_number() -> None:
    assert [each.label for each in people([Person(id=5, name=""), Person(id=6, name="Ann")])] == ["5", "Ann"]
