"""What is not drawn and not shown: words refused, pictures covered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO

import pytest
import pytest_asyncio
from PIL import Image
from simcord.backend.models import Message

from generator.moderation.shading import TILES
from generator.server import Shade
from generator.settings import SafetySettings
from tests.cogs.conftest import Stage, custom_ids, raised, texts
from tests.cogs.members import fields, frame, said, told
from tests.cogs.moderators import settle_on
from tests.conftest import small
from tests.models import build_checker

FOX = "a red fox: in a meadow"


@pytest_asyncio.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A stage whose safety model objects to every picture."""
    folder = tmp_path_factory.mktemp("moderation")
    checker = build_checker(folder / "checker", finds=True)
    safety = SafetySettings(model=str(checker))
    async with raised(small(folder / "data").model_copy(update={"safety": safety})) as stage:
        yield stage


def adult(stage: Stage, *, is_adult: bool = True) -> None:
    channel = stage.bot.get_channel(stage.stories.id)
    assert channel is not None
    channel.nsfw = is_adult


def colours(stage: Stage, message: Message, *, number: int = 0) -> int:
    """How many colours an attached picture has."""
    blob = stage.env.backend.cdn.get(message.attachments[number]["url"])
    with Image.open(BytesIO(blob if isinstance(blob, bytes) else blob.data)) as picture:
        return len(picture.getcolors(1 << 24) or ())


async def test_a_word_that_is_not_for_everybody_is_refused_and_the_text_comes_back(stage: Stage) -> None:
    prompt = "a n u d e fox: in a meadow"
    before = await stage.newest()
    result = await stage.ann.slash(stage.stories, "story tell", prompt=prompt)
    for part in ("“nude” is nothing that I draw", "age-restricted channel", prompt):
        assert part in said(stage, result)
    assert await stage.newest() == before


async def test_a_servers_own_word_is_refused_in_a_story_and_in_a_remix_of_it(stage: Stage) -> None:
    await settle_on(stage, refused_words=("pineapple",))
    result = await stage.ann.slash(stage.stories, "story tell", prompt="a pizza: with p1neapple")
    assert "moderators of this server do not want “pineapple”" in said(stage, result)
    story = await told(stage, FOX)
    form = await stage.ann.click(stage.shown(frame(stage, story)), label="Remix")
    result = await stage.ann.submit_modal(form, fields(form, "with a Pine\u200bapple"))
    assert "do not want “pineapple”" in said(stage, result)
    assert "Pine" in said(stage, result), "what was typed comes back"
    await settle_on(stage)


async def test_children_are_never_drawn_in_a_sexual_way_also_where_adults_are(stage: Stage) -> None:
    adult(stage)
    result = await stage.ann.slash(stage.stories, "story tell", prompt="a little girl: naked in a bath")
    assert "I never draw anybody who may be a child" in said(stage, result)
    adult(stage, is_adult=False)


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
