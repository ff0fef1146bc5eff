"""What a server, and a member in it, has decided for itself; the host's config.toml is the outer bound."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.settings import GuidanceScale, IdentityStrength, Settings, Side, Steps
from generator.story import Person


class Shade(StrEnum):
    """What happens to a picture that the safety classifier objects to."""

    SPOILER = "spoiler"  #: hidden until tapped
    BLUR = "blur"  #: posted beyond recognition
    REFUSE = "refuse"  #: not posted


class _Choices(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    def altered(self, **changes: Any) -> Self:
        """The same with some choices made differently.

        Raises:
            ValidationError: one of them is not possible.
        """
        return self.model_validate(self.model_dump() | changes)

    def kept(self) -> str:
        """What was chosen as JSON; what was not is left out, and follows the defaults of later versions."""
        return self.model_dump_json(exclude_defaults=True)

    @classmethod
    def recalled(cls, kept: str) -> Self:
        """What `kept` wrote; a choice that is not possible any more is as if it had not been made."""
        try:
            return cls.model_validate_json(kept)
        except ValidationError as error:
            spoilt = {problem["loc"][0] for problem in error.errors()}
            choices = {name: value for name, value in json.loads(kept).items() if name not in spoilt}
            return cls.model_validate_json(json.dumps(choices))


_T = TypeVar("_T")

_LIMITS = "limits."
"""Before the names of `Limits` where settings are named."""

MAX_WORDS = 200
MAX_WORD = 100  # characters

Id = Annotated[int, Field(gt=0)]
Ids = Annotated[tuple[Id, ...], Field(strict=False, max_length=25)]  # as many as a menu of Discord's holds
Names = Annotated[tuple[str, ...], Field(strict=False)]
Words = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=MAX_WORD)], ...],
    Field(strict=False, max_length=MAX_WORDS),
]
Weight = Annotated[float, Field(ge=0.1, le=10)]
PerDay = Annotated[int, Field(ge=1, le=100_000)]


class Limits(_Choices):
    """What one member, and the server as a whole, may ask for; ``None`` is the host's own limit."""

    stories_at_once: Annotated[int, Field(ge=1, le=50)] | None = None  #: of one member, not all drawn yet
    scenes: Annotated[int, Field(ge=1, le=50)] | None = None  #: of one story
    frames_a_day: PerDay | None = None  #: of one member, in the last 24 hours
    server_frames_a_day: PerDay | None = None  #: of the whole server
    exempt_roles: Ids = ()  #: who may exceed all of them


class ServerSettings(_Choices):
    """A server's own settings; a new server has these defaults."""

    channels: Ids = ()  #: where stories may be told, threads in them included; empty: wherever the bot may
    teller_roles: Ids = ()  #: who may tell stories; empty: everyone
    models: Names = ()  #: offered here; empty: all of the host's
    model: str | None = None  #: when an author does not say; None: the host's first
    styles: Names = ()  #: offered here; empty: all of the host's
    style: str | None = None  #: when an author does not say
    steps: Steps | None = None
    width: Side | None = None
    height: Side | None = None
    limits: Limits = Limits()
    role_weights: dict[Id, Weight] = Field(default_factory=dict)  #: a member's turns; the largest counts
    shade: Shade = Shade.BLUR
    refused_words: Words = ()  #: or /patterns/
    reports_channel: Id | None = None  #: where reports go; None: nowhere, the member is told so
    gallery_channel: Id | None = None  #: where finished stories are posted too
    language: str | None = None  #: of what everybody sees; None: the server's own in Discord
    read_messages: bool = False  #: whether what is written in a shared story's thread is a scene

    def chosen(self, choices: Mapping[str, Any]) -> ServerSettings:
        """The same with some settings, named as `flat` has them, chosen differently.

        Raises:
            ValidationError: one of them is not possible.
        """
        limits = {name[len(_LIMITS) :]: each for name, each in choices.items() if name.startswith(_LIMITS)}
        others = {name: each for name, each in choices.items() if not name.startswith(_LIMITS)}
        return self.altered(limits=self.limits.altered(**limits), **others)

    def offered_models(self, host: Settings) -> tuple[str, ...]:
        """The host's models that may be chosen here; names that the host has given up do not count."""
        return _offered(host.model.names, self.models)

    def offered_styles(self, host: Settings) -> tuple[str, ...]:
        """The host's styles that may be chosen here."""
        return _offered(tuple(host.styles), self.styles)

    def default_model(self, host: Settings) -> str:
        """What draws here when an author does not say."""
        offered = self.offered_models(host)
        return self.model if self.model in offered else offered[0]

    def most_scenes(self, host: Settings, roles: Collection[int]) -> int:
        """How many scenes a story of somebody with these roles may have."""
        if self.limits.scenes is None or not set(roles).isdisjoint(self.limits.exempt_roles):
            return host.limits.scenes
        return min(self.limits.scenes, host.limits.scenes)


class MemberDefaults(_Choices):
    """What a member's stories are drawn with when a command does not say."""

    style: str | None = None
    steps: Steps | None = None
    guidance_scale: GuidanceScale | None = None
    width: Side | None = None
    height: Side | None = None
    identity_strength: IdentityStrength | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One setting of a server that somebody changed."""

    person: Person
    at: datetime
    setting: str  #: a field of `ServerSettings`; of its limits, ``limits.`` and the field
    before: Any  #: as JSON has it
    after: Any


def _offered(known: tuple[str, ...], chosen: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in known if name in chosen) or known


def pruned(
    settings: ServerSettings, channels: Collection[int], roles: Collection[int], host: Settings
) -> ServerSettings:
    """The settings without what the server has deleted since, and what the host has given up.

    Where all that stories were restricted to is gone, the restriction stays: what was closed on purpose must
    not open by itself.
    """
    limits = settings.limits

    def there(wanted: _T | None, known: Collection[_T]) -> _T | None:
        return wanted if wanted in known else None

    def left(wanted: tuple[_T, ...], known: Collection[_T]) -> tuple[_T, ...]:
        return tuple(each for each in wanted if each in known)

    return settings.altered(
        channels=left(settings.channels, channels) or settings.channels,
        teller_roles=left(settings.teller_roles, roles) or settings.teller_roles,
        models=left(settings.models, host.model.names),
        model=there(settings.model, host.model.names),
        styles=left(settings.styles, host.styles),
        style=there(settings.style, host.styles),
        limits=limits.altered(exempt_roles=left(limits.exempt_roles, roles)),
        role_weights={role: weight for role, weight in settings.role_weights.items() if role in roles},
        reports_channel=there(settings.reports_channel, channels),
        gallery_channel=there(settings.gallery_channel, channels),
    )


def differences(before: ServerSettings, after: ServerSettings) -> dict[str, tuple[Any, Any]]:
    """The settings that are not the same, each as it was and is, as JSON has them."""
    old, new = flat(before), flat(after)
    return {name: (old[name], new[name]) for name in old if old[name] != new[name]}


def flat(settings: ServerSettings) -> dict[str, Any]:
    """Every setting by its name, as JSON has it; of the limits, ``limits.`` and the name."""
    values = settings.model_dump(mode="json")
    limits = values.pop("limits")
    return values | {f"{_LIMITS}{name}": value for name, value in limits.items()}
