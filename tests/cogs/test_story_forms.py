"""What cannot be told comes back to be corrected; stories are written in forms."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest

from cogs.presentation import modals
from generator.story import TakeState
from tests.cogs.conftest import Stage, texts
from tests.cogs.members import inputs, latest, said

FOX = "a red fox: in a meadow | in the snow | by a river"


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"prompt": "a red fox"}, ["no scenes"]),
    ({"prompt": FOX, "size": "1001x512"}, ["multiple of 8"]),
    ({"prompt": FOX, "size": "large"}, ["is no size"]),
    ({"prompt": "a red fox", "size": "large"}, ["is no size"]),
    ({"prompt": FOX, "style": "cubist"}, ["no style", "watercolor"]),
    ({"prompt": FOX, "steps": 120}, ["steps = 120", "1 to 100"]),
    ({"prompt": FOX, "size": "large", "avoid": "blur, two heads"}, ["is no size", "blur, two heads"]),
    ({"prompt": FOX, "character": "Nobody", "avoid": "blur"}, ["no characters", "blur"]),
    ({"prompt": "a red fox", "avoid": "blur, two heads"}, ["no scenes", "blur, two heads"]),
    ({"prompt": "a fox: in the snow | " + "very " * 90 + "far"}, ["tokens", "shorten"]),
    ({"prompt": "a fox: " + " | ".join("abcdefghijklmnopqrstuvwxyz")}, ["26", "20"]),
    ({"prompt": "a small fox: in the ```snow```", "size": "1x1"}, ["multiple of 8 from 64", "`\u200b``snow"]),
]


async def test_what_cannot_be_told_is_refused_in_private_and_the_text_comes_back(stage: Stage) -> None:
    before, newest = [m.id for m in stage.messages(stage.stories.id)], await stage.newest()
    for options, parts in REFUSED:
        result = await stage.ann.slash(stage.stories, "story tell", **options)
        for part in [*parts, options["prompt"][:9]]:
            assert part in said(stage, result)
    assert [m.id for m in stage.messages(stage.stories.id)] == before, "nothing was posted"
    assert await stage.newest() == newest, "nothing was queued"


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
    story = await latest(stage)
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
    last = await stage.newest()
    chosen, styled, stepped = [
        await stage.bot.studio.archive.story(number) for number in range(last - 2, last + 1)
    ]
    recipe = chosen.takes[0].recipe
    assert (chosen.style, recipe.seed, recipe.width, recipe.guidance_scale) == ("picture book", 3, 72, 3.5)
    assert (recipe.svr, recipe.negative_prompt) == ("off", "it's dark")
    assert (styled.style, stepped.takes[0].recipe.steps) == ("ink", 3)


async def test_the_longest_scene_is_refused_with_the_text_coming_back(stage: Stage) -> None:
    prompt = "a fox: in the snow | " + "w(o)w! " * 700
    result = await stage.ann.slash(stage.stories, "story tell", prompt=prompt)
    assert result.response is not None
    assert "tokens" in said(stage, result)
    (file,) = result.response.attachments
    assert (await file.read()).decode() == prompt


async def test_a_story_is_written_in_a_form(stage: Stage) -> None:
    form = await stage.ann.slash(stage.stories, "story write")
    subject, scenes = (field["custom_id"] for field in inputs(form))
    await stage.ann.submit_modal(form, {subject: "a red fox", scenes: "1. in a meadow\n2. in the snow"})
    story = await latest(stage)
    assert story.scenes == ("in a meadow", "in the snow")


async def test_a_form_with_a_style_that_there_is_not_is_not_filled_in_in_vain(stage: Stage) -> None:
    refused = await stage.ann.slash(stage.stories, "story write", style="cubist")
    assert refused.modal is None
    assert "There is no style “cubist” here" in said(stage, refused)
    form = await stage.ann.slash(stage.stories, "story write", style=" Ink")
    await stage.ann.submit_modal(form, {"subject": "a fox", "scenes": "in a meadow"})
    assert (await latest(stage)).style == "ink"


async def test_if_the_card_cannot_be_posted_the_text_comes_back_and_nothing_is_drawn(stage: Stage) -> None:
    stage.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    result = await stage.ann.slash(stage.stories, "story tell", prompt="a shy fox: in a hole")
    assert "a shy fox: in a hole" in said(stage, result)
    assert "did not let me post" in said(stage, result)
    story = await stage.told(await stage.newest())
    assert {take.state for take in story.takes} == {TakeState.CANCELLED}
    assert not any("shy" in texts(m) for m in stage.messages(stage.stories.id))


async def test_in_a_channel_where_it_could_not_be_shown_nothing_is_drawn(stage: Stage) -> None:
    everyone, before = stage.env.guild.default_role, await stage.newest()
    for lacking in ("send_messages", "create_public_threads", "attach_files", "send_messages_in_threads"):
        overwrite = discord.PermissionOverwrite(**{lacking: False})
        channel = stage.env.guild.create_text_channel("closed", overwrites={everyone: overwrite})
        result = await stage.ann.slash(channel, "story tell", prompt=FOX)
        assert lacking.replace("_", " ") in said(stage, result).lower()
        assert FOX in said(stage, result)
    assert await stage.newest() == before
