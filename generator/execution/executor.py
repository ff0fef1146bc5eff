"""What a device is to the rest of the house, and the values that cross to its process and back."""

from __future__ import annotations

import pickle
import struct
from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from generator.sentence import Sentence
from generator.settings import USUAL_SPEED, SafetySettings, SpeedSettings
from generator.shape import Shape
from generator.story import Picture, Recipe

OnSteps = Callable[[int, int, int], None]
"""Told (take, step, steps) after each denoising step of each picture."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Pictures that a device was asked for; none of the futures is ever left without an end."""

    pictures: Mapping[int, Future[Picture]]
    """By take. Cancelled when the executor is closed before, or else one that fails raises:

        DrawingCancelled: `Executor.cancel` was called for it.
        OutOfMemory: the device's memory does not suffice, also not in the leanest way to draw.
        DeviceLost: the process died; the next call starts a fresh one.
        ModelError: the recipe's checkpoint cannot be loaded.
        DrawingError: anything else, in words.
    """
    free: Future[None]  #: over as soon as the device can begin something else, whatever came of the pictures


class Executor(Protocol):
    """One device. It draws pictures together, and the next while the last are decoded and encoded."""

    @property
    def device(self) -> str:
        """Its name, such as ``cuda:0``."""
        ...

    @property
    def siblings(self) -> tuple[str, ...]:
        """The machine's other devices, known once it has started."""
        ...

    @property
    def slow(self) -> bool:
        """Whether fewer steps are wise where nobody says how many, known once it has started."""
        ...

    async def start(self, prepare: Recipe | None = None) -> None:
        """Be ready for what is like this recipe.

        Raises:
            DeviceLost: its process died at once.
            ModelError: this machine has no such device, or the safety model cannot be loaded.
        """
        ...

    def room(self, shape: Shape) -> int:
        """How many pictures of a shape it draws together; 1 before it is known."""
        ...

    async def draw(self, recipes: Mapping[int, Recipe], on_step: OnSteps) -> Drawing:
        """Begin to draw takes of one shape. Whoever asks waits until the device is free from those before."""
        ...

    def cancel(self, take_id: int) -> None:
        """Stop drawing this take before its next step, or do not begin it; others beside it are drawn."""
        ...

    async def translate(self, texts: Sequence[str], language: str) -> tuple[str, ...]:
        """Turn texts into English, without waiting for a picture that is being drawn.

        Raises:
            NotTranslated: there is no translator, or it could not; in words.
        """
        ...

    async def close(self) -> None:
        """End the process; may be called twice."""
        ...


# -- what the bot's process says ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Equip:
    """How to draw, and the models beside the painter; the first thing that is said."""

    speed: SpeedSettings = USUAL_SPEED  #: what the host wants of the device
    models: tuple[str, ...] = ()  #: what may be asked for, which a device is to have room for
    safety: SafetySettings | None = None  #: what looks at every picture
    translator: str | None = None  #: a folder or a Hub id
    compiled: str | None = None  #: a folder, where code that is compiled for the device stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """Load this recipe's checkpoint, so that the first frame need not wait for it."""

    recipe: Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """Draw these takes, which have one shape; nothing further before the device is `Free`."""

    recipes: Mapping[int, Recipe]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Stop this take before its next step, or do not begin it."""

    take_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Translate:
    """Turn these texts into English."""

    request_id: int
    texts: tuple[str, ...]
    language: str  #: such as ``zh``; see ``generator.language``


Command = Equip | Prepare | Draw | Cancel | Translate


# -- what the drawing process answers -------------------------------------------------------------------


class Failure(StrEnum):
    """Why a picture was not drawn."""

    CANCELLED = "cancelled"  #: it was asked to stop
    MEMORY = "memory"  #: out of memory, also in the leanest way to draw
    MODEL = "model"  #: the checkpoint could not be loaded
    DRAWING = "drawing"  #: anything else


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The process is up and has found its device."""

    device: str
    siblings: tuple[str, ...]  #: the machine's other devices of this kind
    slow: bool  #: fewer steps are wise where nobody says how many


@dataclass(frozen=True, slots=True, kw_only=True)
class Unready:
    """The process cannot draw at all, and ends."""

    sentence: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """So many pictures of a shape can be drawn together, from now on."""

    shape: Shape
    pictures: int


@dataclass(frozen=True, slots=True)
class Loading:
    """The process is loading a checkpoint, perhaps over a slow network; it has not hung."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A denoising step of pictures that are drawn together is done."""

    take_ids: tuple[int, ...]
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Free:
    """The device can begin to draw; what it has drawn is still being decoded or encoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A picture is finished."""

    take_id: int
    picture: Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A picture could not be drawn."""

    take_id: int
    failure: Failure
    sentence: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """Texts are in English now."""

    request_id: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Untranslated:
    """Texts could not be turned into English."""

    request_id: int
    sentence: Sentence


Reply = Ready | Unready | Room | Loading | Step | Free | Drawn | Failed | Translated | Untranslated


# -- how both go over a stream --------------------------------------------------------------------------

HEADER = struct.Struct(">Q")  # the length in bytes of the pickle that follows


def pack(message: Command | Reply) -> bytes:
    """A message as it goes over a stream."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return HEADER.pack(len(body)) + body
