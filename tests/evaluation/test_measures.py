import pytest

from generator.evaluation.judge import Verdict
from generator.evaluation.measures import MEASURES
from generator.evaluation.stories import SceneAsked, StoryAsked, write_stories
from generator.storybook.attributes import Subject
from generator.storybook.captions import held_out

SCENERY = {"weather": "clear", "time": "day", "activity": "standing"}
STORY = StoryAsked(
    "a red fox with a blue hat",
    {"character": "fox", "colour": "red", "wear": "hat", "wear_colour": "blue"},
    (SceneAsked("on the beach", {"place": "beach"}), SceneAsked("in a cave", {"place": "cave"})),
    1,
)


def verdict(place: str, identity: tuple[float, ...] = (1.0, 0.0)) -> Verdict:
    return Verdict(STORY.says | SCENERY | {"place": place, "style": "ink"}, identity)


def test_a_perfect_story_is_measured_as_perfect() -> None:
    told = [(STORY, [verdict("beach"), verdict("cave")])]
    numbers = {name: measure(told) for name, measure in MEASURES.items()}
    assert numbers["scene"] == numbers["character"] == numbers["wear and its colour"] == 1
    assert numbers["other scene shows"] == numbers["identity distance"] == 0
    assert numbers["background diversity"] == 0.25


def test_a_story_that_shows_one_scene_twice_and_two_characters_is_found_out() -> None:
    told = [(STORY, [verdict("beach"), verdict("beach", (0.0, 1.0))])]
    numbers = {name: measure(told) for name, measure in MEASURES.items()}
    assert numbers["scene"] == numbers["other scene shows"] == 0.5
    assert numbers["identity distance"] == pytest.approx(1)


def test_stories_to_be_measured_by_are_new_to_the_model_and_go_to_another_place_each_time() -> None:
    for story in write_stories(20, 5, 3):
        names = ("character", "colour", "wear", "wear_colour")
        assert held_out(Subject(**{name: story.says[name] for name in names}))
        assert len({scene.says["place"] for scene in story.scenes}) == 5
