"""``/story`` acted out by members of a simulated server."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from generator.press.metadata import read
from generator.story import TakeState
from tests.cogs.conftest import Stage, custom_ids, texts
from tests.cogs.members import latest, said

FOX = "a red fox: in a meadow | in the snow | by a river"


async def test_a_story_is_told_in_a_thread_under_its_card(stage: Stage) -> None:
    story = await stage.told(await stage.tell(FOX, seed=7))
    card = stage.card(story)
    for part in ("a red fox", "Told in 3 frames", "told by Ann · seed 7"):
        assert part in texts(card)
    assert custom_ids(card) == [], "nothing is left to cancel"
    assert [a["filename"] for a in card.attachments] == [f"story-{story.id}.png"]

    *frames, strip = stage.frames(story)
    assert strip.attachments[0]["filename"] == f"story-{story.id}.png"
    for take, frame, message in zip(story.takes, story.frames, frames, strict=True):
        assert frame.message_id == message.id
        assert [a["filename"] for a in message.attachments] == [f"samefox-{story.id}-{take.id}.png"]
        assert take.scene in texts(message)
        assert "seed 7" in texts(message)
        assert f"samefox:reroll:{take.id}" in custom_ids(message)
        picture = read(await stage.bot.studio.pictures.png(take))
        assert picture is not None
        assert picture[0] == take.recipe


async def test_styles_and_sizes_are_offered_as_they_are_typed(stage: Stage) -> None:
    styles = await stage.ann.autocomplete(stage.stories, "story tell", "style", "WATER")
    assert [choice["value"] for choice in styles] == ["watercolor"]
    sizes = await stage.ann.autocomplete(stage.stories, "story tell", "size", "1024")
    assert [choice["value"] for choice in sizes] == ["1024x1024"]


async def test_in_a_thread_the_story_is_told_there(stage: Stage) -> None:
    first = await stage.told(await stage.tell("a red fox: in a meadow"))
    thread = next(t for t in stage.stories.threads if t.id == first.thread_id)
    await stage.ben.slash(thread, "story tell", prompt="a blue cat: on a roof")
    second = await latest(stage)
    assert second.thread_id == second.channel_id == first.thread_id


async def test_members_words_have_no_effect_as_markup_or_mention(stage: Stage) -> None:
    nasty = "# @everyone **fox** <@1> [x](http://evil.example): `in` ||a|| | ~~meadow~~ <#2> | - a river"
    story = await stage.told(await stage.tell(nasty))
    assert story.thread_id is not None
    for message in stage.messages(stage.stories.id) + stage.messages(story.thread_id):
        assert not message.mention_everyone
        assert message.ping_user_ids == []
        assert message.ping_role_ids == []
    # Every sign that could be markup is escaped, so what remains outside the escapes is plain.
    title, *scenes = (
        line for line in texts(stage.card(story)).splitlines() if "fox" in line or "\\." in line
    )
    words = re.sub(r"\\[!-/:-@\[-`{-~]", "", " ".join([title.removeprefix("## 🦊 "), *scenes]))
    assert not set(words) & set("#*_~`|<>@[]()")


async def test_the_author_cancels_between_two_steps_and_others_cannot(stage: Stage) -> None:
    story = await stage.drawing(await stage.tell(FOX, steps=100))
    card = stage.shown(stage.card(story))
    cancel = f"samefox:cancel:{story.id}"
    assert "Only Ann or a moderator" in said(stage, await stage.ben.click(card, custom_id=cancel))
    assert "Stopped" in said(stage, await stage.ann.click(card, custom_id=cancel))
    story = await stage.told(story.id)
    assert {take.state for take in story.takes} == {TakeState.CANCELLED}
    assert "Stopped after 0 frames of 3" in texts(stage.card(story))
    assert stage.frames(story) == []


async def test_a_moderator_cancels_somebody_elses_story(stage: Stage) -> None:
    story = await stage.drawing(await stage.tell(FOX, steps=100))
    await stage.mo.click(stage.shown(stage.card(story)), custom_id=f"samefox:cancel:{story.id}")
    assert (await stage.told(story.id)).cancelled


async def test_a_reroll_has_a_new_seed_and_the_same_seed_button_the_same_picture(stage: Stage) -> None:
    story = await stage.told(await stage.tell("a red fox: in a meadow", seed=7))
    (take,) = story.takes
    frame = stage.shown(stage.frames(story)[0])
    await stage.ben.click(frame, custom_id=f"samefox:reroll:{take.id}")
    await stage.told(story.id)
    await stage.ben.click(stage.shown(stage.frames(story)[0]), custom_id=f"samefox:page:{take.id}:<")
    await stage.told(story.id)
    menu = await stage.ben.click(stage.shown(stage.frames(story)[0]), label="More")
    assert menu.response is not None
    await stage.ben.click(menu.response, custom_id=f"samefox:again:{take.id}")
    story = await stage.told(story.id)
    first, rerolled, again = story.takes
    assert rerolled.recipe == replace(first.recipe, seed=rerolled.recipe.seed)
    assert rerolled.recipe.seed != 7
    assert again.recipe == first.recipe
    assert await stage.bot.studio.pictures.png(again) == await stage.bot.studio.pictures.png(first)
    assert (rerolled.parent_id, rerolled.author.name) == (first.id, "Ben")
    message, strip = stage.frames(story)
    assert message.id == story.frames[0].message_id, "all takes are pages of one message"
    assert [a["filename"] for a in message.attachments] == [f"samefox-{story.id}-{again.id}.png"]
    assert "asked for by Ben" in texts(message)
    assert f"samefox:choose:{again.id}" in custom_ids(message)
    assert story.frames[0].chosen.id == first.id, "the story's author has not chosen another"
    assert story.strip_posted == str(first.id)
    assert strip.id == story.strip_id


async def test_takes_are_paged_and_the_strip_follows_the_chosen_one(stage: Stage) -> None:
    story = await stage.told(await stage.tell("a red fox: in a meadow | in the snow", seed=7))
    first, other = story.takes
    frame = stage.frames(story)[0]
    await stage.ann.click(stage.shown(frame), custom_id=f"samefox:reroll:{first.id}")
    story = await stage.told(story.id)
    second = story.takes[-1]
    assert story.frames[0].chosen.id == second.id, "its author asked for it"
    assert story.strip_posted == f"{second.id}-{other.id}"
    strip = story.strip_id

    frame = stage.frames(story)[0]
    assert "2/2" in str(frame.components)
    await stage.ben.click(stage.shown(frame), custom_id=f"samefox:page:{first.id}:<")
    story = await stage.told(story.id)
    frame = stage.frames(story)[0]
    assert [a["filename"] for a in frame.attachments] == [f"samefox-{story.id}-{first.id}.png"]
    assert story.strip_posted == f"{second.id}-{other.id}", "turning a page chooses nothing"

    choose = f"samefox:choose:{first.id}"
    result = await stage.ben.click(stage.shown(frame), custom_id=choose)
    assert "Only Ann or a moderator" in said(stage, result)
    await stage.ann.click(stage.shown(frame), custom_id=choose)
    story = await stage.told(story.id)
    assert (story.strip_posted, story.strip_id) == (f"{first.id}-{other.id}", strip)
    frame = stage.frames(story)[0]
    await stage.mo.click(stage.shown(frame), custom_id=f"samefox:page:{second.id}:>")
    await stage.told(story.id)
    await stage.mo.click(stage.shown(stage.frames(story)[0]), custom_id=f"samefox:choose:{second.id}")
    assert (await stage.told(story.id)).strip_posted == f"{second.id}-{other.id}", "a moderator may"
    card = stage.card(story)
    assert [a["filename"] for a in card.attachments] == [f"story-{story.id}.png"]


async def test_a_lost_picture_is_said_to_be_gone_and_the_story_goes_on(stage: Stage) -> None:
    archive, pictures = stage.bot.studio.archive, stage.bot.studio.pictures
    story = await stage.told(await stage.tell("a brown bear: in a cave | by a river"))
    pictures.path(story.pictures[0]).unlink()
    await archive.set_message(story.frames[0].id, story.frames[0].message_id or 0, None)
    await archive.set_strip(story.id, story.strip_id)
    await stage.bot.studio.choose(story.takes[1].id)
    story = await stage.told(story.id)
    lost, *_others = stage.messages(story.thread_id or 0)
    assert "This picture was deleted" in texts(lost) and not lost.attachments
    assert story.strip_posted == str(story.takes[1].id), "the strip goes without it"
    assert not story.cancelled

    await stage.ann.click(stage.shown(lost), label="Try again")
    story = await stage.told(story.id)
    assert [take.drawn for take in story.pictures] == [True, True]
    assert len(stage.frames(story)) == 3, "two frames and the strip"


async def test_a_button_of_a_forgotten_story_says_so(stage: Stage) -> None:
    story = await stage.told(await stage.tell("a red fox: in a meadow"))
    frame = stage.shown(stage.frames(story)[0])
    # As if this archive had begun anew and the number on the button were another, later story's.
    await stage.bot.studio.archive.set_card(story.id, frame.id + 1)
    result = await stage.ben.click(frame, custom_id=f"samefox:reroll:{story.takes[0].id}")
    assert "do not remember this picture" in said(stage, result)


async def test_cancel_on_the_card_of_a_forgotten_story_stops_no_other(stage: Stage) -> None:
    story = await stage.drawing(await stage.tell(FOX, steps=100))
    assert story.card_id is not None
    card = stage.shown(stage.card(story))
    await stage.bot.studio.archive.set_card(story.id, story.card_id + 1)
    result = await stage.mo.click(card, custom_id=f"samefox:cancel:{story.id}")
    assert "do not remember this picture" in said(stage, result)
    await stage.bot.studio.archive.set_card(story.id, story.card_id)
    await stage.mo.click(card, custom_id=f"samefox:cancel:{story.id}")
    assert (await stage.told(story.id)).cancelled


async def test_a_card_that_could_not_be_edited_says_so_at_the_next_try(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.posting.telling.RETRY_INTERVAL", 0.05)
    story = await stage.drawing(await stage.tell(FOX, steps=100))
    stage.env.inject_error("PATCH", "/channels/*/messages/*", status=500, times=2)
    await stage.ann.click(stage.shown(stage.card(story)), custom_id=f"samefox:cancel:{story.id}")
    story = await stage.told(story.id)
    assert "Stopped after 0 frames" in texts(stage.card(story))


async def test_a_deleted_thread_ends_the_story_and_the_next_one_is_told(stage: Stage) -> None:
    story = await stage.drawing(await stage.tell(FOX, steps=100))
    assert story.thread_id is not None
    stage.env.backend.delete_channel(story.thread_id)
    other = await stage.told(await stage.tell("a cat: on a roof"))
    assert [take.state for take in other.takes] == [TakeState.DRAWN]
    assert (await stage.told(story.id)).cancelled


async def test_an_error_of_discords_is_survived(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogs.posting.telling.RETRY_INTERVAL", 0.05)
    story_id = await stage.tell(FOX)
    stage.env.inject_error("POST", "/channels/*/messages", status=500, times=2)
    story = await stage.told(story_id)
    posted = [m.id for m in stage.frames(story)]
    assert posted == [*(frame.message_id for frame in story.frames), story.strip_id]


async def test_the_card_tells_the_place_in_the_line(stage: Stage) -> None:
    first = (await stage.drawing(await stage.tell(FOX, steps=100, size="512x512"))).id
    await stage.ben.slash(stage.stories, "story tell", prompt="a cat: on a roof | in a box")
    second = await stage.bot.studio.archive.story(first + 1)
    assert "Next in line" in texts(stage.card(second)), "Ann has had her turn"
    third = await stage.bot.studio.archive.story(await stage.tell("an owl: in a tree"))
    assert "In line: 1 picture first" in texts(stage.card(third)), "one of Ben's, then Ann's turn again"
    for story_id in (first, second.id, third.id):
        await stage.bot.studio.cancel(story_id)


async def test_commands_are_registered_only_when_they_changed_and_buttons_survive_a_restart(
    stage: Stage,
) -> None:
    def registrations() -> int:
        return sum(r.method == "PUT" and "commands" in r.path for r in stage.env.http_requests)

    story = await stage.told(await stage.tell("a red fox: in a meadow"))
    (take,), before = story.takes, [m.id for m in stage.frames(story)]
    assert registrations() == 1
    # The same studio and another bot: what a restart looks like from Discord.
    await stage.env.restart_bot(type(stage.bot)(stage.bot.settings, stage.bot.studio))
    assert registrations() == 1
    frame = stage.shown(stage.frames(story)[0])
    assert "drawn again" in said(stage, await stage.ben.click(frame, custom_id=f"samefox:reroll:{take.id}"))
    assert [m.id for m in stage.frames(story)][: len(before)] == before
