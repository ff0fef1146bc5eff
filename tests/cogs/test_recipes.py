"""The recipe of a picture, read by those who were there and by those who found it somewhere."""

from __future__ import annotations

import io
import re
import struct
import zlib
from dataclasses import replace
from typing import Any

import discord
import pytest
from PIL import Image
from simcord import ChannelHandle, MemberActor
from simcord.results import InteractionResult

from cogs.pictures import MAX_BYTES
from generator.archive.gallery import Viewer
from generator.archive.titles import Search
from generator.press import metadata
from generator.press.files import fit
from generator.press.metadata import read
from generator.story import Recipe
from tests.cogs.conftest import Stage, custom_ids, walk
from tests.cogs.members import answered, fields, frame, latest, more, said, told

FOX = "a red fox: in a meadow | in the snow | by a river"
OPTIONS = ("seed", "style", "steps", "guidance", "size", "window", "identity", "svr", "model", "avoid")
NUMBERS: dict[str, Any] = {
    "seed": int, "steps": int, "window": int, "guidance": float, "identity": float,
}  # fmt: skip


def blocks(text: str) -> list[str]:
    """What stands in code blocks."""
    return [block.strip() for block in text.split("```")[1::2]]


def typed(line: str) -> dict[str, Any]:
    """A command's options as Discord reads them from a pasted line."""
    words, prompt = {}, line.removeprefix("/story tell prompt:")
    for option in reversed(OPTIONS):
        prompt, found, value = prompt.rpartition(f" {option}:")
        if not found:
            prompt = value
            continue
        words[option] = NUMBERS.get(option, str)(value)
    return {"prompt": prompt, **words}


async def posted(
    stage: Stage, who: MemberActor, channel: ChannelHandle, name: str, data: bytes
) -> discord.Message:
    """A picture that a member posts."""
    return await who.send(channel, "look", attachments=[(name, data)])


@pytest.mark.parametrize("remixed", [False, True])
async def test_the_line_on_the_card_draws_the_same_pixels(stage: Stage, remixed: bool) -> None:
    story = await told(stage, FOX, seed=7, style="ink", guidance=3.3, identity=1.7, avoid="blur", window=2)
    if remixed:
        form = await stage.ann.click(stage.shown(frame(stage, story, 1)), label="Remix")
        await stage.ann.submit_modal(form, fields(form, "on a roof"))
        story = await stage.told(story.id)
    menu = await more(stage, stage.ben, story, 1)
    card = said(stage, await stage.ben.click(answered(menu), label="Recipe"))
    take = story.frames[1].chosen
    for part in ("Frame 2 of 3", take.scene, "**Seed** `7`", "guidance 3.3", "tiny", "euler", "on cpu, fp32"):
        assert part in card
    assert ("take 2 of 2 · drawn again from take 1" in card) is remixed
    line = blocks(card)[0]
    number = int(re.findall(r"picture (\d) of", card)[0])
    await stage.ben.slash(stage.stories, "story tell", **typed(line))
    again = await latest(stage)
    assert again.takes[number - 1].recipe == take.recipe
    assert await stage.bot.studio.pictures.png(
        again.takes[number - 1]
    ) == await stage.bot.studio.pictures.png(take)


async def test_the_seed_command_asks_which_picture_and_shows_it(stage: Stage) -> None:
    story = await told(stage, FOX)
    asked = await stage.ben.slash(stage.stories, "story seed", number=str(story.id))
    assert "Which one?" in said(stage, asked)
    shown = await stage.ben.select(answered(asked), [str(story.takes[2].id)])
    assert "Frame 3 of 3 · by a river" in said(stage, shown)
    shown = await stage.ben.slash(stage.stories, "story seed", number=str(story.id), frame="2")
    assert "Frame 2 of 3 · in the snow" in said(stage, shown)
    refused = await stage.ben.slash(stage.stories, "story seed", number=str(story.id), frame="4")
    assert "no picture 4 in this story, but 3" in said(stage, refused)
    refused = await stage.ben.slash(stage.stories, "story seed")
    assert "which story" in said(stage, refused)
    thread = next(t for t in stage.stories.threads if t.id == story.thread_id)
    assert "Frame 1" in said(stage, await stage.ben.slash(thread, "story seed", frame="1"))


async def test_stories_and_frames_are_offered_by_name(stage: Stage) -> None:
    story = await told(stage, "a green newt: in a pond | on a leaf")
    offered = await stage.ben.autocomplete(stage.stories, "story seed", "number", "NEWT")
    assert [(c["name"], c["value"]) for c in offered] == [(f"{story.id} · a green newt · Ann", str(story.id))]
    offered = await stage.ben.autocomplete(stage.stories, "story seed", "frame", "", number=str(story.id))
    assert [c["name"] for c in offered] == ["1 · in a pond", "2 · on a leaf"]


async def test_a_story_in_a_closed_channel_is_not_known_outside(stage: Stage) -> None:
    unseen = discord.PermissionOverwrite(view_channel=False)
    closed = stage.env.guild.create_text_channel("closed", overwrites={stage.ben: unseen})
    await stage.ann.slash(closed, "story tell", prompt="a secret owl: at night")
    story = await latest(stage)
    refused = await stage.ben.slash(stage.stories, "story seed", number=str(story.id), frame="1")
    assert "no story" in said(stage, refused)
    assert await stage.ben.autocomplete(stage.stories, "story seed", "number", "secret") == []
    shown = await stage.mo.slash(stage.stories, "story seed", number=str(story.id))
    assert "at night" in said(stage, shown)
    other = await told(stage, FOX)
    asked = await stage.ben.slash(stage.stories, "story seed", number=str(other.id))
    menu = stage.env.backend.get_message(answered(asked).channel_id, answered(asked).id)
    options = next(part["options"] for part in walk(menu) if part.get("options"))
    options[0]["value"] = str(story.takes[0].id)
    refused = await stage.ben.select(answered(asked), [str(story.takes[0].id)])
    assert "no picture" in said(stage, refused), "a menu is about its own story"


async def test_stories_that_somebody_may_not_see_leave_room_for_those_that_they_may(stage: Stage) -> None:
    seen = await told(stage, "an orange crab: on a beach")
    archive, guild_id = stage.bot.studio.archive, stage.env.guild.id
    place = (seen.channel_id,)
    for viewer in (Viewer(person_id=0, channels=place), Viewer(person_id=stage.ann.id, channels=())):
        found = await archive.titles.newest(Search(guild_id=guild_id, words="crab", viewer=viewer, limit=1))
        assert [title.story_id for title in found] == [seen.id]
    unseen = discord.PermissionOverwrite(view_channel=False)
    closed = stage.env.guild.create_text_channel("shut-too", overwrites={stage.ben: unseen})
    await stage.ann.slash(closed, "story tell", prompt="an orange crab: in a cage")
    await latest(stage)
    ben = Viewer(person_id=stage.ben.id, channels=place)
    found = await archive.titles.finished(Search(guild_id=guild_id, words="crab", viewer=ben, limit=1))
    assert [title.story_id for title in found] == [seen.id]


async def test_a_picture_from_elsewhere_is_read_and_drawn_here(stage: Stage) -> None:
    story = await told(stage, "a blue cat: on a roof | in a box", seed=11, style="watercolor")
    png = await stage.bot.studio.pictures.png(story.takes[1])
    shown = await stage.ben.slash(stage.stories, "story from-image", picture=("cat.png", png))
    card = said(stage, shown)
    assert "cat.png" in card and "in a box" in card and "`11`" in card
    result = await stage.ben.click(answered(shown), label="Draw it here")
    assert "is being drawn in" in said(stage, result)
    again = await latest(stage)
    assert (again.author.name, again.subject, again.style) == ("Ben", "a blue cat", "watercolor")
    assert again.scenes == ("in a box",)
    assert await stage.bot.studio.pictures.png(again.takes[0]) == png


async def test_the_messages_menu_reads_what_members_post(stage: Stage) -> None:
    story = await told(stage, FOX)
    png = await stage.bot.studio.pictures.png(story.takes[1])
    message = await posted(stage, stage.ann, stage.stories, "my-fox.png", png)
    shown = await stage.ben.context_menu(stage.stories, "Recipe", message)
    assert "in the snow" in said(stage, shown)
    assert custom_ids_of(stage, shown) == ["samefox:recipes:press:draw:here"]
    message = await stage.ann.send(stage.stories, "no picture")
    assert "no picture in this message" in said(
        stage, await stage.ben.context_menu(stage.stories, "Recipe", message)
    )


async def test_the_messages_menu_knows_our_own_frames_and_strips(stage: Stage) -> None:
    story = await told(stage, FOX)
    thread = next(t for t in stage.stories.threads if t.id == story.thread_id)
    *_, second, _third, strip = stage.frames(story)
    shown = await stage.ben.context_menu(thread, "Recipe", stage.shown(second))
    assert "Frame 2 of 3" in said(stage, shown)
    await stage.ben.slash(stage.stories, "story show", number=str(story.id))
    sheet = stage.messages(stage.stories.id)[-1]
    assert [a["filename"] for a in sheet.attachments] == [f"sheet-{story.id}.jpg"]
    for channel, message in ((thread, strip), (stage.stories, stage.card(story)), (stage.stories, sheet)):
        asked = await stage.ben.context_menu(channel, "Recipe", stage.shown(message))
        assert "Which one?" in said(stage, asked)
        assert custom_ids_of(stage, asked) == [f"samefox:recipes:menu:frame.{story.id}"]


def custom_ids_of(stage: Stage, result: InteractionResult) -> list[str]:
    return custom_ids(stage.env.backend.get_message(answered(result).channel_id, answered(result).id))


def stripped(png: bytes) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(png)).save(file, "PNG")
    return file.getvalue()


def as_webp(png: bytes) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(png)).save(file, "WEBP")
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    """The picture with another chunk after its head."""
    return png[:33] + chunk(kind, data) + png[33:]


def bomb(png: bytes) -> bytes:
    """100 MB of blanks where the recipe would be, in 100 kB."""
    text = zlib.compress(b" " * 100_000_000, 9)
    return with_chunk(stripped(png), b"iTXt", b"samefox.recipe\0\1\0\0\0" + text)


def giant(png: bytes) -> bytes:
    """It claims to be as large as a PNG can be."""
    head = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0)
    return png[:8] + chunk(b"IHDR", head) + png[33:]


HOSTILE: list[tuple[str, Any, str]] = [
    ("fox.png", stripped, "no recipe in"),
    ("fox.png", bomb, "no recipe in"),
    ("fox.png", lambda png: png[: len(png) // 2], "no recipe in"),
    ("fox.png", lambda png: png[:33] + b"\xff" * 200 + png[233:], "no recipe in"),
    ("fox.png", lambda png: b"", "no recipe in"),
    ("fox.png", as_webp, "no recipe in"),
    ("fox.webp", as_webp, "is no PNG"),
    ("fox.jpg", lambda png: fit(png, 2000)[0], "is no PNG"),
    ("fox.png", lambda png: png + b"\0" * MAX_BYTES, "too large"),
    ("**fox**.exe", lambda png: png, "is no PNG"),
]


@pytest.mark.parametrize(("name", "change", "part"), HOSTILE)
async def test_a_picture_without_a_recipe_is_answered_kindly(
    stage: Stage, name: str, change: Any, part: str
) -> None:
    png = await stage.bot.studio.pictures.png((await stage.bot.studio.archive.story(1)).takes[0])
    result = await stage.ben.slash(stage.stories, "story from-image", picture=(name, change(png)))
    assert part in said(stage, result)
    assert "as I posted it" in said(stage, result) or part == "too large"


async def test_a_giant_head_before_a_recipe_is_harmless(stage: Stage) -> None:
    png = await stage.bot.studio.pictures.png((await stage.bot.studio.archive.story(1)).takes[0])
    result = await stage.ben.slash(stage.stories, "story from-image", picture=("fox.png", giant(png)))
    assert "Seed" in said(stage, result) or "no recipe" in said(stage, result)


def with_recipe(png: bytes, **changes: Any) -> bytes:
    found = read(png)
    assert found is not None
    recipe: Recipe = replace(found[0], **changes)
    return metadata.encode(Image.open(io.BytesIO(png)), recipe, found[1])


FORGED: list[tuple[dict[str, Any], str]] = [
    ({"model": "somebody/else"}, "There is no model “somebody/else” here; choose one of tiny"),
    ({"steps": 900}, "1 to 100"),
    ({"prompt": "@everyone something worse"}, "does not fit together"),
    ({"freeu": True}, "FreeU"),
]


@pytest.mark.parametrize(("changes", "part"), FORGED)
async def test_what_cannot_be_drawn_here_is_named_and_has_no_button(
    stage: Stage, changes: dict[str, Any], part: str
) -> None:
    png = await stage.bot.studio.pictures.png((await stage.bot.studio.archive.story(1)).takes[0])
    result = await stage.ben.slash(
        stage.stories, "story from-image", picture=("fox.png", with_recipe(png, **changes))
    )
    assert part in said(stage, result)
    assert "from-image" not in said(stage, result), "which has just refused it"
    assert custom_ids_of(stage, result) == []


async def test_words_in_a_recipe_have_no_effect_as_markup(stage: Stage) -> None:
    png = await stage.bot.studio.pictures.png((await stage.bot.studio.archive.story(1)).takes[0])
    nasty = "# @everyone ``` **fox** <@1>"
    forged = with_recipe(png, subject=nasty, express="x", suppress=(), prompt=f"{nasty} x")
    result = await stage.ben.slash(stage.stories, "story from-image", picture=("fox.png", forged))
    message = stage.env.backend.get_message(answered(result).channel_id, answered(result).id)
    assert not message.mention_everyone
    assert message.ping_user_ids == []
    raw = [str(part["content"]) for part in walk(message) if part.get("content")]
    assert any(r"\@everyone" in text for text in raw)
    assert all(text.count("```") in (0, 2) for text in raw)


async def test_drawing_here_goes_through_the_same_limits(stage: Stage) -> None:
    png = await stage.bot.studio.pictures.png((await stage.bot.studio.archive.story(1)).takes[0])
    everyone = stage.env.guild.default_role
    shut = stage.env.guild.create_text_channel(
        "shut", overwrites={everyone: discord.PermissionOverwrite(create_public_threads=False)}
    )
    before = await stage.newest()
    shown = await stage.ben.slash(shut, "story from-image", picture=("fox.png", png))
    result = await stage.ben.click(answered(shown), label="Draw it here")
    assert "Create Public Threads" in said(stage, result)
    assert await stage.newest() == before


async def test_a_recipe_card_outlives_a_restart(stage: Stage) -> None:
    story = await stage.bot.studio.archive.story(1)
    png = await stage.bot.studio.pictures.png(story.takes[0])
    shown = await stage.ben.slash(stage.stories, "story from-image", picture=("fox.png", png))
    asked = await stage.ben.slash(stage.stories, "story seed", number="1")
    await stage.env.restart_bot(type(stage.bot)(stage.bot.settings, stage.bot.studio))
    assert "Frame 1" in said(stage, await stage.ben.select(answered(asked), [str(story.takes[0].id)]))
    result = await stage.ben.click(answered(shown), label="Draw it here")
    assert "is being drawn in" in said(stage, result)


async def test_a_strip_from_elsewhere_says_which_picture_is_which(stage: Stage) -> None:
    story = await told(stage, FOX, seed=12)
    strip = await stage.bot.studio.pictures.strip(story.pictures)
    message = await posted(stage, stage.ann, stage.stories, "my-strip.png", strip)
    asked = await stage.ben.context_menu(stage.stories, "Recipe", message)
    assert "Which one?" in said(stage, asked)
    await stage.env.restart_bot(type(stage.bot)(stage.bot.settings, stage.bot.studio))
    shown = await stage.ben.select(answered(asked), ["1"])
    assert "in the snow" in said(stage, shown)
    assert "`12`" in said(stage, shown)
    assert custom_ids_of(stage, shown) == ["samefox:recipes:press:draw:here"]
