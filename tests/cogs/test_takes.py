"""Drawing again, acted out by the author, a stranger and a moderator, on old messages, after a restart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generator.server import Limits
from generator.story import Person
from tests.cogs.conftest import Stage, custom_ids, texts, walk
from tests.cogs.members import answered, fields, frame, inputs, more, said, told


async def test_a_frame_has_three_short_buttons(stage: Stage) -> None:
    story = await told(stage)
    take = story.takes[0].id
    assert custom_ids(frame(stage, story)) == [
        f"samefox:reroll:{take}",
        f"samefox:takes:press:remix:{take}",
        f"samefox:takes:press:more:{take}",
    ]


async def test_a_remix_opens_with_the_scene_and_draws_its_other_words_with_the_same_seed(
    stage: Stage,
) -> None:
    story = await told(stage, seed=7)
    form = await stage.ann.click(stage.shown(frame(stage, story, 1)), label="Remix")
    (field,) = inputs(form)
    assert field["value"] == "in the snow"
    result = await stage.ann.submit_modal(form, fields(form, "on a\n  *roof*"))
    assert "Frame 2 is being drawn again with seed 7" in said(stage, result)
    story = await stage.told(story.id)
    remixed = story.takes[-1]
    assert remixed.recipe.prompt == "a red fox in a meadow on a *roof*"
    assert remixed.parent_id == story.frames[1].takes[0].id
    assert story.scenes == ("in a meadow", "on a *roof*"), "its author's take stands for the frame"
    assert r"on a \*roof\*" in texts(frame(stage, story, 1))
    assert story.strip_posted == f"{story.takes[0].id}-{remixed.id}"


async def test_a_strangers_remix_is_a_page_that_is_not_chosen(stage: Stage) -> None:
    story = await told(stage)
    form = await stage.ben.click(stage.shown(frame(stage, story)), label="Remix")
    await stage.ben.submit_modal(form, fields(form, "on a roof"))
    story = await stage.told(story.id)
    assert story.scenes == ("in a meadow", "in the snow")
    assert "asked for by Ben" in texts(frame(stage, story))
    assert "2/2" in str(frame(stage, story).components)


@pytest.mark.parametrize("typed", ["very " * 300 + "far", "  \n ", "in the ```snow``` " * 100])
async def test_words_that_cannot_be_drawn_come_back_to_be_corrected(stage: Stage, typed: str) -> None:
    story = await told(stage)
    form = await stage.ann.click(stage.shown(frame(stage, story)), label="Remix")
    refused = await stage.ann.submit_modal(form, fields(form, typed))
    assert "⚠️" in said(stage, refused)
    assert ("Here is what you wrote" in said(stage, refused)) == bool(typed.strip()), "nothing is no quote"
    form = await stage.ann.click(answered(refused), label="Correct it")
    assert inputs(form)[0].get("value", "").split() == (typed.split() or ["in", "a", "meadow"])
    result = await stage.ann.submit_modal(form, fields(form, "on a roof"))
    assert "drawn again" in said(stage, result)
    assert (await stage.told(story.id)).takes[-1].scene == "on a roof"


async def test_other_settings_are_prefilled_and_what_is_cleared_stays(stage: Stage) -> None:
    story = await told(stage, seed=7, guidance=3.5)
    menu = await more(stage, stage.ann, story)
    assert "Frame 1 of 2 · in a meadow" in said(stage, menu)
    form = await stage.ann.click(answered(menu), label="Seed & settings")
    assert [field.get("value") for field in inputs(form)] == ["7", "2", "3.5", "2", "64x64"]
    typed = fields(form, "4294967295", "", "0", "1.5", "72x64")
    assert "seed 4294967295" in said(stage, await stage.ann.submit_modal(form, typed))
    first, last = (await stage.told(story.id)).frames[0].takes
    assert last.recipe == replace(
        first.recipe, seed=2**32 - 1, guidance_scale=0.0, identity_strength=1.5, width=72
    )


async def test_impossible_settings_are_named_together_and_come_back(stage: Stage) -> None:
    story = await told(stage, seed=7)
    menu = await more(stage, stage.ann, story)
    form = await stage.ann.click(answered(menu), label="Seed & settings")
    hints = [label["description"] for label in form.modal["components"]]
    assert hints[-1] == "Width x height, each a multiple of 8 from 64 to 1536; empty: as it is."
    refused = await stage.ann.submit_modal(form, fields(form, "-1", "101", "warm", "2", "large"))
    for part in (
        "Seed: “-1” is not possible; please write 0 to 4294967295,",
        "Steps: “101” is not possible; please write 1 to 100",
        "“warm”",
        "no size",
    ):
        assert part in said(stage, refused)
    form = await stage.ann.click(answered(refused), label="Correct it")
    assert [field.get("value") for field in inputs(form)] == ["-1", "101", "warm", "2", "large"]
    refused = await stage.ann.submit_modal(form, fields(form, "7", "2", "5", "2", "1001x64"))
    assert "size = 1001x64 is not possible; width and height" in said(stage, refused)
    assert len((await stage.told(story.id)).takes) == 2, "nothing was drawn"


async def test_the_same_seed_draws_the_same_picture(stage: Stage) -> None:
    story = await told(stage, seed=7)
    menu = await more(stage, stage.ben, story)
    await stage.ben.click(answered(menu), label="Same seed")
    first, again = (await stage.told(story.id)).frames[0].takes
    assert await stage.bot.studio.pictures.png(again) == await stage.bot.studio.pictures.png(first)


async def test_the_whole_story_is_drawn_again_with_one_new_seed_by_its_author_or_a_moderator(
    stage: Stage,
) -> None:
    story = await told(stage, seed=7)
    for who, takes in ((stage.ann, 4), (stage.mo, 6)):
        menu = await more(stage, who, await stage.told(story.id))
        assert "All 2 frames" in said(stage, await who.click(answered(menu), label="Reroll all"))
        story = await stage.told(story.id)
        assert len(story.takes) == takes
        (seed,) = {take.recipe.seed for take in story.pictures}
        assert seed != 7
        assert story.strip_posted == "-".join(str(take.id) for take in story.takes[-2:])


async def test_the_whole_story_is_drawn_again_with_a_given_seed_and_settings(stage: Stage) -> None:
    story = await told(stage, seed=7)
    await stage.ann.click(stage.shown(frame(stage, story)), label="Reroll")
    story = await stage.told(story.id)
    menu = await more(stage, stage.ann, story)
    form = await stage.ann.click(answered(menu), label="Settings for all")
    values = [field.get("value") for field in inputs(form)]
    assert values == [None, "2", "5", "2", "64x64"], "the frames' seeds differ"
    await stage.ann.submit_modal(form, fields(form, "", "3", "", "", ""))
    again = await stage.told(story.id)
    expected = [replace(take.recipe, steps=3) for take in story.pictures]
    assert [take.recipe for take in again.pictures] == expected
    form = await stage.ann.click(answered(menu), label="Settings for all")
    await stage.ann.submit_modal(form, fields(form, "99", "", "", "", ""))
    assert {take.recipe.seed for take in (await stage.told(story.id)).pictures} == {99}


async def test_a_stranger_is_not_offered_the_whole_story_and_an_old_menu_does_not_help(
    stage: Stage,
) -> None:
    story = await told(stage)
    assert "whole story" not in said(stage, await more(stage, stage.ben, story))
    menu = answered(await more(stage, stage.mo, story))
    role = stage.env.guild.roles["Moderators"].id
    stage.env.backend.remove_member_role(stage.env.guild.id, stage.mo.id, role)
    try:
        result = await stage.mo.click(menu, label="Reroll all")
        assert "Only Ann or a moderator" in said(stage, result)
        assert "recipe" in said(stage, result)
    finally:
        stage.env.backend.add_member_role(stage.env.guild.id, stage.mo.id, role)
    assert len((await stage.told(story.id)).takes) == 2


async def test_who_may_tell_no_stories_here_may_not_draw_again_either(stage: Stage) -> None:
    story = await told(stage)
    servers = stage.bot.studio.archive.servers
    moderators = stage.env.guild.roles["Moderators"].id
    mo = Person(id=stage.mo.id, name="Mo")
    await servers.change(stage.env.guild.id, mo, lambda s: s.altered(teller_roles=(moderators,)))
    try:
        result = await stage.ben.click(stage.shown(frame(stage, story)), label="Reroll")
        assert "ask a moderator" in said(stage, result)
        form = await stage.ben.click(stage.shown(frame(stage, story)), label="Remix")
        refused = await stage.ben.submit_modal(form, fields(form, "on a roof"))
        assert "ask a moderator" in said(stage, refused)
        assert len((await stage.told(story.id)).takes) == 2
    finally:
        await servers.change(stage.env.guild.id, mo, lambda s: s.altered(teller_roles=()))


async def test_a_picture_that_nobody_would_see_is_not_drawn(stage: Stage) -> None:
    story = await told(stage)
    assert story.thread_id is not None
    talk = stage.env.guild.create_text_channel("talk")
    await stage.ben.slash(talk, "story show", number=str(story.id))
    (shown,) = stage.messages(talk.id)
    menu = next(part for part in walk(shown) if ":menu:" in str(part.get("custom_id")))
    cards = [
        answered(await stage.ben.select(stage.shown(shown), [each["value"]], custom_id=menu["custom_id"]))
        for each in menu["options"]
    ]
    stage.env.backend.delete_message(story.thread_id, story.frames[0].message_id or 0)
    assert "is gone, so nothing is drawn" in said(stage, await stage.ben.click(cards[0], label="Reroll"))
    assert "being drawn again" in said(stage, await stage.ben.click(cards[1], label="Reroll"))
    story = await stage.told(story.id)
    stage.env.backend.delete_channel(story.thread_id or 0)
    assert "/story continue" in said(stage, await stage.ben.click(cards[1], label="Reroll"))
    assert [len(frame.takes) for frame in (await stage.told(story.id)).frames] == [1, 2]


async def test_a_days_limit_holds_for_drawing_again_and_brings_the_words_back(stage: Stage) -> None:
    story = await told(stage)
    servers, mo = stage.bot.studio.archive.servers, Person(id=stage.mo.id, name="Mo")
    await servers.change(stage.env.guild.id, mo, lambda s: s.altered(limits=Limits(frames_a_day=1)))
    try:
        form = await stage.ann.click(stage.shown(frame(stage, story)), label="Remix")
        refused = await stage.ann.submit_modal(form, fields(form, "on a roof"))
        assert "24 hours" in said(stage, refused)
        assert "on a roof" in said(stage, refused)
    finally:
        await servers.change(stage.env.guild.id, mo, lambda s: s.altered(limits=Limits()))


async def test_the_buttons_of_last_month_still_draw(stage: Stage) -> None:
    story = await told(stage, seed=7)
    first = story.takes[0].id
    message = frame(stage, story)
    message.components = [
        {
            "type": 1,
            "id": 1,
            "components": [
                {"type": 2, "id": 2, "style": 1, "label": "Reroll", "custom_id": f"samefox:reroll:{first}"},
                {"type": 2, "id": 3, "style": 2, "label": "Same", "custom_id": f"samefox:again:{first}"},
            ],
        }
    ]
    assert "drawn again" in said(stage, await stage.ben.click(stage.shown(message), label="Same"))
    assert "drawn again" in said(stage, await stage.ben.click(stage.shown(message), label="Reroll"))
    assert len((await stage.told(story.id)).frames[0].takes) == 3


async def test_forms_menus_and_refusals_outlive_a_restart(stage: Stage) -> None:
    story = await told(stage)
    remix = await stage.ann.click(stage.shown(frame(stage, story)), label="Remix")
    other = await stage.ann.click(stage.shown(frame(stage, story)), label="Remix")
    menu = await more(stage, stage.ann, story)
    refused = await stage.ann.submit_modal(other, fields(other, "very " * 100))
    await stage.env.restart_bot(type(stage.bot)(stage.bot.settings, stage.bot.studio))
    assert "drawn again" in said(stage, await stage.ann.submit_modal(remix, fields(remix, "on a roof")))
    again = await stage.ann.click(answered(refused), label="Correct it")
    assert inputs(again)[0]["value"].startswith("very very")
    form = await stage.ann.click(answered(menu), label="Seed & settings")
    assert inputs(form)[1]["value"] == "2"
    assert len((await stage.bot.studio.archive.story(story.id)).takes) == 3
