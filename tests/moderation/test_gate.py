"""What of a request is looked at: everything that the pictures' model will read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generator.errors import TextRefused
from generator.method.windows import joined
from generator.moderation.gate import words
from generator.moderation.rules import check_text
from generator.server import ServerSettings
from generator.story import Recipe, Storyboard, SvrMode


def look(recipe: Recipe, *rules: str) -> None:
    asked = words(1, recipe.subject, recipe.express, recipes=[recipe])
    check_text(asked.text, ServerSettings(refused_words=rules), age_restricted=False)


def test_a_recipe_from_elsewhere_hides_nothing_among_the_scenes_that_it_claims_to_suppress(
    board: Storyboard,
) -> None:
    recipe = board.recipes[0]
    look(recipe)
    scenes = (recipe.express, "nude")
    forged = replace(recipe, suppress=scenes[1:], svr=SvrMode.OFF, prompt=joined(recipe.subject, scenes))
    with pytest.raises(TextRefused, match="nude"):
        look(forged)


def test_a_phrase_that_begins_in_the_subject_and_ends_in_the_scene_is_found(board: Storyboard) -> None:
    scenes = ("spider in a house",)
    recipe = replace(
        board.recipes[0],
        subject="a giant",
        express=scenes[0],
        suppress=(),
        prompt=joined("a giant", scenes),
    )
    look(recipe, "giant web")
    with pytest.raises(TextRefused, match="giant spider"):
        look(recipe, "giant spider")
