"""``/story continue``: an earlier story goes on, in a new thread."""

from __future__ import annotations

import pytest

from generator.settings import ModelSettings
from generator.story import Options, Person, Script
from generator.storyboard import draft
from tests.cogs.conftest import Stage, texts
from tests.cogs.round import Round, answers, begun, closed, private


async def test_an_earlier_story_goes_on_in_a_new_thread_and_stays_as_it_was(stage: Stage) -> None:
    old = await stage.told(await stage.tell("a blue cat: on a roof | in a box"))
    before = [(message.id, texts(message)) for message in stage.messages(old.thread_id or 0)]
    offered = await stage.ben.autocomplete(stage.stories, "story continue", "number", "blue c")
    assert str(old.id) in [choice["value"] for choice in offered]
    result = await stage.ben.slash(stage.stories, "story continue", number=str(old.id))
    assert "Your story begins" in answers(result)
    cat = Round(stage, await stage.newest())
    await cat.shown()
    prelude, _prompt = await cat.said()
    assert [a["filename"] for a in prelude.attachments] == [f"prelude-{cat.id}.png"]
    assert "on a roof · *Ann*" in texts(prelude).replace("\\", "")
    await cat.write(stage.mo, "in the garden")
    story = await cat.shown()
    assert story.scenes == ("on a roof", "in a box", "in the garden")
    assert [frame.author.name for frame in story.frames] == ["Ann", "Ann", "Mo"]
    new = story.frames[2].chosen
    seed = old.takes[0].recipe.seed
    whole = draft(Script(subject="a blue cat", scenes=story.scenes), Options(seed=seed), stage.bot.settings)
    assert new.recipe == whole.recipes[2]
    assert sum(bool(message.attachments) for message in await cat.said()) == 2
    assert [(message.id, texts(message)) for message in stage.messages(old.thread_id or 0)] == before
    for carried, take in zip(story.frames, old.takes, strict=False):
        assert carried.chosen.parent_id == take.id
        assert await stage.bot.studio.pictures.png(carried.chosen) == await stage.bot.studio.pictures.png(
            take
        )
    story = await closed(cat, stage.ben)
    assert "told by 2 people" in texts((await cat.said())[-1])


async def test_what_came_along_goes_with_what_is_hidden_or_deleted_in_the_earlier_story(stage: Stage) -> None:
    oversight, mo = stage.bot.studio.oversight, Person(id=99, name="Mo")
    old = await stage.told(await stage.tell("a green frog: on a stone | in a pond"))
    await stage.ben.slash(stage.stories, "story continue", number=str(old.id))
    frog = Round(stage, await stage.newest())
    await frog.shown()
    prelude, _prompt = await frog.said()
    whole = prelude.attachments[0]["size"]
    await oversight.hide(old.takes[0].id, mo)
    await frog.shown()
    covered, _prompt = await frog.said()
    assert covered.id == prelude.id
    assert covered.attachments[0]["size"] != whole
    for take in old.takes:
        await oversight.delete_picture(take.id, mo)
    await frog.shown()
    bare, _prompt = await frog.said()
    assert bare.id == prelude.id and not bare.attachments
    assert "on a stone" in texts(bare)


async def test_a_story_that_is_drawn_or_lacks_a_picture_does_not_go_on(stage: Stage) -> None:
    number = await stage.tell("a slow snail: on a leaf | in the rain", steps=50)
    refused = await stage.ben.slash(stage.stories, "story continue", number=str(number))
    assert "still being drawn; please try again" in answers(refused)
    lost = stage.bot.studio.pictures.path((await stage.told(number)).pictures[1])
    before = {*lost.parent.iterdir()} - {lost}
    lost.unlink()
    refused = await stage.ben.slash(stage.stories, "story continue", number=str(number))
    assert "The picture of “in the rain” is missing" in answers(refused)
    assert {*lost.parent.iterdir()} == before, "no copies stay"


async def test_a_story_whose_model_was_given_up_says_so_before_anything_is_drawn(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    fox = await begun(stage, scenes="in a meadow")
    story = await fox.shown()
    renamed = stage.bot.settings.model_copy(
        update={"model": ModelSettings(name="RunDiffusion/Juggernaut-X-v10")}
    )
    monkeypatch.setattr(stage.bot.studio.together, "_settings", renamed)
    monkeypatch.setattr(stage.bot.studio, "_settings", renamed)
    given_up = "not offered here any more; please"
    assert given_up in answers(await fox.write(stage.ben, "in the snow"))
    (frame,) = stage.frames(story)
    reroll = f"samefox:reroll:{story.takes[0].id}"
    assert given_up in answers(await stage.ben.click(stage.shown(frame), custom_id=reroll))
    monkeypatch.undo()
    assert len((await fox.shown()).takes) == 1
    await closed(fox, stage.ann)
    monkeypatch.setattr(stage.bot.studio.together, "_settings", renamed)
    again = await stage.ben.slash(stage.stories, "story continue", number=str(story.id))
    assert given_up in answers(again)


async def test_what_is_decided_in_a_story_that_goes_on_holds_for_the_earlier_one_and_back(
    stage: Stage,
) -> None:
    frog = await stage.told(await stage.tell("a green frog: on a stone | in a pond"))
    await stage.ben.slash(stage.stories, "story continue", number=str(frog.id))
    later = Round(stage, await stage.newest())
    await later.shown()
    copy = (await later.story()).frames[0].chosen
    await stage.bot.studio.oversight.hide(copy.id, Person(id=99, name="Mo"))
    await stage.told(frog.id)
    assert frog.thread_id is not None
    assert any("moderator has hidden" in texts(each) for each in stage.messages(frog.thread_id))


async def test_a_deleted_story_is_deleted_where_a_later_one_took_it_along(stage: Stage) -> None:
    duck = await stage.told(await stage.tell("a yellow duck: in a meadow | underwater"))
    await stage.ben.slash(stage.stories, "story continue", number=str(duck.id))
    later = Round(stage, await stage.newest())
    await later.shown()
    asked = await stage.ann.slash(stage.stories, "story delete", number=str(duck.id))
    assert "1 story that goes on from it loses scenes" in answers(asked)
    await stage.ann.click(private(asked)[-1], label="Delete it")
    assert (await later.shown()).scenes == ()
    prelude, _buttons = await later.said()
    assert not prelude.attachments
    assert "have been deleted" in texts(prelude)
    await later.write(stage.ben, "in a barn")
    assert (await later.shown()).scenes == ("in a barn",)
