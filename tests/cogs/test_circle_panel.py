"""What those can do who look after a story told together."""

from __future__ import annotations

from simcord import MemberActor
from simcord.results import InteractionResult, ResponseMessage

from generator.story import Options, Person, Script
from generator.storyboard import draft
from tests.cogs.conftest import Stage, custom_ids, texts
from tests.cogs.round import FOX, Round, answers, begun, closed, private, prompt_of, taking_turns


async def take_back(who: MemberActor, panel: ResponseMessage, fox: Round, frame_id: int) -> None:
    """Take a scene back, and mean it."""
    for verb in ("undo", "take_back"):
        await who.click(panel, custom_id=f"samefox:circle:press:{verb}:{fox.id}.{frame_id}")


async def hand_over(who: MemberActor, panel: ResponseMessage, fox: Round, heir: MemberActor) -> None:
    """Hand the story over, and mean it."""
    await who.select(panel, [heir], custom_id=f"samefox:circle:menu:heir.{fox.id}")
    await who.click(panel, custom_id=f"samefox:circle:press:hand_over:{fox.id}.{heir.id}")


def now(stage: Stage, message: ResponseMessage) -> str:
    """What a message says by now."""
    return texts(stage.env.backend.get_message(message.channel_id, message.id)).replace("\\", "")


def offered(result: InteractionResult) -> str | None:
    """What is in a form as it opens."""
    assert result.modal is not None, answers(result)
    (label,) = result.modal["components"]
    return label["component"].get("value")


async def test_the_owner_takes_back_moves_draws_again_and_hands_over(stage: Stage) -> None:
    fox = await begun(stage, scenes="in a meadow | in the snow | by a river")
    story = await fox.shown()
    first, second, third = story.frames
    panel = await fox.panel(stage.ann)
    await take_back(stage.ann, panel, fox, third.id)
    story = await fox.shown()
    assert [frame.id for frame in story.frames] == [first.id, second.id]
    assert third.message_id not in [message.id for message in await fox.said()]

    shown = await fox.panel(stage.ann)
    await stage.ann.select(shown, [str(first.id)], custom_id=f"samefox:circle:menu:move.{fox.id}")
    await stage.ann.click(shown, custom_id=f"samefox:circle:press:later:{fox.id}.{first.id}")
    story = await fox.shown()
    assert story.scenes == ("in the snow", "in a meadow")
    by_id = {message.id: texts(message) for message in await fox.said()}
    assert "Scene 2" in by_id[first.message_id or 0]

    await stage.ann.click(await fox.panel(stage.ann), custom_id=f"samefox:circle:press:retell:{fox.id}")
    again = await fox.shown()
    assert [len(frame.takes) for frame in again.frames] == [2, 2]
    script = Script(subject=FOX, scenes=again.scenes)
    whole = draft(script, Options(seed=first.chosen.recipe.seed), stage.bot.settings)
    assert [frame.chosen.recipe for frame in again.frames] == list(whole.recipes)

    await hand_over(stage.ann, await fox.panel(stage.ann), fox, stage.ben)
    story = await fox.shown()
    assert story.author.name == "Ben"
    back = await stage.ann.click(shown, custom_id=f"samefox:circle:press:panel:{fox.id}")
    assert "Only Ben" in answers(back)
    assert "Only Ben" in answers(await fox.press(stage.ann, "manage"))
    assert "Ben’s story" in texts(stage.card(story)).replace("\\", "")


async def test_whoever_wrote_the_last_scene_may_take_it_back_while_it_is_drawn(stage: Stage) -> None:
    fox = await begun(stage, scenes="in a meadow")
    await fox.shown()
    await fox.write(stage.ben, "in the snow")
    frame = (await fox.story()).frames[-1]
    result = await fox.press(stage.ben, "manage")
    assert "the last scene is yours" in answers(result)
    await take_back(stage.ben, private(result)[-1], fox, frame.id)
    story = await fox.shown()
    assert story.scenes == ("in a meadow",)
    old, panel = await fox.panel(stage.ann), await fox.panel(stage.ann)
    await take_back(stage.ann, panel, fox, story.frames[0].id)
    assert (await fox.shown()).scenes == ()
    stale = await stage.ann.click(old, custom_id=f"samefox:circle:press:undo:{fox.id}.{story.frames[0].id}")
    assert "not its last scene any more" in answers(stale)


async def test_taking_a_scene_back_is_asked_first_and_its_words_stay_with_whoever_wrote_them(
    stage: Stage,
) -> None:
    fox = await begun(stage, scenes="in a meadow")
    await fox.shown()
    await fox.write(stage.ben, "in the *deep* snow")
    frame = (await fox.shown()).frames[-1]
    panel = await fox.panel(stage.ann)
    await stage.ann.click(panel, custom_id=f"samefox:circle:press:undo:{fox.id}.{frame.id}")
    question = now(stage, panel)
    for part in (
        "Take scene 2 back?",
        "in the *deep* snow",
        "Its 1 picture",
        "It is not yours: Ben wrote it",
    ):
        assert part in question
    assert len((await fox.story()).frames) == 2, "it was only asked"
    await stage.ann.click(panel, custom_id=f"samefox:circle:press:keep:{fox.id}")
    assert "Nothing was taken back" in now(stage, panel)
    assert "Ann’s story" in now(stage, panel)
    await stage.ann.click(panel, custom_id=f"samefox:circle:press:undo:{fox.id}.{frame.id}")
    await stage.ann.click(panel, custom_id=f"samefox:circle:press:take_back:{fox.id}.{frame.id}")
    assert "Taken back: scene 2, by Ben" in now(stage, panel)
    assert (await fox.shown()).scenes == ("in a meadow",)
    assert "↩️ Ann took back scene 2, by Ben, who has its words" in await prompt_of(fox)

    assert offered(await fox.press(stage.ann, "add")) is None
    form = await fox.press(stage.ben, "add")
    assert offered(form) == "in the *deep* snow"
    assert "Your last scene was taken back" in str(form.modal)
    refused = await fox.write(stage.ben, "very " * 90 + "far")
    form = await stage.ben.click(private(refused)[-1], label="Correct it")
    assert str(offered(form)).endswith("far")
    assert "Your last scene was taken back" not in str(form.modal), "these are other words"
    thread = await fox.thread()
    assert offered(await stage.ben.slash(thread, "scene add")) == "in the *deep* snow"
    await fox.write(stage.ben, "in the *deep* snow")
    again = (await fox.shown()).frames[-1]
    assert again.chosen.recipe == frame.chosen.recipe, "it is the same picture"
    assert offered(await fox.press(stage.ben, "add")) is None
    own = private(await fox.press(stage.ben, "manage"))[-1]
    await stage.ben.click(own, custom_id=f"samefox:circle:press:undo:{fox.id}.{again.id}")
    assert "Its words are in your form" in now(stage, own)
    await stage.ben.click(own, custom_id=f"samefox:circle:press:keep:{fox.id}")
    assert now(stage, own) == "👌 Nothing was taken back."
    own = private(await fox.press(stage.ben, "manage"))[-1]
    await take_back(stage.ben, own, fox, again.id)
    assert now(stage, own) == "↩️ Taken back: scene 2. Its words are still in your form, behind ✍️."


def heard(stage: Stage, who: MemberActor) -> list[str]:
    """What the bot has written to somebody alone."""
    return [message.content for message in stage.messages(stage.env.backend.dm_channels.get(who.id, 0))]


async def test_whoever_wrote_a_scene_is_told_when_somebody_else_takes_it_back(stage: Stage) -> None:
    fox = await begun(stage, scenes="in a meadow")
    await fox.shown()
    before = len(heard(stage, stage.ben))
    for who in (stage.ann, stage.mo, stage.ben):
        await fox.write(stage.ben, "in the deep snow")
        frame = (await fox.shown()).frames[-1]
        form = private(await fox.press(who, "manage"))[-1]
        await take_back(who, form, fox, frame.id)
        await fox.shown()
    told = heard(stage, stage.ben)[before:]
    assert len(told) == 2, "what they do themselves they know"
    thread = f"<#{(await fox.thread()).id}>"
    assert f"<@{stage.ann.id}>, whose story it is, took your last scene in {thread} back" in told[0]
    assert f"A moderator took your last scene in {thread} back" in told[1]
    assert "snow" not in "".join(told), "it could not be taken away with the story"
    written = await fox.press(stage.ben, "add")
    assert written.modal is not None
    assert "was taken back" in written.modal["components"][0]["description"]


async def test_a_story_that_is_handed_over_is_its_heirs_in_the_gallery_too(stage: Stage) -> None:
    wall = stage.env.guild.create_text_channel("wall")
    servers, ada = stage.bot.studio.archive.servers, Person(id=1, name="Ada")
    await servers.change(stage.env.guild.id, ada, lambda now: now.altered(gallery_channel=wall.id))
    fox = await begun(stage, scenes="in a meadow")
    await fox.shown()
    await closed(fox, stage.ann)
    await servers.change(stage.env.guild.id, ada, lambda now: now.altered(gallery_channel=None))
    (post,) = stage.messages(wall.id)
    assert "told by Ann" in texts(post)
    card = stage.shown(stage.card(await fox.story()))
    panel = private(await stage.ann.click(card, label="Manage"))[-1]
    await hand_over(stage.ann, panel, fox, stage.ben)
    await fox.shown()
    (post,) = stage.messages(wall.id)
    assert "told by Ben" in texts(post)
    found = await stage.mo.slash(stage.stories, "gallery", author=stage.ben)
    assert f"story {fox.id}" in answers(found)


async def test_of_one_scene_and_of_several_is_said_what_is_right_of_them(stage: Stage) -> None:
    fox = await begun(stage, scenes="in a meadow")
    await fox.shown()
    panel = await fox.panel(stage.ann)
    await stage.ann.click(panel, label="Draw it again")
    assert "The picture is being drawn again." in now(stage, panel)
    await fox.write(stage.ben, "in the snow")
    await fox.shown()
    panel = await fox.panel(stage.ann)
    await stage.ann.click(panel, label="Draw all 2 again")
    assert "All 2 pictures are being drawn again" in now(stage, panel)
    await fox.shown()


async def test_a_scene_that_was_taken_back_meanwhile_is_not_moved_nor_another_in_its_place(
    stage: Stage,
) -> None:
    fox = await begun(stage, scenes="in a meadow | in the snow | by a river")
    story = await fox.shown()
    old, panel = await fox.panel(stage.ann), await fox.panel(stage.ann)
    gone = story.frames[-1].id
    await take_back(stage.ann, panel, fox, gone)
    moved = await stage.ann.select(old, [str(gone)], custom_id=f"samefox:circle:menu:move.{fox.id}")
    assert "not part of the story any more" in answers(moved)
    assert "Move a scene\n" not in now(stage, old)
    for frame in reversed(story.frames[:-1]):
        await take_back(stage.ann, await fox.panel(stage.ann), fox, frame.id)
    moved = await stage.ann.select(old, [str(gone)], custom_id=f"samefox:circle:menu:move.{fox.id}")
    assert "not part of the story any more" in answers(moved)


async def test_handing_a_story_over_is_asked_first(stage: Stage) -> None:
    fox = await begun(stage)
    await fox.shown()
    menu = f"samefox:circle:menu:heir.{fox.id}"
    panel = await fox.panel(stage.ann)
    await stage.ann.select(panel, [stage.ben], custom_id=menu)
    for part in ("Hand the story over to Ben?", "a red fox", "not yours any more"):
        assert part in now(stage, panel)
    assert (await fox.story()).author.name == "Ann", "it was only asked"
    await stage.ann.click(panel, label="Keep it")
    assert "Ann’s story" in now(stage, panel)
    await stage.ann.select(panel, [stage.ann], custom_id=menu)
    assert "It is Ann’s story already" in now(stage, panel)

    theirs = await fox.panel(stage.mo)
    await stage.mo.select(theirs, [stage.mo], custom_id=menu)
    assert "not yours any more" not in now(stage, theirs)
    await stage.ann.select(panel, [stage.ben], custom_id=menu)
    await hand_over(stage.mo, await fox.panel(stage.mo), fox, stage.mo)
    stale = await stage.ann.click(panel, label="Hand it over")
    assert "Only Mo" in answers(stale)
    assert (await fox.shown()).author.name == "Mo"


async def test_the_mode_and_the_time_limit_are_changed_in_the_panel(stage: Stage) -> None:
    fox = await taking_turns(stage)
    panel = await fox.panel(stage.ann)
    await stage.ann.select(panel, ["60"], custom_id=f"samefox:circle:menu:minutes.{fox.id}")
    assert (await fox.circle()).minutes == 60
    await stage.ann.select(panel, ["open"], custom_id=f"samefox:circle:menu:mode.{fox.id}")
    await fox.shown()
    assert "What happens next?" in await prompt_of(fox)
    assert f"samefox:circle:press:join:{fox.id}" not in custom_ids((await fox.prompts())[-1])


async def test_a_closed_story_ends_with_its_credits_once_and_can_be_opened_again(stage: Stage) -> None:
    fox = await begun(stage, scenes="in a meadow")
    await fox.shown()
    await fox.write(stage.ben, "in the snow")
    await fox.shown()
    story = await closed(fox, stage.ann)
    recap = next(message for message in await fox.said() if message.id == story.strip_id)
    words = texts(recap).replace("\\", "")
    for part in (
        "1. in a meadow",
        "2. in the snow",
        "**Ann** · scene 1",
        "**Ben** · scene 2",
        "told by 2 people",
    ):
        assert part in words
    assert await fox.prompts() == []
    assert "This story is closed" in answers(
        await stage.ben.slash(await fox.thread(), "scene add", text="more")
    )
    assert [a["filename"] for a in stage.card(story).attachments] == [f"story-{fox.id}.png"]

    manage = await stage.ann.click(stage.shown(recap), custom_id=f"samefox:circle:press:manage:{fox.id}.card")
    await stage.ann.click(private(manage)[-1], custom_id=f"samefox:circle:press:reopen:{fox.id}")
    await fox.until(lambda story, circle: not circle.closed and story.strip_id is None)
    assert recap.id not in [message.id for message in await fox.said()]
    await fox.write(stage.mo, "by a river")
    await fox.shown()
    story = await closed(fox, stage.mo)
    last = (await fox.said())[-1]
    assert last.id == story.strip_id
    assert "**Mo** · scene 3" in texts(last).replace("\\", "")
    assert sum("told by" in texts(message) for message in await fox.said()) == 1


async def test_who_stays_looks_after_the_story_of_an_owner_who_left(stage: Stage) -> None:
    sue = stage.env.guild.add_member(stage.env.create_user("Sue"))
    await sue.slash(stage.stories, "story together", subject=FOX)
    fox = Round(stage, await stage.newest())
    await fox.shown()
    await fox.write(stage.ben, "in the snow")
    await fox.write(stage.ann, "by a river")
    await fox.shown()
    assert "the last scene is yours" in answers(await fox.press(stage.ann, "manage"))
    stage.env.guild.remove_member(sue)
    assert "Sue is not in this server any more" in answers(await fox.press(stage.ben, "manage"))
    assert (await fox.shown()).author.name == "Ben"
