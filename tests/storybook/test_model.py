import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generator.diffusion.pipeline import Illustrator
from generator.diffusion.plan import Plan
from generator.evaluation.judge import FILE, Judge
from generator.evaluation.methods import Look, Method
from generator.evaluation.stories import SUBJECT_ATTRIBUTES, StoryAsked, write_stories
from generator.profiles import profile_of
from generator.script import read_script
from generator.settings import Settings
from generator.story import Options, Recipe, SvrMode
from generator.storyboard import draft
from generator.storybook.model import FOLDER
from generator.storybook.vocabulary import EXAMPLES

ROOT = Path(__file__).parents[2]
PROFILE = profile_of("storybook")
SAID = (
    ("fox red hat blue", "library reading", "meadow kite", "village night"),
    ("penguin blue cape pink", "library", "lake fishing", "mountains snow"),
    ("robot grey balloon yellow", "garden", "lake guitar sunset", "space"),
    ("rabbit white nothing none", "meadow", "kitchen", "desert"),
)
"""Of each example, who it is about and what its scenes say, as the judge says it."""


@pytest.fixture(scope="module")
def illustrator() -> Illustrator:
    return Illustrator(Plan())


def recipe(express: str, svr: SvrMode, subject: str, scenes: tuple[str, ...]) -> Recipe:
    return Recipe(
        model="storybook",
        subject=subject,
        express=express,
        suppress=tuple(scene for scene in scenes if scene != express),
        prompt=" ".join((subject, *scenes)),
        seed=7,
        width=PROFILE.width,
        height=PROFILE.height,
        steps=PROFILE.steps,
        guidance_scale=PROFILE.guidance_scale,
        scheduler=PROFILE.scheduler,
        svr=svr,
    )


def test_model_and_judge_take_at_most_60_megabytes() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file()] + [Path(FILE)]
    assert sum(path.stat().st_size for path in files) <= 60e6


def read(pictures: list[Image.Image]) -> list[dict[str, str]]:
    return [verdict.attributes for verdict in Judge().read(pictures)]


@pytest.fixture(scope="module")
def told(illustrator: Illustrator) -> dict[str, list[Image.Image]]:
    """The examples as a fresh clone draws them, with seed 42."""
    boards = {text: draft(read_script(text, max_scenes=9), Options(seed=42), Settings()) for text in EXAMPLES}
    return {text: illustrator.draw(list(board.recipes)) for text, board in boards.items()}


def test_the_judge_reads_in_the_examples_all_that_they_say(told: dict[str, list[Image.Image]]) -> None:
    for (text, pictures), (who, *scenes) in zip(told.items(), SAID, strict=True):
        for seen, said in zip(read(pictures), scenes, strict=True):
            assert " ".join(seen[name] for name in SUBJECT_ATTRIBUTES) == who, text
            assert set(said.split()) <= set(seen.values()), f"{text}: {said}, {seen}"


def test_the_readme_shows_the_very_pictures_that_its_command_draws(
    told: dict[str, list[Image.Image]],
) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = r'python -m generator "(.+)" --seed 42\n\n!\[[^]]*\]\((.+)\)'
    ((text, file),) = re.findall(command, readme)
    drawn = np.concatenate([np.asarray(picture, np.int16) for picture in told[text]], 1)
    assert np.abs(drawn - np.asarray(Image.open(ROOT / file))).mean() < 1


def test_without_svr_the_suppressed_scenes_show(illustrator: Illustrator) -> None:
    # A frame's prompt does not say which scene it is about: two frames of a story are one picture, and at
    # most one of them is right, where with SVR both are.
    stories = {
        "a yellow duck": ("in the kitchen", "in the forest", "in space"),
        "a white rabbit": ("in a cave", "in the village", "on the beach"),
    }
    asked = [(who, scenes, scene) for who, scenes in stories.items() for scene in scenes[:2]]
    recipes = [replace(recipe(scene, SvrMode.OFF, who, scenes), steps=8) for who, scenes, scene in asked]
    leaked = 0
    for (_, scenes, scene), attributes in zip(asked, read(illustrator.draw(recipes)), strict=True):
        others = {each.split()[-1] for each in scenes if each != scene}
        leaked += attributes["place"] in others
    assert leaked >= 2


def test_without_the_identity_bias_it_matters_less_who_it_is(illustrator: Illustrator) -> None:
    # How far apart two frames of one subject are, beside how far two subjects are apart in one scene: in
    # twelve pairs of stories, after the first step. By chance, ten of twelve come once in fifty times.
    pairs = list(pairwise(write_stories(13, 2, 4242)))
    without, biased = (apart(illustrator, pairs, strength) for strength in (1.0, 2.0))
    assert sum(ours < theirs for ours, theirs in zip(biased, without, strict=True)) >= 10


def apart(
    illustrator: Illustrator, pairs: list[tuple[StoryAsked, StoryAsked]], strength: float
) -> list[float]:
    method, look = Method("e", svr=SvrMode.SVR, strength=strength), Look(1, 1.0, PROFILE.scheduler)
    told = [replace(one, subject=who.subject) for one, other in pairs for who in (one, other)]
    recipes = [recipe for story in told for recipe in method.recipes(story, look)]
    frames = illustrator.latents(recipes).view(len(pairs), 2, 2, -1)  # by pair, subject and scene
    scenes = (frames[:, :, 0] - frames[:, :, 1]).norm(dim=-1).sum(1)
    subjects = (frames[:, 0] - frames[:, 1]).norm(dim=-1).sum(1)
    distances: list[float] = (scenes / subjects).tolist()
    return distances
