"""Who writes the next scene of a story told together: turns, votes, and time that is over."""

from __future__ import annotations

from datetime import UTC, datetime

import discord
from simcord import MemberActor

from generator.together.circle import Mode
from tests.cogs.conftest import Stage, texts
from tests.cogs.members import answered
from tests.cogs.moderators import until
from tests.cogs.round import FOX, Round, answers, begun, over, private, prompt_of, taking_turns


async def forget(stage: Stage, who: MemberActor) -> None:
    """Somebody wants to be forgotten."""
    await who.click(answered(await who.slash(stage.stories, "me forget")), label="Forget it all")


def stands(stage: Stage, thread_id: int, names: list[str]) -> bool:
    """Whether the thread's one poll is between the scenes of these."""
    polls = [message.poll for message in stage.messages(thread_id) if message.poll is not None]
    wanted = [[f"scene of {name}" for name in names]]
    return [[answer.text for answer in poll.answers] for poll in polls] == wanted


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
    assert "Ben’s scene was chosen. Votes: 2 of 3" in await prompt_of(fox)
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


async def test_a_poll_with_words_of_who_is_forgotten_goes_and_the_others_are_asked_again(
    stage: Stage,
) -> None:
    fox = await begun(stage, mode="vote")
    leo, sue = (stage.env.guild.add_member(stage.env.create_user(name)) for name in ("Leo", "Sue"))
    await fox.shown()
    for who in (stage.ann, stage.ben, leo, sue):
        await fox.write(who, f"scene of {who.name}")
    await fox.shown()
    await fox.press(stage.ben, "vote")
    thread = await fox.thread()
    for who, left in ((leo, ["Ann", "Ben", "Sue"]), (sue, ["Ann", "Ben"])):
        await fox.until(lambda _, circle: circle.poll_id is not None)
        await forget(stage, who)
        await until(lambda left=left: stands(stage, thread.id, left))
    await forget(stage, stage.ben)
    story = await fox.until(lambda story, _: len(story.frames) == 1 and not story.pending)
    assert story.scenes == ("scene of Ann",)
    assert "Ann’s scene was the only one" in await prompt_of(fox)


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
    await stage.ann.slash(closed, "story together", subject=FOX)
    fox = Round(stage, await stage.newest())
    card_id = (await fox.shown()).card_id
    card = next(message for message in stage.messages(closed.id) if message.id == card_id)
    panel = private(await stage.ann.click(stage.shown(card), label="Manage"))[-1]
    refused = await stage.ann.select(panel, ["vote"], custom_id=f"samefox:circle:menu:mode.{fox.id}")
    assert "Create Polls" in answers(refused)
    assert (await fox.circle()).mode is Mode.OPEN
