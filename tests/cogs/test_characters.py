"""Characters that are kept, shared and told of again, by those who may and those who may not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest_asyncio
from simcord import MemberActor
from simcord.results import InteractionResult

from generator.archive.characters import MOST
from generator.story import Person, Story
from tests.cogs.conftest import Stage, custom_ids
from tests.cogs.members import answered, fields, inputs, latest, more, said, told


@pytest_asyncio.fixture(autouse=True)
async def nobody_kept(stage: Stage) -> AsyncIterator[None]:
    """Each test begins without characters."""
    yield
    shelf = stage.bot.studio.archive.characters
    for who in (stage.ann, stage.ben, stage.mo):
        for character in await shelf.known(who.id, stage.env.guild.id):
            await shelf.drop(character.id)


async def keep(stage: Stage, who: MemberActor, story: Story, name: str) -> InteractionResult:
    """Have somebody keep the character of a story's first picture."""
    menu = await more(stage, who, story)
    form = await who.click(answered(menu), label="Keep this character")
    return await who.submit_modal(form, fields(form, name))


def pictures(stage: Stage, result: InteractionResult) -> list[str]:
    message = stage.env.backend.get_message(answered(result).channel_id, answered(result).id)
    return [attachment["filename"] for attachment in message.attachments]


def labels(stage: Stage, result: InteractionResult) -> str:
    message = stage.env.backend.get_message(answered(result).channel_id, answered(result).id)
    return " ".join(custom_ids(message))


async def test_a_stranger_keeps_a_character_and_tells_of_it_with_its_looks(stage: Stage) -> None:
    story = await told(stage, "a red fox: in a meadow | in the snow", seed=7, style="ink")
    menu = await more(stage, stage.ben, story)
    form = await stage.ben.click(answered(menu), label="Keep this character")
    assert inputs(form)[0]["value"] == "Red fox"
    kept = await stage.ben.submit_modal(form, fields(form, " Rusty  *the* Fox "))
    for part in ("Only you can choose", "Rusty *the* Fox", "a red fox", "style ink · seed 7"):
        assert part in said(stage, kept)
    assert pictures(stage, kept) == ["portrait.png"]
    offered = await stage.ben.autocomplete(stage.stories, "story tell", "character", "RUSTY")
    assert offered == [{"name": "Rusty *the* Fox · a red fox", "value": "Rusty *the* Fox"}]
    assert await stage.ann.autocomplete(stage.stories, "story tell", "character", "") == []

    await stage.ben.slash(
        stage.stories, "story tell", character="rusty *THE* fox", prompt="at sea | on a roof", steps=3
    )
    again = await latest(stage)
    assert (again.subject, again.style, again.scenes) == ("a red fox", "ink", ("at sea", "on a roof"))
    assert {(take.recipe.seed, take.recipe.steps) for take in again.takes} == {(7, 3)}
    await stage.ben.slash(
        stage.stories, "story tell", character="Rusty *the* Fox", prompt="at sea", seed=8, style="photo"
    )
    again = await latest(stage)
    assert (again.style, again.takes[0].recipe.seed) == ("photo", 8)


async def test_who_is_not_kept_is_refused_with_those_who_are(stage: Stage) -> None:
    refused = await stage.ben.slash(stage.stories, "story tell", character="Rusty", prompt="at sea | far off")
    assert "no characters yet" in said(stage, refused)
    assert "at sea | far off" in said(stage, refused)
    story = await told(stage)
    await keep(stage, stage.ben, story, "Amber")
    refused = await stage.ben.slash(stage.stories, "story tell", character="Rusty", prompt="at sea")
    assert "choose one of Amber" in said(stage, refused)
    refused = await stage.ben.slash(stage.stories, "story write", character="Rusty")
    assert "choose one of Amber" in said(stage, refused)
    assert await stage.newest() == story.id


async def test_a_form_opens_with_the_character_in_it(stage: Stage) -> None:
    await keep(stage, stage.ben, await told(stage, "a red fox: in a meadow", seed=9), "Rusty")
    form = await stage.ben.slash(stage.stories, "story write", character="Rusty")
    assert inputs(form)[0]["value"] == "a red fox"
    subject, scenes = (field["custom_id"] for field in inputs(form))
    await stage.ben.submit_modal(form, {subject: "a red fox", scenes: "at sea\non a roof"})
    again = await latest(stage)
    assert {take.recipe.seed for take in again.takes} == {9}
    shown = await panel(stage, stage.ben, "Rusty")
    form = await stage.ben.click(answered(shown), label="Tell a story")
    subject, scenes = (field["custom_id"] for field in inputs(form))
    await stage.ben.submit_modal(form, {subject: "a blue owl", scenes: "at sea"})
    assert (await latest(stage)).takes[0].recipe.seed != 9, "it is somebody else now"


async def panel(stage: Stage, who: MemberActor, name: str) -> InteractionResult:
    """A character's card, reached as a member does."""
    shelf = stage.bot.studio.archive.characters
    found = await shelf.called(name, who.id, stage.env.guild.id)
    listed = await who.slash(stage.stories, "characters")
    assert name in said(stage, listed)
    setting = "own" if found.guild_id is None else "shared"
    await who.select(answered(listed), [str(found.id)], custom_id=f"samefox:characters:menu:{setting}")
    return listed


async def test_the_panel_shows_renames_and_forgets(stage: Stage) -> None:
    empty = await stage.ben.slash(stage.stories, "characters")
    assert "Keep this character" in said(stage, empty)
    await keep(stage, stage.ben, await told(stage), "Rusty")
    await keep(stage, stage.ben, await told(stage), "Amber")
    shown = await panel(stage, stage.ben, "Rusty")
    assert pictures(stage, shown) == ["portrait.png"]
    form = await stage.ben.click(answered(shown), label="Rename")
    assert inputs(form)[0]["value"] == "Rusty"
    refused = await stage.ben.submit_modal(form, fields(form, "AMBER"))
    assert "There is a character “AMBER” already" in said(stage, refused)
    form = await stage.ben.click(answered(refused), label="Correct it")
    assert inputs(form)[0]["value"] == "AMBER"
    renamed = await stage.ben.submit_modal(form, fields(form, "Red"))
    assert "Renamed" in said(stage, renamed)
    await stage.ben.click(answered(renamed), label="Forget")
    assert "Forget **Red**" in said(stage, renamed)
    assert pictures(stage, renamed) == []
    await stage.ben.click(answered(renamed), custom_id=forget_id(stage, renamed))
    assert "Red" not in said(stage, renamed)
    assert "Amber" in said(stage, renamed)


def forget_id(stage: Stage, result: InteractionResult) -> str:
    return next(each for each in labels(stage, result).split() if ":drop:" in each)


async def test_its_author_shares_a_character_and_strangers_cannot(stage: Stage) -> None:
    story = await told(stage)
    kept = await keep(stage, stage.ben, story, "Rusty")
    assert ":share:" not in labels(stage, kept)
    kept = await keep(stage, stage.ann, story, "Rusty")
    await stage.ann.click(answered(kept), label="Share here")
    assert "Everybody here" in said(stage, kept)
    assert ":share:" not in labels(stage, kept)
    offered = await stage.mo.autocomplete(stage.stories, "story tell", "character", "")
    assert [choice["value"] for choice in offered] == ["Rusty"]
    shown = await panel(stage, stage.mo, "Rusty")
    assert "shared by Ann" in said(stage, shown)
    offered = await stage.ben.autocomplete(stage.stories, "story tell", "character", "rus")
    assert len(offered) == 1, "of two with one name, it is one's own"


async def test_a_shared_name_is_taken_for_everybody(stage: Stage) -> None:
    story = await told(stage)
    for who in (stage.ann, stage.mo):
        kept = await keep(stage, who, story, "Rusty")
        shared = await who.click(answered(kept), label="Share here")
    assert "There is a character “Rusty” already" in said(stage, shared)


async def test_a_shared_character_is_forgotten_by_who_shared_it_or_a_moderator(stage: Stage) -> None:
    kept = await keep(stage, stage.ann, await told(stage), "Rusty")
    await stage.ann.click(answered(kept), label="Share here")
    shelf, guild = stage.bot.studio.archive.characters, stage.env.guild.id
    (shared,) = await shelf.known(stage.ben.id, guild)
    seen = await panel(stage, stage.ben, "Rusty")
    assert ":forget:" not in labels(stage, seen)
    for verb in ("drop", "rename", "share"):
        result = await press(stage, stage.ben, seen, verb, shared.id)
        assert "moderator" in said(stage, result), verb
    seen = await panel(stage, stage.mo, "Rusty")
    await stage.mo.click(answered(seen), label="Forget")
    await stage.mo.click(answered(seen), custom_id=forget_id(stage, seen))
    assert await shelf.known(stage.ben.id, guild) == []
    assert len(await shelf.known(stage.ann.id, guild)) == 1, "hers is still hers"


async def press(
    stage: Stage, who: MemberActor, shown: InteractionResult, verb: str, number: int
) -> InteractionResult:
    """A button that is not offered, as on a message from when it was."""
    message = stage.env.backend.get_message(answered(shown).channel_id, answered(shown).id)
    kept = message.components
    button = {
        "type": 2,
        "id": 90,
        "style": 2,
        "label": "x",
        "custom_id": f"samefox:characters:press:{verb}:{number}",
    }
    message.components = [{"type": 1, "id": 91, "components": [button]}]
    try:
        return await who.click(answered(shown), custom_id=str(button["custom_id"]))
    finally:
        message.components = kept


async def test_anothers_own_character_is_not_there_for_anybody_else(stage: Stage) -> None:
    kept = await keep(stage, stage.ann, await told(stage), "Rusty")
    (rusty,) = await stage.bot.studio.archive.characters.known(stage.ann.id, None)
    listed = await stage.mo.slash(stage.stories, "characters")
    assert "Rusty" not in said(stage, listed)
    for verb in ("show", "drop", "rename", "share", "tell"):
        assert "not kept any more" in said(stage, await press(stage, stage.mo, listed, verb, rusty.id)), verb
    assert "Rusty" in said(stage, kept)


async def test_a_server_refuses_names_by_its_rules_when_they_are_shared(stage: Stage) -> None:
    servers, mo = stage.bot.studio.archive.servers, Person(id=stage.mo.id, name="Mo")
    await servers.change(stage.env.guild.id, mo, lambda s: s.altered(refused_words=("grumble",)))
    try:
        kept = await keep(stage, stage.ann, await told(stage), "Grumble")
        shared = await stage.ann.click(answered(kept), label="Share here")
        assert "grumble" in said(stage, shared).casefold()
        assert await stage.bot.studio.archive.characters.known(stage.ben.id, stage.env.guild.id) == []
    finally:
        await servers.change(stage.env.guild.id, mo, lambda s: s.altered(refused_words=()))


async def test_what_everybody_can_choose_is_for_everybody_wherever_it_was_shared(stage: Stage) -> None:
    channel = stage.bot.get_channel(stage.stories.id)
    kept = await keep(stage, stage.ann, await told(stage), "Naked fox")
    channel.nsfw = True
    try:
        shared = await stage.ann.click(answered(kept), label="Share here")
        assert "naked" in said(stage, shared).casefold()
        assert await stage.bot.studio.archive.characters.known(stage.ben.id, stage.env.guild.id) == []
    finally:
        channel.nsfw = False


async def test_too_many_and_what_is_no_name_are_refused_with_the_way_out(stage: Stage) -> None:
    story = await told(stage)
    refused = await keep(stage, stage.ben, story, "!!")
    assert "1 to 40" in said(stage, refused)
    shelf, ben = stage.bot.studio.archive.characters, Person(id=stage.ben.id, name="Ben")
    await keep(stage, stage.ben, story, "fox 0")
    (first,) = await shelf.known(ben.id, None)
    for number in range(1, MOST):
        await shelf.keep(ben, f"fox {number}", replace(first.looks, take_id=None))
    refused = await keep(stage, stage.ben, story, "one more")
    assert "/characters" in said(stage, refused)
    listed = await stage.ben.slash(stage.stories, "characters")
    assert "fox 24" in said(stage, listed)


async def test_characters_and_their_buttons_outlive_a_restart(stage: Stage) -> None:
    story = await told(stage)
    menu = await more(stage, stage.ann, story)
    form = await stage.ann.click(answered(menu), label="Keep this character")
    await stage.env.restart_bot(type(stage.bot)(stage.bot.settings, stage.bot.studio))
    kept = await stage.ann.submit_modal(form, fields(form, "Rusty"))
    await stage.env.restart_bot(type(stage.bot)(stage.bot.settings, stage.bot.studio))
    await stage.ann.click(answered(kept), label="Share here")
    assert "Everybody here" in said(stage, kept)
    offered: list[dict[str, Any]] = await stage.ben.autocomplete(stage.stories, "story tell", "character", "")
    assert [choice["value"] for choice in offered] == ["Rusty"]
