"""One story on its way into Discord."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import logging
from contextlib import suppress
from pathlib import PurePosixPath
from time import monotonic
from typing import TYPE_CHECKING

import aiohttp
import discord

from cogs.languages import server_locale
from cogs.presentation import cards
from cogs.presentation.text import thread_name
from cogs.presentation.words import speaking
from cogs.traces import adopt_messages, strip_name
from generator.press import files
from generator.story import Frame, Stepped, Story, Take, TakeState
from generator.studio import Studio

if TYPE_CHECKING:
    from discord.ui import LayoutView

    from bot import Samefox

log = logging.getLogger(__name__)

EDIT_INTERVAL = 3.0  # seconds between two edits of a card
RETRY_INTERVAL = 30.0  # seconds until Discord is asked again after it failed
UPLOAD_LIMIT = 10 * 1024 * 1024  # bytes, of a server without boosts

THREAD_EXISTS = 160004  # Discord's error code
UNKNOWN_MESSAGE = 10008


class Telling:
    """Brings what Discord shows of a story up to what the archive knows of it."""

    def __init__(self, bot: Samefox, studio: Studio, story_id: int, *, adopt: bool = False) -> None:
        self.story_id = story_id
        self.adopt = adopt  # messages of a killed process may be there, unnoted
        self.wake = asyncio.Event()
        self.changed = True  # the archive knows more than was shown
        self.running = False
        self._bot = bot
        self._studio = studio
        self._archive = studio.archive
        self._step: Stepped | None = None
        self._edited = -EDIT_INTERVAL
        self._on_card = ""  # the fingerprint of what the card showed last
        self._card_behind = adopt  # the strip on it may be an old one

    def hear_step(self, step: Stepped) -> None:
        """A denoising step is done."""
        self._step = step
        self.wake.set()

    def hear_change(self) -> None:
        """The archive knows something new."""
        self.changed = True
        self.wake.set()

    async def run(self) -> None:
        """Follow the story until all of it is shown."""
        while True:
            self.wake.clear()
            self.changed = False
            try:
                story = await self._show()
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                if not _will_pass(error):
                    log.warning("Story %d lost its place in Discord: %s", self.story_id, error)
                    await self._give_up()
                    return
                log.warning("Story %d could not be shown, trying again: %s", self.story_id, error)
                await asyncio.sleep(RETRY_INTERVAL)
                continue
            if story.pending:
                await self._wait()
            elif await self._archive.settle(story):
                return

    async def introduce(self) -> None:
        """Post the card and open the thread, unless they are there, or nobody wants them any more."""
        story = await self._archive.story(self.story_id)
        if self.adopt:
            story = await adopt_messages(self._bot, self._archive, story)
            self.adopt = False
        if story.cancelled:
            return
        with speaking(await self._language(story)):
            card_id = story.card_id or await self._post_card(story)
            if story.thread_id is None:
                await self._archive.set_thread(story.id, await self._open_thread(story, card_id))

    async def _show(self) -> Story:
        """Post what is missing, bring up to date what is not, and let the card tell how things stand."""
        await self.introduce()
        story = await self._archive.story(self.story_id)
        with speaking(await self._language(story)):
            for frame in story.taken_back:
                await self._remove_frame(story, frame)
            for frame in story.frames:
                await self._show_frame(story, frame)
            if not (story.pending or story.growing):
                await self._finish(story)
            elif (story.growing or story.strip_id is None) and monotonic() - self._edited >= EDIT_INTERVAL:
                # Once the strip is on it, the card stays as it is while single frames are drawn again.
                await self._edit_card(story, cards.story_card(story, self._studio.outlook(story), self._step))
        return story

    async def _wait(self) -> None:
        """Until there is something new: a frame at once, a step when the card may be edited again."""
        await self.wake.wait()
        while not self.changed and (pause := self._edited + EDIT_INTERVAL - monotonic()) > 0:
            self.wake.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), pause)

    async def _give_up(self) -> None:
        """Draw nothing more that nobody can see, and say so on the card if that still works."""
        await self._studio.cancel(self.story_id)
        story = await self._archive.story(self.story_id)
        with (
            suppress(discord.HTTPException, aiohttp.ClientError, OSError),
            speaking(await self._language(story)),
        ):
            await self._edit_card(story, cards.story_card(story, self._studio.outlook(story)))
        await self._archive.abandon(self.story_id)
        self.changed = False

    # -- the card and its thread ------------------------------------------------------------------------

    async def _post_card(self, story: Story) -> int:
        view = cards.story_card(story, self._studio.outlook(story))
        message = await self._place(story.channel_id, story).send(view=view, nonce=_nonce(story, "card"))
        await self._archive.set_card(story.id, message.id)
        return message.id

    async def _open_thread(self, story: Story, card_id: int) -> int:
        card = self._place(story.channel_id, story).get_partial_message(card_id)
        try:
            thread = await card.create_thread(name=thread_name(story.subject), auto_archive_duration=1440)
        except discord.HTTPException as error:
            if error.code != THREAD_EXISTS:
                raise
            return card_id  # a thread bears the id of the message that it hangs on
        return thread.id

    async def _edit_card(self, story: Story, view: LayoutView, file: discord.File | None = None) -> None:
        shown = _fingerprint(view)
        if story.card_id is None or shown == self._on_card:
            return
        await asyncio.sleep(self._edited + EDIT_INTERVAL - monotonic())
        self._edited, self._on_card = monotonic(), shown
        await self._edit(story.channel_id, story, story.card_id, view, [file] if file is not None else [])

    # -- the frames -------------------------------------------------------------------------------------

    async def _show_frame(self, story: Story, frame: Frame) -> None:
        """Post a frame, or turn its message to what it is to show now."""
        if frame.shown.drawn:
            await self._show_picture(story, frame)
        elif frame.takes[-1].state in (TakeState.FAILED, TakeState.DRAWN):
            view = cards.failure_card(story, frame)
            if (posted := f"- {_fingerprint(view)}") != frame.posted:
                await self._put(story, frame, view, [], posted)

    async def _show_picture(self, story: Story, frame: Frame) -> None:
        filename, _, fingerprint = (frame.posted or "").partition(" ")
        if PurePosixPath(filename).stem == _name(frame.shown):  # then the picture need not be sent again
            view = cards.frame_card(story, frame, filename)
            if (now := _fingerprint(view)) != fingerprint:
                await self._put(story, frame, view, None, f"{filename} {now}")
            return
        file = await self._file(story, await self._studio.png(frame.shown), _name(frame.shown))
        view = cards.frame_card(story, frame, file.filename)
        await self._put(story, frame, view, [file], f"{file.filename} {_fingerprint(view)}")

    async def _put(
        self, story: Story, frame: Frame, view: LayoutView, attached: list[discord.File] | None, posted: str
    ) -> None:
        """Let a frame's message show this, with these files or those that it has, and note it."""
        message_id = frame.message_id
        if message_id is None:
            message_id = await self._post(story, f"frame{frame.id}", view, attached or [])
        else:
            assert story.thread_id is not None
            await self._edit(story.thread_id, story, message_id, view, attached)
        await self._archive.set_message(frame.id, message_id, posted)

    async def _remove_frame(self, story: Story, frame: Frame) -> None:
        """Take the message of a scene away that is not part of the story any more."""
        if frame.message_id is None or story.thread_id is None:
            return
        with suppress(discord.NotFound):
            await self._place(story.thread_id, story).get_partial_message(frame.message_id).delete()
        await self._archive.set_message(frame.id, None)

    # -- the strip --------------------------------------------------------------------------------------

    async def _finish(self, story: Story) -> None:
        """The strip in the thread, and on the card in the channel."""
        outlook = self._studio.outlook(story)
        if story.cancelled or not story.pictures:
            await self._edit_card(story, cards.story_card(story, outlook))
            return
        shown = "-".join(str(take.id) for take in story.pictures)
        if (behind := story.strip_posted != shown) or self._card_behind:
            file = await self._file(story, await self._studio.strip(story.pictures), strip_name(story))
            if behind:
                await self._put_strip(story, file, shown)
            self._on_card = ""
            await self._edit_card(story, cards.story_card(story, outlook, strip=file.filename), file)
            self._card_behind = False

    async def _put_strip(self, story: Story, file: discord.File, shown: str) -> None:
        self._card_behind = True
        view = cards.strip_card(story, file.filename)
        strip_id = story.strip_id
        if strip_id is None:
            strip_id = await self._post(story, "strip", view, [file])
        else:
            assert story.thread_id is not None
            await self._edit(story.thread_id, story, strip_id, view, [file])
        await self._archive.set_strip(story.id, strip_id, shown)
        file.reset()

    # -- Discord ----------------------------------------------------------------------------------------

    async def _post(self, story: Story, name: str, view: LayoutView, attached: list[discord.File]) -> int:
        assert story.thread_id is not None, "a story is introduced before anything of it is posted"
        thread = self._place(story.thread_id, story)
        message = await thread.send(view=view, files=attached, nonce=_nonce(story, name))
        return message.id

    async def _edit(
        self,
        channel_id: int,
        story: Story,
        message_id: int,
        view: LayoutView,
        attached: list[discord.File] | None,
    ) -> None:
        """Edit a message, leaving its files as they are if none are given."""
        message = self._place(channel_id, story).get_partial_message(message_id)
        try:
            if attached is None:
                await message.edit(view=view)
            else:
                await message.edit(view=view, attachments=attached)
        except discord.NotFound as error:
            if error.code != UNKNOWN_MESSAGE:  # somebody deleted the message; the rest goes on
                raise

    async def _file(self, story: Story, png: bytes, name: str) -> discord.File:
        guild = self._bot.get_guild(story.guild_id)
        limit = guild.filesize_limit if guild is not None else UPLOAD_LIMIT
        data, ending = await asyncio.to_thread(files.fit, png, limit)
        return discord.File(io.BytesIO(data), filename=f"{name}.{ending}")

    def _place(self, channel_id: int, story: Story) -> discord.PartialMessageable:
        """A channel or thread to post in, without a question to Discord whether it is there."""
        return self._bot.get_partial_messageable(channel_id, guild_id=story.guild_id)

    async def _language(self, story: Story) -> object:
        """What everybody in the story's server reads."""
        return server_locale(await self._studio.server(story.guild_id), self._bot.get_guild(story.guild_id))


def _name(take: Take) -> str:
    """What the file of a take is called in Discord, without its ending."""
    return f"samefox-{take.story_id}-{take.id}"


def _fingerprint(view: LayoutView) -> str:
    """What a message shows, in short."""
    components = json.dumps(view.to_components(), sort_keys=True)  # type: ignore[no-untyped-call]
    return hashlib.sha256(components.encode()).hexdigest()[:16]


def _will_pass(error: Exception) -> bool:
    """Whether it is worth asking Discord again: it is overloaded or out of reach, and has not said no."""
    if isinstance(error, discord.HTTPException):
        return error.status == 429 or error.status >= 500
    return not isinstance(error, FileNotFoundError)


def _nonce(story: Story, name: str) -> str:
    """At most 25 characters; the time keeps it apart from that of an archive since deleted."""
    return f"{story.created_at.timestamp() * 1000 % 10**10:.0f}-{name}"[:25]
