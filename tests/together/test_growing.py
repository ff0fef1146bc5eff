"""A frame that is added later is drawn as if it had been asked for with all others."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.errors import PromptTooLong
from generator.method.tokens import clip_tokenizer
from generator.settings import Settings
from generator.story import Options, Recipe, Script
from generator.storyboard import draft
from generator.together.growing import all_recipes, next_recipe, without_scene
from tests.conftest import small

SCENES = ("in a meadow", "in the snow", "by a river", "asleep under a tree")
LONG = tuple(f"{scene} with a great many friends around a fire that burns" for scene in SCENES * 2)
OPTIONS = Options(seed=7, style="watercolor", steps=3, guidance_scale=4.0, negative_prompt="cats")


@pytest.fixture
def host(tmp_path: Path) -> Settings:
    return small(tmp_path)


def recipes(host: Settings, scenes: tuple[str, ...]) -> tuple[Recipe, ...]:
    return draft(Script(subject="a red fox", scenes=scenes), OPTIONS, host).recipes


@pytest.mark.parametrize("count", range(1, 5))
def test_while_everything_fits_it_is_the_last_frame_of_the_whole_text(host: Settings, count: int) -> None:
    whole = recipes(host, SCENES[:count])
    common = without_scene(recipes(host, ("another scene",))[0])
    assert next_recipe(common, SCENES[: count - 1], SCENES[count - 1], 10) == whole[-1]


def test_when_the_context_is_full_the_oldest_scenes_leave_the_window(host: Settings) -> None:
    common = without_scene(recipes(host, SCENES)[0])
    recipe = next_recipe(common, LONG[:-1], LONG[-1], 10)
    assert recipe.express == LONG[-1]
    assert recipe.suppress == LONG[-1 - len(recipe.suppress) : -1]
    assert 0 < len(recipe.suppress) < 7
    count = clip_tokenizer().count
    assert count(recipe.prompt) <= 75 < count(recipe.prompt) + count(LONG[0])
    assert recipe.prompt == " ".join((common.subject, *recipe.suppress, recipe.express))


def test_no_more_scenes_share_a_prompt_than_the_window_holds(host: Settings) -> None:
    common = without_scene(recipes(host, SCENES)[0])
    assert next_recipe(common, SCENES[:3], SCENES[3], 2).suppress == ("by a river",)
    assert next_recipe(common, SCENES[:3], SCENES[3], 1).suppress == ()


def test_a_scene_that_does_not_fit_even_alone_is_refused(host: Settings) -> None:
    common = without_scene(recipes(host, SCENES)[0])
    with pytest.raises(PromptTooLong):
        next_recipe(common, SCENES, "very " * 90 + "far", 10)


@pytest.mark.parametrize("scenes", [SCENES, LONG])
def test_a_story_told_again_is_what_its_whole_text_gives(host: Settings, scenes: tuple[str, ...]) -> None:
    common = without_scene(recipes(host, ("another scene",))[0])
    assert tuple(all_recipes(common, scenes, 10)) == recipes(host, scenes)
