"""The values everything else passes around: frozen, picklable, knowing nothing of Discord, SQL or torch.

Words, as the paper has them (One-Prompt-One-Story, arXiv 2501.13554): the *subject* is who the story is
about (the identity prompt), a *scene* is what happens in one frame (a frame prompt). The house adds two:
a *recipe* holds everything that decides a picture, and a *take* is one drawing of a frame; every reroll
is a new take that remembers the one it came from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from generator.sentence import Sentence


class SvrMode(StrEnum):
    """How singular-value reweighting treats the end-of-text rows (see ``method/svr.py``)."""

    OFF = "off"  #: no reweighting: every scene of the window shows through
    SVR = "svr"  #: end-of-text rows are reweighted together with the scene's own
    SVR_EOT = "svr-eot"  #: end-of-text rows are only damped; the original's benchmark setting


class TakeState(StrEnum):
    """Where the drawing of a take stands."""

    QUEUED = "queued"  #: waits for a device
    DRAWING = "drawing"  #: a device works on it; after a crash it is queued again
    DRAWN = "drawn"  #: its file is complete
    FAILED = "failed"  #: given up; the take says why in words
    CANCELLED = "cancelled"  #: stopped by a person before it was drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """A LoRA file laid over the checkpoint."""

    path: str  #: a file, or a Hub id
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides a picture. Two frames with equal recipes are the same picture."""

    model: str  #: a Hub id, a folder, a ``.safetensors`` file, or a built-in model's name
    loras: tuple[Lora, ...] = ()
    freeu: bool = False
    subject: str  #: opens the prompt; its tokens carry the identity
    express: str  #: the scene this frame shows
    suppress: tuple[str, ...]  #: the other scenes of its window, in the order they are suppressed
    prompt: str  #: the subject and the window's scenes, joined by single spaces
    negative_prompt: str = ""  #: empty means zero embeddings, not the empty text's
    seed: int  #: of the starting latents, drawn on the CPU in float32
    width: int  #: pixels, a multiple of 8
    height: int  #: pixels, a multiple of 8
    steps: int
    guidance_scale: float  #: 1.0 or less runs the conditional branch alone
    scheduler: str  #: a name from ``profiles.Scheduler``
    svr: SvrMode = SvrMode.SVR
    identity_strength: float = 2.0  #: w: identity tokens gain ``ln w`` in every cross-attention


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What drew a picture; with the recipe, it explains every bit of it."""

    device: str
    precision: str
    lean: bool = False  #: decoded in tiles to save memory, which changes the pixels a little
    samefox: str
    torch: str
    diffusers: str
    transformers: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the safety model makes of a picture."""

    label: str  #: the unsafe label that fits best
    score: float  #: how probable it is, 0 to 1
    unsafe: bool  #: whether that is too much for every place
    doubtful: bool  #: whether that is too much where everybody may look; what is unsafe is doubtful


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A finished drawing, as it comes back from a device."""

    png: bytes  #: the recipe and the engine are in its metadata
    seconds: float  #: from the device's beginning to the encoded file
    engine: Engine
    verdict: Verdict | None = None  #: None where no safety model is configured


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a person asked to see, taken out of their text."""

    subject: str
    scenes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person may choose for a story; ``None`` is their default, or the server's, or the host's."""

    model: str | None = None
    seed: int | None = None
    style: str | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    width: int | None = None
    height: int | None = None
    window_length: int | None = None
    identity_strength: float | None = None
    svr: SvrMode | None = None
    negative_prompt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Storyboard:
    """A story ready to be drawn: one recipe a scene."""

    subject: str
    style: str
    scenes: tuple[str, ...]
    recipes: tuple[Recipe, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who contributed; the name is as it was then."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One drawing of one frame."""

    id: int
    story_id: int
    frame: int  #: which scene, from 0
    scene: str
    parent_id: int | None  #: the take it was rerolled from
    author: Person  #: who asked for it
    recipe: Recipe
    state: TakeState
    attempts: int  #: how often a device died on it
    failure: Sentence | None  #: why it failed, for its author
    path: str | None  #: its file, once drawn
    seconds: float | None  #: what drawing it took
    message_id: int | None  #: the message that shows it, or tells its failure

    @property
    def pending(self) -> bool:
        """Whether there is still something to draw."""
        return self.state in (TakeState.QUEUED, TakeState.DRAWING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story with all its takes, as the archive knows it at one moment."""

    id: int
    guild_id: int
    channel_id: int  #: where it was asked for; the card stands here
    thread_id: int | None  #: where its frames go
    card_id: int | None  #: the message that follows its progress
    strip_id: int | None  #: the message that shows all frames side by side
    author: Person
    subject: str
    style: str
    scenes: tuple[str, ...]
    created_at: datetime
    cancelled: bool
    takes: tuple[Take, ...]  #: in the order they were asked for

    @property
    def pending(self) -> bool:
        """Whether there is still something to draw."""
        return any(take.pending for take in self.takes)

    @property
    def frames(self) -> tuple[Take, ...]:
        """One take a frame, in the order of the scenes: the first that was drawn, or else the first."""
        chosen: dict[int, Take] = {}
        for take in self.takes:
            known = chosen.setdefault(take.frame, take)
            if known.state is not TakeState.DRAWN and take.state is TakeState.DRAWN:
                chosen[take.frame] = take
        return tuple(chosen[frame] for frame in sorted(chosen))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """A denoising step is done."""

    story_id: int
    take_id: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The archive knows something new about a story; look there."""

    story_id: int


Event = Stepped | Changed

OnStep = Callable[[int, int], None]
"""Told (step, steps) after each denoising step; whatever it raises ends the drawing."""
