from __future__ import annotations

import pytest

from generator.errors import OptionRefused, PromptTooLong
from generator.settings import LimitSettings, ModelSettings, Settings, StorySettings
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
        (Options(width=1001), "width = 1001"),
        (Options(height=32), "height = 32"),
        (Options(steps=0), "steps = 0"),
        (Options(steps=101), "101 is more steps"),
        (Options(width=1544), "1544 is more width"),
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
