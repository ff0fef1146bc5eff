"""``/settings`` acted out: one who may manage the server changes it, others are refused, ``/story`` obeys."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from generator.server import Limits, ServerSettings, Shade
from generator.settings import LimitSettings, ModelSettings
from generator.storybook.vocabulary import EXAMPLES
from tests.cogs.conftest import raised, walk
from tests.cogs.office import FOX, MANAGER, Office, fields, marked, menu, said, typed, words
from tests.conftest import Device, small


@pytest_asyncio.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory, device: Device) -> AsyncIterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    (folder / "ink.safetensors").touch()
    settings = small(folder)
    model = ModelSettings(name="tiny", others=("storybook", str(folder / "ink.safetensors")))
    reading = settings.bot.model_copy(update={"read_messages": True})
    settings = settings.model_copy(update={"model": model, "limits": LimitSettings(scenes=9), "bot": reading})
    async with raised(settings, device) as stage:
        keepers = stage.stories.guild.create_role("Keepers", permissions=MANAGER)
        ada = stage.stories.guild.add_member(stage.env.create_user("Ada"), roles=[keepers])
        yield Office(stage, ada, keepers)


@pytest_asyncio.fixture
async def office(shared: Office) -> Office:
    await shared.set()
    return shared


async def test_the_panel_shows_at_a_glance_what_holds(office: Office) -> None:
    art = office.guild.create_text_channel("art")
    await office.set(channels=(art.id,), style="ink", limits=Limits(scenes=4), language="zh-CN")
    panel = await office.open()
    for part in (f"Channels: <#{art.id}>", "Style: ink", "Scenes in a story: 4", "Language: 简体中文"):
        assert part in words(panel)


async def test_who_may_not_manage_the_server_is_refused_at_each_step_and_told_what_to_do(
    office: Office,
) -> None:
    with pytest.raises(Exception, match="permission"):  # Discord does not even offer it
        await office.stage.ann.slash(office.stage.stories, "settings")
    panel = await office.open("limits")
    form = await office.press(panel, "form", "limits")
    office.stage.env.backend.remove_member_role(office.guild.id, office.ada.id, office.keepers.id)
    try:
        for result in (
            await office.press(panel, "open", "home"),
            await office.press(panel, "form", "limits"),
            await office.choose(panel, "limits.exempt_roles", office.keepers),
            await office.ada.submit_modal(form, typed("1", "1", "1", "1")),
        ):
            assert "Only members who may Manage Server" in said(result)
            assert "/me defaults" in said(result)
    finally:
        office.stage.env.backend.add_member_role(office.guild.id, office.ada.id, office.keepers.id)
    assert await office.settings() == ServerSettings()


async def test_stories_are_told_in_the_chosen_channels_and_their_threads_only(office: Office) -> None:
    art, ann = office.guild.create_text_channel("art"), office.stage.ann
    panel = await office.open("where")
    await office.choose(panel, "channels", art)
    assert marked(panel, "channels") == [str(art.id)]
    refusal = await office.refusal(ann, office.stage.stories)
    for part in ("Stories are told in #art here", "/settings", "so that it is not lost", FOX):
        assert part in refusal
    assert "told in #art" in said(await ann.slash(office.stage.stories, "story write")), (
        "before it is written"
    )
    assert (await office.recipe(ann, art)).prompt
    await office.choose(panel, "channels")
    assert (await office.recipe(ann, office.stage.stories)).prompt


async def test_a_category_stands_for_its_channels(office: Office) -> None:
    garden = office.guild.create_category("Garden")
    pond = office.guild.create_text_channel("pond", category=garden)
    await office.choose(await office.open("where"), "channels", garden)
    assert (await office.recipe(office.stage.ann, pond)).prompt
    assert "#Garden" in await office.refusal(office.stage.ann, office.stage.stories)


async def test_a_deleted_channel_is_shown_as_gone_and_opens_nothing_by_itself(office: Office) -> None:
    art, den = office.guild.create_text_channel("art"), office.guild.create_text_channel("den")
    panel = await office.open("where")
    await office.choose(panel, "channels", art, den)
    await office.choose(await office.open("sharing"), "gallery_channel", art)
    office.stage.env.backend.delete_channel(art.id)
    panel = await office.open("where")
    assert "⚠️ a deleted channel" in words(panel)
    assert marked(panel, "channels") == [str(den.id)]
    await office.choose(panel, "teller_roles")  # the next change of anything tidies up
    settings = await office.settings()
    assert (settings.channels, settings.gallery_channel) == ((den.id,), None)
    office.stage.env.backend.delete_channel(den.id)
    await office.choose(panel, "teller_roles")
    refusal = await office.refusal(office.stage.ann, office.stage.stories)
    assert "have been deleted" in refusal
    assert "/settings" in refusal


async def test_stories_are_told_by_members_with_the_chosen_roles(office: Office) -> None:
    bards = office.guild.create_role("Bards")
    cat = office.guild.add_member(office.stage.env.create_user("Cat"), roles=[bards])
    await office.choose(await office.open("where"), "teller_roles", bards)
    refusal = await office.refusal(office.stage.ann, office.stage.stories)
    assert "by members with the role @Bards; please ask a moderator" in refusal
    assert (await office.recipe(cat, office.stage.stories)).prompt
    office.stage.env.backend.delete_role(office.guild.id, bards.id)
    assert "roles that could tell stories here have been deleted" in await office.refusal(
        office.stage.ann, office.stage.stories
    )


async def test_a_server_offers_some_styles_and_has_a_usual_one(office: Office) -> None:
    panel = await office.open("pictures")
    await office.choose(panel, "styles", "ink", "watercolor")
    await office.choose(panel, "style", "ink")
    assert (marked(panel, "styles"), marked(panel, "style")) == (["watercolor", "ink"], ["ink"])
    ann, stories = office.stage.ann, office.stage.stories
    assert "black ink" in (await office.recipe(ann, stories)).subject
    offered = await ann.autocomplete(stories, "story tell", "style", "")
    assert [each["value"] for each in offered] == ["watercolor", "ink"]
    assert "choose one of watercolor, ink" in await office.refusal(ann, stories, style="photo")
    await office.choose(panel, "styles", *(o["value"] for o in menu(panel, "styles")["options"]))
    assert (await office.settings()).styles == (), "all of them is no restriction"
    await office.choose(panel, "style", "-")
    assert (await office.settings()).style is None


async def test_a_server_chooses_among_the_hosts_models(office: Office) -> None:
    ann, stories = office.stage.ann, office.stage.stories
    offered = await ann.autocomplete(stories, "story tell", "model", "")
    assert [each["value"] for each in offered] == ["tiny", "storybook", "ink.safetensors"]
    panel = await office.open("pictures")
    names = [option["value"] for option in menu(panel, "models")["options"]]
    assert [option["label"] for option in menu(panel, "models")["options"]][2] == "ink.safetensors"
    assert (await office.recipe(ann, stories)).model == "tiny"
    await office.choose(panel, "model", names[2])
    assert "Usual model**: ink.safetensors" in words(panel)
    assert (await office.recipe(ann, stories)).model.endswith("/ink.safetensors")
    assert (await office.recipe(ann, stories, model="storybook")).model == "storybook"
    await office.choose(panel, "models", names[0])
    assert (await office.recipe(ann, stories)).model == "tiny", "the usual one is not offered any more"
    assert "no model “storybook” here" in await office.refusal(ann, stories, model="storybook")
    assert await ann.autocomplete(stories, "story tell", "model", "") == [], "there is no choice"


async def test_a_style_or_model_that_the_host_gave_up_is_shown_as_gone_until_the_next_change(
    office: Office,
) -> None:
    await office.set(styles=("ink", "cubist"), style="cubist", model="dali.safetensors")
    panel = await office.open("pictures")
    assert "Styles offered**: ink, ⚠️ cubist (gone)" in words(panel)
    assert (marked(panel, "style"), marked(panel, "model")) == (["-"], ["-"])
    recipe = await office.recipe(office.stage.ann, office.stage.stories)
    assert "black ink" in recipe.subject
    assert recipe.model == "tiny"
    await office.choose(panel, "style", "-")
    assert await office.settings() == ServerSettings(styles=("ink",))


async def test_steps_and_size_are_typed_and_flow_into_the_pictures(office: Office) -> None:
    panel = await office.open("pictures")
    await office.type(panel, "look", "3", "128 x 64")
    recipe = await office.recipe(office.stage.ann, office.stage.stories)
    assert (recipe.steps, recipe.width, recipe.height) == (3, 128, 64)
    assert fields(await office.press(panel, "form", "look")) == ["3", "128x64"]
    assert "Steps and size**: 3 · 128 × 64" in words(panel)
    assert "Usual style**: plain, as the host has it" in words(panel)
    await office.type(panel, "look", "", "")
    assert ", as the host has it" in words(panel).partition("Steps and size")[2].partition("\n")[0]
    settings = await office.settings()
    assert (settings.steps, settings.width, settings.height) == (None, None, None)


async def test_what_is_not_possible_is_told_field_by_field_and_what_was_typed_comes_back(
    office: Office,
) -> None:
    panel = await office.open("limits")
    assert "Scenes in a story: 9, as the host has it" in words(panel)
    texts = ("lots", "12", "0", "50")
    await office.type(panel, "limits", *texts)
    for part in (
        "Nothing is saved yet",
        "Stories at once: “lots” is not possible; please write 1 to 10",
        "Scenes in a story: “12” is not possible; please write 1 to 9",  # the host's limit
        "Daily pictures, each: “0” is not possible",
        "Stories at once: lots\n",
    ):
        assert part in words(panel)
    assert await office.settings() == ServerSettings()
    form = await office.press(panel, "correct", "limits")
    assert fields(form) == list(texts)
    await office.ada.submit_modal(form, typed("2", "5", "", "50"))
    assert "Nothing is saved yet" not in words(panel)
    limits = (await office.settings()).limits
    assert limits == Limits(stories_at_once=2, scenes=5, server_frames_a_day=50)


async def test_the_limit_of_scenes_holds_except_for_the_exempt(office: Office) -> None:
    bards = office.guild.create_role("Bards")
    cat = office.guild.add_member(office.stage.env.create_user("Cat"), roles=[bards])
    panel = await office.open("limits")
    await office.type(panel, "limits", "", "2", "", "")
    await office.choose(panel, "limits.exempt_roles", bards)
    assert marked(panel, "limits.exempt_roles") == [str(bards.id)]
    refusal = await office.refusal(office.stage.ann, office.stage.stories)
    assert "3 scenes, and I can draw at most 2" in refusal
    assert (await office.recipe(cat, office.stage.stories)).prompt


async def test_a_role_is_weighed_in_two_choices(office: Office) -> None:
    patrons = office.guild.create_role("Patrons")
    panel = await office.open("limits")
    await office.choose(panel, "weigh", patrons)
    assert marked(panel, f"weight.{patrons.id}") == ["1.0"]
    await office.choose(panel, f"weight.{patrons.id}", "2.0")
    assert (await office.settings()).role_weights == {patrons.id: 2.0}
    assert f"<@&{patrons.id}> × 2" in words(panel)
    await office.choose(panel, "weigh", patrons)
    await office.choose(panel, f"weight.{patrons.id}", "1.0")
    assert (await office.settings()).role_weights == {}


async def test_moderation_is_chosen_and_words_are_typed_a_line_each(office: Office) -> None:
    mods = office.guild.create_text_channel("mods")
    panel = await office.open("moderation")
    await office.choose(panel, "shade", "refuse")
    assert "⚠️" not in words(panel)
    await office.choose(panel, "reports_channel", mods)
    assert "⚠️ Everyone can view this channel" in words(panel)
    await office.type(panel, "words", "spider\n/cl(own/")
    assert "“/cl(own/” is no regular expression" in words(panel)
    form = await office.press(panel, "correct", "words")
    assert fields(form) == ["spider\n/cl(own/"]
    await office.ada.submit_modal(form, {"0": "spider, big top\n\n/cl[o]wn{1,2}/\nspider"})
    settings = await office.settings()
    assert (settings.shade, settings.reports_channel) == (Shade.REFUSE, mods.id)
    assert settings.refused_words == ("spider", "big top", "/cl[o]wn{1,2}/")
    await office.choose(panel, "reports_channel")
    assert (await office.settings()).reports_channel is None


async def test_language_gallery_and_reading_are_chosen(office: Office) -> None:
    gallery = office.guild.create_text_channel("gallery")
    panel = await office.open("sharing")
    await office.choose(panel, "language", "zh-CN")
    await office.choose(panel, "gallery_channel", gallery)
    await office.choose(panel, "read_messages", "yes")
    settings = await office.settings()
    assert (settings.language, settings.gallery_channel, settings.read_messages) == (
        "zh-CN",
        gallery.id,
        True,
    )
    assert [marked(panel, name) for name in ("language", "gallery_channel", "read_messages")] == [
        ["zh-CN"],
        [str(gallery.id)],
        ["yes"],
    ]


async def test_reading_is_not_offered_where_the_host_lets_no_messages_be_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.set(read_messages=True)
    host = office.stage.bot.settings
    deaf = host.model_copy(update={"bot": host.bot.model_copy(update={"read_messages": False})})
    monkeypatch.setattr(type(office.stage.bot), "settings", property(lambda _: deaf))
    assert "Scenes from messages: no, since the host" in words(await office.open())
    panel = await office.open("sharing")
    assert "Scenes from messages**: no, since the host" in words(panel)
    assert "menu:read_messages" not in str(panel.components)


async def test_who_changed_what_is_told_and_a_part_or_everything_is_reset(office: Office) -> None:
    panel = await office.open("pictures")
    for style in ("ink", "photo", "plain", "ink", "photo", "ink", "watercolor"):
        await office.choose(panel, "style", style)
    await office.choose(await office.open("sharing"), "read_messages", "yes")
    panel = await office.open("history")
    assert words(panel).index("Scenes from messages**: no → yes") < words(panel).index("ink → watercolor")
    assert "Ada · <t:" in words(panel)
    await office.press(panel, "older", "1")
    assert "ink → photo" in words(panel)
    await office.press(panel, "newer", "0")
    assert "no → yes" in words(panel)
    panel = await office.open("reset")
    await office.choose(panel, "reset", "pictures")
    assert await office.settings() == ServerSettings(read_messages=True)
    await office.choose(await office.open("reset"), "reset", "everything")
    assert await office.settings() == ServerSettings()


async def test_the_fullest_panel_fits_into_a_message(office: Office) -> None:
    channels = [office.guild.create_text_channel(f"channel-{number}") for number in range(25)]
    roles = [office.guild.create_role(f"Role {number}") for number in range(25)]
    ids = tuple(role.id for role in roles)
    await office.set(
        channels=tuple(channel.id for channel in channels),
        teller_roles=ids,
        limits=Limits(stories_at_once=50, scenes=5, frames_a_day=10**5, exempt_roles=ids),
        role_weights=dict.fromkeys(ids, 0.25),
        refused_words=tuple(f"{'*' * 90}{number}" for number in range(200)),
    )
    panel = await office.open()
    for page in ("home", "where", "pictures", "limits", "moderation", "sharing", "history", "reset"):
        if page != "home":
            await office.press(panel, "open", page)
        parts = list(walk(panel._message))
        assert len(parts) <= 40
        assert sum(len(part.get("content") or "") for part in parts) <= 4000
        if page != "home":
            await office.press(panel, "open", "home")
    await office.press(panel, "open", "moderation")
    await office.type(panel, "words", "\n".join(["/(/"] * 374))
    assert "no regular expression" in words(panel)


async def test_examples_are_offered_where_the_picture_book_draws(office: Office) -> None:
    ann, stories = office.stage.ann, office.stage.stories
    assert await ann.autocomplete(stories, "story tell", "prompt", "") == []
    await office.set(model="storybook")

    async def offered(typed: str) -> list[str]:
        choices = await ann.autocomplete(stories, "story tell", "prompt", typed)
        return [choice["value"] for choice in choices]

    assert await offered("") == list(EXAMPLES)
    assert (await offered("a blue p"))[0] == "a blue p"
    assert (await offered("a blue p"))[1].startswith("a blue penguin with ")
    assert await offered("a cat: on a roof") == ["a cat: on a roof"]
    assert await offered("x" * 101) == []
