"""Stories told together, acted out by members of a simulated server."""

from __future__ import annotations

from generator.sentence import Sentence
from generator.story import Options, Script, TakeState
from generator.storyboard import draft
from generator.together.circle import Mode
from tests.cogs.conftest import Stage, texts
from tests.cogs.round import (
    FOX,
    Round,
    answers,
    begun,
    private,
    prompt_of,
    taking_turns,
)


async def test_anyone_adds_scenes_to_an_open_story_and_the_buttons_follow_the_pictures(stage: Stage) -> None:
    fox = await begun(stage, scenes="in a meadow")
    story = await fox.shown()
    (prompt,) = await fox.prompts()
    assert "What happens next?" in texts(prompt)
    assert "Your scene is number 2" in answers(await fox.write(stage.ben, "in the snow"))
    assert "Your scene is number 3" in answers(
        await stage.mo.slash(await fox.thread(), "scene add", text="by a river")
    )
    story = await fox.shown()
    assert story.scenes == ("in a meadow", "in the snow", "by a river")
    assert [frame.author.name for frame in story.frames] == ["Ann", "Ben", "Mo"]
    *frames, prompt = await fox.said()
    assert [message.id for message in frames if message.attachments] == [f.message_id for f in story.frames]
    assert [message.id for message in await fox.prompts()] == [prompt.id], "one prompt, below all pictures"
    for frame, message in zip(story.frames, [m for m in frames if m.attachments], strict=True):
        assert f"scene by {frame.author.name}" in texts(message)
    card = texts(stage.card(story))
    for part in ("a red fox", "Ann’s story, told together", "in the snow · *Ben*", "by a river · *Mo*"):
        assert part in card.replace("\\", "")


async def test_a_new_frame_is_what_the_whole_text_gives_and_earlier_ones_are_not_touched(
    stage: Stage,
) -> None:
    fox = await begun(stage, scenes="in a meadow | in the snow", style="watercolor")
    before = await fox.shown()
    await fox.write(stage.ben, "by a river")
    after = await fox.shown()
    seed = before.takes[0].recipe.seed
    script = Script(subject=FOX, scenes=("in a meadow", "in the snow", "by a river"))
    whole = draft(script, Options(seed=seed, style="watercolor"), stage.bot.settings)
    assert after.frames[2].chosen.recipe == whole.recipes[2]
    assert after.takes[:2] == before.takes
    assert [f.posted for f in after.frames[:2]] == [f.posted for f in before.frames]


async def test_a_story_may_begin_without_a_scene(stage: Stage) -> None:
    fox = await begun(stage)
    await fox.until(lambda _, circle: circle.mode is Mode.OPEN)
    await fox.write(stage.ben, "in the snow")
    story = await fox.shown()
    assert story.frames[0].chosen.recipe.prompt == "a red fox in the snow"
    assert story.frames[0].chosen.state is TakeState.DRAWN


async def test_a_scene_that_cannot_be_drawn_comes_back_to_be_corrected(stage: Stage) -> None:
    fox = await begun(stage)
    await fox.shown()
    refused = await fox.write(stage.ben, "very " * 90 + "far")
    assert "tokens" in answers(refused)
    form = await stage.ben.click(private(refused)[-1], label="Correct it")
    assert form.modal is not None
    (label,) = form.modal["components"]
    assert label["component"]["value"].startswith("very very")
    await stage.ben.submit_modal(form, {label["component"]["custom_id"]: "far away"})
    assert (await fox.shown()).scenes == ("far away",)
    assert "already" in answers(await fox.write(stage.ben, "far away"))


async def test_a_story_that_cannot_begin_gives_back_what_was_written(stage: Stage) -> None:
    result = await stage.ann.slash(stage.stories, "story together", subject=FOX, scenes="very " * 90 + "far")
    assert "Here is what you wrote" in answers(result)
    assert "a red fox: very very" in answers(result)


async def test_a_subject_is_read_like_the_beginning_of_a_prompt(stage: Stage) -> None:
    await stage.ann.slash(
        stage.stories, "story together", subject="a red fox: in a meadow", scenes="in the snow"
    )
    story = await Round(stage, await stage.newest()).shown()
    assert (story.subject, story.scenes) == ("a red fox", ("in a meadow", "in the snow"))
    far = "very " * 90 + "far"
    refused = await stage.ann.slash(stage.stories, "story together", subject="a fox: at sea", scenes=far)
    assert "a fox: at sea | very very" in answers(refused)


async def test_a_subject_that_leaves_no_room_for_scenes_is_said_to_do_so(stage: Stage) -> None:
    long = "a very " * 60 + "red fox"
    refused = answers(await stage.ann.slash(stage.stories, "story together", subject=long))
    assert "leaves no room for a scene: it makes 12" in refused
    assert "the scene “…”" not in refused
    assert long in refused
    refused = await stage.ann.slash(stage.stories, "story together", subject=long, scenes="at sea")
    assert "The subject and the scene “at sea”" in answers(refused)


async def test_a_scene_whose_picture_fails_holds_nobody_up(stage: Stage) -> None:
    fox = await taking_turns(stage)
    await fox.write(stage.ann, "in the snow")
    take = (await fox.story()).frames[0].takes[0]
    await stage.bot.studio.archive.fail(take.id, Sentence("The canvas tore."))
    await fox.write(stage.ben, "by a river")
    story = await fox.shown()
    assert story.scenes == ("in the snow", "by a river")
    assert "Mo’s turn" in await prompt_of(fox)
    assert [message.id for message in await fox.prompts()] == [(await fox.said())[-1].id]


async def test_stopping_its_pictures_does_not_end_a_story_told_together(stage: Stage) -> None:
    fox = await begun(stage)
    await fox.shown()
    await fox.write(stage.ben, "in the snow")
    await stage.bot.studio.cancel(fox.id)
    await fox.shown()
    await fox.write(stage.ann, "by a river")
    story = await fox.shown()
    assert not story.cancelled
    assert story.frames[1].chosen.state is TakeState.DRAWN
    assert len(await fox.prompts()) == 1


async def test_a_story_whose_thread_is_deleted_waits_for_nobody(stage: Stage) -> None:
    fox = await taking_turns(stage)
    thread = await fox.thread()
    stage.env.backend.delete_channel(thread.id)
    await fox.until(lambda _, circle: circle.closed)
    story = await stage.told(fox.id)
    assert (story.growing, (await fox.circle()).deadline) == (False, None)
    assert "closed" in texts(stage.card(story))


async def test_a_thread_that_fell_asleep_is_woken(stage: Stage) -> None:
    fox = await taking_turns(stage)
    thread_id = (await fox.story()).thread_id
    path = f"/channels/{thread_id}/messages/*"
    stage.env.inject_error("PATCH", path, status=400, code=50083)  # Thread is archived
    await fox.press(stage.ann, "skip", f"{fox.id}.{stage.ann.id}")
    await fox.shown()
    assert "Ben’s turn" in await prompt_of(fox)
    assert not (await fox.circle()).closed


async def test_buttons_and_forms_work_after_a_restart_in_the_middle_of_a_turn(stage: Stage) -> None:
    fox = await taking_turns(stage)
    form = await fox.press(stage.ann, "add")
    stage.bot = type(stage.bot)(stage.bot.settings, stage.bot.studio)
    await stage.env.restart_bot(stage.bot)
    assert form.modal is not None
    (label,) = form.modal["components"]
    await stage.ann.submit_modal(form, {label["component"]["custom_id"]: "in the snow"})
    story = await fox.until(lambda story, _: len(story.frames) == 1)
    assert story.scenes == ("in the snow",)
    assert (await fox.circle()).turn is not None


async def test_nobody_is_ever_called(stage: Stage) -> None:
    for channel in (stage.stories, *stage.stories.threads):
        for message in stage.messages(channel.id):
            assert not message.mention_everyone
            assert message.ping_user_ids == []
            assert message.ping_role_ids == []


async def test_scene_add_elsewhere_says_where_it_works(stage: Stage) -> None:
    result = await stage.ann.slash(stage.stories, "scene add", text="in the snow")
    assert "/story together" in answers(result)
