"""``/story`` acted out by members of a simulated server."""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord.results import InteractionResult

from cogs.presentation import modals
from generator.archive.gallery import Viewer
from generator.press.metadata import read
from generator.story import TakeState
from tests.cogs.conftest import Stage, custom_ids, texts

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOX = "a red fox: in a meadow | in the snow | by a river"


def said(result: InteractionResult) -> str:
    """The bot's last private answer, as it is read."""
    answers = [result.response, *result.followups]
    last = next(message for message in reversed(answers) if message is not None)
    assert last.ephemeral
    return last.content.replace("\\", "")


def inputs(form: InteractionResult) -> list[dict[str, Any]]:
    """The text fields of an opened form."""
    assert form.modal is not None
    return [label["component"] for label in form.modal["components"]]


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


async def test_the_bots_process_never_meets_torch(tmp_path: Path) -> None:
    # In a process of its own, since other tests of this run may have imported torch.
    code = (
        "import asyncio, sys, bot\n"
        "from pathlib import Path\n"
        "from generator.settings import ModelSettings, Settings, StorySettings\n"
        "from generator.script import read_script\n"
        "from generator.story import Options, Person\n"
        "async def main(folder):\n"
        "    story = StorySettings(width=64, height=64, steps=1)\n"
        "    settings = Settings(model=ModelSettings(name='tiny'), story=story)\n"
        "    async with bot.opened(settings, Path(folder)) as samefox:\n"
        "        board = samefox.studio.draft(read_script('a fox: a | b', max_scenes=9), Options())\n"
        "        story = await samefox.studio.tell(board, Person(id=1, name='Ann'))\n"
        "        while story.pending:\n"
        "            await asyncio.sleep(0.05)\n"
        "            story = await samefox.studio.archive.story(story.id)\n"
        "        await samefox.studio.pictures.strip(story.pictures)\n"
        "        print([take.state.value for take in story.takes])\n"
        "asyncio.run(main(sys.argv[1]))\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(roots & {'torch', 'diffusers', 'transformers'}))\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert output.decode().splitlines() == ["['drawn', 'drawn']", "[]"]


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"prompt": "a red fox"}, ["no scenes"]),
    ({"prompt": FOX, "size": "1001x512"}, ["multiple of 8"]),
    ({"prompt": FOX, "size": "large"}, ["is no size"]),
    ({"prompt": FOX, "style": "cubist"}, ["no style", "watercolor"]),
    ({"prompt": FOX, "steps": 120}, ["steps = 120", "1 to 100"]),
    ({"prompt": "a fox: in the snow | " + "very " * 90 + "far"}, ["tokens", "shorten"]),
    ({"prompt": "a fox: " + " | ".join("abcdefghijklmnopqrstuvwxyz")}, ["26", "20"]),
    ({"prompt": "a small fox: in the ```snow```", "size": "1x1"}, ["a multiple of 8, 64", "`\u200b``snow"]),
]


async def test_what_cannot_be_told_is_refused_in_private_and_the_text_comes_back(stage: Stage) -> None:
    before = [m.id for m in stage.messages(stage.stories.id)]
    for options, parts in REFUSED:
        result = await stage.ann.slash(stage.stories, "story tell", **options)
        for part in [*parts, options["prompt"][:9]]:
            assert part in said(result)
    assert [m.id for m in stage.messages(stage.stories.id)] == before, "nothing was posted"
    assert await stage.bot.studio.archive.unsettled() == [], "nothing was queued"


async def test_a_long_refused_text_comes_back_as_a_file(stage: Stage) -> None:
    prompt = "a fox: " + " | ".join(f"scene number {number}, which is a long one" for number in range(90))
    result = await stage.ann.slash(stage.stories, "story tell", prompt=prompt)
    assert result.response is not None
    (file,) = result.response.attachments
    assert (await file.read()).decode() == prompt


async def test_a_refused_text_can_be_corrected_in_a_form(stage: Stage) -> None:
    prompt = "Subject: a red fox\nScenes: in a meadow | " + "very " * 90 + "far"
    refused = await stage.ann.slash(stage.stories, "story tell", prompt=prompt, seed=3)
    assert refused.response is not None
    form = await stage.ann.click(refused.response, label="Correct it")
    subject, scenes = inputs(form)
    assert subject["value"] == "a red fox"
    assert scenes["value"].startswith("in a meadow\nvery very")
    typed = {subject["custom_id"]: "a red fox", scenes["custom_id"]: "in a meadow\nfar away"}
    await stage.ann.submit_modal(form, typed)
    story = await stage.told((await stage.bot.studio.archive.unsettled())[-1])
    assert story.scenes == ("in a meadow", "far away")
    assert story.takes[0].recipe.seed == 3, "the options are kept"


async def test_a_form_opens_in_time_when_discord_keeps_the_text_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = "a red fox: in a meadow | " + "very " * 500 + "far"
    refused = await stage.ann.slash(stage.stories, "story tell", prompt=prompt)

    async def never(_url: str) -> bytes:
        await asyncio.sleep(3600)
        return b""

    monkeypatch.setattr(modals, "PATIENCE", 0.1)
    monkeypatch.setattr(stage.bot.http, "get_from_cdn", never)
    assert refused.response is not None
    form = await stage.ann.click(refused.response, label="Correct it")
    assert not any(part.get("value") for part in inputs(form))
    assert "copy it from the file above" in str(form.modal)


async def test_a_refusal_and_a_form_outlive_a_restart_with_all_that_was_chosen(stage: Stage) -> None:
    prompt = "a `red` fox: in a meadow | " + "very " * 90 + "far"
    options = {"seed": 3, "style": "picture book", "guidance": 3.5, "size": "72x64", "svr": "off"}
    refused = await stage.ann.slash(stage.stories, "story tell", prompt=prompt, avoid="it`s dark", **options)
    long = await stage.ann.slash(stage.stories, "story tell", prompt=prompt + " away" * 400, steps=3)
    form = await stage.ann.slash(stage.stories, "story write", style="ink")
    await stage.env.restart_bot(type(stage.bot)(stage.bot.settings, stage.bot.studio))
    assert refused.response is not None
    assert long.response is not None
    corrected = await stage.ann.click(refused.response, label="Correct it")
    subject, scenes = inputs(corrected)
    assert (subject["value"], scenes["value"].split("\n")[0]) == ("a red fox", "in a meadow")
    await stage.ann.submit_modal(corrected, {"subject": "a red fox", "scenes": "in a meadow"})
    await stage.ann.submit_modal(form, {"subject": "a red fox", "scenes": "in a meadow"})
    corrected = await stage.ann.click(long.response, label="Correct it")
    assert inputs(corrected)[1]["value"].endswith("away away")
    await stage.ann.submit_modal(corrected, {"subject": "a red fox", "scenes": "in a meadow"})
    *_, chosen, styled, stepped = [
        await stage.bot.studio.archive.story(number) for number in await newest(stage, 3)
    ]
    recipe = chosen.takes[0].recipe
    assert (chosen.style, recipe.seed, recipe.width, recipe.guidance_scale) == ("picture book", 3, 72, 3.5)
    assert (recipe.svr, recipe.negative_prompt) == ("off", "it's dark")
    assert (styled.style, stepped.takes[0].recipe.steps) == ("ink", 3)


async def newest(stage: Stage, count: int) -> list[int]:
    titles = await stage.bot.studio.archive.titles.newest(stage.env.guild.id, "", Viewer(person_id=0), count)
    return sorted(title.story_id for title in titles)


async def test_the_longest_scene_is_refused_with_the_text_coming_back(stage: Stage) -> None:
    prompt = "a fox: in the snow | " + "w(o)w! " * 700
    result = await stage.ann.slash(stage.stories, "story tell", prompt=prompt)
    assert result.response is not None
    assert "tokens" in said(result)
    (file,) = result.response.attachments
    assert (await file.read()).decode() == prompt


async def test_a_story_is_written_in_a_form(stage: Stage) -> None:
    form = await stage.ann.slash(stage.stories, "story write")
    subject, scenes = (field["custom_id"] for field in inputs(form))
    await stage.ann.submit_modal(form, {subject: "a red fox", scenes: "1. in a meadow\n2. in the snow"})
    story = await stage.told((await stage.bot.studio.archive.unsettled())[-1])
    assert story.scenes == ("in a meadow", "in the snow")


async def test_styles_and_sizes_are_offered_as_they_are_typed(stage: Stage) -> None:
    styles = await stage.ann.autocomplete(stage.stories, "story tell", "style", "WATER")
    assert [choice["value"] for choice in styles] == ["watercolor"]
    sizes = await stage.ann.autocomplete(stage.stories, "story tell", "size", "1024")
    assert [choice["value"] for choice in sizes] == ["1024x1024"]


async def test_in_a_channel_where_it_could_not_be_shown_nothing_is_drawn(stage: Stage) -> None:
    everyone = stage.env.guild.default_role
    for lacking in ("send_messages", "create_public_threads", "attach_files", "send_messages_in_threads"):
        overwrite = discord.PermissionOverwrite(**{lacking: False})
        channel = stage.env.guild.create_text_channel("closed", overwrites={everyone: overwrite})
        result = await stage.ann.slash(channel, "story tell", prompt=FOX)
        assert lacking.replace("_", " ") in said(result).lower()
        assert FOX in said(result)
    assert await stage.bot.studio.archive.unsettled() == []


async def test_in_a_thread_the_story_is_told_there(stage: Stage) -> None:
    first = await stage.told(await stage.tell("a red fox: in a meadow"))
    thread = next(t for t in stage.stories.threads if t.id == first.thread_id)
    await stage.ben.slash(thread, "story tell", prompt="a blue cat: on a roof")
    second = await stage.told((await stage.bot.studio.archive.unsettled())[-1])
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
    assert "Only Ann or a moderator" in said(await stage.ben.click(card, custom_id=cancel))
    assert "Stopped" in said(await stage.ann.click(card, custom_id=cancel))
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
    assert "Only Ann or a moderator" in said(result)
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
    assert "do not remember this picture" in said(result)


async def test_cancel_on_the_card_of_a_forgotten_story_stops_no_other(stage: Stage) -> None:
    story = await stage.drawing(await stage.tell(FOX, steps=100))
    assert story.card_id is not None
    card = stage.shown(stage.card(story))
    await stage.bot.studio.archive.set_card(story.id, story.card_id + 1)
    result = await stage.mo.click(card, custom_id=f"samefox:cancel:{story.id}")
    assert "do not remember this picture" in said(result)
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


async def test_if_the_card_cannot_be_posted_the_text_comes_back_and_nothing_is_drawn(stage: Stage) -> None:
    stage.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    result = await stage.ann.slash(stage.stories, "story tell", prompt="a shy fox: in a hole")
    assert "a shy fox: in a hole" in said(result)
    assert "did not let me post" in said(result)
    async with asyncio.timeout(10):
        while await stage.bot.studio.archive.unsettled():
            await asyncio.sleep(0.02)
    assert not any("shy" in texts(m) for m in stage.messages(stage.stories.id))


async def test_the_card_tells_the_place_in_the_line(stage: Stage) -> None:
    first = (await stage.drawing(await stage.tell(FOX, steps=50))).id
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
    assert "drawn again" in said(await stage.ben.click(frame, custom_id=f"samefox:reroll:{take.id}"))
    assert [m.id for m in stage.frames(story)][: len(before)] == before
