"""Which scenes share a frame's prompt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import PromptTooLong
from generator.method.tokens import clip_tokenizer
from generator.method.windows import TOKEN_LIMIT, Window, windows

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "svr.json").read_text())


def words(text: str) -> int:
    return len(text.split())


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["key"])
def test_a_short_story_has_the_originals_windows(case) -> None:
    told = windows(case["id_prompt"], case["scenes"], case["window_length"], clip_tokenizer().count)
    assert told[case["frame"]] == Window(case["prompt"], case["express"], tuple(case["suppress"]))


def test_a_window_shorter_than_the_story_walks_around_the_circle() -> None:
    assert windows("fox", ["a", "b", "c"], 2, words) == (
        Window("fox a b", "a", ("b",)),
        Window("fox b c", "b", ("c",)),
        Window("fox c a", "c", ("a",)),
    )


def test_a_window_as_long_as_the_story_keeps_its_order() -> None:
    assert windows("fox", ["a", "b"], 2, words) == (
        Window("fox a b", "a", ("b",)),
        Window("fox a b", "b", ("a",)),
    )


def test_a_story_of_one_scene_has_nothing_to_suppress() -> None:
    assert windows("fox", ["a"], 10, words) == (Window("fox a", "a", ()),)


def test_a_story_that_does_not_fit_slides_with_what_fits() -> None:
    scenes = [f"{letter} " * 19 + letter for letter in "abcde"]  # 20 words each: three fit beside the subject
    told = windows("fox", scenes, 10, words)
    assert [window.express for window in told] == scenes
    assert [window.suppress for window in told] == [
        (scenes[1], scenes[2]),
        (scenes[2], scenes[3]),
        (scenes[3], scenes[4]),
        (scenes[4], scenes[0]),
        (scenes[0], scenes[1]),
    ]


def test_each_frame_keeps_what_fits_beside_its_own_scene() -> None:
    long, short = "long " * 70 + "end", "short"
    assert [window.suppress for window in windows("fox", [long, short, short + "er"], 2, words)] == [
        (short,),
        ("shorter",),
        (long,),
    ]
    longer = "long " * 74
    assert windows("fox", [longer.strip(), short], 2, words)[0].suppress == ()


def test_a_scene_that_does_not_fit_with_the_subject_is_refused_with_its_count() -> None:
    scene = "snow " * 80
    with pytest.raises(PromptTooLong) as refusal:
        windows("a red fox", ["in a meadow", scene], 10, clip_tokenizer().count)
    assert (refusal.value.scene, refusal.value.tokens, refusal.value.limit) == (scene, 83, TOKEN_LIMIT)


def test_a_window_of_no_scenes_is_an_error() -> None:
    with pytest.raises(ValueError, match="0"):
        windows("fox", ["a"], 0, words)


@given(
    scenes=st.lists(st.integers(1, 74).map(lambda n: " ".join(["fox"] * n)), min_size=1, max_size=8),
    window_length=st.integers(1, 12),
)
def test_every_frame_shows_its_scene_and_fits(scenes: list[str], window_length: int) -> None:
    told = windows("fox", scenes, window_length, words)
    assert [window.express for window in told] == scenes
    for window in told:
        assert words(window.prompt) <= TOKEN_LIMIT
        assert len(window.suppress) < min(window_length, len(scenes)) or window_length >= len(scenes)
        assert sorted(window.prompt.split()) == sorted(
            " ".join(("fox", window.express, *window.suppress)).split()
        )
