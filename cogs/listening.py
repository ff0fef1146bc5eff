"""Where a server wants it, what is written in the thread of a story told together is a scene.

Each thread's messages are read in their order, one after the other, and how far is kept together with what
came of them. So what was written while nobody was up, or while the connection was lost, is read as if it had
just been written, and nothing is read twice.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import aiohttp
import discord
from discord.ext import commands

from cogs.languages import server_locale
from cogs.place import NotAllowed, WrongPlace, check_server, member_of, roles_of
from cogs.presentation.answers import sentence
from cogs.presentation.words import speaking
from generator.errors import SamefoxError
from generator.limits import standing
from generator.server import ServerSettings
from generator.story import Person
from generator.together.circle import Circle, Mode, Phase

if TYPE_CHECKING:
    from bot import Samefox

log = logging.getLogger(__name__)

RECEIPT = "✍️"  # the reaction to a message that is a scene
CHATTER = ("//", "(", "（")
"""How a message begins that is no scene."""

MOST = 100
"""Messages of a thread that are read after the fact; of more, the last."""


class ListeningCog(commands.Cog):
    """Reads along in the threads of stories told together."""

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot
        self._together = bot.studio.together
        self._circles = bot.studio.archive.circles
        self._hearing = bot.studio.archive.hearing
        self._caught_up: set[int] = set()  # threads of which nothing was missed in this session
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    # -- when to read -----------------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Read a message, after those before it."""
        if not isinstance(message.channel, discord.Thread):
            return
        async with self._lock(message.channel.id):  # at once: the lock keeps the order of those who wait
            story_id = await self._circles.in_thread(message.channel.id)
            if story_id is None:
                return
            if not await self._follows(story_id, message.channel.guild, message.channel.id):
                return  # it is read with what was missed, once that can be read
            if not (await self.bot.studio.server(message.channel.guild.id)).read_messages:
                await self._hearing.ignore(story_id)
            elif message.id > ((await self._hearing.heard(story_id)).last_id or 0):
                await self._read(story_id, message)

    @commands.Cog.listener()
    async def on_shard_connect(self, shard_id: int) -> None:
        """A session begins: Discord does not tell what was written before it."""
        self._caught_up = set()

    @commands.Cog.listener()
    async def on_shard_ready(self, shard_id: int) -> None:
        """Read what was written while nobody listened, and only then let turns and votes be over."""
        try:
            if not self.bot.intents.message_content:
                await self._hearing.ignore_all()
                return
            await self._hearing.ignore_closed()
            for room in await self._hearing.rooms():
                guild = self.bot.get_guild(room.guild_id)
                if guild is not None and guild.shard_id == shard_id:
                    async with self._lock(room.thread_id):
                        await self._follows(room.story_id, guild, room.thread_id)
        finally:
            self._together.listened.set()

    async def _follows(self, story_id: int, guild: discord.Guild, thread_id: int) -> bool:
        """Catch up with a story, unless that is done; False if it cannot be, which holds up no other."""
        if thread_id in (session := self._caught_up):
            return True
        try:
            thread = guild.get_thread(thread_id) or await guild.fetch_channel(thread_id)
            assert isinstance(thread, discord.Thread)
            await self._catch_up(story_id, thread)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("What was written in story %d cannot be read: %s", story_id, error)
            return False
        except Exception:
            log.exception("What was written in story %d cannot be read", story_id)
            return False
        session.add(thread_id)
        return True

    def _lock(self, thread_id: int) -> asyncio.Lock:
        return self._locks.setdefault(thread_id, asyncio.Lock())

    # -- reading ----------------------------------------------------------------------------------------

    async def _catch_up(self, story_id: int, thread: discord.Thread) -> None:
        """Read what was written since the last message that is known.

        Raises:
            discord.HTTPException: Discord does not let me, or is out of reach.
        """
        heard = await self._hearing.heard(story_id)
        if not (await self.bot.studio.server(thread.guild.id)).read_messages:
            await self._hearing.ignore(story_id)
        elif heard.last_id is not None:
            if heard.receipt_id is not None:
                await self._thank(story_id, thread.get_partial_message(heard.receipt_id))
            if thread.last_message_id is None or thread.last_message_id > heard.last_id:
                await self._read_on(story_id, thread, discord.Object(heard.last_id or thread.id))

    async def _read_on(self, story_id: int, thread: discord.Thread, last: discord.Object) -> None:
        """Read the thread's messages after this one."""
        missed = [each async for each in thread.history(limit=MOST, after=last, oldest_first=False)]
        me = thread.guild.me.id
        answered = {each.reference.message_id for each in missed if each.reference and each.author.id == me}
        members: dict[int, discord.Member | None] = {}
        for message in reversed(missed):
            writer = message.author.id
            if message.id in answered or message.author.bot:
                await self._hearing.hear(story_id, message.id)
                continue
            if writer not in members:
                members[writer] = await member_of(thread.guild, writer)
            if (member := members[writer]) is None:
                await self._hearing.hear(story_id, message.id)
                continue
            message.author = member  # which Discord tells only of messages as they are written
            deadline = (await self._circles.circle(story_id)).deadline
            if deadline is not None and deadline < message.created_at:
                await self._together.expire(story_id)
            await self._read(story_id, message)

    async def _read(self, story_id: int, message: discord.Message) -> None:
        """Let a message be a scene, if it is one; it is known from then on."""
        assert message.guild is not None
        who = Person(id=message.author.id, name=message.author.display_name)
        server = await self.bot.studio.server(message.guild.id)
        wanted = _may_be_scene(message) and _wanted(message, server)
        if not wanted or not _awaited(await self._circles.circle(story_id), who):
            await self._hearing.hear(story_id, message.id)
            return
        may = standing(roles_of(message.author), server)
        with speaking(server_locale(server, message.guild)):
            try:
                await self._together.add(story_id, who, message.content, standing=may, message_id=message.id)
            except SamefoxError as error:
                with suppress(discord.HTTPException):  # somebody deleted it
                    await message.reply(f"⚠️ {sentence(error, message.id)}", mention_author=False)
                # Only now: whoever was killed before finds the answer.
                await self._hearing.hear(story_id, message.id)
                return
        await self._thank(story_id, message)

    async def _thank(self, story_id: int, message: discord.Message | discord.PartialMessage) -> None:
        """Let a message have its receipt."""
        with suppress(discord.HTTPException):  # it is a scene, also without one
            await message.add_reaction(RECEIPT)
        await self._hearing.thank(story_id)


def _may_be_scene(message: discord.Message) -> bool:
    """Whether a message is more than chatter; an answer to somebody is chatter."""
    return (
        message.type is discord.MessageType.default
        and not message.author.bot
        and bool(message.content.strip())
        and not message.content.lstrip().startswith(CHATTER)
    )


def _wanted(message: discord.Message, server: ServerSettings) -> bool:
    """Whether the server wants stories here from whoever wrote; from others, it is chatter."""
    try:
        check_server(message, server)
    except (WrongPlace, NotAllowed):
        return False
    return True


def _awaited(circle: Circle, who: Person) -> bool:
    """Whether the circle waits for a scene from this person; anything else is chatter, too."""
    if circle.phase is not Phase.WRITING:
        return False
    if circle.mode is not Mode.TURNS:
        return True
    return circle.is_member(who) if circle.turn is None else circle.turn.id == who.id


async def setup(bot: Samefox) -> None:
    """Called by discord.py."""
    await bot.add_cog(ListeningCog(bot))
