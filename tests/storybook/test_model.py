from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from generator.diffusion.pipeline import Illustrator
from generator.diffusion.plan import Plan
from generator.evaluation.judge import FILE, Judge
from generator.profiles import profile_of
from generator.story import Recipe, SvrMode
from generator.storybook.model import FOLDER

PROFILE = profile_of("storybook")
SCENES = ("in the library", "on the beach", "in the desert")
PLACES = ("library", "beach", "desert")
SUBJECT = "a blue penguin"


@pytest.fixture(scope="module")
def illustrator() -> Iterator[Illustrator]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Illustrator(Plan())
    torch.set_num_threads(threads)


def recipe(express: str, svr: SvrMode = SvrMode.SVR) -> Recipe:
    return Recipe(
        model="storybook",
        subject=SUBJECT,
        express=express,
        suppress=tuple(scene for scene in SCENES if scene != express),
        prompt=" ".join((SUBJECT, *SCENES)),
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


def test_a_story_shows_its_character_in_each_of_its_places(illustrator: Illustrator) -> None:
    seen = read(illustrator.draw([recipe(scene) for scene in SCENES]))
    assert [attributes["place"] for attributes in seen] == list(PLACES)
    assert [attributes["character"] for attributes in seen] == ["penguin"] * 3
    assert [attributes["colour"] for attributes in seen] == ["blue"] * 3


def test_without_svr_another_scene_shows_where_one_is_suppressed(illustrator: Illustrator) -> None:
    # Without SVR a frame's prompt does not say which scene it is about, so all three are one picture.
    (seen,) = read(illustrator.draw([recipe(SCENES[1], SvrMode.OFF)]))
    assert seen["place"] in PLACES and seen["place"] != PLACES[1]
