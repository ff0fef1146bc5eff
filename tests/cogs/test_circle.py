"""Stories told together, acted out by members of a simulated server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
from simcord import ChannelHandle, MemberActor
from simcord.backend.models import Message
from simcord.results import InteractionResult, ResponseMessage

from generator.sentence import Sentence
from generator.settings import ModelSettings
from generator.story import Options, Person, Script, Story, TakeState
from generator.storyboard import draft
from generator.together.circle import Circle, Mode
from tests.cogs.conftest import PATIENCE, Stage, custom_ids, texts, walk

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOX = "a red fox"


class Round:
    """A story told together on the stage."""

    def __init__(self, stage: Stage, story_id: int) -> None:
        self.stage = stage
        self.id = story_id

    async def story(self) -> Story:
        return await self.stage.bot.studio.archive.story(self.id)

    async def circle(self) -> Circle:
        return await self.stage.bot.studio.archive.circles.circle(self.id)

    async def until(self, settled: Callable[[Story, Circle], bool]) -> Story:
        """Wait until everything is as wanted, and shown."""
        archive = self.stage.bot.studio.archive
        async with asyncio.timeout(PATIENCE):
            while True:
                story = await self.story()
                if settled(story, await self.circle()) and self.id not in await archive.unsettled():
                    return await self.story()  # with all messages
                await asyncio.sleep(0.02)

    async def shown(self) -> Story:
        """Wait until nothing is owed."""
        return await self.until(lambda story, _: not story.pending)

    async def thread(self) -> ChannelHandle:
        story = await self.story()
        return next(t for t in self.stage.stories.threads if t.id == story.thread_id)

    async def said(self) -> list[Message]:
        """What stands in the thread."""
        thread_id = (await self.story()).thread_id
        assert thread_id is not None
        return self.stage.messages(thread_id)

    async def prompts(self) -> list[Message]:
        """The messages with the buttons."""
        mark = f"samefox:circle:press:manage:{self.id}"
        return [message for message in await self.said() if mark in custom_ids(message)]

    async def press(
        self, who: MemberActor, verb: str, what: str = "", *, on: Any = None
    ) -> InteractionResult:
        """Press a button of the prompt, or of another message."""
        if on is None:
            on = self.stage.shown((await self.prompts())[-1])
        return await who.click(on, custom_id=f"samefox:circle:press:{verb}:{what or self.id}")

    async def write(self, who: MemberActor, text: str) -> InteractionResult:
        """Write a scene in the form."""
        form = await self.press(who, "add")
        assert form.modal is not None, answers(form)
        (label,) = form.modal["components"]
        return await who.submit_modal(form, {label["component"]["custom_id"]: text})

    async def panel(self, who: MemberActor) -> Any:
        result = await self.press(who, "manage")
        return private(result)[-1]


def private(result: InteractionResult) -> list[ResponseMessage]:
    """What only the person sees of the bot's answers."""
    found = [message for message in (result.response, *result.followups) if message is not None]
    return [message for message in found if message.ephemeral]


def answers(result: InteractionResult) -> str:
    """All that the bot said to the person alone."""
    words = []
    for message in private(result):
        words.append(message.content)
        words += [str(part["content"]) for part in walk(message._message) if part.get("content")]
    return "\n".join(words).replace("\\", "")


async def begun(stage: Stage, mode: str = "open", **options: Any) -> Round:
    result = await stage.ann.slash(stage.stories, "story together", subject=FOX, mode=mode, **options)
    assert "Your story begins" in answers(result)
    (story_id,) = await newest(stage)
    return Round(stage, story_id)


async def newest(stage: Stage) -> list[int]:
    async with stage.bot.studio.archive._connection.reading() as sql:
        return [int(row[0]) for row in await sql.execute_fetchall("SELECT max(id) FROM stories")]


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


async def test_a_story_whose_model_was_given_up_says_so_before_anything_is_drawn(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    fox = await begun(stage, scenes="in a meadow")
    story = await fox.shown()
    renamed = stage.bot.settings.model_copy(
        update={"model": ModelSettings(name="RunDiffusion/Juggernaut-X-v10")}
    )
    monkeypatch.setattr(stage.bot.studio.together, "_settings", renamed)
    monkeypatch.setattr(stage.bot.studio, "settings", renamed)
    given_up = "not offered here any more; please"
    assert given_up in answers(await fox.write(stage.ben, "in the snow"))
    (frame,) = stage.frames(story)
    reroll = f"samefox:reroll:{story.takes[0].id}"
    assert given_up in answers(await stage.ben.click(stage.shown(frame), custom_id=reroll))
    monkeypatch.undo()
    assert len((await fox.shown()).takes) == 1
    await closed(fox, stage.ann)
    monkeypatch.setattr(stage.bot.studio.together, "_settings", renamed)
    again = await stage.ben.slash(stage.stories, "story continue", number=story.id)
    assert given_up in answers(again)


async def test_a_story_may_begin_without_a_scene(stage: Stage) -> None:
    fox = await begun(stage)
    await fox.until(lambda _, circle: circle.mode is Mode.OPEN)
    await fox.write(stage.ben, "in the snow")
    story = await fox.shown()
    assert story.frames[0].chosen.recipe.prompt == "a red fox in the snow"
    assert story.frames[0].chosen.state is TakeState.DRAWN


async def over(fox: Round) -> None:
    """Let the time of a turn or a vote be over."""
    circles = fox.stage.bot.studio.archive.circles
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    await circles._connection.update(
        "UPDATE circles SET deadline = ? WHERE story_id = ? AND deadline IS NOT NULL", (past, fox.id)
    )
    fox.stage.bot.studio.together._changed.set()


async def taking_turns(stage: Stage) -> Round:
    """Ann, Ben and Mo take turns; it is Ann's."""
    fox = await begun(stage, mode="turns")
    await fox.shown()
    for who in (stage.ben, stage.mo):
        assert "You are in" in answers(await fox.press(who, "join"))
    await fox.shown()
    return fox


async def prompt_of(fox: Round) -> str:
    return texts((await fox.prompts())[-1]).replace("\\", "")


async def test_turns_go_around_and_whoever_is_not_due_hears_whose_turn_it_is(stage: Stage) -> None:
    fox = await taking_turns(stage)
    assert "Ann’s turn" in await prompt_of(fox)
    assert "then Ben, Mo" in await prompt_of(fox)
    refused = await fox.press(stage.ben, "add")
    assert refused.modal is None
    assert "It is Ann’s turn; you are next, and ✍️ and /scene add work then" in answers(refused)
    assert "yours comes after Ben’s" in answers(await fox.press(stage.mo, "add"))
    for who, follower in ((stage.ann, "Ben"), (stage.ben, "Mo"), (stage.mo, "Ann")):
        await fox.write(who, f"scene of {who.name}")
        await fox.shown()
        assert f"{follower}’s turn" in await prompt_of(fox)
    stranger = stage.env.guild.add_member(stage.env.create_user("Sue"))
    assert "Press 🙋 Join" in answers(await fox.press(stranger, "add"))
    assert [frame.author.name for frame in (await fox.story()).frames] == ["Ann", "Ben", "Mo"]


async def test_a_turn_is_skipped_by_a_moderator_or_when_its_time_is_over(stage: Stage) -> None:
    fox = await taking_turns(stage)
    anns = f"{fox.id}.{stage.ann.id}"
    assert "Only Ann" in answers(await fox.press(stage.ben, "skip", anns))
    await fox.press(stage.mo, "skip", anns)
    await fox.until(lambda _, circle: circle.turn is not None and circle.turn.name == "Ben")
    assert "Ann’s turn was skipped" in await prompt_of(fox)
    await over(fox)
    await fox.until(lambda _, circle: circle.turn is not None and circle.turn.name == "Mo")
    assert "Ben’s time was over" in await prompt_of(fox)
    leave = private(await fox.press(stage.mo, "join"))[-1]
    await stage.mo.click(leave, label="Leave")
    await fox.until(lambda _, circle: circle.turn is not None and circle.turn.name == "Ann")


async def test_a_poll_decides_between_the_proposals(stage: Stage) -> None:
    fox = await begun(stage, mode="vote", scenes="in a meadow")
    await fox.shown()
    for who, text in ((stage.ann, "in the snow"), (stage.ben, "by a river"), (stage.mo, "on the moon")):
        assert "Your scene is proposed" in answers(await fox.write(who, text))
        await fox.shown()
    assert "2. by a river · *Ben*" in await prompt_of(fox)
    await over(fox)
    await fox.until(lambda _, circle: circle.poll_id is not None)
    (poll,) = (message for message in await fox.said() if message.poll is not None)
    assert [answer.text for answer in poll.poll.answers] == ["in the snow", "by a river", "on the moon"]
    assert "Vote in the poll above" in await prompt_of(fox)
    story = await fox.story()
    card = next(message for message in stage.messages(stage.stories.id) if message.id == story.card_id)
    assert f"Vote in <#{story.thread_id}>" in texts(card)
    assert "The vote is on" in answers(await stage.ann.slash(await fox.thread(), "scene add", text="more"))
    for who, choice in ((stage.ann, 2), (stage.ben, 2), (stage.mo, 3)):
        await who.vote(stage.shown(poll), answer=choice)
    await over(fox)
    story = await fox.until(lambda story, circle: len(story.frames) == 2 and not story.pending)
    assert poll.poll.finalized
    assert story.scenes == ("in a meadow", "by a river")
    assert story.frames[1].author.name == "Ben"
    assert "Ben’s scene was chosen with 2 of 3 votes" in await prompt_of(fox)
    assert [message.id for message in await fox.prompts()] == [(await fox.said())[-1].id]


async def test_a_vote_is_called_for_early_and_counted_early(stage: Stage) -> None:
    fox = await begun(stage, mode="vote")
    await fox.shown()
    await fox.write(stage.ann, "in the snow")
    await fox.write(stage.ben, "by a river")
    await fox.shown()
    assert "Whoever proposed a scene" in answers(
        await fox.press(stage.env.guild.add_member(stage.env.create_user("Sue")), "vote")
    )
    await fox.press(stage.ben, "vote")
    await fox.until(lambda _, circle: circle.poll_id is not None)
    await stage.ann.click(await fox.panel(stage.ann), custom_id=f"samefox:circle:press:count:{fox.id}")
    story = await fox.until(lambda story, _: len(story.frames) == 1 and not story.pending)
    assert story.scenes == ("in the snow",)
    assert "Nobody voted" in await prompt_of(fox)


async def test_a_single_proposal_needs_no_poll(stage: Stage) -> None:
    fox = await begun(stage, mode="vote")
    await fox.shown()
    await fox.write(stage.ben, "in the snow")
    await fox.shown()
    await fox.press(stage.ben, "vote")
    story = await fox.until(lambda story, _: len(story.frames) == 1 and not story.pending)
    assert story.scenes == ("in the snow",)
    assert not any(message.poll for message in await fox.said())


async def test_a_story_whose_time_cannot_be_kept_holds_up_no_other(stage: Stage) -> None:
    broken, fox = await begun(stage, "vote"), await begun(stage, "vote")
    for each in (broken, fox):
        await each.write(stage.ben, "in the snow")
    change = stage.bot.studio.archive._connection.update
    await change("UPDATE circles SET recipe = '{}' WHERE story_id = ?", (broken.id,))
    for each, day in ((broken, 1), (fox, 2)):
        await change(
            "UPDATE circles SET deadline = ? WHERE story_id = ?",
            (datetime(2026, 1, day, tzinfo=UTC).isoformat(), each.id),
        )
    stage.bot.studio.together._changed.set()
    assert await fox.until(lambda story, _: len(story.frames) == 1)
    await change("UPDATE circles SET deadline = NULL WHERE story_id = ?", (broken.id,))
    await fox.shown()


async def test_where_polls_may_not_be_posted_a_vote_is_refused_before_it_begins(stage: Stage) -> None:
    everyone = stage.env.guild.default_role
    closed = stage.env.guild.create_text_channel(
        "pollless", overwrites={everyone: discord.PermissionOverwrite(send_polls=False)}
    )
    result = await stage.ann.slash(closed, "story together", subject=FOX, mode="vote")
    assert "Create Polls" in answers(result)
    assert stage.messages(closed.id) == []


async def test_the_owner_takes_back_moves_draws_again_and_hands_over(stage: Stage) -> None:
    fox = await begun(stage, scenes="in a meadow | in the snow | by a river")
    story = await fox.shown()
    first, second, third = story.frames
    panel = await fox.panel(stage.ann)
    panel = await stage.ann.click(panel, custom_id=f"samefox:circle:press:undo:{fox.id}.{third.id}")
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

    await stage.ann.select(
        await fox.panel(stage.ann), [stage.ben], custom_id=f"samefox:circle:menu:heir.{fox.id}"
    )
    story = await fox.shown()
    assert story.author.name == "Ben"
    assert "Only Ben" in answers(await fox.press(stage.ann, "manage"))
    assert "Ben’s story" in texts(stage.card(story)).replace("\\", "")


async def test_whoever_wrote_the_last_scene_may_take_it_back_while_it_is_drawn(stage: Stage) -> None:
    fox = await begun(stage, scenes="in a meadow")
    await fox.shown()
    await fox.write(stage.ben, "in the snow")
    frame = (await fox.story()).frames[-1]
    result = await fox.press(stage.ben, "manage")
    assert "the last scene is yours" in answers(result)
    await stage.ben.click(private(result)[-1], custom_id=f"samefox:circle:press:undo:{fox.id}.{frame.id}")
    story = await fox.shown()
    assert story.scenes == ("in a meadow",)
    stale = await stage.ann.click(
        await fox.panel(stage.ann),
        custom_id=f"samefox:circle:press:undo:{fox.id}.{story.frames[0].id}",
    )
    assert "Taken back" in answers(stale) or (await fox.shown()).scenes == ()


async def test_the_mode_and_the_time_limit_are_changed_in_the_panel(stage: Stage) -> None:
    fox = await taking_turns(stage)
    panel = await fox.panel(stage.ann)
    await stage.ann.select(panel, ["60"], custom_id=f"samefox:circle:menu:minutes.{fox.id}")
    assert (await fox.circle()).minutes == 60
    await stage.ann.select(panel, ["open"], custom_id=f"samefox:circle:menu:mode.{fox.id}")
    await fox.shown()
    assert "What happens next?" in await prompt_of(fox)
    assert f"samefox:circle:press:join:{fox.id}" not in custom_ids((await fox.prompts())[-1])


async def closed(fox: Round, who: MemberActor) -> Story:
    await who.click(await fox.panel(who), custom_id=f"samefox:circle:press:close:{fox.id}")
    return await fox.until(lambda story, circle: circle.closed and not story.pending)


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


async def test_an_earlier_story_goes_on_in_a_new_thread_and_stays_as_it_was(stage: Stage) -> None:
    old = await stage.told(await stage.tell("a blue cat: on a roof | in a box"))
    before = [(message.id, texts(message)) for message in stage.messages(old.thread_id or 0)]
    offered = await stage.ben.autocomplete(stage.stories, "story continue", "number", "blue c")
    assert old.id in [choice["value"] for choice in offered]
    result = await stage.ben.slash(stage.stories, "story continue", number=old.id)
    assert "Your story begins" in answers(result)
    cat = Round(stage, (await newest(stage))[0])
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
    await stage.ben.slash(stage.stories, "story continue", number=old.id)
    frog = Round(stage, (await newest(stage))[0])
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
    number = await stage.tell("a slow snail: on a leaf | in the rain")
    refused = await stage.ben.slash(stage.stories, "story continue", number=number)
    assert "still being drawn; please try again" in answers(refused)
    lost = stage.bot.studio.pictures.path((await stage.told(number)).pictures[1])
    before = {*lost.parent.iterdir()} - {lost}
    lost.unlink()
    refused = await stage.ben.slash(stage.stories, "story continue", number=number)
    assert "The picture of “in the rain” is missing" in answers(refused)
    assert {*lost.parent.iterdir()} == before, "no copies stay"


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


async def test_who_stays_looks_after_the_story_of_an_owner_who_left(stage: Stage) -> None:
    sue = stage.env.guild.add_member(stage.env.create_user("Sue"))
    await sue.slash(stage.stories, "story together", subject=FOX)
    fox = Round(stage, (await newest(stage))[0])
    await fox.shown()
    await fox.write(stage.ben, "in the snow")
    await fox.write(stage.ann, "by a river")
    await fox.shown()
    assert "the last scene is yours" in answers(await fox.press(stage.ann, "manage"))
    stage.env.guild.remove_member(sue)
    assert "Sue is not in this server any more" in answers(await fox.press(stage.ben, "manage"))
    assert (await fox.shown()).author.name == "Ben"


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
