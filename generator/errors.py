"""Everything that can go wrong in a way a person should hear about.

SamefoxError                    one sentence: what happened and what to do
├── ConfigurationError          config.toml cannot be used
├── Refusal                     a story cannot be told as it was asked for
│   ├── ScriptRefused           the text has no subject, no scenes, or too much of them
│   ├── PromptTooLong           a subject with one scene exceeds CLIP's context
│   ├── TextRefused             the text asks for what may not be drawn
│   ├── Banned                  moderators have excluded this person
│   ├── NotTranslated           the text could not be turned into English
│   ├── OptionRefused           an option is out of its bounds
│   └── LimitReached            a person, or their server, has asked for as much as they may
├── NotFound                    there is no such story or take
├── ArchiveError                the database cannot be used
├── ModelError                  a checkpoint cannot be loaded
└── DrawingError                a frame cannot be drawn
    ├── OutOfMemory             the device has not enough memory, also not in lean mode
    ├── DeviceLost              the drawing process died
    └── DrawingCancelled        a person stopped it
"""

from __future__ import annotations

from typing import Any, Self

from generator.sentence import Sentence


class SamefoxError(Exception):
    """The base of all: a literal template with named fields, and their values.

    ``str()`` of it is the English sentence, which may be shown to a person as it is; `sentence` can be said
    in the person's own language. A template without values is not formatted.
    """

    def __init__(self, template: str, **values: Any) -> None:
        self.sentence = Sentence(template, _values(values))
        super().__init__(str(self.sentence))

    @classmethod
    def of(cls, sentence: Sentence) -> Self:
        """The error that a sentence is about."""
        return cls(sentence.template, **sentence.values)

    @property
    def template(self) -> str:
        """English, with named fields."""
        return self.sentence.template

    @property
    def values(self) -> dict[str, Any]:
        """What goes into the fields."""
        return dict(self.sentence.values)

    def __reduce__(self) -> tuple[Any, ...]:
        # Without a call of __init__, whose parameters differ from class to class.
        return type(self).__new__, (type(self), *self.args), self.__dict__


def _values(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a sentence; an error among them is its own sentence."""
    return {
        name: value.sentence if isinstance(value, SamefoxError) else value for name, value in values.items()
    }


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
            "The subject and the scene “{scene}” make {tokens} tokens together, and a picture can follow at "
            "most {limit}; please shorten one of them by about {excess}.",
            scene=shown,
            tokens=tokens,
            limit=limit,
            excess=tokens - limit,
        )
        self.scene = scene
        self.tokens = tokens
        self.limit = limit


class TextRefused(Refusal):
    """The text asks for what may not be drawn."""


class Banned(Refusal):
    """Moderators have excluded this person."""


class NotTranslated(Refusal):
    """The text could not be turned into English."""


class OptionRefused(Refusal):
    """An option is out of its bounds."""


class LimitReached(Refusal):
    """A person, or their server, has asked for as much as they may."""


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
