"""Members' words on their way into Discord's markup."""

from __future__ import annotations

import re
from collections.abc import Callable

from cogs.presentation.words import _

# Discord drops a backslash before any of these, so escaping all of them shows the text as it was typed:
# no bold, no link, no mention, no heading, no list.
_MARKUP = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: str, limit: int = 300) -> str:
    """Text as it was typed, cut to `limit` characters, without any effect as markup or mention."""
    return _MARKUP.sub(r"\\\1", shorten(text, limit))


def shorten(text: str, limit: int) -> str:
    """Text of at most `limit` characters, its cut marked."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def fitting(said: Callable[[int], str], longest: int, room: int) -> str:
    """What is said with pieces of up to `longest` characters, or of fewer until it fits the room.

    Escaping makes texts longer by as much as they have signs, and a message holds 4000 characters.
    """
    text = said(longest)
    while len(text) > room and longest > 4:
        longest = longest * 3 // 4
        text = said(longest)
    return text


def thread_name(text: str) -> str:
    """Text as a thread's name, which knows no escapes; the system message about the thread repeats it."""
    return shorten(text.replace("@", "@\u200b"), 100)


def quote_block(text: str) -> str:
    """Text in a code block, from which a phone copies it with one tap; a fence inside cannot end it."""
    return "```\n" + text.replace("``", "`\u200b`") + "\n```"


def duration(seconds: float) -> str:
    """A time as people say it: ``about 40 s``, ``about 3 min``, ``about 2 h``."""
    if seconds < 90:
        return _("about {seconds} s").format(seconds=max(1, round(seconds)))
    if seconds < 90 * 60:
        return _("about {minutes} min").format(minutes=round(seconds / 60))
    return _("about {hours} h").format(hours=round(seconds / 3600))
