"""From what a person asked for to what will be drawn: one recipe a scene."""

from __future__ import annotations

import re
import secrets
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from generator.errors import OptionRefused
from generator.method.tokens import clip_tokenizer
from generator.method.windows import windows
from generator.profiles import profile_of
from generator.settings import (
    GuidanceScale,
    IdentityStrength,
    Settings,
    Side,
    Steps,
    WindowLength,
)
from generator.story import Options, Recipe, Script, Storyboard

MAX_SEED = 2**32 - 1

_T = TypeVar("_T")

_BOUNDS: dict[str, TypeAdapter[float]] = {
    "steps": TypeAdapter(Steps),
    "guidance_scale": TypeAdapter(GuidanceScale),
    "width": TypeAdapter(Side),
    "height": TypeAdapter(Side),
    "window_length": TypeAdapter(WindowLength),
    "identity_strength": TypeAdapter(IdentityStrength),
}

_NAMES = {"guidance_scale": "guidance", "window_length": "window", "identity_strength": "identity"}
"""Where an option's name in Discord is shorter."""


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
        raise OptionRefused(f"“{text}” is no size; please write width x height in pixels, such as 1024x768.")
    return int(sides[1]), int(sides[2] or sides[1])


def draft(script: Script, options: Options, settings: Settings) -> Storyboard:
    """Decide everything about a story's pictures.

    Raises:
        PromptTooLong: a scene does not fit into CLIP's context together with the subject.
        OptionRefused: an option is out of its bounds, or beyond what the host allows.
    """
    check(options, settings)
    style = options.style or settings.story.style
    subject = settings.styles[style].replace("{subject}", script.subject)
    length = options.window_length or settings.story.window_length
    look = _look(options, settings)
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


def _look(options: Options, settings: Settings) -> dict[str, Any]:
    """What all frames of a story share: the author's wish, else the host's, else the model family's."""
    host, model = settings.story, settings.model
    family = profile_of(model.name)
    return {
        "model": model.name,
        "loras": model.lora_files,
        "freeu": model.freeu,
        "scheduler": host.scheduler or family.scheduler,
        "seed": new_seed() if options.seed is None else options.seed,
        "steps": _first(options.steps, host.steps, family.steps),
        "guidance_scale": _first(options.guidance_scale, host.guidance_scale, family.guidance_scale),
        "width": _first(options.width, host.width, family.width),
        "height": _first(options.height, host.height, family.height),
        "identity_strength": _first(options.identity_strength, host.identity_strength),
        "svr": _first(options.svr, host.svr),
        "negative_prompt": _first(options.negative_prompt, host.negative_prompt),
    }


def _first(*wishes: _T | None) -> _T:
    return next(wish for wish in wishes if wish is not None)


def check(options: Options, settings: Settings) -> None:
    """Hold options against their bounds, and against what the host allows.

    Raises:
        OptionRefused: one is beyond them; the sentence names it.
    """
    for name, bounds in _BOUNDS.items():
        value = getattr(options, name)
        if value is None:
            continue
        try:
            bounds.validate_python(value)
        except ValidationError as error:
            reason = error.errors()[0]["msg"].removeprefix("Value error, ").lower()
            raise OptionRefused(f"{_NAMES.get(name, name)} = {value} is not possible: {reason}.") from error
    limits = settings.limits
    for name, limit in (("steps", limits.steps), ("width", limits.side), ("height", limits.side)):
        if (getattr(options, name) or 0) > limit:
            raise OptionRefused(
                f"{getattr(options, name)} is more {name} than this host allows; please stay within {limit}."
            )
    if options.seed is not None and not 0 <= options.seed <= MAX_SEED:
        raise OptionRefused(f"A seed is a whole number from 0 to {MAX_SEED}; {options.seed} is not.")
    if options.style is not None and options.style not in settings.styles:
        raise OptionRefused(
            f"There is no style “{options.style}” here; choose one of {', '.join(settings.styles)}."
        )
