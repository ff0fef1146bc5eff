"""What a device is to the rest of the house, and the values that cross to its process and back."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from generator.sentence import Sentence
from generator.settings import USUAL_SPEED, SafetySettings, SpeedSettings
from generator.story import OnStep, Picture, Recipe


class Executor(Protocol):
    """One device that draws one frame at a time."""

    @property
    def device(self) -> str:
        """Its name, such as ``cuda:0``."""
        ...

    async def draw(self, take_id: int, recipe: Recipe, on_step: OnStep) -> Picture:
        """Draw a frame.

        Raises:
            DrawingCancelled: `cancel` was called for it.
            OutOfMemory: the device's memory does not suffice, also not in lean mode.
            DeviceLost: the process died; the next call starts a fresh one.
            ModelError: the recipe's checkpoint cannot be loaded.
            DrawingError: anything else, in words.
        """
        ...

    async def translate(self, texts: Sequence[str], language: str) -> tuple[str, ...]:
        """Turn texts into English, without waiting for a frame that is being drawn.

        Raises:
            NotTranslated: there is no translator, or it could not; in words.
        """
        ...

    def cancel(self, take_id: int) -> None:
        """Stop drawing this take before its next step, if it is being drawn."""
        ...

    async def close(self) -> None:
        """End the process; may be called twice."""
        ...


# -- what the bot's process says ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Equip:
    """How to draw, and the models beside the painter; the first thing that is said."""

    speed: SpeedSettings = USUAL_SPEED  #: what the host wants of the device
    safety: SafetySettings | None = None  #: what looks at every picture
    translator: str | None = None  #: a folder or a Hub id


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """Load this recipe's checkpoint, so that the first frame need not wait for it."""

    recipe: Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """Draw this frame."""

    take_id: int
    recipe: Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Stop this frame before its next step."""

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
    """Why a frame was not drawn."""

    CANCELLED = "cancelled"  #: it was asked to stop
    MEMORY = "memory"  #: out of memory, also in lean mode
    MODEL = "model"  #: the checkpoint could not be loaded
    DRAWING = "drawing"  #: anything else


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The process is up and has found its device."""

    device: str
    siblings: tuple[str, ...]  #: the machine's other devices of this kind


@dataclass(frozen=True, slots=True)
class Loading:
    """The process is loading a checkpoint, perhaps over a slow network; it has not hung."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A denoising step is done."""

    take_id: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A frame is finished."""

    take_id: int
    picture: Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A frame could not be drawn."""

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


Reply = Ready | Loading | Step | Drawn | Failed | Translated | Untranslated


# -- how both go over a stream --------------------------------------------------------------------------

HEADER = struct.Struct(">Q")  # the length in bytes of the pickle that follows


def pack(message: Command | Reply) -> bytes:
    """A message as it goes over a stream."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return HEADER.pack(len(body)) + body
