"""What the network may do to a request between the bot and Discord.

A network is called twice for every request: on the way in, and on the way out, when Discord's world has
already changed but the bot does not know. It may wait, or raise `ConnectionResetError` to cut the line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from time import monotonic
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the bot."""

    method: str
    path: str  #: without `/api/v10`
    json: Any = None
    at: float = field(default_factory=monotonic)  #: seconds, of the monotonic clock

    def matches(self, method: str, path: str) -> bool:
        """Say whether this is such a request; `path` may hold `*`."""
        return self.method == method and fnmatchcase(self.path, path)


Network = Callable[[Call, bool], Awaitable[None]]  #: the request, and whether Discord has acted on it


async def calm(_call: Call, _applied: bool) -> None:
    """Pass everything at once."""


def slow(before: float = 0.0, behind: float = 0.0) -> Network:
    """Hold every request `before` seconds on the way in and its answer `behind` seconds on the way out."""

    async def network(_call: Call, applied: bool) -> None:
        await asyncio.sleep(behind if applied else before)

    return network


def drop(method: str, path: str, times: int = 1) -> Network:
    """Lose the answers of the first `times` such requests: Discord did it, the bot never hears."""
    left = times

    async def network(call: Call, applied: bool) -> None:
        nonlocal left
        if applied and left and call.matches(method, path):
            left -= 1
            raise ConnectionResetError

    return network


def after(count: int, action: Callable[[], Awaitable[None]]) -> Network:
    """Act once, when Discord has done the bot's `count`-th write and before the bot hears of it."""
    seen = 0

    async def network(call: Call, applied: bool) -> None:
        nonlocal seen
        if applied and call.method != "GET":
            seen += 1
            if seen == count:
                await action()

    return network
