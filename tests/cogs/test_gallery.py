"""``/gallery`` and keepsakes acted out by members of a simulated server."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import discord
import pytest
from PIL import Image
from pypdfium2 import PdfDocument
from simcord import ChannelHandle, MemberActor
from simcord.backend.models import Message
from simcord.results import InteractionResult, ResponseMessage

from generator.press.book import PressFailed
from generator.server import ServerSettings
from generator.story import Person, Story
from tests.cogs.conftest import Stage, custom_ids, texts, walk

ADA = Person(id=1, name="Ada")


class Visit:
    """Somebody looks at the gallery: one message, whose buttons they press."""

    def __init__(self, stage: Stage, who: MemberActor, result: InteractionResult) -> None:
        self.stage, self.who, self.page = stage, who, last(result)

    @property
    def message(self) -> Message:
        """The page as it is now."""
        return self.stage.env.backend.get_message(self.page.channel_id, self.page.id)

    @property
    def text(self) -> str:
        return texts(self.message).replace("\\", "")

    def label(self, verb: str) -> dict[str, Any]:
        return next(part for part in walk(self.message) if f":press:{verb}:" in str(part.get("custom_id")))

    async def press(self, verb: str) -> InteractionResult:
        return await self.who.click(self.stage.shown(self.message), custom_id=self.label(verb)["custom_id"])


def last(result: InteractionResult) -> ResponseMessage:
    """The message that an interaction came to."""
    return next(m for m in reversed([result.response, *result.followups]) if m is not None)


def said(stage: Stage, result: InteractionResult) -> str:
    answer = last(result)
    return texts(stage.env.backend.get_message(answer.channel_id, answer.id)).replace("\\", "")


async def visit(
    stage: Stage, who: MemberActor, channel: ChannelHandle | None = None, **options: Any
) -> Visit:
    return Visit(stage, who, await who.slash(channel or stage.stories, "gallery", **options))


async def tell(stage: Stage, prompt: str, who: MemberActor | None = None, channel: Any = None) -> Story:
    await (who or stage.ann).slash(channel or stage.stories, "story tell", prompt=prompt)
    return await stage.told(await stage.newest())


async def settle_gallery_channel(stage: Stage, channel_id: int | None) -> None:
    await stage.bot.studio.archive.servers.change(
        stage.stories.guild.id, ADA, lambda _: ServerSettings().altered(gallery_channel=channel_id)
    )


async def file_of(result: InteractionResult) -> tuple[str, bytes]:
    (file,) = last(result).attachments
    return file.filename, await file.read()


async def test_before_the_first_story_the_gallery_says_how_to_begin(stage: Stage) -> None:
    assert "/story tell" in (await visit(stage, stage.ann)).text
    assert "no favourites" in (await visit(stage, stage.ann, favourites=True)).text


async def test_stories_are_turned_through_from_the_newest_to_the_oldest(stage: Stage) -> None:
    fox = await tell(stage, "a red fox: in a meadow | in the snow")
    cat = await tell(stage, "a blue cat: on a roof", stage.ben)
    look = await visit(stage, stage.mo)
    assert look.message.is_ephemeral
    assert f"story {cat.id}" in look.text
    assert "told by Ben" in look.text
    assert look.label("newer")["disabled"]
    assert "1 of 2" in look.text
    await look.press("older")
    assert "2 of 2" in look.text
    assert f"story {fox.id}" in look.text
    assert "in a meadow · in the snow" in look.text
    assert discord.utils.format_dt(fox.created_at, "D") in look.text
    assert [a["filename"] for a in look.message.attachments] == [f"sheet-{fox.id}.jpg"]
    assert look.label("older")["disabled"]
    await look.press("newer")
    assert f"story {cat.id}" in look.text
    assert all(len(custom_id) <= 100 for custom_id in custom_ids(look.message))
    assert len(custom_ids(look.message)) == 5


async def test_filters_are_kept_while_pages_are_turned(stage: Stage) -> None:
    first = await tell(stage, "a green owl: in a tree")
    await tell(stage, "a blue cat: on a roof")
    second = await tell(stage, "a green owl: in a barn", stage.ben)
    look = await visit(stage, stage.mo, character="OWL")
    assert f"story {second.id}" in look.text
    assert "1 of 2" in look.text
    await look.press("older")
    assert f"story {first.id}" in look.text
    assert look.label("older")["disabled"]
    assert "about “OWL”" in look.text
    theirs = await visit(stage, stage.mo, author=stage.ben, character="owl")
    assert f"story {second.id}" in theirs.text
    assert theirs.label("older")["disabled"]
    assert "No finished story passes" in (await visit(stage, stage.mo, character="dragon")).text
    refused = await stage.mo.slash(stage.stories, "gallery", date="yesterday")
    assert "2026-11-22 or 2026-11" in said(stage, refused)
    today = second.created_at.date().isoformat()
    on_day = (await visit(stage, stage.mo, date=today)).text
    noon = second.created_at.replace(hour=12, minute=0, second=0, microsecond=0)
    assert f"story {second.id}" in on_day and f"🔎 <t:{noon.timestamp():.0f}:D>" in on_day
    assert "No finished story" in (await visit(stage, stage.mo, date="2020-01")).text
    offered = await stage.mo.autocomplete(stage.stories, "gallery", "character", "ow")
    assert [choice["value"] for choice in offered] == ["a green owl"]


async def test_a_heart_is_counted_and_makes_a_favourite(stage: Stage) -> None:
    story = await tell(stage, "a pink pig: in the mud")
    bens, mos = await visit(stage, stage.ben), await visit(stage, stage.mo)
    await bens.press("heart")
    await mos.press("heart")
    assert (bens.label("heart")["label"], mos.label("heart")["label"]) == ("1", "2")
    favourites = await visit(stage, stage.ben, favourites=True)
    assert f"story {story.id}" in favourites.text
    await favourites.press("heart")
    assert "no favourites" in favourites.text
    assert f"story {story.id}" in (await visit(stage, stage.mo, favourites=True)).text
    assert "no favourites" in (await visit(stage, stage.ann, favourites=True)).text


async def test_a_story_is_shown_again_with_live_buttons(stage: Stage) -> None:
    story = await tell(stage, "a grey wolf: in a forest | on a hill")
    talk = stage.env.guild.create_text_channel("talk")
    look = await visit(stage, stage.ben, talk)
    before = len(stage.messages(talk.id))
    await look.press("show")
    *_others, shown = stage.messages(talk.id)
    assert len(stage.messages(talk.id)) == before + 1
    assert "a grey wolf" in texts(shown)
    card = Visit(stage, stage.mo, InteractionResultLike(shown))
    await card.press("heart")
    assert card.label("heart")["label"] == "1"
    menu = next(part for part in walk(card.message) if ":menu:frame" in str(part.get("custom_id")))
    assert [option["label"] for option in menu["options"]] == ["1. in a forest", "2. on a hill"]
    picked = await stage.ben.select(
        stage.shown(card.message), [menu["options"][1]["value"]], custom_id=menu["custom_id"]
    )
    assert last(picked).ephemeral, "a menu that everybody has posts nothing for everybody"
    assert "on a hill" in said(stage, picked)
    frame = stage.env.backend.get_message(talk.id, last(picked).id)
    take = story.frames[1].chosen
    assert "being drawn again" in said(
        stage, await stage.ben.click(stage.shown(frame), custom_id=f"samefox:reroll:{take.id}")
    )
    story = await stage.told(story.id)
    picked = await stage.ben.select(
        stage.shown(card.message), [menu["options"][1]["value"]], custom_id=menu["custom_id"]
    )
    frame = stage.env.backend.get_message(talk.id, last(picked).id)
    await stage.ben.click(stage.shown(frame), custom_id=f"samefox:page:{take.id}:<")
    frame = stage.env.backend.get_message(talk.id, frame.id)
    assert [a["filename"] for a in frame.attachments] == [f"samefox-{story.id}-{take.id}.png"]
    await stage.told(story.id)
    second = story.frames[1].takes[1]
    await stage.ben.click(stage.shown(frame), custom_id=f"samefox:page:{second.id}:>")
    frame = stage.env.backend.get_message(talk.id, frame.id)
    picked = await stage.ann.select(
        stage.shown(card.message), [menu["options"][1]["value"]], custom_id=menu["custom_id"]
    )
    frame = stage.env.backend.get_message(talk.id, last(picked).id)
    await stage.ann.click(stage.shown(frame), custom_id=f"samefox:choose:{second.id}")
    frame = stage.env.backend.get_message(talk.id, frame.id)
    choose = next(part for part in walk(frame) if ":choose:" in str(part.get("custom_id")))
    assert (choose["label"], choose["disabled"]) == ("Chosen", True)
    again = await stage.ann.slash(talk, "story show", number=str(story.id))
    assert "a grey wolf" in said(stage, again)
    choices = await stage.ann.autocomplete(talk, "story show", "number", "wolf")
    assert [choice["value"] for choice in choices] == [str(story.id)]


class InteractionResultLike:
    """A message that is there already, where a visit begins with an answer."""

    def __init__(self, message: Message) -> None:
        self.response, self.followups = message, ()


async def test_every_keepsake_is_made_and_fits(stage: Stage) -> None:
    story = await tell(stage, "红狐: 佩戴围巾于草地 | in the snow 🦊")
    offer = await stage.ben.slash(stage.stories, "story export", number=str(story.id))
    menu = next(
        part
        for part in walk(stage.env.backend.get_message(last(offer).channel_id, last(offer).id))
        if ":menu:export" in str(part.get("custom_id"))
    )
    files = {}
    for option in menu["options"]:
        made = await stage.ben.select(last(offer), [option["value"]], custom_id=menu["custom_id"])
        assert last(made).ephemeral
        kibibytes = round(len((await file_of(made))[1]) / 1024)
        told = f"{kibibytes} KB" if kibibytes < 102 else f"{kibibytes / 1024:.1f} MB"
        assert f"to keep: {told}" in last(made).content
        files[option["value"]] = await file_of(made)
    names = {kind: name.rpartition(".")[2] for kind, (name, _) in files.items()}
    assert names == {"strip": "png", "grid": "png", "pdf": "pdf", "gif": "gif", "mp4": "mp4", "zip": "zip"}
    with PdfDocument(files["pdf"][1]) as pdf:
        page_texts = [page.get_textpage().get_text_range() for page in pdf]
    assert "红狐" in page_texts[0]
    assert "told by Ann" in page_texts[0]
    assert story.created_at.date().isoformat() in page_texts[0]
    assert "佩戴围巾于草地" in page_texts[1]
    seed = story.takes[0].recipe.seed
    assert str(seed) in page_texts[-1]
    with zipfile.ZipFile(io.BytesIO(files["zip"][1])) as archive:
        assert str(seed) in archive.read(f"samefox-story-{story.id}/story.json").decode()
    assert Image.open(io.BytesIO(files["gif"][1])).n_frames > 3  # type: ignore[attr-defined]
    choices = await stage.ben.autocomplete(
        stage.stories, "story export", "format", "pd", number=str(story.id)
    )
    assert [choice["value"] for choice in choices] == ["pdf"]
    offered = [*menu["options"], *({"label": choice["name"]} for choice in choices)]
    assert not [option for option in offered if "MB" in str(option)], "its size is told once it is made"
    refused = await stage.ben.slash(stage.stories, "story export", number=str(story.id), format="docx")
    assert "no format “docx”" in said(stage, refused)


async def test_a_keepsake_that_had_to_be_reduced_says_so(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await tell(stage, "a grey goose: in a pond")
    pictures = stage.bot.studio.pictures
    whole = await stage.ben.slash(stage.stories, "story export", number=str(story.id), format="strip")
    monkeypatch.setattr(
        pictures, "print", lambda book, kind, _: type(pictures).print(pictures, book, kind, 2000)
    )
    reduced = await stage.ben.slash(stage.stories, "story export", number=str(story.id), format="strip")
    assert "reduced" not in said(stage, whole)
    assert "to keep: 2 KB" in said(stage, reduced)
    assert "reduced to fit into the 25 MB that I may post here" in said(stage, reduced)


async def test_one_members_keepsakes_are_made_one_after_another(stage: Stage) -> None:
    story = await tell(stage, "a grey mouse: in a mill | at sea")
    pictures = stage.bot.studio.pictures
    with pictures.at_press(stage.ben.id):
        refused = await stage.ben.slash(stage.stories, "story export", number=str(story.id), format="zip")
        assert "still being made" in said(stage, refused)
        made = await stage.ann.slash(stage.stories, "story export", number=str(story.id), format="zip")
        assert (await file_of(made))[0].endswith(".zip")
    made = await stage.ben.slash(stage.stories, "story export", number=str(story.id), format="zip")
    assert (await file_of(made))[0].endswith(".zip")
    with pytest.raises(PressFailed), pictures.at_press(stage.ben.id):
        raise PressFailed("the ink is out")
    with pictures.at_press(stage.ben.id):
        pass


async def test_what_is_deleted_is_said(stage: Stage) -> None:
    story = await tell(stage, "a white hare: in a field")
    stage.bot.studio.pictures.path(story.pictures[0]).unlink()
    look = await visit(stage, stage.ben)
    assert "not here any more" in look.text
    assert look.label("export")["disabled"]
    export = await stage.ben.slash(stage.stories, "story export", number=str(story.id), format="pdf")
    assert "nothing to take home" in said(stage, export)
    assert "no story 999" in said(stage, await stage.ben.slash(stage.stories, "story show", number="999"))
    await stage.bot.studio.archive.oblivion.delete_story(story.id)
    assert "any more" in said(stage, await look.press("heart"))


async def test_what_was_told_in_private_is_seen_by_who_was_there(stage: Stage) -> None:
    hidden = discord.PermissionOverwrite(view_channel=False)
    seen = discord.PermissionOverwrite(view_channel=True)
    guild = stage.env.guild
    private = guild.create_text_channel(
        "secret", overwrites={guild.default_role: hidden, stage.ann: seen, guild.me: seen}
    )
    wall = guild.create_text_channel("wall")
    await settle_gallery_channel(stage, wall.id)
    story = await tell(stage, "a secret mole: in a hole", channel=private)
    await settle_gallery_channel(stage, None)
    assert stage.messages(wall.id) == [], "the gallery's channel is read by more people"
    assert f"story {story.id}" in (await visit(stage, stage.ann)).text
    assert f"story {story.id}" in (await visit(stage, stage.mo)).text, "moderators see all"
    assert "No finished story" in (await visit(stage, stage.ben, character="mole")).text
    refused = await stage.ben.slash(stage.stories, "story show", number=str(story.id))
    assert f"no story {story.id}" in said(stage, refused)
    refused = await stage.ben.slash(stage.stories, "story continue", number=str(story.id))
    assert f"no story {story.id}" in said(stage, refused)
    assert await stage.ben.autocomplete(stage.stories, "story continue", "number", "mole") == []
    his = guild.create_text_channel(
        "bens-corner", overwrites={stage.ben: discord.PermissionOverwrite(manage_messages=True)}
    )
    seen = await tell(stage, "a brown hen: in a barn")
    refused = await stage.ben.slash(his, "story delete", number=str(seen.id))
    assert "only they or a moderator" in said(stage, refused)
    refused = await stage.ben.slash(his, "story show", number=str(story.id))
    assert f"no story {story.id}" in said(stage, refused), "he moderates his channel, and no other"


async def test_another_server_has_a_gallery_of_its_own(stage: Stage) -> None:
    story = await tell(stage, "a brown bear: in a cave")
    guild = stage.env.create_guild("Far Away")
    channel = guild.create_text_channel("general")
    eve = guild.add_member(stage.env.create_user("Eve"))
    look = Visit(stage, eve, await eve.slash(channel, "gallery"))
    assert "No story has been told" in look.text
    assert f"no story {story.id}" in said(stage, await eve.slash(channel, "story show", number=str(story.id)))
    assert await eve.autocomplete(channel, "story show", "number", "bear") == []


async def test_finished_stories_are_posted_to_the_gallery_channel_once(stage: Stage) -> None:
    wall = stage.env.guild.create_text_channel("pictures")
    await settle_gallery_channel(stage, wall.id)
    story = await tell(stage, "a black crow: on a fence")
    (post,) = stage.messages(wall.id)
    assert "a black crow" in texts(post)
    assert [a["filename"] for a in post.attachments] == [f"gallery-{story.id}.jpg"]
    take = story.takes[0]
    frame = stage.frames(story)[0]
    await stage.ann.click(stage.shown(frame), custom_id=f"samefox:reroll:{take.id}")
    await stage.told(story.id)
    assert len(stage.messages(wall.id)) == 1, "it is changed and not posted again"
    await settle_gallery_channel(stage, None)


async def test_a_gallery_channel_that_takes_no_messages_harms_no_story(stage: Stage) -> None:
    wall = stage.env.guild.create_text_channel("odd")
    await settle_gallery_channel(stage, wall.id)
    stage.env.inject_error("POST", f"/channels/{wall.id}/messages", status=400, times=1)
    story = await tell(stage, "a white owl: on a branch")
    await settle_gallery_channel(stage, None)
    assert stage.messages(wall.id) == []
    assert [a["filename"] for a in stage.card(story).attachments] == [f"story-{story.id}.png"]
    assert "a white owl" in (await visit(stage, stage.ben, character="owl")).text


async def test_nothing_shows_a_story_whose_last_picture_is_deleted(stage: Stage) -> None:
    wall = stage.env.guild.create_text_channel("wall")
    await settle_gallery_channel(stage, wall.id)
    owl = await tell(stage, "a white owl: on a branch")
    await settle_gallery_channel(stage, None)
    (post,) = stage.messages(wall.id)
    assert post.attachments and owl.strip_id is not None
    await stage.bot.studio.oversight.delete_picture(owl.takes[0].id, ADA)
    assert (await stage.told(owl.id)).strip_id is None
    (post,) = stage.messages(wall.id)
    for message in (post, stage.card(owl), *stage.messages(owl.thread_id or 0)):
        assert not message.attachments
