"""``/me defaults`` acted out: Ann's stories are drawn as she likes, within what each server allows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from simcord import MemberActor
from simcord.results import InteractionResult, ResponseMessage

from generator.server import MemberDefaults
from tests.cogs.conftest import raised
from tests.cogs.office import MANAGER, Office, fields, marked, menu, shown, typed, words
from tests.conftest import Device, small


@pytest_asyncio.fixture(scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory, device: Device) -> AsyncIterator[Office]:
    async with raised(small(tmp_path_factory.mktemp("me")), device) as stage:
        keepers = stage.stories.guild.create_role("Keepers", permissions=MANAGER)
        ada = stage.stories.guild.add_member(stage.env.create_user("Ada"), roles=[keepers])
        yield Office(stage, ada, keepers)


async def opened(office: Office, member: MemberActor) -> ResponseMessage:
    return shown(await member.slash(office.stage.stories, "me defaults"))


async def press(member: MemberActor, panel: ResponseMessage, verb: str, what: str) -> InteractionResult:
    return await member.click(panel, custom_id=f"samefox:me:press:{verb}:{what}")


async def test_a_members_defaults_go_before_the_servers_and_belong_to_them_alone(office: Office) -> None:
    ann, ben, stories = office.stage.ann, office.stage.ben, office.stage.stories
    await office.set(steps=3, style="photo")
    panel = await opened(office, ann)
    assert "Steps: 3\n" in words(panel)
    await ann.submit_modal(await press(ann, panel, "form", "mine"), typed("4", "128x64", "2,5", ""))
    await ann.select(panel, ["ink"], custom_id="samefox:me:menu:style")
    for part in (
        "Steps: 4 · *yours*",
        "Size: 128 × 64 · *yours*",
        "Guidance: 2.5 · *yours*",
        "Identity: 2\n",
    ):
        assert part in words(panel)
    assert marked(panel, "style", "me") == ["ink"]
    recipe = await office.recipe(ann, stories)
    assert (recipe.steps, recipe.width, recipe.height, recipe.guidance_scale) == (4, 128, 64, 2.5)
    assert "ink" in recipe.subject
    assert (await office.recipe(ann, stories, steps=5)).steps == 5, "what she says goes before"
    other = await office.recipe(ben, stories)
    assert (other.steps, other.width) == (3, 64)
    assert "photograph" in other.subject


async def test_a_default_style_that_is_not_offered_here_rests(office: Office) -> None:
    ann = office.stage.ann
    await office.set(styles=("photo", "plain"))
    await office.stage.bot.studio.archive.servers.set_defaults(ann.id, MemberDefaults(style="ink"))
    panel = await opened(office, ann)
    assert [option["value"] for option in menu(panel, "style", "me")["options"]] == ["-", "plain", "photo"]
    assert (await office.recipe(ann, office.stage.stories)).subject == "a red fox"
    assert (await office.stage.bot.studio.defaults(ann.id)).style == "ink", "for other servers"


async def test_what_is_not_possible_comes_back_and_all_can_be_cleared(office: Office) -> None:
    ann = office.stage.ann
    await office.set()
    await office.stage.bot.studio.archive.servers.set_defaults(ann.id, MemberDefaults(steps=4))
    panel = await opened(office, ann)
    texts = ("1000", "big", "-1", "0")
    await ann.submit_modal(await press(ann, panel, "form", "mine"), typed(*texts))
    for part in (
        "Steps: “1000” is not possible; please write 1 to 100",
        "“big” is no size",
        "Guidance: “-1” is not possible; please write 0 to 30",
        "Identity: “0” is not possible; please write 0.1 to 16",
    ):
        assert part in words(panel)
    assert "Here is what you wrote, so that you can correct it" in words(panel)
    assert fields(await press(ann, panel, "correct", "mine")) == list(texts)
    await press(ann, panel, "clear", "all")
    assert await office.stage.bot.studio.defaults(ann.id) == MemberDefaults()
    assert "yours" not in words(panel)
    assert "Nothing is saved yet" not in words(panel)
