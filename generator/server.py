"""What a server, and a member in it, has decided for itself; the host's config.toml is the outer bound."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from generator.settings import GuidanceScale, IdentityStrength, Side, Steps


class Shade(StrEnum):
    """What happens to a picture that the safety classifier objects to."""

    SPOILER = "spoiler"  #: hidden until tapped
    BLUR = "blur"  #: posted beyond recognition
    REFUSE = "refuse"  #: not posted


class _Choices(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


Id = Annotated[int, Field(gt=0)]
Ids = Annotated[tuple[Id, ...], Field(strict=False, max_length=50)]
Weight = Annotated[float, Field(ge=0.1, le=10)]


class Limits(_Choices):
    """What one member, and the server as a whole, may ask for; ``None`` is the host's own limit."""

    stories_at_once: Annotated[int, Field(ge=1, le=50)] | None = None  #: of one member, not all drawn yet
    scenes: Annotated[int, Field(ge=1, le=50)] | None = None  #: of one story
    frames_a_day: Annotated[int, Field(ge=1)] | None = None  #: of one member, in the last 24 hours
    server_frames_a_day: Annotated[int, Field(ge=1)] | None = None  #: of the whole server
    exempt_roles: Ids = ()  #: who may exceed all of them


class ServerSettings(_Choices):
    """A server's own settings; a new server has these defaults."""

    channels: Ids = ()  #: where stories may be told, threads in them included; empty: wherever the bot may
    teller_roles: Ids = ()  #: who may tell stories; empty: everyone
    model: str | None = None  #: one of the host's; None: the host's first
    styles: tuple[str, ...] = Field(default=(), strict=False)  #: offered here; empty: all of the host's
    style: str | None = None  #: when an author does not say
    steps: Steps | None = None
    width: Side | None = None
    height: Side | None = None
    limits: Limits = Limits()
    role_weights: dict[Id, Weight] = Field(default_factory=dict)  #: a member's turns; the largest counts
    shade: Shade = Shade.BLUR
    refused_words: Annotated[tuple[str, ...], Field(strict=False, max_length=200)] = ()  #: or /patterns/
    reports_channel: Id | None = None  #: where reports go; None: nowhere, the member is told so
    gallery_channel: Id | None = None  #: where finished stories are posted too
    language: str | None = None  #: of what everybody sees; None: the server's own in Discord
    read_messages: bool = False  #: whether what is written in a shared story's thread is a scene


class MemberDefaults(_Choices):
    """What a member's stories are drawn with when a command does not say."""

    style: str | None = None
    steps: Steps | None = None
    guidance_scale: GuidanceScale | None = None
    width: Side | None = None
    height: Side | None = None
    identity_strength: IdentityStrength | None = None
