"""From a recipe to the recipe of another take: what somebody wants different, and all else as it was."""

from __future__ import annotations

from dataclasses import asdict, replace

from generator.errors import OptionRefused, PromptTooLong
from generator.method.tokens import clip_tokenizer
from generator.method.windows import TOKEN_LIMIT, fits, joined
from generator.profiles import model_label
from generator.server import ServerSettings
from generator.settings import Settings
from generator.story import Changes, Options, Recipe
from generator.storyboard import check


def redraft(
    recipe: Recipe, changes: Changes, settings: Settings, server: ServerSettings | None = None
) -> Recipe:
    """The recipe with the changes made.

    Raises:
        PromptTooLong: the new words do not fit into CLIP's context together with the subject.
        OptionRefused: a change is out of its bounds, beyond what the host allows, or not offered here; or
            the recipe's own model is not offered any more, and no other was chosen.
    """
    server = server or ServerSettings()
    wishes = {name: value for name, value in asdict(changes).items() if value is not None}
    scene = wishes.pop("scene", None)
    check(Options(**wishes), settings, server)
    model = wishes.pop("model", None)
    if model is not None and model != recipe.model:
        recipe = _moved(recipe, model, settings)
    _check_model(recipe, server.offered_models(settings))
    if scene is not None and scene != recipe.express:
        recipe = reworded(recipe, scene)
    return replace(recipe, **wishes)


def _check_model(recipe: Recipe, offered: tuple[str, ...]) -> None:
    if recipe.model not in offered:
        raise OptionRefused(
            "The model “{model}” that this was drawn with is not offered here any more; please choose one of "
            "{models} under “More” and “Seed & settings”.",
            model=model_label(recipe.model),
            models=list(map(model_label, offered)),
        )


def _moved(recipe: Recipe, model: str, settings: Settings) -> Recipe:
    """The recipe for another checkpoint, which wants its own scheduler, steps and guidance."""
    family = settings.profile(model)
    return replace(
        recipe,
        model=model,
        scheduler=settings.story.scheduler or family.scheduler,
        steps=family.steps,
        guidance_scale=family.guidance_scale,
    )


def reworded(recipe: Recipe, scene: str) -> Recipe:
    """The recipe with other words for its own scene, at the same place among the other scenes.

    Should the prompt grow too long for CLIP, the last of the other scenes leave it.

    Raises:
        PromptTooLong: the scene does not fit even alone.
    """
    place, suppress, count = place_of(recipe), recipe.suppress, clip_tokenizer().count
    while True:
        scenes = [*suppress[:place], scene, *suppress[place:]]
        if fits(recipe.subject, scenes, count):
            prompt = joined(recipe.subject, scenes)
            return replace(recipe, express=scene, suppress=suppress, prompt=prompt)
        if not suppress:
            raise PromptTooLong(scene, count(recipe.subject) + count(scene), TOKEN_LIMIT)
        suppress = suppress[:-1]


def place_of(recipe: Recipe) -> int:
    """Where the prompt has the recipe's own scene among the suppressed ones."""
    for place in range(len(recipe.suppress) + 1):
        scenes = [*recipe.suppress[:place], recipe.express, *recipe.suppress[place:]]
        if joined(recipe.subject, scenes) == recipe.prompt:
            return place
    return 0
