from __future__ import annotations

from dataclasses import replace

import pytest

from generator.errors import OptionRefused, PromptTooLong
from generator.method.tokens import clip_tokenizer
from generator.redraft import redraft
from generator.server import ServerSettings
from generator.settings import ModelSettings, Settings
from generator.story import Changes, Options, Script, Storyboard
from generator.storyboard import draft


def test_no_changes_are_the_same_recipe(board: Storyboard, settings: Settings) -> None:
    for recipe in board.recipes:
        assert redraft(recipe, Changes(), settings) == recipe


def test_other_words_stand_where_the_old_ones_stood(board: Storyboard, settings: Settings) -> None:
    recipe = redraft(board.recipes[1], Changes(scene="in a hole"), settings)
    assert recipe == replace(
        board.recipes[1], express="in a hole", prompt="a red fox in a meadow in a hole by a river"
    )


def test_other_words_are_what_a_story_told_with_them_would_have(settings: Settings) -> None:
    scenes = ["in a meadow", "in the snow", "by a river", "in a meadow"]
    for window in (2, 10):
        options = Options(seed=7, window_length=window)
        told = draft(Script(subject="a red fox", scenes=tuple(scenes)), options, settings)
        for frame in range(4):
            changed = (*scenes[:frame], "on a roof", *scenes[frame + 1 :])
            expected = draft(Script(subject="a red fox", scenes=changed), options, settings)
            assert (
                redraft(told.recipes[frame], Changes(scene="on a roof"), settings) == expected.recipes[frame]
            )


def test_long_words_push_other_scenes_out_and_too_long_ones_are_refused(
    board: Storyboard, settings: Settings
) -> None:
    recipe = redraft(board.recipes[0], Changes(scene="very " * 66 + "far"), settings)
    assert recipe.suppress == ("in the snow",)
    assert clip_tokenizer().count(recipe.prompt) <= 75
    with pytest.raises(PromptTooLong):
        redraft(board.recipes[0], Changes(scene="very " * 80 + "far"), settings)


def test_another_model_brings_its_own_scheduler_and_steps(board: Storyboard, settings: Settings) -> None:
    model = ModelSettings(name="tiny", others=("RunDiffusion/Juggernaut-X-v10",))
    settings = settings.model_copy(update={"model": model})
    recipe = redraft(board.recipes[0], Changes(model=model.others[0], seed=3), settings)
    assert (recipe.scheduler, recipe.steps, recipe.guidance_scale) == ("dpm-karras", 35, 6.0)
    assert (recipe.seed, recipe.width) == (3, 64)
    assert redraft(recipe, Changes(model="tiny", steps=4), settings).steps == 4


def test_what_the_host_does_not_allow_is_refused(board: Storyboard, settings: Settings) -> None:
    with pytest.raises(OptionRefused, match="steps = 140"):
        redraft(board.recipes[0], Changes(steps=140), settings)
    with pytest.raises(OptionRefused, match="multiple of 8"):
        redraft(board.recipes[0], Changes(width=100), settings)


def test_a_model_that_was_given_up_draws_nothing_more_until_another_is_chosen(
    board: Storyboard, settings: Settings
) -> None:
    renamed = settings.model_copy(update={"model": ModelSettings(name="RunDiffusion/Juggernaut-X-v10")})
    for changes in (Changes(), Changes(seed=3), Changes(scene="on a roof")):
        with pytest.raises(OptionRefused, match=r"“tiny” .* any more; please choose one of .*Juggernaut"):
            redraft(board.recipes[0], changes, renamed)
    moved = redraft(board.recipes[0], Changes(model="RunDiffusion/Juggernaut-X-v10"), renamed)
    assert moved.model == renamed.model.name
    both = settings.model_copy(update={"model": ModelSettings(name="tiny", others=(renamed.model.name,))})
    with pytest.raises(OptionRefused, match="any more"):
        redraft(board.recipes[0], Changes(), both, ServerSettings(models=(renamed.model.name,)))
