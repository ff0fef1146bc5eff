"""A host may have more styles and models than a menu of Discord's holds; all of them can be chosen."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from simcord.results import ResponseMessage

from generator.settings import ModelSettings
from tests.cogs.conftest import Stage, raised, walk
from tests.cogs.members import frame, more, told
from tests.cogs.office import MANAGER, Office, marked, shown
from tests.conftest import Device, small

STYLES = {f"style{number:02}": f"{{subject}}, style {number}" for number in range(60)}
OTHERS = tuple(f"models/other{number:02}" for number in range(30))


@pytest_asyncio.fixture(scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory, device: Device) -> AsyncIterator[Office]:
    settings = small(tmp_path_factory.mktemp("many"))
    many = settings.model_copy(
        update={"styles": settings.styles | STYLES, "model": ModelSettings(name="tiny", others=OTHERS)}
    )
    async with raised(many, device) as stage:
        guild = stage.env.guild
        role = guild.create_role("Managers", permissions=MANAGER)
        ada = guild.add_member(stage.env.create_user("Ada"), roles=[role])
        yield Office(stage, ada, role)


def offered(message: ResponseMessage, setting: str) -> list[str]:
    """What a setting's menu offers now."""
    (found,) = (p for p in walk(message._message) if str(p.get("custom_id")).endswith(f":menu:{setting}"))
    return [option["value"] for option in found["options"]]


def fits(message: ResponseMessage) -> bool:
    ids = [part["custom_id"] for part in walk(message._message) if part.get("custom_id")]
    return len(walk(message._message)) <= 40 and len(ids) == len(set(ids))


async def test_a_server_offers_styles_of_every_page(office: Office) -> None:
    panel = await office.open("pictures")
    assert fits(panel)
    first = offered(panel, "styles.page0")
    assert len(first) == 25
    await office.press(panel, "turn", "styles.page1")
    await office.press(panel, "turn", "styles.page2")
    last = offered(panel, "styles.page2")
    assert last[-1] == "style59" and fits(panel)
    await office.choose(panel, "styles.page2", "style58", "style59")
    assert set((await office.settings()).styles) == {"style58", "style59"}
    assert marked(panel, "styles.page2") == ["style58", "style59"], "it stays where it was"
    await office.press(panel, "turn", "styles.page1")
    await office.press(panel, "turn", "styles.page0")
    await office.choose(panel, "styles.page0", "style03")
    assert set((await office.settings()).styles) == {"style03", "style58", "style59"}
    await office.press(panel, "turn", "styles.page1")
    await office.press(panel, "turn", "styles.page2")
    await office.choose(panel, "styles.page2")
    assert (await office.settings()).styles == ("style03",)
    await office.set()


async def test_the_usual_style_and_model_may_be_on_a_later_page(office: Office) -> None:
    panel = await office.open("pictures")
    await office.press(panel, "turn", "style.page1")
    await office.press(panel, "turn", "style.page2")
    await office.choose(panel, "style.page2", "style57")
    assert (await office.settings()).style == "style57"
    assert marked(await office.open("pictures"), "style.page2") == ["style57"], "it opens where that is"
    await office.press(panel, "turn", "model.page1")
    await office.choose(panel, "model.page1", OTHERS[-1])
    assert (await office.settings()).model == OTHERS[-1]
    await office.set()


async def test_a_members_own_style_may_be_too(office: Office) -> None:
    ben = office.stage.ben
    panel = shown(await ben.slash(office.stage.stories, "me defaults"))
    assert fits(panel)
    await ben.click(panel, custom_id="samefox:me:press:turn:style.page1")
    await ben.click(panel, custom_id="samefox:me:press:turn:style.page2")
    await ben.select(panel, ["style56"], custom_id="samefox:me:menu:style.page2")
    assert (await office.stage.bot.studio.defaults(ben.id)).style == "style56"


async def test_a_picture_may_be_drawn_with_every_model(office: Office) -> None:
    stage: Stage = office.stage
    story = await told(stage)
    menu = shown(await more(stage, stage.ann, story))
    setting = f"model.{story.takes[0].id}"
    assert len(offered(menu, f"{setting}.page0")) == 25 and fits(menu)
    await stage.ann.click(menu, custom_id=f"samefox:takes:press:turn:{setting}.page1")
    assert offered(menu, f"{setting}.page1")[-1] == OTHERS[-1] and fits(menu)
    custom_id = f"samefox:takes:menu:{setting}.page1"
    await stage.ann.select(menu, [OTHERS[-1]], custom_id=custom_id)
    story = await stage.told(story.id)
    assert story.takes[-1].recipe.model == OTHERS[-1]
    assert frame(stage, story) is not None


async def test_what_is_typed_finds_every_style_and_model(office: Office) -> None:
    ann, stories = office.stage.ann, office.stage.stories
    for option, wanted in (("style", "style59"), ("model", "other29")):
        found = await ann.autocomplete(stories, "story tell", option, wanted[-7:])
        assert [wanted in str(choice["value"]) for choice in found] == [True]
