"""What a member may ask for: the host's bounds, a server's own within them, and who may exceed the latter."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from generator.errors import LimitReached
from generator.sentence import Sentence
from generator.server import Limits, ServerSettings
from generator.settings import LimitSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a member's roles mean for the queue."""

    weight: float = 1.0  #: of their turns, in proportion to the server's other members
    exempt: bool = False  #: from what the server allows; the host's own bounds hold for everyone


USUAL = Standing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What counts in the end; ``None`` is no limit."""

    waiting: int
    scenes: int
    stories_at_once: int | None
    frames_a_day: int | None
    server_frames_a_day: int | None


def standing(roles: Collection[int], server: ServerSettings) -> Standing:
    """What somebody with these roles may do: the largest of their roles' weights counts."""
    weights = [weight for role, weight in server.role_weights.items() if role in roles]
    return Standing(
        weight=max(weights, default=1.0),
        exempt=any(role in roles for role in server.limits.exempt_roles),
    )


def bounds(host: LimitSettings, server: Limits, standing: Standing) -> Bounds:
    """The host's bounds, and within them the server's, unless this member may exceed those."""
    own = Limits() if standing.exempt else server
    return Bounds(
        waiting=host.waiting,
        scenes=_least(host.scenes, own.scenes) or host.scenes,
        stories_at_once=_least(host.stories_at_once, own.stories_at_once),
        frames_a_day=_least(host.frames_a_day, own.frames_a_day),
        server_frames_a_day=_least(host.server_frames_a_day, own.server_frames_a_day),
    )


def check_scenes(scenes: int, limit: int) -> None:
    """Make sure that a story is not too long.

    Raises:
        LimitReached: it is.
    """
    if scenes > limit:
        raise LimitReached(
            "This story has {scenes} scenes, and here a story can have {limit}; please leave some out, or "
            "tell the rest as a second story.",
            scenes=scenes,
            limit=limit,
        )


def check_stories(stories: int, limit: int | None) -> None:
    """Make sure that a member may tell one more story while `stories` are not all drawn.

    Raises:
        LimitReached: they may not.
    """
    if limit is not None and stories >= limit:
        raise LimitReached(
            "Stories of yours that are still being drawn: {stories}; here you can have {limit} at once. "
            "Please wait until one is told, or stop one of them in /queue.",
            stories=stories,
            limit=limit,
        )


def check_waiting(waiting: int, more: int, limit: int) -> None:
    """Make sure that a person does not fill the line.

    Raises:
        LimitReached: they would.
    """
    if waiting + more > limit:
        raise LimitReached(
            "You can have {limit} pictures waiting on this host, and {waiting} wait already; please ask "
            "again when some of them are drawn, or stop a story of yours in /queue.",
            limit=limit,
            waiting=waiting,
        )


def day_is_over(used: int, more: int, limit: int, seconds: float | None, *, server: bool) -> LimitReached:
    """Why `more` pictures are too many for one day, and when they are not.

    Args:
        used: pictures of the last 24 hours, of the member or of the whole `server`.
        more: pictures asked for.
        limit: how many there may be in 24 hours.
        seconds: until so many are free; ``None`` if there never are.
    """
    left = max(0, limit - used)
    whose = Sentence("All members together") if server else Sentence("You")
    values = {"whose": whose, "limit": limit, "left": left, "more": more}
    if seconds is None:
        return LimitReached(
            "{whose} can have {limit} pictures in 24 hours here, and this needs {more}; please ask for "
            "fewer.",
            **values,
        )
    values["when"] = about(seconds)
    if not left:
        return LimitReached(
            "{whose} can have {limit} pictures in 24 hours here, and all of them are used up; please ask "
            "again in {when}. What is stopped or fails before it is drawn does not count.",
            **values,
        )
    return LimitReached(
        "{whose} have {left} left of {limit} pictures in 24 hours here, and this needs {more}. Please ask "
        "for fewer now, or again in {when}.",
        **values,
    )


def about(seconds: float) -> Sentence:
    """A time as people say it."""
    if seconds < 90:
        return Sentence("about {seconds} s", {"seconds": max(1, round(seconds))})
    if seconds < 90 * 60:
        return Sentence("about {minutes} min", {"minutes": round(seconds / 60)})
    return Sentence("about {hours} h", {"hours": round(seconds / 3600)})


def _least(host: int | None, own: int | None) -> int | None:
    return min((limit for limit in (host, own) if limit is not None), default=None)
