"""The ways to tell a story that are compared, each a list of recipes a story."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generator.evaluation.stories import StoryAsked
from generator.method.tokens import clip_tokenizer
from generator.method.windows import Window, windows
from generator.story import Recipe, SvrMode

WINDOW_LENGTH = 10
"""Scenes that share a prompt at most, as in the original."""


@dataclass(frozen=True, slots=True)
class Look:
    """How pictures are drawn, whatever the method."""

    steps: int
    guidance_scale: float
    scheduler: str


@dataclass(frozen=True, slots=True)
class Method:
    """A way to tell a story."""

    name: str  #: the paper's letter for it, and its settings
    together: bool = True  #: whether all scenes share a prompt
    same_seed: bool = True
    svr: SvrMode = SvrMode.OFF
    strength: float = 1.0

    def recipes(self, story: StoryAsked, look: Look) -> Iterator[Recipe]:
        """A recipe for each scene."""
        scenes = [scene.text for scene in story.scenes]
        if self.together:
            frames = windows(story.subject, scenes, WINDOW_LENGTH, clip_tokenizer().count)
        else:
            frames = tuple(Window(f"{story.subject} {scene}", scene, ()) for scene in scenes)
        for number, frame in enumerate(frames):
            yield Recipe(
                model="storybook", subject=story.subject, express=frame.express, suppress=frame.suppress,
                prompt=frame.prompt, seed=story.seed + (0 if self.same_seed else number),
                width=256, height=256,
                steps=look.steps, guidance_scale=look.guidance_scale, scheduler=look.scheduler,
                svr=self.svr, identity_strength=self.strength,
            )  # fmt: skip


METHODS: tuple[Method, ...] = (
    Method("a: alone, another seed each", together=False, same_seed=False),
    Method("b: alone, the same seed", together=False),
    Method("c: all scenes in one prompt"),
    Method("d: + svr", svr=SvrMode.SVR),
    Method("e: + svr, w = 2", svr=SvrMode.SVR, strength=2.0),
    Method("e: + svr, w = 4", svr=SvrMode.SVR, strength=4.0),
    Method("d: + svr-eot", svr=SvrMode.SVR_EOT),
    Method("e: + svr-eot, w = 2", svr=SvrMode.SVR_EOT, strength=2.0),
    Method("e: + svr-eot, w = 4", svr=SvrMode.SVR_EOT, strength=4.0),
)

AGAINST: dict[Method, tuple[Method, ...]] = {
    METHODS[1]: (METHODS[0], *METHODS[2:]),  # all against the scenes prompted one by one from the same noise
    METHODS[3]: METHODS[4:6],  # what the identity bias alone does
    METHODS[6]: METHODS[7:],
}
"""What other methods are held against, story by story, and which these are."""
