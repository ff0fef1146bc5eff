"""The values everything else passes around: frozen, picklable, knowing nothing of Discord, SQL or torch.

Words, as the paper has them (One-Prompt-One-Story, arXiv 2501.13554): the *subject* is who the story is
about (the identity prompt), a *scene* is what happens in one frame (a frame prompt). The house adds two:
a *recipe* holds everything that decides a picture, and a *take* is one drawing of a frame; every reroll
is a new take that remembers the one it came from. A *frame* is a scene with all its takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from generator.sentence import Sentence

GAP = "…"
"""What is in the place of words that were deleted."""


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
    levers: str = ""  #: what made it faster and changed it a little, in words
    lean: bool = False  #: decoded in tiles to save memory, which changes the pixels a little
    together: int = 1  #: how many pictures were drawn at once, which rounds a little differently
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
    seconds: float  #: how long the device was not free for anything else; of several at once, a share
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
class Changes:
    """What is to be different when a frame is drawn again; ``None`` stays as it was."""

    scene: str | None = None  #: other words for what the frame shows
    seed: int | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    width: int | None = None
    height: int | None = None
    identity_strength: float | None = None
    model: str | None = None


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
    frame_id: int
    scene: str  #: as its author wrote it; the recipe may have it in other words
    parent_id: int | None  #: the take it came from
    author: Person  #: who asked for it
    recipe: Recipe
    state: TakeState
    attempts: int  #: how often a device died on it
    failure: Sentence | None  #: why it failed, for its author
    path: str | None  #: its file, once drawn; None again when the picture was deleted
    seconds: float | None  #: of a device, see `Picture.seconds`
    verdict: Verdict | None = None  #: of the safety model, if there was one
    hidden: bool = False  #: by a moderator, everywhere

    @property
    def pending(self) -> bool:
        """Whether there is still something to draw."""
        return self.state in (TakeState.QUEUED, TakeState.DRAWING)

    @property
    def drawn(self) -> bool:
        """Whether there is a picture to show."""
        return self.path is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A scene of a story, and every drawing of it."""

    id: int
    position: int | None  #: in the story, from 0; None once its scene was taken back
    author: Person  #: whose scene it is
    takes: tuple[Take, ...]  #: at least one, in the order they were asked for
    chosen_id: int | None  #: the drawn take that stands for the frame
    shown_id: int | None  #: the drawn take that its message is turned to
    message_id: int | None  #: the message that shows it
    posted: str | None  #: what its message shows, as whoever posted it put it

    @property
    def pages(self) -> tuple[Take, ...]:
        """The takes that there are pictures of."""
        return tuple(take for take in self.takes if take.drawn)

    @property
    def chosen(self) -> Take:
        """The take that stands for the frame: the chosen one, else the first picture, else the last try."""
        return self._page(self.chosen_id) or next(iter(self.pages), self.takes[-1])

    @property
    def shown(self) -> Take:
        """The take that the frame's message is turned to."""
        return self._page(self.shown_id) or self.chosen

    @property
    def scene(self) -> str:
        """The words that its picture shows."""
        return self.chosen.scene

    def _page(self, take_id: int | None) -> Take | None:
        return next((take for take in self.pages if take.id == take_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story with all its takes, as the archive knows it at one moment."""

    id: int
    version: int  #: grows with every change
    guild_id: int
    channel_id: int  #: where it was asked for; the card stands here
    place_id: int  #: whose readers may know of it: a channel, or a private thread
    thread_id: int | None  #: where its frames go
    card_id: int | None  #: the message that follows its progress
    strip_id: int | None  #: the message that shows all frames side by side
    strip_posted: str | None  #: what that message shows
    author: Person
    subject: str
    style: str
    created_at: datetime
    cancelled: bool
    growing: bool  #: more scenes may come, and its strip waits for the last
    settled: bool  #: all of it is shown in Discord as it is, or nothing more of it can be
    frames: tuple[Frame, ...]  #: in the order of the scenes
    taken_back: tuple[Frame, ...]  #: whose scenes are not part of it any more

    @property
    def scenes(self) -> tuple[str, ...]:
        """What its frames show, in order."""
        return tuple(frame.scene for frame in self.frames)

    @property
    def takes(self) -> tuple[Take, ...]:
        """Every drawing of every frame, in the order they were asked for."""
        return tuple(
            sorted((take for frame in self.frames for take in frame.takes), key=lambda take: take.id)
        )

    @property
    def pending(self) -> bool:
        """Whether there is still something to draw."""
        return any(take.pending for frame in self.frames for take in frame.takes)

    @property
    def pictures(self) -> tuple[Take, ...]:
        """One drawn take a frame, in the order of the scenes; frames without a picture are left out."""
        return tuple(frame.chosen for frame in self.frames if frame.chosen.drawn)

    def taken_from(self, person: Person) -> str:
        """The words of somebody's last scene, if it was taken back; they may want to write it again."""
        theirs = [frame for frame in (*self.frames, *self.taken_back) if frame.author.id == person.id]
        last = max(theirs, key=lambda frame: frame.id, default=None)
        words = last.takes[0].scene if last is not None and last.position is None else ""
        return "" if words == GAP else words

    def frame_of(self, take_id: int) -> Frame:
        """The frame that a take of this story belongs to."""
        return next(
            frame
            for frame in (*self.frames, *self.taken_back)
            if any(take.id == take_id for take in frame.takes)
        )


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
