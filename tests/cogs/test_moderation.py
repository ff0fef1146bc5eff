"""Moderation acted out: words refused, pictures covered, reports decided, members excluded and forgotten."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from io import BytesIO

import discord
import pytest
import pytest_asyncio
from PIL import Image
from simcord.backend.models import Message
from simcord.results import InteractionResult

from generator.moderation.shading import TILES
from generator.moderation.values import Outcome
from generator.server import ServerSettings, Shade
from generator.settings import SafetySettings
from generator.story import Person, Story, TakeState
from tests.cogs.conftest import PATIENCE, Stage, custom_ids, raised, texts, walk
from tests.cogs.test_story import inputs
from tests.cogs.test_takes import answered, fields, frame, told
from tests.conftest import small
from tests.models import build_checker

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOX = "a red fox: in a meadow"
MO = Person(id=99, name="Mo")
EVERYTHING = "# @everyone **x** <@1> [x](http://evil.example) ||`a`|| <#2>"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A stage whose safety model objects to every picture."""
    folder = tmp_path_factory.mktemp("moderation")
    checker = build_checker(folder / "checker", finds=True)
    safety = SafetySettings(model=str(checker))
    async with raised(small(folder / "data").model_copy(update={"safety": safety})) as stage:
        yield stage


async def settle_on(stage: Stage, **choices: object) -> None:
    """Let the server choose."""
    guild = stage.env.guild.id
    await stage.bot.studio.archive.servers.change(guild, MO, lambda _: ServerSettings(**choices))


async def until(condition: object) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.02)


def adult(stage: Stage, *, is_adult: bool = True) -> None:
    channel = stage.bot.get_channel(stage.stories.id)
    assert channel is not None
    channel.nsfw = is_adult


def colours(stage: Stage, message: Message, *, number: int = 0) -> int:
    """How many colours an attached picture has."""
    blob = stage.env.backend.cdn.get(message.attachments[number]["url"])
    with Image.open(BytesIO(blob if isinstance(blob, bytes) else blob.data)) as picture:
        return len(picture.getcolors(1 << 24) or ())


def private(stage: Stage, result: InteractionResult) -> str:
    message = stage.env.backend.get_message(answered(result).channel_id, answered(result).id)
    return texts(message).replace("\\", "")


# -- words ----------------------------------------------------------------------------------------------


async def test_a_word_that_is_not_for_everybody_is_refused_and_the_text_comes_back(stage: Stage) -> None:
    prompt = "a n u d e fox: in a meadow"
    result = await stage.ann.slash(stage.stories, "story tell", prompt=prompt)
    for part in ("“nude” is nothing that I draw", "age-restricted channel", prompt):
        assert part in private(stage, result)
    assert await stage.bot.studio.archive.unsettled() == []


async def test_a_servers_own_word_is_refused_in_a_story_and_in_a_remix_of_it(stage: Stage) -> None:
    await settle_on(stage, refused_words=("pineapple",))
    result = await stage.ann.slash(stage.stories, "story tell", prompt="a pizza: with p1neapple")
    assert "moderators of this server do not want “pineapple”" in private(stage, result)
    story = await told(stage, FOX)
    form = await stage.ann.click(stage.shown(frame(stage, story)), label="Remix")
    result = await stage.ann.submit_modal(form, fields(form, "with a Pine\u200bapple"))
    assert "do not want “pineapple”" in private(stage, result)
    assert "Pine" in private(stage, result), "what was typed comes back"
    await settle_on(stage)


async def test_children_are_never_drawn_in_a_sexual_way_also_where_adults_are(stage: Stage) -> None:
    adult(stage)
    result = await stage.ann.slash(stage.stories, "story tell", prompt="a little girl: naked in a bath")
    assert "I never draw anybody who may be a child" in private(stage, result)
    adult(stage, is_adult=False)


# -- pictures -------------------------------------------------------------------------------------------


async def test_what_the_safety_model_objects_to_is_blurred_in_frame_strip_and_card(stage: Stage) -> None:
    story = await told(stage, FOX)
    take = story.takes[0]
    assert take.verdict is not None
    assert take.verdict.unsafe
    shown = frame(stage, story)
    assert shown.attachments[0]["filename"] == f"samefox-{story.id}-{take.id}-blur.png"
    assert "Blurred, because my safety model objects" in texts(shown)
    *_frames, strip = stage.frames(story)
    for message in (shown, strip, stage.card(story)):
        assert colours(stage, message) <= TILES * TILES
    with Image.open(stage.bot.studio.pictures.path(take)) as picture:
        assert len(picture.getcolors(1 << 24) or ()) > TILES * TILES, "the file itself is as it was drawn"


async def test_a_spoiler_covers_only_where_adults_are_and_elsewhere_it_is_blurred(stage: Stage) -> None:
    await settle_on(stage, shade=Shade.SPOILER)
    story = await told(stage, FOX)
    assert "-blur." in frame(stage, story).attachments[0]["filename"]
    adult(stage)
    story = await told(stage, FOX)
    shown = frame(stage, story)
    assert "-spoiler." in shown.attachments[0]["filename"]
    assert '"spoiler": true' in str(shown.components).replace("'", '"').replace("True", "true")
    assert colours(stage, shown) > TILES * TILES
    *_frames, strip = stage.frames(story)
    assert colours(stage, strip) <= TILES * TILES, "a part of a picture cannot be covered"
    adult(stage, is_adult=False)
    await settle_on(stage)


async def test_where_the_server_refuses_nothing_is_posted_and_the_author_knows_what_to_do(
    stage: Stage,
) -> None:
    await settle_on(stage, shade=Shade.REFUSE)
    story = await told(stage, FOX)
    assert story.thread_id is not None
    shown = next(m for m in stage.messages(story.thread_id) if m.id == story.frames[0].message_id)
    assert shown.attachments == []
    assert "Draw it again with" in texts(shown)
    assert custom_ids(shown)[:1] == [f"samefox:reroll:{story.takes[0].id}"]
    await settle_on(stage)


# -- reports --------------------------------------------------------------------------------------------


async def report(stage: Stage, story: Story, reason: str = "not nice") -> tuple[InteractionResult, Message]:
    """Ben reports a story's first frame; the answer, and what the moderators see."""
    office = stage.env.guild.create_text_channel("office")
    await settle_on(stage, reports_channel=office.id)
    menu = await stage.ben.click(stage.shown(frame(stage, story)), label="More")
    form = await stage.ben.click(answered(menu), label="Report")
    (field,) = inputs(form)
    result = await stage.ben.submit_modal(form, {field["custom_id"]: reason})
    (message,) = stage.messages(office.id)
    return result, message


async def test_a_report_reaches_the_moderators_with_picture_reporter_link_and_buttons(stage: Stage) -> None:
    story = await told(stage, FOX)
    result, message = await report(stage, story, EVERYTHING)
    assert "have your report" in private(stage, result)
    read = texts(message)
    for part in ("A picture was reported", "**Ben**", "a red fox", "asked for by Ann"):
        assert part in read
    assert not message.mention_everyone
    assert message.ping_user_ids == []
    assert f"channels/{story.guild_id}/{story.thread_id}/{story.frames[0].message_id}" in str(
        message.components
    )
    assert message.attachments
    labels = [part["label"] for part in walk_buttons(message)]
    assert labels == ["Hide", "Delete", "Ban author", "Dismiss", "Go there"]


def walk_buttons(message: Message) -> list[dict[str, str]]:
    return [part for part in walk(message) if part.get("type") == 2]


async def test_only_moderators_decide_and_only_once_and_the_picture_is_hidden_everywhere(
    stage: Stage,
) -> None:
    story = await told(stage, FOX)
    _, message = await report(stage, story)
    refused = await stage.ann.click(stage.shown(message), label="Hide")
    assert "Only this server's moderators" in private(stage, refused)
    await stage.mo.click(stage.shown(message), label="Hide")
    story = await stage.told(story.id)
    assert story.takes[0].hidden
    shown = next(m for m in stage.messages(story.thread_id or 0) if m.id == story.frames[0].message_id)
    assert shown.attachments == []
    assert "A moderator has hidden this picture" in texts(shown)
    message = stage.messages(message.channel_id)[0]
    assert "Hidden by" in texts(message)
    assert message.attachments == []
    number = (await stage.bot.studio.archive.moderation.acts(story.guild_id, 1))[0]
    assert (number.by.name, number.act) == ("Mo", "hide")

    await stage.mo.click(stage.shown(message), label="Show it again")
    story = await stage.told(story.id)
    assert frame(stage, story).attachments


async def test_a_hidden_picture_goes_where_its_story_was_shown_again_too(stage: Stage) -> None:
    story = await told(stage, FOX)
    talk = stage.env.guild.create_text_channel("talk")
    await stage.ben.slash(talk, "story show", number=story.id)
    (shown,) = stage.messages(talk.id)
    assert shown.attachments
    await stage.bot.studio.oversight.hide(story.takes[0].id, MO)
    await until(lambda: not stage.messages(talk.id))


async def test_a_second_decision_about_a_report_says_that_it_is_handled(stage: Stage) -> None:
    story = await told(stage, FOX)
    _, message = await report(stage, story)
    report_id = int(custom_ids(message)[0].rpartition(":")[2])
    await stage.bot.studio.archive.moderation.handle(report_id, Person(id=5, name="Cas"), Outcome.DISMISSED)
    result = await stage.mo.click(stage.shown(message), label="Delete")
    assert "Somebody was faster" in private(stage, result)
    assert "Dismissed by **Cas**" in texts(stage.messages(message.channel_id)[0])
    assert (await stage.bot.studio.archive.take(story.takes[0].id)).drawn


async def test_a_report_cannot_shut_out_who_manages_the_server(stage: Stage) -> None:
    story = await told(stage, FOX)
    _, message = await report(stage, story)
    keepers = stage.env.guild.create_role("keepers", permissions=discord.Permissions(manage_guild=True))
    stage.env.backend.add_member_role(stage.env.guild.id, stage.ann.id, keepers.id)
    result = await stage.mo.click(stage.shown(message), label="Ban author")
    assert "Ann manages this server, and cannot be excluded" in private(stage, result)
    assert await stage.bot.studio.archive.moderation.ban_of(story.guild_id, stage.ann.id) is None
    stage.env.backend.remove_member_role(stage.env.guild.id, stage.ann.id, keepers.id)
    await stage.mo.click(stage.shown(message), label="Ban author")
    assert await stage.bot.studio.archive.moderation.unban(story.guild_id, story.author, MO)


async def test_deleting_a_reported_picture_takes_its_file_and_leaves_the_words(stage: Stage) -> None:
    story = await told(stage, FOX)
    path = stage.bot.studio.pictures.path(story.takes[0])
    _, message = await report(stage, story)
    await stage.mo.click(stage.shown(message), label="Delete")
    story = await stage.told(story.id)
    assert not path.exists()
    assert not story.takes[0].drawn
    shown = next(m for m in stage.messages(story.thread_id or 0) if m.id == story.frames[0].message_id)
    assert "was deleted" in texts(shown)
    assert "in a meadow" in texts(shown)


async def test_a_report_is_not_made_twice_and_goes_nowhere_without_a_channel(stage: Stage) -> None:
    story = await told(stage, FOX)
    await report(stage, story)
    menu = await stage.ben.click(stage.shown(frame(stage, story)), label="More")
    form = await stage.ben.click(answered(menu), label="Report")
    (field,) = inputs(form)
    result = await stage.ben.submit_modal(form, {field["custom_id"]: "again"})
    assert "reported this picture already" in private(stage, result)
    await settle_on(stage)
    menu = await stage.ben.click(stage.shown(frame(stage, story)), label="More")
    result = await stage.ben.click(answered(menu), label="Report")
    assert "tell one of its moderators" in private(stage, result)
    assert "https://discord.com/channels/" in private(stage, result)


async def test_who_reports_is_not_thanked_when_reports_go_nowhere_any_more(stage: Stage) -> None:
    story = await told(stage, FOX)
    await settle_on(stage, reports_channel=stage.env.guild.create_text_channel("office").id)
    menu = await stage.ben.click(stage.shown(frame(stage, story)), label="More")
    form = await stage.ben.click(answered(menu), label="Report")
    await settle_on(stage)
    (field,) = inputs(form)
    result = await stage.ben.submit_modal(form, {field["custom_id"]: "not nice"})
    assert "is kept, but" in private(stage, result)
    assert "https://discord.com/channels/" in private(stage, result)


async def test_nobody_is_excluded_in_the_place_of_who_is_forgotten(stage: Stage) -> None:
    story = await told(stage, FOX)
    _result, message = await report(stage, story)
    moderation = stage.bot.studio.archive.moderation
    async with stage.bot.studio.archive.moderation._connection.transaction() as sql:
        await sql.execute("INSERT INTO contributors VALUES (?, 0, '…')", (story.id,))
        await sql.execute("UPDATE takes SET author_id = 0 WHERE story_id = ?", (story.id,))
    result = await stage.mo.click(stage.shown(message), label="Ban author")
    assert "nobody to exclude" in private(stage, result)
    assert await moderation.bans(stage.env.guild.id) == []


async def test_a_picture_is_reported_from_its_messages_menu_and_other_messages_are_not(stage: Stage) -> None:
    story = await told(stage, FOX)
    office = stage.env.guild.create_text_channel("office")
    await settle_on(stage, reports_channel=office.id)
    thread = next(t for t in stage.stories.threads if t.id == story.thread_id)
    shown = stage.shown(frame(stage, story))
    form = await stage.ben.context_menu(thread, "Report picture", shown)
    assert form.modal is not None
    card = stage.shown(stage.card(story))
    result = await stage.ben.context_menu(stage.stories, "Report picture", card)
    assert "message of the frame" in private(stage, result)
    await settle_on(stage)


# -- bans -----------------------------------------------------------------------------------------------


async def test_an_excluded_member_is_told_why_and_their_work_stops_until_they_are_let_in(
    stage: Stage,
) -> None:
    story = await told(stage, FOX)
    pending = await stage.drawing(await stage.tell(FOX, steps=100))
    ban = await stage.mo.slash(stage.stories, "moderate ban", member=stage.ann, reason="spam *x*")
    assert "Ann is excluded" in private(stage, ban)
    assert "1 picture of theirs" in private(stage, ban)
    assert {take.state for take in (await stage.told(pending.id)).takes} == {TakeState.CANCELLED}
    for result in (
        await stage.ann.slash(stage.stories, "story tell", prompt=FOX),
        await stage.ann.slash(stage.stories, "me defaults"),
        await stage.ann.click(stage.shown(frame(stage, story)), label="Reroll"),
        await stage.ann.click(stage.shown(frame(stage, story)), label="More"),
    ):
        assert "excluded you from my stories: “spam *x*”" in private(stage, result)
    assert await stage.ann.autocomplete(stage.stories, "story tell", "style", "w") == []
    listed = private(stage, await stage.mo.slash(stage.stories, "moderate list"))
    assert "**Ann**" in listed
    assert "spam" in listed
    for number in range(1000, 1025):
        who = Person(id=number, name="*" * 32)
        await stage.bot.studio.archive.moderation.ban(stage.env.guild.id, who, MO, "*" * 200)
    listed = private(stage, await stage.mo.slash(stage.stories, "moderate list"))
    assert "more\n### Lately" in listed
    for number in range(1000, 1025):
        await stage.bot.studio.archive.moderation.unban(stage.env.guild.id, Person(id=number, name=""), MO)
    (choice,) = await stage.mo.autocomplete(stage.stories, "moderate unban", "member", "an")
    await stage.mo.slash(stage.stories, "moderate unban", member=choice["value"])
    await told(stage, FOX)


async def test_only_moderators_exclude_and_nobody_themselves(stage: Stage) -> None:
    result = await stage.mo.slash(stage.stories, "moderate ban", member=stage.mo)
    assert "cannot exclude yourself" in private(stage, result)
    result = await stage.mo.slash(stage.stories, "moderate unban", member="Nobody")
    assert "is not excluded here" in private(stage, result)


# -- forgetting -----------------------------------------------------------------------------------------


async def test_a_story_is_deleted_by_its_author_after_a_question_with_its_messages(stage: Stage) -> None:
    story = await told(stage, FOX)
    path = stage.bot.studio.pictures.path(story.takes[0])
    result = await stage.ben.slash(stage.stories, "story delete", number=story.id)
    assert "only they or a moderator can delete it" in private(stage, result)
    question = await stage.ann.slash(stage.stories, "story delete", number=story.id)
    assert "Its 1 picture" in private(stage, question)
    kept = await stage.ann.click(answered(question), label="Keep everything")
    assert kept is not None
    question = await stage.ann.slash(stage.stories, "story delete", number=story.id)
    await stage.ann.click(answered(question), label="Delete it")
    assert not path.exists()
    await until(lambda: story.card_id not in {m.id for m in stage.messages(stage.stories.id)})
    await until(lambda: not stage.messages(story.thread_id or 0))
    result = await stage.ann.slash(stage.stories, "story delete", number=story.id)
    assert "no story" in private(stage, result)


async def test_who_deletes_a_story_hears_of_a_thread_that_cannot_lose_its_name(stage: Stage) -> None:
    story = await told(stage, FOX)
    stage.env.inject_error("PATCH", f"/channels/{story.thread_id}", status=403, code=50013, times=None)
    question = await stage.ann.slash(stage.stories, "story delete", number=story.id)
    await stage.ann.click(answered(question), label="Delete it")
    stage.env.backend.faults.clear()
    said = private(stage, question)
    assert (
        f"One thread keeps its name, because I lack the permission Manage Threads there: <#{story.thread_id}>"
        in said
    )
    assert "ask a moderator to delete it" in said


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
    assert f"{mine.stories} stories that you told alone, with {mine.pictures} pictures" in private(
        stage, question
    )
    await stage.ann.click(answered(question), label="Forget it all")
    assert (await stage.bot.studio.archive.oblivion.belongings(stage.ann.id)).nothing
    again = await stage.ann.slash(stage.stories, "me forget")
    assert "nothing to forget" in private(stage, again)


async def test_whatever_members_write_nobody_was_pinged_and_nothing_has_effect(stage: Stage) -> None:
    story = await told(stage, f"{EVERYTHING}: {EVERYTHING}")
    await report(stage, story, EVERYTHING)
    ban = await stage.mo.slash(stage.stories, "moderate ban", member=stage.ben, reason=EVERYTHING)
    listed = await stage.mo.slash(stage.stories, "moderate list")
    refused = await stage.ben.slash(stage.stories, "story tell", prompt=FOX)
    question = await stage.ann.slash(stage.stories, "story delete", number=story.id)
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
