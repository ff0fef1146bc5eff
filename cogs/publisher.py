"""Shows in Discord what the archive knows.

Nothing here reacts to *what* happened; it looks at a story, posts what is missing and notes the messages'
ids. So a frame just drawn, a restart and a reroll of last year are all the same work. Should the process die
between a post and its note, the message is found again by its nonce or, after a restart, by its buttons.
"""

from __future__ import annotations

import asyncio
import io
import logging
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

import aiohttp
import discord

from cogs.presentation import cards
from cogs.presentation.buttons import again_id, cancel_id
from cogs.presentation.text import thread_name
from generator.press import files
from generator.story import Changed, Stepped, Story, Take, TakeState
from generator.studio import Studio

if TYPE_CHECKING:
    from discord.ui import LayoutView

    from bot import Samefox

log = logging.getLogger(__name__)

EDIT_INTERVAL = 3.0  # seconds between two edits of a card
RETRY_INTERVAL = 30.0  # seconds until Discord is asked again after it failed
UPLOAD_LIMIT = 10 * 1024 * 1024  # bytes, of a server without boosts
LOOK_BACK = 1000  # messages searched for those of a killed process
CLOCK_SKEW = timedelta(hours=1)  # by which the host's clock may be ahead of Discord's

THREAD_EXISTS = 160004  # Discord's error code
UNKNOWN_MESSAGE = 10008


class Publisher:
    """Keeps one `Telling` going for each story that owes somebody a message."""

    def __init__(self, bot: Samefox, studio: Studio) -> None:
        self._bot = bot
        self._studio = studio
        self._tellings: dict[int, Telling] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def introduce(self, story_id: int) -> None:
        """Post a new story's card and open its thread.

        Raises:
            discord.HTTPException: Discord does not allow it.
        """
        try:
            await Telling(self._bot, self._studio, story_id).introduce()
        except Exception:
            self._telling(story_id, adopt=True)  # it may have arrived, with only the answer lost
            raise

    async def run(self) -> None:
        """Show everything that happens, and first what happened before."""
        with self._studio.watch() as events:
            await self._bot.wait_until_ready()
            for story_id in await self._studio.archive.unsettled():
                self._telling(story_id, adopt=True)
                self._wake(story_id)
            try:
                async for event in events:
                    if isinstance(event, Stepped) and event.story_id in self._tellings:
                        self._tellings[event.story_id].step = event
                    elif isinstance(event, Changed):
                        self._telling(event.story_id).changed = True
                    self._wake(event.story_id)
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def _telling(self, story_id: int, *, adopt: bool = False) -> Telling:
        if story_id not in self._tellings:
            self._tellings[story_id] = Telling(self._bot, self._studio, story_id, adopt=adopt)
        return self._tellings[story_id]

    def _wake(self, story_id: int) -> None:
        telling = self._tellings.get(story_id)
        if telling is None:
            return
        telling.wake.set()
        if not telling.running:
            telling.running = True
            task = asyncio.create_task(self._tell(telling), name=f"telling {story_id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _tell(self, telling: Telling) -> None:
        try:
            await telling.run()
        except Exception:
            log.exception("Story %d cannot be shown; the next start tries again", telling.story_id)
        finally:
            self._tellings.pop(telling.story_id, None)


class Telling:
    """One story on its way into Discord."""

    def __init__(self, bot: Samefox, studio: Studio, story_id: int, *, adopt: bool = False) -> None:
        self.story_id = story_id
        self.wake = asyncio.Event()
        self.changed = True  # the archive knows more than was shown
        self.step: Stepped | None = None
        self.running = False
        self._bot = bot
        self._studio = studio
        self._archive = studio.archive
        self._adopt = adopt  # messages of a killed process may be there, unnoted
        self._edited = 0.0

    async def run(self) -> None:
        """Follow the story until all of it is shown."""
        while True:
            self.wake.clear()
            try:
                story = await self._show()
                if not story.pending and await self._archive.settle(self.story_id):
                    return
            except (discord.Forbidden, discord.NotFound) as error:
                log.warning("Story %d lost its place in Discord: %s", self.story_id, error)
                await self._studio.cancel(self.story_id)
                await self._archive.settle(self.story_id)
                return
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                log.warning("Story %d could not be shown, trying again: %s", self.story_id, error)
                await asyncio.sleep(RETRY_INTERVAL)
                continue
            await self._wait()

    async def introduce(self) -> None:
        """Post the card and open the thread, unless they are there."""
        story = await self._archive.story(self.story_id)
        if self._adopt:
            story = await self._adopt_messages(story)
            self._adopt = False
        if story.card_id is None and story.cancelled:
            return  # given up before anybody saw it
        card_id = story.card_id or await self._post_card(story)
        if story.thread_id is None:
            await self._archive.set_thread(story.id, await self._open_thread(story, card_id))

    async def _show(self) -> Story:
        """Post what is missing, and let the card tell how things stand."""
        await self.introduce()
        story = await self._archive.story(self.story_id)
        for take in story.takes:
            if take.message_id is None and take.state in (TakeState.DRAWN, TakeState.FAILED):
                await self._post_take(story, take)
        self.changed = False
        if story.pending:
            await self._refresh_card(story)
        else:
            await self._finish(story)
        return story

    async def _wait(self) -> None:
        """Until there is something new: a frame at once, a step when the card may be edited again."""
        await self.wake.wait()
        while not self.changed and (pause := self._edited + EDIT_INTERVAL - monotonic()) > 0:
            self.wake.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), pause)

    # -- posting ----------------------------------------------------------------------------------------

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

    async def _post_take(self, story: Story, take: Take) -> None:
        if take.state is TakeState.FAILED:
            message_id = await self._post(story, f"take{take.id}", cards.failure_card(story, take))
        else:
            file = await self._file(story, await self._studio.png(take), f"frame-{take.frame + 1:02}")
            view = cards.frame_card(story, take, file.filename)
            message_id = await self._post(story, f"take{take.id}", view, file)
        await self._archive.set_message(take.id, message_id)

    async def _finish(self, story: Story) -> None:
        """The strip in the thread, and on the card in the channel."""
        if story.card_id is None:
            return
        drawn = tuple(take for take in story.first_takes if take.state is TakeState.DRAWN)
        outlook = self._studio.outlook(story)
        if story.cancelled or not drawn:
            await self._edit_card(story, cards.story_card(story, outlook))
            return
        file = await self._file(story, await self._studio.strip(drawn), f"story-{story.id}")
        if story.strip_id is None:
            view = cards.strip_card(story, file.filename)
            await self._archive.set_strip(story.id, await self._post(story, "strip", view, file))
            file.reset()
        await self._edit_card(story, cards.story_card(story, outlook, strip=file.filename), file)

    async def _post(self, story: Story, name: str, view: LayoutView, file: discord.File | None = None) -> int:
        assert story.thread_id is not None, "a story is introduced before anything of it is posted"
        thread = self._place(story.thread_id, story)
        attached = [file] if file is not None else []
        message = await thread.send(view=view, files=attached, nonce=_nonce(story, name))
        return message.id

    async def _refresh_card(self, story: Story) -> None:
        if monotonic() - self._edited >= EDIT_INTERVAL:
            await self._edit_card(story, cards.story_card(story, self._studio.outlook(story), self.step))

    async def _edit_card(self, story: Story, view: LayoutView, file: discord.File | None = None) -> None:
        assert story.card_id is not None, "a story is introduced before its card is edited"
        card = self._place(story.channel_id, story).get_partial_message(story.card_id)
        await asyncio.sleep(self._edited + EDIT_INTERVAL - monotonic())
        self._edited = monotonic()
        try:
            await card.edit(view=view, attachments=[file] if file is not None else [])
        except discord.NotFound as error:
            if error.code != UNKNOWN_MESSAGE:  # somebody deleted the card; the thread goes on
                raise

    async def _file(self, story: Story, png: bytes, name: str) -> discord.File:
        guild = self._bot.get_guild(story.guild_id)
        limit = guild.filesize_limit if guild is not None else UPLOAD_LIMIT
        data, ending = await asyncio.to_thread(files.fit, png, limit)
        return discord.File(io.BytesIO(data), filename=f"{name}.{ending}")

    def _place(self, channel_id: int, story: Story) -> discord.PartialMessageable:
        """A channel or thread to post in, without a question to Discord whether it is there."""
        return self._bot.get_partial_messageable(channel_id, guild_id=story.guild_id)

    # -- after a restart --------------------------------------------------------------------------------

    async def _adopt_messages(self, story: Story) -> Story:
        """Note the messages that a killed process posted without living to note them."""
        if story.card_id is None:
            seen = await self._signs(story.channel_id, story)
            if (card_id := seen.get(cancel_id(story.id))) is not None:
                await self._archive.set_card(story.id, card_id)
        if story.thread_id is not None:
            seen = await self._signs(story.thread_id, story)
            for take in story.takes:
                if take.message_id is None and (message_id := seen.get(again_id(take.id))) is not None:
                    await self._archive.set_message(take.id, message_id)
            if story.strip_id is None and (strip_id := seen.get(f"story-{story.id}")) is not None:
                await self._archive.set_strip(story.id, strip_id)
        return await self._archive.story(story.id)

    async def _signs(self, channel_id: int, story: Story) -> dict[str, int]:
        """The bot's own messages in a place, by their custom ids and their files' names without ending."""
        assert self._bot.user is not None
        signs: dict[str, int] = {}
        place = self._place(channel_id, story)
        since = story.created_at - CLOCK_SKEW
        async for message in place.history(limit=LOOK_BACK, after=since, oldest_first=False):
            if message.author.id == self._bot.user.id:
                marks = [file.filename.rpartition(".")[0] for file in message.attachments]
                for mark in marks + _custom_ids(message):
                    signs[mark] = message.id
        return signs


def _custom_ids(message: discord.Message) -> list[str]:
    view = discord.ui.LayoutView.from_message(message)
    ids = [getattr(item, "custom_id", None) for item in view.walk_children()]
    return [custom_id for custom_id in ids if custom_id]


def _nonce(story: Story, name: str) -> str:
    """At most 25 characters; the time keeps it apart from that of an archive since deleted."""
    return f"{story.created_at.timestamp() * 1000 % 10**10:.0f}-{name}"[:25]
