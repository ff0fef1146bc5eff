"""Takes away from Discord what was deleted from the archive, for as long as the bot runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import TYPE_CHECKING

import aiohttp
import discord

from cogs.languages import server_locale
from cogs.presentation.words import _, speaking
from generator.moderation.values import Remnant
from generator.story import Changed
from generator.studio import Studio

if TYPE_CHECKING:
    from bot import Samefox

log = logging.getLogger(__name__)

RETRY_INTERVAL = 60.0  # seconds until Discord is asked again after it failed
LOOK_INTERVAL = 0.2  # seconds between looks at what is still to be removed


class Remover:
    """Removes messages and closes threads; what cannot be reached any more counts as gone."""

    def __init__(self, bot: Samefox, studio: Studio) -> None:
        self._bot = bot
        self._studio = studio
        self._oblivion = studio.archive.oblivion
        self._refused: set[int] = set()  # threads that Discord forbade to rename

    async def run(self) -> None:
        """Remove what an earlier process left, and then whatever is deleted."""
        while True:
            try:
                with self._studio.watch() as events:
                    await self._bot.wait_until_ready()
                    await self._remove_all()
                    async for event in events:
                        if isinstance(event, Changed):
                            await self._remove_all()
            except Exception:
                log.exception("What was deleted cannot be removed from Discord; it is tried again")
            await asyncio.sleep(RETRY_INTERVAL)

    async def unnamed(self, thread_ids: Collection[int], patience: float) -> list[int]:
        """Wait until these threads have lost their names, for so many seconds; those that must keep them."""
        for _look in range(round(patience / LOOK_INTERVAL)):
            if await self._are_tried(thread_ids):
                break
            await asyncio.sleep(LOOK_INTERVAL)
        return [each for each in thread_ids if each in self._refused]

    async def _are_tried(self, thread_ids: Collection[int]) -> bool:
        waiting = {each.channel_id for each in await self._oblivion.remains() if each.kind == "thread"}
        return waiting.isdisjoint(thread_ids)

    async def _remove_all(self) -> None:
        stuck: Exception | None = None
        for remnant in await self._oblivion.remains():
            if remnant.kind in ("message", "thread"):
                try:
                    await self._remove(remnant)
                except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                    log.warning("The %s %s stays: %s", remnant.kind, _path(remnant), error)
                    stuck = error  # the others need not wait for it
        if stuck is not None:
            raise stuck

    async def _remove(self, remnant: Remnant) -> None:
        assert remnant.channel_id is not None
        try:
            if remnant.message_id is None:
                await self._close(remnant.channel_id, remnant.guild_id)
            else:
                place = self._bot.get_partial_messageable(remnant.channel_id)
                await place.get_partial_message(remnant.message_id).delete()
        except (discord.NotFound, discord.Forbidden) as error:
            if remnant.message_id is None and isinstance(error, discord.Forbidden):
                self._refused.add(remnant.channel_id)
            log.info("The %s %s is out of reach: %s", remnant.kind, _path(remnant), error)
        await self._oblivion.removed(remnant)

    async def _close(self, thread_id: int, guild_id: int | None) -> None:
        """Take a story's words out of its thread's name; what members wrote in it is theirs and stays."""
        thread = await self._bot.fetch_channel(thread_id)
        if not isinstance(thread, discord.Thread):
            return
        server = await self._studio.server(guild_id or 0)
        with speaking(server_locale(server, thread.guild)):
            # One that fell asleep must be woken to get another name.
            await thread.edit(name=_("A story that was deleted"), archived=False)
        await thread.edit(archived=True)


def _path(remnant: Remnant) -> str:
    """Where a message or thread is, for the log, as Discord's links end."""
    return "/".join(str(each) for each in (remnant.channel_id, remnant.message_id) if each is not None)
