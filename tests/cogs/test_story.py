"""``/story`` acted out by members of a simulated server."""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import replace
from pathlib import Path

import discord
import pytest
from simcord.results import InteractionResult, ResponseMessage

from generator.press.metadata import read
from generator.settings import Settings, StorySettings
from generator.story import TakeState
from tests.cogs.conftest import Stage, custom_ids, raised, texts

FOX = "a red fox: in a meadow | in the snow | by a river"


def said(result: InteractionResult) -> str:
    """The bot's last private answer, as it is read."""
    answers = [result.response, *result.followups]
    last = next(message for message in reversed(answers) if message is not None)
    assert last.ephemeral
    return last.content.replace("\\", "")


def shown(stage: Stage, message: object) -> ResponseMessage:
    """A message of the world, as members click on it."""
    return ResponseMessage(stage.env, message)  # type: ignore[arg-type]


async def test_a_story_is_told_in_a_thread_under_its_card(stage: Stage) -> None:
    result = await stage.ann.slash(stage.stories, "story tell", prompt=FOX, seed=7)
    assert result.ephemeral
    story = await stage.told()

    card, *_ = stage.messages(stage.stories.id)
    assert "a red fox" in texts(card)
    assert "Told in 3 frames" in texts(card)
    assert "told by Ann · seed 7" in texts(card)
    assert custom_ids(card) == [], "nothing is left to cancel"

    assert story.thread_id is not None
    frames = [m for m in stage.messages(story.thread_id) if m.attachments]
    assert [m.attachments[0]["filename"] for m in frames] == [
        "frame-01.png",
        "frame-02.png",
        "frame-03.png",
        "story-1.png",
    ]
    for take, message in zip(story.takes, frames, strict=False):
        assert take.message_id == message.id
        assert take.scene in texts(message)
        assert "seed 7" in texts(message)
        assert custom_ids(message) == [f"samefox:reroll:{take.id}", f"samefox:again:{take.id}"]
        picture = read(await stage.bot.studio.png(take))
        assert picture is not None
        assert picture[0] == take.recipe


async def test_the_bots_process_never_meets_torch(tmp_path: Path) -> None:
    # Other tests of this run may have imported torch; what counts is what the bot's own modules pull in.
    code = (
        "import asyncio, sys, bot\n"
        "from pathlib import Path\n"
        "from generator.settings import Settings, StorySettings\n"
        "from generator.script import read_script\n"
        "from generator.story import Options, Person\n"
        "async def main(folder):\n"
        "    settings = Settings(story=StorySettings(width=64, height=64, steps=1))\n"
        "    async with bot.opened(settings, Path(folder)) as samefox:\n"
        "        board = samefox.studio.draft(read_script('a fox: a | b', max_scenes=9), Options())\n"
        "        story = await samefox.studio.tell(board, Person(id=1, name='Ann'))\n"
        "        while story.pending:\n"
        "            await asyncio.sleep(0.05)\n"
        "            story = await samefox.studio.archive.story(story.id)\n"
        "        await samefox.studio.strip(story.first_takes)\n"
        "        print([take.state for take in story.takes])\n"
        "asyncio.run(main(sys.argv[1]))\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(roots & {'torch', 'diffusers', 'transformers'}))\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert output.decode().splitlines() == ["[<TakeState.DRAWN: 'drawn'>, <TakeState.DRAWN: 'drawn'>]", "[]"]


REFUSED = [
    ({"prompt": "a red fox"}, ["no scenes"]),
    ({"prompt": FOX, "size": "1001x512"}, ["multiple of 8"]),
    ({"prompt": FOX, "size": "large"}, ["is no size"]),
    ({"prompt": FOX, "style": "cubist"}, ["no style", "watercolor"]),
    ({"prompt": FOX, "steps": 120}, ["more steps", "100"]),
    ({"prompt": "a fox: in the snow | " + "very " * 90 + "far"}, ["tokens", "shorten"]),
    ({"prompt": "a fox: " + " | ".join("abcdefghijklmnopqrstuvwxyz")}, ["26", "20"]),
    ({"prompt": "a small fox: in the ```snow```", "size": "1x1"}, ["greater than", "`\u200b``snow"]),
]


async def test_what_cannot_be_told_is_refused_in_private_and_the_text_comes_back(stage: Stage) -> None:
    for options, parts in REFUSED:
        result = await stage.ann.slash(stage.stories, "story tell", **options)
        for part in [*parts, str(options["prompt"])[:9]]:
            assert part in said(result)
    assert await stage.bot.studio.archive.unsettled() == []
    assert stage.messages(stage.stories.id) == []


async def test_a_long_refused_text_comes_back_as_a_file(stage: Stage) -> None:
    prompt = "a fox: " + " | ".join(f"scene number {number}, which is a long one" for number in range(90))
    result = await stage.ann.slash(stage.stories, "story tell", prompt=prompt)
    assert result.response is not None
    (file,) = result.response.attachments
    assert (await file.read()).decode() == prompt


async def test_a_refused_text_can_be_corrected_in_a_form(stage: Stage) -> None:
    refused = await stage.ann.slash(stage.stories, "story tell", prompt=FOX, size="1001x512", seed=3)
    assert refused.response is not None
    form = await stage.ann.click(refused.response, label="Correct it")
    assert form.modal is not None
    fields = {part["custom_id"]: part.get("value") for part in _inputs(form.modal)}
    assert list(fields.values()) == ["a red fox", "in a meadow | in the snow | by a river"]


async def test_a_story_is_written_in_a_form(stage: Stage) -> None:
    form = await stage.ann.slash(stage.stories, "story write")
    assert form.modal is not None
    subject, scenes = (part["custom_id"] for part in _inputs(form.modal))
    await stage.ann.submit_modal(form, {subject: "a red fox", scenes: "1. in a meadow\n2. in the snow"})
    story = await stage.told()
    assert story.scenes == ("in a meadow", "in the snow")


def _inputs(modal: dict[str, object]) -> list[dict[str, object]]:
    return [label["component"] for label in modal["components"]]  # type: ignore[attr-defined, misc]


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
        assert lacking.replace("_", " ").title() in said(result)
        assert FOX in said(result)
    assert await stage.bot.studio.archive.unsettled() == []


async def test_in_a_thread_the_story_is_told_there(stage: Stage) -> None:
    await stage.ann.slash(stage.stories, "story tell", prompt="a red fox: in a meadow")
    first = await stage.told(1)
    thread = next(t for t in stage.stories.threads if t.id == first.thread_id)
    await stage.ben.slash(thread, "story tell", prompt="a blue cat: on a roof")
    second = await stage.told(2)
    assert second.thread_id == second.channel_id == first.thread_id


async def test_members_words_have_no_effect_as_markup_or_mention(stage: Stage) -> None:
    nasty = "# @everyone **fox** <@1> [x](http://evil.example): `in` ||a|| | ~~meadow~~ <#2> | - a river"
    await stage.ann.slash(stage.stories, "story tell", prompt=nasty)
    story = await stage.told()
    assert story.thread_id is not None
    everything = stage.messages(stage.stories.id) + stage.messages(story.thread_id)
    for message in everything:
        assert not message.mention_everyone
        assert message.ping_user_ids == []
        assert message.ping_role_ids == []
    # Every sign that could be markup is escaped, so what remains outside the escapes is plain.
    card = texts(stage.messages(stage.stories.id)[0])
    title, *scenes = (line for line in card.splitlines() if "fox" in line or "\\." in line)
    words = re.sub(r"\\[!-/:-@\[-`{-~]", "", " ".join([title.removeprefix("## 🦊 "), *scenes]))
    assert not set(words) & set("#*_~`|<>@[]()")


async def test_the_author_cancels_between_two_steps(settings: Settings) -> None:
    slow = settings.model_copy(update={"story": StorySettings(width=64, height=64, steps=100)})
    async with raised(slow) as stage:
        await stage.ann.slash(stage.stories, "story tell", prompt=FOX)
        await stage.drawing()
        card = shown(stage, stage.messages(stage.stories.id)[0])
        refused = await stage.ben.click(card, custom_id="samefox:cancel:1")
        assert "Only Ann or a moderator" in said(refused)
        stopped = await stage.ann.click(card, custom_id="samefox:cancel:1")
        assert "Stopped" in said(stopped)
        story = await stage.told()
        assert {take.state for take in story.takes} == {TakeState.CANCELLED}
        assert "Stopped after 0 frames of 3" in texts(stage.messages(stage.stories.id)[0])


async def test_a_moderator_cancels_somebody_elses_story(settings: Settings) -> None:
    slow = settings.model_copy(update={"story": StorySettings(width=64, height=64, steps=100)})
    async with raised(slow) as stage:
        await stage.ann.slash(stage.stories, "story tell", prompt=FOX)
        card = shown(stage, stage.messages(stage.stories.id)[0])
        await stage.mo.click(card, custom_id="samefox:cancel:1")
        assert (await stage.told()).cancelled


async def test_a_reroll_has_a_new_seed_and_the_same_seed_button_the_same_picture(stage: Stage) -> None:
    await stage.ann.slash(stage.stories, "story tell", prompt="a red fox: in a meadow", seed=7)
    story = await stage.told()
    assert story.thread_id is not None
    frame = shown(stage, next(m for m in stage.messages(story.thread_id) if m.attachments))
    await stage.ben.click(frame, custom_id="samefox:reroll:1")
    await stage.told()
    await stage.ben.click(frame, custom_id="samefox:again:1")
    story = await stage.told()
    first, rerolled, again = story.takes
    assert rerolled.recipe == replace(first.recipe, seed=rerolled.recipe.seed)
    assert rerolled.recipe.seed != 7
    assert again.recipe == first.recipe
    assert await stage.bot.studio.png(again) == await stage.bot.studio.png(first)
    assert (rerolled.parent_id, rerolled.author.name) == (first.id, "Ben")
    posted = [m.id for m in stage.messages(story.thread_id)]
    assert all(posted.count(take.message_id) == 1 for take in story.takes)


async def test_buttons_work_after_a_restart_and_nothing_is_posted_twice(settings: Settings) -> None:
    async with raised(settings) as stage:
        await stage.ann.slash(stage.stories, "story tell", prompt="a red fox: in a meadow")
        story = await stage.told()
        assert story.thread_id is not None
        before = [m.id for m in stage.messages(story.thread_id)]
        await stage.env.restart_bot(stage.bot.__class__(settings, stage.bot.studio))
        frame = shown(stage, next(m for m in stage.messages(story.thread_id) if m.attachments))
        result = await stage.ben.click(frame, custom_id="samefox:reroll:1")
        assert "drawn again" in said(result)
        assert [m.id for m in stage.messages(story.thread_id)][: len(before)] == before


async def test_a_button_of_a_forgotten_story_says_so(stage: Stage) -> None:
    await stage.ann.slash(stage.stories, "story tell", prompt="a red fox: in a meadow")
    story = await stage.told()
    assert story.thread_id is not None
    frame = next(m for m in stage.messages(story.thread_id) if m.attachments)
    archive = stage.bot.studio.archive
    await archive.set_thread(1, 12345)  # as if this archive had begun anew and number 1 were another story
    result = await stage.ben.click(shown(stage, frame), custom_id="samefox:again:1")
    assert "do not remember this picture" in said(result)


async def test_a_deleted_thread_ends_the_story_and_the_next_one_is_told(settings: Settings) -> None:
    slow = settings.model_copy(update={"story": StorySettings(width=64, height=64, steps=100)})
    async with raised(slow) as stage:
        await stage.ann.slash(stage.stories, "story tell", prompt=FOX)
        story = await stage.drawing()
        assert story.thread_id is not None
        stage.env.backend.delete_channel(story.thread_id)
        await stage.ben.slash(stage.stories, "story tell", prompt="a cat: on a roof", steps=2)
        assert [take.state for take in (await stage.told(2)).takes] == [TakeState.DRAWN]
        assert (await stage.told(1)).cancelled


async def test_an_error_of_discords_is_survived(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogs.publisher.RETRY_INTERVAL", 0.05)
    await stage.ann.slash(stage.stories, "story tell", prompt=FOX)
    stage.env.inject_error("POST", "/channels/*/messages", status=500, times=2)
    story = await stage.told()
    assert story.thread_id is not None
    names = [m.attachments[0]["filename"] for m in stage.messages(story.thread_id) if m.attachments]
    assert names == ["frame-01.png", "frame-02.png", "frame-03.png", "story-1.png"]


async def test_if_the_card_cannot_be_posted_the_text_comes_back_and_nothing_is_drawn(stage: Stage) -> None:
    stage.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    result = await stage.ann.slash(stage.stories, "story tell", prompt=FOX)
    assert FOX in said(result)
    assert "did not let me post" in said(result)
    assert all(take.state is TakeState.CANCELLED for take in (await stage.told()).takes)


async def test_commands_are_registered_only_when_they_changed(stage: Stage) -> None:
    registrations = [r for r in stage.env.http_requests if r.method == "PUT" and "commands" in r.path]
    assert len(registrations) == 1
    await stage.bot.tree.sync_if_changed()  # type: ignore[attr-defined]
    registrations = [r for r in stage.env.http_requests if r.method == "PUT" and "commands" in r.path]
    assert len(registrations) == 1


async def test_a_second_story_is_answered_while_frames_are_drawn(settings: Settings) -> None:
    slow = settings.model_copy(update={"story": StorySettings(width=256, height=256, steps=50)})
    async with raised(slow) as stage:
        await stage.ann.slash(stage.stories, "story tell", prompt=FOX)
        await stage.drawing()
        await stage.ben.slash(stage.stories, "story tell", prompt="a cat: on a roof | in a box")
        card = next(m for m in stage.messages(stage.stories.id) if "samefox:cancel:2" in custom_ids(m))
        assert "In line: 1 picture first" in texts(card)
        await stage.ann.slash(stage.stories, "story tell", prompt="an owl: in a tree")
        card = next(m for m in stage.messages(stage.stories.id) if "samefox:cancel:3" in custom_ids(m))
        assert "In line: 4 pictures first" in texts(card)
