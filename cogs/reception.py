"""Whoever asks is acknowledged first thing; then one after the other is let in.

Discord waits three seconds for it. It takes nothing but what Discord sent, so it is on its way before
anything else is done with the command; and as long as somebody waits for theirs, nobody is let in.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord.http import Route
from discord.webhook.async_ import async_context

if TYPE_CHECKING:
    from bot import Samefox

log = logging.getLogger(__name__)

LATER = frozenset(
    (
        "story tell",
        "story together",
        "story continue",
        "story seed",
        "story from-image",
        "story export",
        "gallery",
        "queue",
        "settings",
        "me defaults",
    )
)
"""The commands that are always answered later, and privately; what shows a form cannot be."""

_INTERACTION = "INTERACTION_CREATE"
_COMMAND = discord.InteractionType.application_command.value
_LATER = discord.InteractionResponseType.deferred_channel_message
_ACKNOWLEDGEMENT = {"type": _LATER.value, "data": {"flags": discord.MessageFlags(ephemeral=True).value}}
_CALLBACK = "/interactions/{webhook_id}/{webhook_token}/callback"


class Reception:
    """Stands between what Discord sends and the commands."""

    def __init__(self, bot: Samefox, connections: int) -> None:
        self._bot = bot
        self._connections = connections
        self._under_way = 0  # acknowledgements
        parsers: dict[str, Callable[[Any], None]] = bot._connection.parsers
        self._let_in = parsers[_INTERACTION]
        parsers[_INTERACTION] = self.receive
        self._waiting: deque[Any] = deque()  # for their acknowledgement
        self._acknowledged: deque[Any] = deque()
        self._signed: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._attending = False

    def receive(self, asked: Any) -> None:
        """Somebody did something; `asked` is how Discord tells of it."""
        if asked["type"] == _COMMAND and _named(asked["data"]) in LATER:
            self._waiting.append(asked)
            self._attend()
        else:
            self._let_in(asked)

    def sign(self, interaction: discord.Interaction[Any]) -> None:
        """Let an interaction know that it was acknowledged."""
        if interaction.id in self._signed:
            self._signed.discard(interaction.id)
            interaction.response._response_type = _LATER

    def _attend(self) -> None:
        """See to all who are here, one after the other."""
        if not self._attending:
            self._attending = True
            asyncio.get_running_loop().call_soon(self._attend_to_one)

    def _attend_to_one(self) -> None:
        self._attending = False
        if self._waiting:
            if self._under_way >= self._connections:
                return  # until one comes back
            self._begin(self._waiting.popleft())
        elif self._acknowledged:
            self._open_to(self._acknowledged.popleft())
        else:
            return
        # In between, others arrive, and connections come back that the next can take.
        self._attend()

    def _begin(self, asked: Any) -> None:
        self._under_way += 1
        task = asyncio.create_task(self._acknowledge(asked))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _open_to(self, asked: Any) -> None:
        try:
            self._let_in(asked)
        except Exception:
            log.exception("Interaction %s cannot be read", asked["id"])

    async def _acknowledge(self, asked: Any) -> None:
        http = self._bot.http
        route = Route("POST", _CALLBACK, webhook_id=int(asked["id"]), webhook_token=asked["token"])
        try:
            await async_context.get().request(
                route,
                http._HTTPClient__session,  # type: ignore[attr-defined]
                payload=_ACKNOWLEDGEMENT,
                proxy=http.proxy,
                proxy_auth=http.proxy_auth,
            )
            self._signed.add(int(asked["id"]))
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            # The command tries again, and tells whoever asked if that fails too.
            log.info("Interaction %s was not acknowledged at once: %s", asked["id"], error)
        finally:
            self._under_way -= 1
            self._acknowledged.append(asked)
            self._attend()


def _named(command: Any) -> str:
    """A command's whole name."""
    names = [command["name"]]
    options = command.get("options")
    while options and options[0]["type"] in (1, 2):  # within a group
        names.append(options[0]["name"])
        options = options[0].get("options")
    return " ".join(names)
