"""Which scenes share a frame's prompt: the paper's sliding window, counted in CLIP's tokens.

One-Prompt-One-Story (arXiv 2501.13554): all scenes in one prompt hold the character together; a story longer
than the context walks over its scenes in a circle of windows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from generator.errors import PromptTooLong
from generator.method.tokens import CONTEXT_LENGTH

TOKEN_LIMIT = CONTEXT_LENGTH - 2
"""Tokens a prompt may have, BOS and EOS taken off."""


@dataclass(frozen=True, slots=True)
class Window:
    """What one frame is told."""

    prompt: str  #: the subject and the window's scenes, joined by single spaces
    express: str  #: the scene this frame shows
    suppress: tuple[str, ...]  #: the window's other scenes, in the order they are suppressed


def windows(
    subject: str, scenes: Sequence[str], window_length: int, count: Callable[[str], int]
) -> tuple[Window, ...]:
    """One window a scene, each within CLIP's context.

    ``count`` tells how many tokens a text takes, BOS and EOS not counted. Where the whole story fits both the
    window and the context, every frame has the same prompt; else each frame's own scene opens its window and
    the scenes after it follow around the circle, as many as fit.

    Raises ``PromptTooLong`` where the subject does not fit together with one scene.
    """
    if window_length < 1:
        raise ValueError(f"window_length must be at least 1, but is {window_length}")
    count = cache(count)  # every piece is counted once, however many windows it is in
    for scene in scenes:
        if not fits(subject, [scene], count):
            raise PromptTooLong(scene, count(subject) + count(scene), TOKEN_LIMIT)
    if window_length >= len(scenes) and fits(subject, scenes, count):
        return tuple(whole(subject, scenes, frame) for frame in range(len(scenes)))
    return tuple(
        sliding(subject, circle(scenes, frame)[:window_length], count) for frame in range(len(scenes))
    )


def whole(subject: str, scenes: Sequence[str], frame: int) -> Window:
    """The window of a story that fits: all scenes in their order, whichever frame it is."""
    return Window(joined(subject, scenes), scenes[frame], (*scenes[:frame], *scenes[frame + 1 :]))


def sliding(subject: str, scenes: Sequence[str], count: Callable[[str], int]) -> Window:
    """The longest window over the first of ``scenes``, the frame's own, which is never dropped."""
    length = max(length for length in range(1, len(scenes) + 1) if fits(subject, scenes[:length], count))
    return Window(joined(subject, scenes[:length]), scenes[0], tuple(scenes[1:length]))


def latest(subject: str, scenes: Sequence[str], window_length: int, count: Callable[[str], int]) -> Window:
    """The window of the last scene of a story that is still being told; the scenes before it came earlier.

    It is the last of `windows` as long as the whole story fits; then the oldest scenes leave it first.

    Raises ``PromptTooLong`` where the subject does not fit together with the scene.
    """
    if window_length < 1:
        raise ValueError(f"window_length must be at least 1, but is {window_length}")
    for shown in (scenes[start:] for start in range(max(0, len(scenes) - window_length), len(scenes))):
        if fits(subject, shown, count):
            return whole(subject, shown, len(shown) - 1)
    raise PromptTooLong(scenes[-1], count(subject) + count(scenes[-1]), TOKEN_LIMIT)


def circle(scenes: Sequence[str], start: int) -> tuple[str, ...]:
    """All scenes once around, beginning with the one at ``start``."""
    return (*scenes[start:], *scenes[:start])


def joined(subject: str, scenes: Sequence[str]) -> str:
    """The prompt: the subject opens it, as the identity of all frames rests on equal first tokens."""
    return " ".join((subject, *scenes))


def fits(subject: str, scenes: Sequence[str], count: Callable[[str], int]) -> bool:
    """Whether CLIP sees all of the prompt; no token reaches across a space, so its pieces' counts add up."""
    return count(subject) + sum(count(scene) for scene in scenes) <= TOKEN_LIMIT
