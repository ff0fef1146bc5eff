"""Recipes for a story that grows: of its next frame, and of all its frames once its text has changed.

What the frames have in common is a recipe without a scene; each frame puts its own scene and window into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from generator.method.tokens import clip_tokenizer
from generator.method.windows import Window, latest, windows
from generator.story import Recipe


def without_scene(recipe: Recipe) -> Recipe:
    """What a frame's recipe has in common with the others of its story."""
    return replace(recipe, prompt=recipe.subject, express="", suppress=())


def next_recipe(common: Recipe, earlier: Sequence[str], scene: str, window_length: int) -> Recipe:
    """The recipe of the frame after all others; their scenes are as their recipes express them.

    Raises:
        PromptTooLong: the scene does not fit into CLIP's context together with the subject.
    """
    return _in_window(
        common, latest(common.subject, [*earlier, scene], window_length, clip_tokenizer().count)
    )


def all_recipes(common: Recipe, scenes: Sequence[str], window_length: int) -> list[Recipe]:
    """A recipe for each frame, as if the whole story had been asked for at once.

    Raises:
        PromptTooLong: a scene does not fit into CLIP's context together with the subject.
    """
    count = clip_tokenizer().count
    return [_in_window(common, window) for window in windows(common.subject, scenes, window_length, count)]


def _in_window(common: Recipe, window: Window) -> Recipe:
    return replace(common, prompt=window.prompt, express=window.express, suppress=window.suppress)
