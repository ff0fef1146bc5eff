"""Everything that can go wrong in a way a person should hear about.

SamefoxError                    its text is one sentence: what happened and what to do
├── ConfigurationError          config.toml cannot be used
├── Refusal                     a story cannot be told as it was asked for
│   ├── ScriptRefused           the text has no subject, no scenes, or too much of them
│   ├── PromptTooLong           a subject with one scene exceeds CLIP's context
│   ├── OptionRefused           an option is out of its bounds
│   └── TooManyWaiting          a person has enough pictures waiting
├── NotFound                    there is no such story or take
├── ArchiveError                the database cannot be used
├── ModelError                  a checkpoint cannot be loaded
└── DrawingError                a frame cannot be drawn
    ├── OutOfMemory             the device has not enough memory, also not in lean mode
    ├── DeviceLost              the drawing process died
    └── DrawingCancelled        a person stopped it
"""

from __future__ import annotations


class SamefoxError(Exception):
    """The base of all; ``str()`` of it may be shown to a person as it is."""


class ConfigurationError(SamefoxError):
    """config.toml cannot be used."""


class Refusal(SamefoxError):
    """A story cannot be told as it was asked for; nothing has been queued."""


class ScriptRefused(Refusal):
    """The text has no subject, no scenes, or too much of them."""


class PromptTooLong(Refusal):
    """A subject with one scene exceeds CLIP's context."""

    def __init__(self, scene: str, tokens: int, limit: int) -> None:
        shown = scene if len(scene) <= 80 else scene[:79] + "…"
        super().__init__(
            f"The subject and the scene “{shown}” make {tokens} tokens together, and a picture can follow "
            f"at most {limit}; please shorten one of them by about {tokens - limit}."
        )
        self.scene = scene
        self.tokens = tokens
        self.limit = limit


class OptionRefused(Refusal):
    """An option is out of its bounds."""


class TooManyWaiting(Refusal):
    """A person has enough pictures waiting."""


class NotFound(SamefoxError):
    """There is no such story or take."""


class ArchiveError(SamefoxError):
    """The database cannot be used."""


class ModelError(SamefoxError):
    """A checkpoint cannot be loaded."""


class DrawingError(SamefoxError):
    """A frame cannot be drawn."""


class OutOfMemory(DrawingError):
    """The device has not enough memory, also not in lean mode."""


class DeviceLost(DrawingError):
    """The drawing process died."""


class DrawingCancelled(DrawingError):
    """A person stopped it."""
