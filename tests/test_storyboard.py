from __future__ import annotations

from pathlib import Path

import pytest

from generator.errors import OptionRefused, PromptTooLong
from generator.server import Limits, MemberDefaults, ServerSettings
from generator.settings import (
    LimitSettings,
    LoraSettings,
    ModelSettings,
    Settings,
    SpeedSettings,
    StorySettings,
)
from generator.story import Options, Script, SvrMode
from generator.storyboard import draft, read_size

FOX = Script(subject="a red fox", scenes=("in a meadow", "in the snow", "by a river"))


def test_each_scene_becomes_a_recipe_that_expresses_it_and_suppresses_the_others() -> None:
    board = draft(FOX, Options(seed=1), Settings())
    assert [recipe.express for recipe in board.recipes] == list(FOX.scenes)
    assert board.recipes[1].suppress == ("in a meadow", "by a river")
    assert board.recipes[1].prompt == "a red fox in a meadow in the snow by a river"


def test_all_frames_share_one_seed() -> None:
    seeds = {recipe.seed for recipe in draft(FOX, Options(), Settings()).recipes}
    assert len(seeds) == 1
    assert seeds != {recipe.seed for recipe in draft(FOX, Options(), Settings()).recipes}


def test_the_author_goes_before_the_host_and_the_host_before_the_model() -> None:
    host = Settings(story=StorySettings(steps=30), model=ModelSettings(name="someone/sdxl"))
    recipe = draft(FOX, Options(seed=1, guidance_scale=3.0), host).recipes[0]
    assert (recipe.guidance_scale, recipe.steps, recipe.width) == (3.0, 30, 1024)


def test_a_host_in_a_hurry_asks_for_few_steps_unless_somebody_says_how_many() -> None:
    model = ModelSettings(name="someone/sdxl")
    host = Settings(model=model, speed=SpeedSettings(preset="fast"))
    recipe = draft(FOX, Options(), host).recipes[0]
    assert (recipe.scheduler, recipe.steps) == ("dpm-karras", 20)
    assert draft(FOX, Options(steps=40), host).recipes[0].steps == 40


def test_a_slow_device_asks_for_few_steps_unless_the_host_has_chosen_a_preset() -> None:
    host = Settings(model=ModelSettings(name="someone/sdxl"))
    assert [draft(FOX, Options(), each).recipes[0].steps for each in (host, host.hurried)] == [50, 20]
    chosen = host.model_copy(update={"speed": SpeedSettings(preset="exact")})
    assert chosen.hurried == chosen


def test_a_lora_of_few_steps_is_asked_for_few_steps(tmp_path: Path) -> None:
    lora = tmp_path / "sdxl_lightning_4step_lora.safetensors"
    lora.touch()
    host = Settings(model=ModelSettings(name="someone/sdxl", loras=(LoraSettings(path=str(lora)),)))
    recipe = draft(FOX, Options(), host).recipes[0]
    assert (recipe.scheduler, recipe.steps, recipe.guidance_scale) == ("euler-trailing", 4, 0.0)


def test_a_members_default_goes_between_the_author_and_the_server_and_the_server_before_the_host() -> None:
    host = Settings(story=StorySettings(steps=30, width=512), model=ModelSettings(name="someone/sdxl"))
    server = ServerSettings(steps=20, width=640, height=704)
    member = MemberDefaults(steps=10, guidance_scale=0.0)
    recipe = draft(FOX, Options(seed=1, width=768), host, server, member).recipes[0]
    assert (recipe.width, recipe.steps, recipe.height, recipe.guidance_scale) == (768, 10, 704, 0.0)


def test_a_default_above_the_hosts_limits_is_lowered_to_them() -> None:
    host = Settings(limits=LimitSettings(steps=50, side=512))
    recipe = draft(FOX, Options(), host, ServerSettings(width=1024), MemberDefaults(steps=99)).recipes[0]
    assert (recipe.width, recipe.steps) == (512, 50)


def test_a_server_offers_some_of_the_hosts_styles_and_other_defaults_count_not() -> None:
    server = ServerSettings(styles=("ink", "photo", "gone"), style="photo")
    assert draft(FOX, Options(), Settings(), server).style == "photo"
    assert draft(FOX, Options(), Settings(), server, MemberDefaults(style="watercolor")).style == "photo"
    assert draft(FOX, Options(), Settings(), server, MemberDefaults(style="ink")).style == "ink"
    assert draft(FOX, Options(), Settings(), ServerSettings(styles=("ink",))).style == "ink", "plain is not"
    with pytest.raises(OptionRefused, match="choose one of photo, ink"):
        draft(FOX, Options(style="plain"), Settings(), server)


def test_a_server_chooses_among_the_hosts_models_and_each_is_asked_its_own_way() -> None:
    host = Settings(model=ModelSettings(name="storybook", others=("tiny", "someone/sdxl-turbo")))
    assert draft(FOX, Options(), host).recipes[0].model == "storybook"
    server = ServerSettings(model="someone/sdxl-turbo")
    recipe = draft(FOX, Options(), host, server).recipes[0]
    assert (recipe.model, recipe.steps, recipe.width) == ("someone/sdxl-turbo", 4, 512)
    assert draft(FOX, Options(model="tiny"), host, server).recipes[0].steps == 8
    with pytest.raises(OptionRefused, match="no model “tiny” here; choose one of storybook"):
        draft(FOX, Options(model="tiny"), host, ServerSettings(models=("storybook",)))


def test_a_model_that_the_host_gave_up_is_replaced_by_the_hosts_first() -> None:
    server = ServerSettings(models=("gone/sdxl",), model="gone/sdxl")
    assert draft(FOX, Options(), Settings(), server).recipes[0].model == "storybook"


@pytest.mark.parametrize(("limit", "roles", "most"), [(None, [], 20), (5, [], 5), (5, [7], 20), (50, [], 20)])
def test_a_servers_limit_of_scenes_is_never_above_the_hosts(
    limit: int | None, roles: list[int], most: int
) -> None:
    server = ServerSettings(limits=Limits(scenes=limit, exempt_roles=(7,)))
    assert server.most_scenes(Settings(), roles) == most


def test_a_wish_of_zero_is_a_wish() -> None:
    recipe = draft(FOX, Options(seed=0, guidance_scale=0.0), Settings()).recipes[0]
    assert (recipe.seed, recipe.guidance_scale) == (0, 0.0)


def test_a_style_dresses_the_subject_and_so_belongs_to_the_identity() -> None:
    recipe = draft(FOX, Options(style="watercolor"), Settings()).recipes[0]
    assert recipe.subject.startswith("a red fox, soft watercolor")
    assert recipe.prompt.startswith(recipe.subject + " ")


def test_braces_in_a_subject_are_only_text() -> None:
    script = Script(subject="a {0} fox {subject}", scenes=("in a meadow",))
    assert draft(script, Options(), Settings()).recipes[0].subject == "a {0} fox {subject}"


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (Options(width=1001, height=512), "size = 1001x512 is not possible"),
        (Options(width=512, height=32), "size = 512x32 is not possible; width and height"),
        (Options(steps=0), "steps = 0"),
        (Options(steps=101), "steps = 101 is not possible; please choose 1 to 100"),
        (Options(width=1544), "size = 1544 is not possible"),
        (Options(width=1544), "width and height can each be a multiple of 8 from 64 to 1536"),
        (Options(guidance_scale=31.0), "guidance = 31"),
        (Options(identity_strength=0.0), "identity = 0"),
        (Options(window_length=0), "window = 0"),
        (Options(seed=2**32), "4294967295"),
        (Options(style="cubist"), "no style “cubist”"),
    ],
)
def test_an_option_out_of_bounds_is_refused_with_its_value(options: Options, part: str) -> None:
    with pytest.raises(OptionRefused) as refusal:
        draft(FOX, options, Settings(limits=LimitSettings(steps=100, side=1536)))
    assert part in str(refusal.value)


def test_a_scene_too_long_is_refused_with_its_tokens_and_the_limit() -> None:
    script = Script(subject="a fox", scenes=("in the snow", "very " * 90 + "far"))
    with pytest.raises(PromptTooLong, match=r"\b9\d tokens.*\b7[57]\b"):
        draft(script, Options(), Settings())


def test_svr_can_be_chosen() -> None:
    assert draft(FOX, Options(svr=SvrMode.SVR_EOT), Settings()).recipes[0].svr is SvrMode.SVR_EOT


@pytest.mark.parametrize(
    ("text", "size"),
    [("1024x768", (1024, 768)), ("1024 × 768", (1024, 768)), ("512", (512, 512)), ("640X512", (640, 512))],
)
def test_sizes_are_read_as_people_write_them(text: str, size: tuple[int, int]) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["big", "1024x", "10 24", "-5x5", "9" * 30])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(OptionRefused, match="is no size"):
        read_size(text)
