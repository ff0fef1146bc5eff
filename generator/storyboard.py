"""From what a person asked for to what will be drawn: one recipe a scene."""

from __future__ import annotations

import math
import re
import secrets
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from generator.errors import OptionRefused
from generator.method.tokens import clip_tokenizer
from generator.method.windows import windows
from generator.profiles import Profile
from generator.sentence import Sentence
from generator.server import MemberDefaults, ServerSettings
from generator.settings import (
    GuidanceScale,
    IdentityStrength,
    LimitSettings,
    Settings,
    Side,
    Steps,
    StorySettings,
    WindowLength,
)
from generator.story import Options, Recipe, Script, Storyboard

MAX_SEED = 2**32 - 1

Wish = Options | MemberDefaults | ServerSettings | StorySettings | Profile
"""What may have an opinion on how a story is drawn."""

_DefaultsT = TypeVar("_DefaultsT", MemberDefaults, ServerSettings)

_KINDS: dict[str, TypeAdapter[float]] = {
    "steps": TypeAdapter(Steps),
    "guidance_scale": TypeAdapter(GuidanceScale),
    "width": TypeAdapter(Side),
    "height": TypeAdapter(Side),
    "window_length": TypeAdapter(WindowLength),
    "identity_strength": TypeAdapter(IdentityStrength),
}
"""The options that are numbers."""

_NAMES = {
    "steps": Sentence("steps"),
    "guidance_scale": Sentence("guidance"),
    "window_length": Sentence("window"),
    "identity_strength": Sentence("identity"),
}
"""What they are called in Discord, where a size is one option."""


def new_seed() -> int:
    """A seed that nobody can foresee."""
    return secrets.randbelow(MAX_SEED + 1)


def read_size(text: str) -> tuple[int, int]:
    """Width and height in pixels from ``1024x768``, ``1024 × 768`` or ``1024``.

    Raises:
        OptionRefused: it is no size.
    """
    sides = re.fullmatch(r"\s*(\d{1,5})\s*(?:[x×*,]\s*(\d{1,5})\s*)?", text, re.IGNORECASE)
    if sides is None:
        raise OptionRefused(
            "“{text}” is no size; please write width x height in pixels, such as 1024x768.", text=text
        )
    return int(sides[1]), int(sides[2] or sides[1])


def draft(
    script: Script,
    options: Options,
    settings: Settings,
    server: ServerSettings | None = None,
    member: MemberDefaults | None = None,
) -> Storyboard:
    """Decide everything about a story's pictures: the author's wish, else the member's default, else the
    server's, else the host's, else the model family's.

    Raises:
        PromptTooLong: a scene does not fit into CLIP's context together with the subject.
        OptionRefused: an option is out of its bounds, beyond what the host allows, or not offered here.
    """
    server, member = server or ServerSettings(), member or MemberDefaults()
    check(options, settings, server)
    model = options.model or server.default_model(settings)
    wishes = (
        options,
        _within(member, settings.limits),
        _within(server, settings.limits),
        settings.story,
        settings.profile(model),
    )
    style = _style(wishes, server.offered_styles(settings))
    subject = settings.styles[style].replace("{subject}", script.subject)
    length = _wished(wishes, "window_length")
    look = _look(wishes, settings, model)
    return Storyboard(
        subject=script.subject,
        style=style,
        scenes=script.scenes,
        recipes=tuple(
            Recipe(
                subject=subject,
                prompt=window.prompt,
                express=window.express,
                suppress=window.suppress,
                **look,
            )
            for window in windows(subject, script.scenes, length, clip_tokenizer().count)
        ),
    )


def usual(name: str, settings: Settings, server: ServerSettings, member: MemberDefaults | None = None) -> Any:
    """What an option is in this server when an author, and a member by default, does not say."""
    member = member or MemberDefaults()
    layers = (_within(member, settings.limits), _within(server, settings.limits), settings.story)
    if name == "style":
        return _style(layers, server.offered_styles(settings))
    return _wished((*layers, settings.profile(server.default_model(settings))), name)


def _look(wishes: tuple[Wish, ...], settings: Settings, model: str) -> dict[str, Any]:
    """What all frames of a story share."""
    seed: int | None = getattr(wishes[0], "seed", None)
    names = (
        "scheduler", "steps", "guidance_scale", "width", "height", "identity_strength", "svr",
        "negative_prompt",
    )  # fmt: skip
    return {name: _wished(wishes, name) for name in names} | {
        "model": model,
        "loras": settings.model.lora_files,
        "freeu": settings.model.freeu,
        "seed": new_seed() if seed is None else seed,
    }


def _wished(wishes: tuple[Wish, ...], name: str) -> Any:
    """The first opinion there is; zero and the empty text are opinions."""
    return next(value for wish in wishes if (value := getattr(wish, name, None)) is not None)


def _style(wishes: tuple[Wish, ...], offered: tuple[str, ...]) -> str:
    """The first style wished for that is offered here; a default from elsewhere may not be."""
    wished = (getattr(wish, "style", None) for wish in wishes)
    return next((style for style in wished if style in offered), offered[0])


def _within(defaults: _DefaultsT, limits: LimitSettings) -> _DefaultsT:
    """Defaults that are older than the host's limits, lowered to them."""
    most = _host_limits(limits)
    chosen = {name: getattr(defaults, name) for name in most}
    return defaults.model_copy(
        update={name: min(value, most[name]) for name, value in chosen.items() if value is not None}
    )


def check(options: Options, settings: Settings, server: ServerSettings) -> None:
    """Make sure that what a person chose is possible, allowed and offered.

    Raises:
        OptionRefused: it is not; the sentence says what is.
    """
    for name in _NAMES:
        if (value := getattr(options, name)) is not None:
            check_number(name, value, settings.limits)
    check_size(options.width, options.height, settings.limits)
    if options.seed is not None and not 0 <= options.seed <= MAX_SEED:
        raise OptionRefused(
            "A seed is a whole number from 0 to {most}; {seed} is not.", most=MAX_SEED, seed=options.seed
        )
    styles, models = server.offered_styles(settings), server.offered_models(settings)
    if options.style is not None and options.style not in styles:
        raise OptionRefused(
            "There is no style “{style}” here; choose one of {styles}.", style=options.style, styles=styles
        )
    if options.model is not None and options.model not in models:
        raise OptionRefused(
            "There is no model “{model}” here; choose one of {models}.", model=options.model, models=models
        )


def check_number(name: str, value: float, limits: LimitSettings) -> None:
    """Make sure that an option's number is within its bounds and the host's.

    Raises:
        OptionRefused: it is not.
    """
    least, most, _multiple = bounds(name, limits)
    if not _possible(name, value, most):
        raise OptionRefused(
            "{name} = {value} is not possible; please choose {least} to {most}.",
            name=_NAMES[name],
            value=value,
            least=least,
            most=most,
        )


def check_size(width: int | None, height: int | None, limits: LimitSettings) -> None:
    """Make sure that pictures can have this size, or this side if only one is chosen.

    Raises:
        OptionRefused: they cannot.
    """
    least, most, multiple = bounds("width", limits)
    sides = {"width": width, "height": height}
    chosen = {name: side for name, side in sides.items() if side is not None}
    if not all(_possible(name, side, most) for name, side in chosen.items()):
        raise OptionRefused(
            "size = {size} is not possible; width and height can each be a multiple of {multiple} from "
            "{least} to {most}.",
            size="x".join(map(str, chosen.values())),
            multiple=multiple,
            least=least,
            most=most,
        )


def _possible(name: str, value: float, most: float) -> bool:
    try:
        _KINDS[name].validate_python(value)
    except ValidationError:
        return False
    return value <= most


def bounds(name: str, limits: LimitSettings) -> tuple[float, float, int | None]:
    """The least and the most that an option's number may be on this host, and what it is a multiple of."""
    kind = _KINDS[name].json_schema()
    most = min(kind["maximum"], _host_limits(limits).get(name, math.inf))
    return kind["minimum"], most, kind.get("multipleOf")


def _host_limits(limits: LimitSettings) -> dict[str, int]:
    return {"steps": limits.steps, "width": limits.side, "height": limits.side}
