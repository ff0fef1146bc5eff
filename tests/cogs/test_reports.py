"""Reports acted out: from a member who objects to the moderators who decide."""

from __future__ import annotations

import discord
from simcord.backend.models import Message

from generator.moderation.values import Outcome
from generator.story import Person
from tests.cogs.conftest import Stage, custom_ids, texts, walk
from tests.cogs.members import answered, frame, inputs, said, told
from tests.cogs.moderators import EVERYTHING, FOX, MO, report, settle_on, until


async def test_a_report_reaches_the_moderators_with_picture_reporter_link_and_buttons(stage: Stage) -> None:
    story = await told(stage, FOX)
    result, message = await report(stage, story, EVERYTHING)
    assert "have your report" in said(stage, result)
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
    assert "Only this server’s moderators" in said(stage, refused)
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
    message = stage.messages(message.channel_id)[0]
    assert "it is shown again" in texts(message)
    assert "Show it again" not in str(message.components)


async def test_a_hidden_picture_can_be_shown_again_once_its_reporter_is_forgotten(stage: Stage) -> None:
    story = await told(stage, FOX)
    _, message = await report(stage, story, "not nice")
    await stage.mo.click(stage.shown(message), label="Hide")
    question = await stage.ben.slash(stage.stories, "me forget")
    await stage.ben.click(answered(question), label="Forget it all")
    await until(lambda: message.id not in [each.id for each in stage.messages(message.channel_id)])
    button = f"samefox:reports:press:show:{custom_ids(message)[0].rpartition(':')[2]}"
    (card,) = [each for each in stage.messages(message.channel_id) if button in custom_ids(each)]
    assert "Hidden by **Mo**" in texts(card)
    assert not any(part in texts(card) for part in ("Ben", "not nice"))
    assert card.attachments == []
    await stage.mo.click(stage.shown(card), label="Show it again")
    assert not (await stage.told(story.id)).takes[0].hidden


async def test_moderators_hear_of_a_picture_whose_file_was_lost(stage: Stage) -> None:
    story = await told(stage, FOX)
    stage.bot.studio.pictures.path(story.takes[0]).unlink()
    result, message = await report(stage, story, "not nice")
    assert "have your report" in said(stage, result)
    assert "not nice" in texts(message)
    assert message.attachments == []


async def test_a_hidden_picture_goes_where_its_story_was_shown_again_too(stage: Stage) -> None:
    story = await told(stage, FOX)
    talk = stage.env.guild.create_text_channel("talk")
    await stage.ben.slash(talk, "story show", number=str(story.id))
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
    assert "Somebody was faster" in said(stage, result)
    assert "Dismissed by **Cas**" in texts(stage.messages(message.channel_id)[0])
    assert (await stage.bot.studio.archive.take(story.takes[0].id)).drawn


async def test_a_report_cannot_shut_out_who_manages_the_server(stage: Stage) -> None:
    story = await told(stage, FOX)
    _, message = await report(stage, story)
    keepers = stage.env.guild.create_role("keepers", permissions=discord.Permissions(manage_guild=True))
    stage.env.backend.add_member_role(stage.env.guild.id, stage.ann.id, keepers.id)
    result = await stage.mo.click(stage.shown(message), label="Ban author")
    assert "Ann manages this server, and cannot be excluded" in said(stage, result)
    assert await stage.bot.studio.archive.moderation.ban_of(story.guild_id, stage.ann.id) is None
    stage.env.backend.remove_member_role(stage.env.guild.id, stage.ann.id, keepers.id)
    question = await stage.mo.click(stage.shown(message), label="Ban author")
    await stage.mo.click(answered(question), label="Ban author")
    assert await stage.bot.studio.archive.moderation.unban(story.guild_id, story.author, MO)


async def test_what_was_decided_last_is_seen_on_the_messages_about_earlier_reports_too(stage: Stage) -> None:
    story = await told(stage, FOX)
    _, message = await report(stage, story)
    await stage.mo.click(stage.shown(message), label="Dismiss")
    assert stage.messages(message.channel_id)[0].attachments
    cas = stage.env.guild.add_member(stage.env.create_user("Cas"))
    menu = await cas.click(stage.shown(frame(stage, story)), label="More")
    form = await cas.click(answered(menu), label="Report")
    await cas.submit_modal(form, {inputs(form)[0]["custom_id"]: "not nice"})
    later = stage.messages(message.channel_id)[1]
    question = await stage.mo.click(stage.shown(later), label="Delete")
    await stage.mo.click(answered(question), label="Delete")
    dismissed, deleted = stage.messages(message.channel_id)
    assert "Dismissed by **Mo**" in texts(dismissed)
    assert "Deleted by **Mo**" in texts(deleted)
    assert dismissed.attachments == deleted.attachments == []


async def test_what_is_not_taken_back_with_a_button_is_asked_about_first(stage: Stage) -> None:
    story = await told(stage, FOX)
    _, message = await report(stage, story)
    moderation = stage.bot.studio.archive.moderation
    for label, asked in (("Delete", "Delete this picture for good?"), ("Ban author", "exclude **Ann**")):
        question = await stage.mo.click(stage.shown(message), label=label)
        assert asked in said(stage, question)
        await stage.mo.click(answered(question), label="Decide later")
        assert "Nothing was decided" in said(stage, question)
    assert "Hide" in str(stage.messages(message.channel_id)[0].components), "it is still open"
    take = (await stage.told(story.id)).takes[0]
    assert (take.drawn, take.hidden) == (True, False)
    late = await stage.mo.click(stage.shown(message), label="Delete")
    question = await stage.mo.click(stage.shown(message), label="Ban author")
    await stage.mo.click(answered(question), label="Ban author")
    assert "It is done" in said(stage, question)
    assert "/moderate unban lets them in again" in texts(stage.messages(message.channel_id)[0])
    await stage.mo.click(answered(late), label="Delete")
    assert "Somebody was faster" in said(stage, late)
    assert await moderation.unban(story.guild_id, story.author, MO)


async def test_a_message_out_of_reach_keeps_none_of_the_others_as_they_were(stage: Stage) -> None:
    story = await told(stage, FOX)
    _, message = await report(stage, story)
    moderation = stage.bot.studio.archive.moderation
    other = await moderation.add_report(story.takes[0].id, Person(id=5, name="Cas"), "no")
    assert other is not None
    await moderation.set_report_message(other.id, stage.stories.id, 5)
    stage.env.inject_error("PATCH", f"/channels/{stage.stories.id}/messages/5", status=403, code=50001)
    result = await stage.mo.click(stage.shown(message), label="Hide")
    assert result.followups == []
    assert "Hidden by **Mo**" in texts(stage.messages(message.channel_id)[0])


async def test_deleting_a_reported_picture_takes_its_file_and_leaves_the_words(stage: Stage) -> None:
    story = await told(stage, FOX)
    path = stage.bot.studio.pictures.path(story.takes[0])
    _, message = await report(stage, story)
    question = await stage.mo.click(stage.shown(message), label="Delete")
    await stage.mo.click(answered(question), label="Delete")
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
    assert "reported this picture already" in said(stage, result)
    await settle_on(stage)
    menu = await stage.ben.click(stage.shown(frame(stage, story)), label="More")
    result = await stage.ben.click(answered(menu), label="Report")
    assert "tell one of its moderators" in said(stage, result)
    assert "https://discord.com/channels/" in said(stage, result)


async def test_who_reports_is_not_thanked_when_reports_go_nowhere_any_more(stage: Stage) -> None:
    story = await told(stage, FOX)
    await settle_on(stage, reports_channel=stage.env.guild.create_text_channel("office").id)
    menu = await stage.ben.click(stage.shown(frame(stage, story)), label="More")
    form = await stage.ben.click(answered(menu), label="Report")
    await settle_on(stage)
    (field,) = inputs(form)
    result = await stage.ben.submit_modal(form, {field["custom_id"]: "not nice"})
    assert "is kept, but" in said(stage, result)
    assert "https://discord.com/channels/" in said(stage, result)


async def test_nobody_is_excluded_in_the_place_of_who_is_forgotten(stage: Stage) -> None:
    story = await told(stage, FOX)
    _result, message = await report(stage, story)
    moderation = stage.bot.studio.archive.moderation
    await moderation._connection.update("INSERT INTO contributors VALUES (?, 0, '…')", (story.id,))
    await moderation._connection.update("UPDATE takes SET author_id = 0 WHERE story_id = ?", (story.id,))
    result = await stage.mo.click(stage.shown(message), label="Ban author")
    assert "nobody to exclude" in said(stage, result)
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
    assert "message of the frame" in said(stage, result)
    await settle_on(stage)
