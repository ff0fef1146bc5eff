import numpy as np

from generator.storybook.attributes import Scenery, Traits
from generator.storybook.corpus import draw_told
from generator.storybook.leaning import draw_look, ideas


def scene(place: str) -> Scenery:
    return Scenery(place=place, weather="clear", time="day", activity="standing")


def shade(scenes: list[Scenery], seed: int) -> float:
    looks = [draw_look(np.random.default_rng(seed + i), scenes).shade for i in range(200)]
    return float(np.mean(looks))


def same_chance(one: list[Scenery], other: list[Scenery]) -> float:
    """How many of six traits differ between two contexts, chance being the same."""
    names = ("ears", "tail", "pattern", "eyes", "iris", "skin")
    gaps = []
    for seed in range(60):
        looks: list[Traits] = [draw_look(np.random.default_rng(seed), scenes) for scenes in (one, other)]
        gaps.append(np.mean([getattr(looks[0], name) != getattr(looks[1], name) for name in names]))
    return float(np.mean(gaps))


def test_what_a_caption_leaves_open_leans_with_its_place() -> None:
    shades = {place: shade([scene(place)], 1) for place in ("meadow", "cave", "desert", "library", "space")}
    assert max(shades.values()) - min(shades.values()) > 0.5


def test_scenes_told_together_share_a_look_and_scenes_told_apart_do_not() -> None:
    cave, beach = scene("cave"), scene("beach")
    assert same_chance([cave, beach], [beach, cave]) == 0
    assert same_chance([cave], [beach]) > 0.3


def test_no_place_is_more_usual_than_another_and_every_look_stays_as_frequent() -> None:
    assert np.allclose(ideas().mean(0), 0) and np.allclose(ideas().std(0), 1)
    rng = np.random.default_rng(3)
    patterns = [draw_told(rng)[0].traits.pattern for _ in range(1500)]
    assert np.bincount(patterns).min() > 300


def test_nobody_wears_anything_in_their_own_colour() -> None:
    rng = np.random.default_rng(4)
    subjects = [draw_told(rng)[0].subject for _ in range(500)]
    assert all(subject.colour != subject.wear_colour for subject in subjects)
