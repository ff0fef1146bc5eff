"""What is measured of a told story, from what the judge reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations
from statistics import fmean

from generator.evaluation.judge import Verdict
from generator.evaluation.stories import SCENE_ATTRIBUTES, StoryAsked

Told = list[tuple[StoryAsked, list[Verdict]]]
"""Stories with the verdict on each of their frames."""


def mean(values: Iterable[float]) -> float:
    """Their mean, or not a number where there are none."""
    listed = list(values)
    return fmean(listed) if listed else float("nan")


def scene_accuracy(told: Told) -> float:
    """The share of frames that show all their own scene says."""
    return mean(
        all(verdict.attributes[name] == value for name, value in scene.says.items())
        for story, verdicts in told
        for scene, verdict in zip(story.scenes, verdicts, strict=True)
    )


def scene_part(name: str) -> Callable[[Told], float]:
    """The share of frames that show one thing their scene says, of those that say it."""
    return lambda told: mean(
        verdict.attributes[name] == scene.says[name]
        for story, verdicts in told
        for scene, verdict in zip(story.scenes, verdicts, strict=True)
        if name in scene.says
    )


def subject_part(*names: str) -> Callable[[Told], float]:
    """The share of frames whose subject is as it was said, of those that say it."""
    return lambda told: mean(
        all(verdict.attributes[name] == story.says[name] for name in names)
        for story, verdicts in told
        for verdict in verdicts
        if all(name in story.says for name in names)
    )


def other_scenes(told: Told) -> float:
    """The share of frames that show another scene's place instead of their own."""
    return mean(
        verdict.attributes["place"] in {other.says["place"] for other in story.scenes} - {scene.says["place"]}
        for story, verdicts in told
        for scene, verdict in zip(story.scenes, verdicts, strict=True)
    )


def identity_distance(told: Told) -> float:
    """One minus the cosine between the identities of a story's frames, over all pairs."""
    return mean(
        1 - sum(a * b for a, b in zip(one.identity, other.identity, strict=True))
        for _, verdicts in told
        for one, other in combinations(verdicts, 2)
    )


def background_diversity(told: Told) -> float:
    """The share of scenery (place, weather, time, activity) in which two frames of a story differ."""
    return mean(
        mean(one.attributes[name] != other.attributes[name] for name in SCENE_ATTRIBUTES)
        for _, verdicts in told
        for one, other in combinations(verdicts, 2)
    )


MEASURES: dict[str, Callable[[Told], float]] = {
    "scene": scene_accuracy,
    "place": scene_part("place"),
    "weather": scene_part("weather"),
    "time": scene_part("time"),
    "activity": scene_part("activity"),
    "other scene shows": other_scenes,
    "character": subject_part("character"),
    "colour": subject_part("colour"),
    "wear": subject_part("wear"),
    "wear and its colour": subject_part("wear", "wear_colour"),
    "style": subject_part("style"),
    "identity distance": identity_distance,
    "background diversity": background_diversity,
}
