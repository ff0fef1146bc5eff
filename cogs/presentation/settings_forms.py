"""The forms of the panels: numbers and words that are typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from cogs.presentation.choices import Standing, label
from cogs.presentation.forms import Field, Form, Read, number, size_hint
from cogs.presentation.words import _
from generator.moderation.rules import check_rules
from generator.server import MemberDefaults
from generator.settings import LimitSettings
from generator.storyboard import bounds, check_size, read_size

_MOST = 100_000  # of anything that the host does not limit
_WORDS_LENGTH = 1500  # characters; what was typed must fit beside a refusal in one message


def limits_form(now: Standing) -> Form:
    """What members may ask for."""

    def field(name: str, description: str) -> Field:
        setting = f"limits.{name}"
        title, most = label(setting), getattr(now.host.limits, name)
        if most is not None:
            description += " " + _("At most {most}, as the host allows.").format(most=most)
        return Field(
            label=title,
            description=description,
            placeholder=now.told(setting, None),
            value=_text(getattr(now.server.limits, name)),
            read=number(setting, title, 1, most or _MOST),
            length=6,
        )

    return Form(
        desk="settings",
        name="limits",
        page="limits",
        title=_("Limits"),
        fields=(
            field("stories_at_once", _("How many stories of a member may wait or be drawn.")),
            field("scenes", _("Of one story.")),
            field("frames_a_day", _("Of one member, in the last 24 hours; what fails does not count.")),
            field("server_frames_a_day", _("Of the whole server, in the last 24 hours.")),
        ),
    )


def look_form(now: Standing) -> Form:
    """What pictures are drawn with when an author does not say."""
    limits, server = now.host.limits, now.server
    return Form(
        desk="settings",
        name="look",
        page="pictures",
        title=_("Steps and size"),
        fields=(
            _number_field("steps", server.steps, now.usual("steps"), limits),
            _size_field(server.width, server.height, (now.usual("width"), now.usual("height")), limits),
        ),
    )


def words_form(now: Standing) -> Form:
    """What is not drawn here."""
    return Form(
        desk="settings",
        name="words",
        page="moderation",
        title=_("Refused words"),
        fields=(
            Field(
                label=_("Words that I shall not draw"),
                description=_("A line or comma between two. A line between slashes is a regular expression."),
                placeholder=_("spider\n/clowns?/"),
                value="\n".join(now.server.refused_words),
                read=_read_words,
                long=True,
                length=_WORDS_LENGTH,
            ),
        ),
    )


def member_form(mine: MemberDefaults, usual: Callable[[str], Any], limits: LimitSettings) -> Form:
    """What a member's stories are drawn with when they do not say."""
    return Form(
        desk="me",
        name="mine",
        page="defaults",
        title=_("My defaults"),
        fields=(
            _number_field("steps", mine.steps, usual("steps"), limits),
            _size_field(mine.width, mine.height, (usual("width"), usual("height")), limits),
            _number_field(
                "guidance_scale", mine.guidance_scale, usual("guidance_scale"), limits, whole=False
            ),
            _number_field(
                "identity_strength", mine.identity_strength, usual("identity_strength"), limits, whole=False
            ),
        ),
    )


SERVER_FORMS: dict[str, Callable[[Standing], Form]] = {
    "limits": limits_form,
    "look": look_form,
    "words": words_form,
}


def _number_field(
    name: str, value: float | None, usual: float, limits: LimitSettings, *, whole: bool = True
) -> Field:
    title = label(name)
    least, most, _multiple = bounds(name, limits)
    return Field(
        label=title,
        description=_("{least} to {most}; empty: {usual}.").format(
            least=f"{least:g}", most=f"{most:g}", usual=f"{usual:g}"
        ),
        value=_text(value),
        read=number(name, title, least, most, whole=whole),
        length=6,
    )


def _size_field(
    width: int | None, height: int | None, usual: tuple[int, int], limits: LimitSettings
) -> Field:
    return Field(
        label=_("Size"),
        description=size_hint(limits, f"{usual[0]}x{usual[1]}"),
        value=f"{width or usual[0]}x{height or usual[1]}" if width or height else "",
        read=_size_reader(limits),
    )


def _size_reader(limits: LimitSettings) -> Read:
    def reading(text: str) -> dict[str, Any]:
        if not text:
            return {"width": None, "height": None}
        width, height = read_size(text)
        check_size(width, height, limits)
        return {"width": width, "height": height}

    return reading


def _read_words(text: str) -> dict[str, Any]:
    words = [word.strip() for line in text.splitlines() for word in _words(line.strip())]
    rules = tuple(dict.fromkeys(filter(None, words)))
    check_rules(rules)
    return {"refused_words": rules}


def _words(line: str) -> list[str]:
    """What a line lists; in a regular expression, a comma is its own."""
    return [line] if len(line) > 1 and line[0] == line[-1] == "/" else re.split("[,，、]", line)


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
