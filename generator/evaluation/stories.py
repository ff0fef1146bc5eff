"""Stories to be measured by: subjects kept from training, each in several scenes, and what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generator.storybook.attributes import (
    STYLES,
    Scenery,
    Subject,
    choose,
    draw_scenery,
    draw_subject,
)
from generator.storybook.captions import held_out, scene_text, subject_text

SUBJECT_ATTRIBUTES = ("character", "colour", "wear", "wear_colour")
SCENE_ATTRIBUTES = ("place", "weather", "time", "activity")


@dataclass(frozen=True, slots=True)
class SceneAsked:
    """A scene as it is written, and what it says."""

    text: str
    says: dict[str, str]  #: some of ``SCENE_ATTRIBUTES``


@dataclass(frozen=True, slots=True)
class StoryAsked:
    """A story as it is written, and what it says."""

    subject: str
    says: dict[str, str]  #: all of ``SUBJECT_ATTRIBUTES``, and perhaps the style
    scenes: tuple[SceneAsked, ...]
    seed: int


def write_stories(count: int, length: int, seed: int) -> tuple[StoryAsked, ...]:
    """Stories whose subjects no caption in training had, each scene in another place."""
    rng = np.random.default_rng(seed)
    return tuple(write_story(rng, length) for _ in range(count))


def write_story(rng: np.random.Generator, length: int) -> StoryAsked:
    """One story; half of them name a style."""
    subject = draw_subject(rng)
    while not held_out(subject):
        subject = draw_subject(rng)
    style = choose(rng, STYLES) if rng.random() < 0.5 else None
    says = {name: getattr(subject, name) for name in SUBJECT_ATTRIBUTES} | ({"style": style} if style else {})
    scenes: list[SceneAsked] = []
    places: set[str] = set()
    while len(scenes) < length:
        scenery = draw_scenery(rng)
        if scenery.place not in places:
            places.add(scenery.place)
            scenes.append(write_scene(rng, scenery))
    return StoryAsked(subject_of(rng, subject, style), says, tuple(scenes), int(rng.integers(2**31)))


def subject_of(rng: np.random.Generator, subject: Subject, style: str | None) -> str:
    """Who the story is about, in words."""
    return subject_text(rng, subject, style)


def write_scene(rng: np.random.Generator, scenery: Scenery) -> SceneAsked:
    """The place, and at most one thing that is unusual."""
    usual = {"activity": "standing", "weather": "clear", "time": "day"}
    unusual = [name for name, plain in usual.items() if getattr(scenery, name) != plain]
    said = frozenset(["place", *([choose(rng, tuple(unusual))] if unusual else [])])
    return SceneAsked(scene_text(rng, scenery, said), {name: getattr(scenery, name) for name in sorted(said)})
