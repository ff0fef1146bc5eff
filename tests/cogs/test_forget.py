"""What is deleted is gone, and who is forgotten; whatever members wrote, nobody was pinged."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import pytest
from discord.http import Route

from cogs.forget import belongings
from generator.moderation.values import Belongings
from generator.story import Story
from tests.cogs.conftest import Stage, texts
from tests.cogs.members import answered, said, told
from tests.cogs.moderators import EVERYTHING, FOX, MO, report, until


async def test_a_story_is_deleted_by_its_author_after_a_question_with_its_messages(stage: Stage) -> None:
    story = await told(stage, FOX)
    path = stage.bot.studio.pictures.path(story.takes[0])
    result = await stage.ben.slash(stage.stories, "story delete", number=str(story.id))
    assert "only they or a moderator can delete it" in said(stage, result)
    question = await stage.ann.slash(stage.stories, "story delete", number=str(story.id))
    assert "Its 1 picture" in said(stage, question)
    kept = await stage.ann.click(answered(question), label="Keep everything")
    assert kept is not None
    question = await stage.ann.slash(stage.stories, "story delete", number=str(story.id))
    await stage.ann.click(answered(question), label="Delete it")
    assert not path.exists()
    await until(lambda: story.card_id not in {m.id for m in stage.messages(stage.stories.id)})
    await until(lambda: not stage.messages(story.thread_id or 0))
    result = await stage.ann.slash(stage.stories, "story delete", number=str(story.id))
    assert "no story" in said(stage, result)


async def test_who_deletes_a_story_hears_of_a_thread_that_cannot_lose_its_name(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "cogs.posting.remover")
    story = await told(stage, FOX)
    stage.env.inject_error("PATCH", f"/channels/{story.thread_id}", status=403, code=50013, times=None)
    question = await stage.ann.slash(stage.stories, "story delete", number=str(story.id))
    await stage.ann.click(answered(question), label="Delete it")
    stage.env.backend.faults.clear()
    answer = said(stage, question)
    assert (
        f"One thread keeps its name, because I lack the permission Manage Threads there: <#{story.thread_id}>"
        in answer
    )
    assert "ask a moderator to delete it" in answer
    assert f"The thread {story.thread_id} is out of reach" in caplog.text


@pytest.mark.parametrize("place", ["card", "thread", "gallery"])
async def test_a_message_that_was_on_its_way_while_its_story_was_deleted_goes_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    gallery = stage.env.guild.create_text_channel("gallery")
    await stage.bot.studio.archive.servers.change(
        stage.env.guild.id, MO, lambda now: now.altered(gallery_channel=gallery.id)
    )
    request, deleted = stage.bot.http.request, []

    async def interrupted(route: Route, **options: Any) -> Any:
        answer = await request(route, **options)
        told = [each for each in await stage.bot.studio.archive.unsettled() if each not in deleted]
        posts = route.method == "POST" and route.path == "/channels/{channel_id}/messages"
        if posts and told and is_there(await stage.bot.studio.archive.story(told[-1]), route.channel_id):
            deleted.append(told[-1])
            await stage.bot.studio.oversight.delete_story(told[-1], MO)
        return answer

    def is_there(story: Story, channel_id: int | None) -> bool:
        wanted = {"card": stage.stories.id, "thread": story.thread_id, "gallery": gallery.id}[place]
        return channel_id == wanted

    monkeypatch.setattr(stage.bot.http, "request", interrupted)

    def own(channel_id: int) -> int:
        return sum(bool(message.components) for message in stage.messages(channel_id))

    seen = own(stage.stories.id)
    await stage.ann.slash(stage.stories, "story tell", prompt=FOX)
    await until(lambda: bool(deleted))
    await until(lambda: own(stage.stories.id) == seen and not own(gallery.id))
    threads = [each for each in stage.stories.threads if each.name == "A story that was deleted"]
    await until(lambda: not any(own(each.id) for each in threads))
    assert await stage.bot.studio.archive.unsettled() == []


async def test_what_a_killed_process_did_not_remove_is_removed_at_the_next_start(stage: Stage) -> None:
    story = await told(stage, FOX)
    report_id = await stage.bot.studio.archive.moderation.add_report(story.takes[0].id, MO, "x")
    assert report_id is not None
    await stage.bot.studio.archive.oblivion.delete_story(story.id)  # and then the lights go out
    await stage.env.restart_bot(type(stage.bot)(stage.bot.settings, stage.bot.studio))
    removing = asyncio.create_task(stage.env.bot.remover.run())
    await stage.bot.studio.oversight.sweep()
    await until(lambda: story.card_id not in {m.id for m in stage.messages(stage.stories.id)})
    removing.cancel()
    assert not stage.bot.studio.pictures.path(story.takes[0]).exists()


async def test_a_message_that_cannot_be_deleted_now_keeps_none_of_the_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.posting.remover.RETRY_INTERVAL", 0.05)
    story = await told(stage, FOX)
    place = f"/channels/{story.thread_id}/messages/{story.frames[0].message_id}"
    stage.env.inject_error("DELETE", place, status=400, times=None)
    await stage.bot.studio.oversight.delete_story(story.id, MO)
    await until(lambda: story.card_id not in {m.id for m in stage.messages(stage.stories.id)})
    thread = next(thread for thread in stage.stories.threads if thread.id == story.thread_id)
    await until(lambda: stage.env.backend.channels[thread.id].thread_metadata.archived)
    assert [message.id for message in stage.messages(thread.id)] == [story.frames[0].message_id]
    stage.env.backend.faults.clear()
    await until(lambda: not stage.messages(thread.id))


async def test_me_forget_says_exactly_what_goes_and_then_it_is_gone(stage: Stage) -> None:
    for _story in range(2):
        await told(stage, FOX)
    mine = await stage.bot.studio.archive.oblivion.belongings(stage.ann.id)
    question = await stage.ann.slash(stage.stories, "me forget")
    assert f"{mine.stories} stories that you told alone, with {mine.pictures} pictures" in said(
        stage, question
    )
    await stage.ann.click(answered(question), label="Forget it all")
    assert (await stage.bot.studio.archive.oblivion.belongings(stage.ann.id)).nothing
    again = await stage.ann.slash(stage.stories, "me forget")
    assert "nothing to forget" in said(stage, again)


def test_whose_part_in_a_story_is_no_scene_is_told_of_their_name_alone() -> None:
    nothing = dict.fromkeys(Belongings.__slots__, 0) | {"defaults": False, "traces": False}
    assert belongings(Belongings(**nothing | {"shared": 1})) == ["your name in 1 story of others"]
    (line,) = belongings(Belongings(**nothing | {"shared": 1, "scenes": 1}))
    assert line == "your part in 1 story of others: 1 scene with its pictures, and your name"


async def test_whatever_members_write_nobody_was_pinged_and_nothing_has_effect(stage: Stage) -> None:
    story = await told(stage, f"{EVERYTHING}: {EVERYTHING}")
    await report(stage, story, EVERYTHING)
    ban = await stage.mo.slash(stage.stories, "moderate ban", member=stage.ben, reason=EVERYTHING)
    listed = await stage.mo.slash(stage.stories, "moderate list")
    refused = await stage.ben.slash(stage.stories, "story tell", prompt=FOX)
    question = await stage.ann.slash(stage.stories, "story delete", number=str(story.id))
    for result in (ban, listed, refused, question):
        message = stage.env.backend.get_message(answered(result).channel_id, answered(result).id)
        assert not re.search(r"(?<!\\)[@#]\w|(?<!\\)\]\(|(?<!\\)\|\|", texts(message)), texts(message)
    for messages in stage.env.backend.messages.values():
        for message in messages.values():
            assert not message.mention_everyone
            assert message.ping_user_ids == []
            assert message.ping_role_ids == []
    for thread in stage.stories.threads:
        assert "@everyone" not in thread.name
    await stage.mo.slash(stage.stories, "moderate unban", member=str(stage.ben.id))
