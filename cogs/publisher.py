"""Shows in Discord what the archive knows.

Nothing here reacts to *what* happened; it looks at a story, posts what is missing and notes the messages'
ids. So a frame just drawn, a restart and a reroll of last year are all the same work. Should the process die
between a post and its note, the message is found again by its nonce or, after a restart, by its buttons and
pictures.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import PurePosixPath
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import discord

from cogs.presentation import cards
from cogs.presentation.buttons import again_id, cancel_id
from cogs.presentation.text import thread_name
from generator.press import files
from generator.story import Event, Stepped, Story, Take, TakeState
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
        telling = Telling(self._bot, self._studio, story_id)
        try:
            await telling.introduce()
        except Exception:
            telling.adopt = True  # it may have arrived, with only the answer lost
            self._tellings[story_id] = telling
            raise

    async def run(self) -> None:
        """Show everything that happens, and first what happened before; whatever goes wrong, begin again."""
        while True:
            try:
                await self._run()
            except Exception:
                log.exception("The publisher stumbled, and begins again")
                await asyncio.sleep(RETRY_INTERVAL)

    async def _run(self) -> None:
        with self._studio.watch() as events:
            await self._bot.wait_until_ready()
            for story_id in await self._studio.archive.unsettled():
                self._tell(self._telling(story_id, adopt=True))
            try:
                async for event in events:
                    self._hear(event)
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Stepped):
            if (telling := self._tellings.get(event.story_id)) is not None:
                telling.hear_step(event)
            return
        for telling in self._tellings.values():
            telling.wake.set()  # whoever waits in line may have moved up
        telling = self._telling(event.story_id)
        telling.hear_change()
        self._tell(telling)

    def _telling(self, story_id: int, *, adopt: bool = False) -> Telling:
        if story_id not in self._tellings:
            self._tellings[story_id] = Telling(self._bot, self._studio, story_id, adopt=adopt)
        return self._tellings[story_id]

    def _tell(self, telling: Telling) -> None:
        if not telling.running:
            telling.running = True
            task = asyncio.create_task(self._follow(telling), name=f"telling {telling.story_id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _follow(self, telling: Telling) -> None:
        try:
            await telling.run()
        except Exception:
            log.exception("Story %d cannot be shown; the next start tries again", telling.story_id)
        finally:
            self._tellings.pop(telling.story_id, None)
        if telling.changed:  # something came while it was settled
            self._tell(self._telling(telling.story_id))


class Telling:
    """One story on its way into Discord."""

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
        self._on_card: list[dict[str, Any]] = []  # what the card showed last

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
            elif await self._archive.settle(self.story_id):
                return

    async def introduce(self) -> None:
        """Post the card and open the thread, unless they are there, or nobody wants them any more."""
        story = await self._archive.story(self.story_id)
        if self.adopt:
            story = await self._adopt_messages(story)
            self.adopt = False
        if story.cancelled:
            return
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
        if not story.pending:
            await self._finish(story)
        elif story.strip_id is None and monotonic() - self._edited >= EDIT_INTERVAL:
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
        with suppress(discord.HTTPException, aiohttp.ClientError, OSError):
            await self._edit_card(story, cards.story_card(story, self._studio.outlook(story)))
        await self._archive.abandon(self.story_id)
        self.changed = False

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
        drawn = tuple(take for take in story.frames if take.state is TakeState.DRAWN)
        outlook = self._studio.outlook(story)
        if story.cancelled or not drawn:
            await self._edit_card(story, cards.story_card(story, outlook))
            return
        if story.strip_id is not None and all(take.parent_id is None for take in drawn):
            return  # frames were drawn again, but none that had been missing
        file = await self._file(story, await self._studio.strip(drawn), f"story-{story.id}")
        view = cards.strip_card(story, file.filename)
        if story.strip_id is None:
            await self._archive.set_strip(story.id, await self._post(story, "strip", view, file))
        else:
            assert story.thread_id is not None
            strip = self._place(story.thread_id, story).get_partial_message(story.strip_id)
            await strip.edit(view=view, attachments=[file])
        file.reset()
        await self._edit_card(story, cards.story_card(story, outlook, strip=file.filename), file)

    async def _post(self, story: Story, name: str, view: LayoutView, file: discord.File | None = None) -> int:
        assert story.thread_id is not None, "a story is introduced before anything of it is posted"
        thread = self._place(story.thread_id, story)
        attached = [file] if file is not None else []
        message = await thread.send(view=view, files=attached, nonce=_nonce(story, name))
        return message.id

    async def _edit_card(self, story: Story, view: LayoutView, file: discord.File | None = None) -> None:
        shown: list[dict[str, Any]] = view.to_components()  # type: ignore[no-untyped-call]
        if story.card_id is None or shown == self._on_card:
            return
        await asyncio.sleep(self._edited + EDIT_INTERVAL - monotonic())
        self._edited, self._on_card = monotonic(), shown
        card = self._place(story.channel_id, story).get_partial_message(story.card_id)
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
            # It was posted right after the story began, however much was said in the channel since.
            seen = await self._signs(story.channel_id, story, oldest_first=True)
            if (card_id := seen.get(cancel_id(story.id))) is not None:
                await self._archive.set_card(story.id, card_id)
        if story.thread_id is not None:
            seen = await self._signs(story.thread_id, story, oldest_first=False)
            for take in story.takes:
                if take.message_id is None and (message_id := seen.get(again_id(take.id))) is not None:
                    await self._archive.set_message(take.id, message_id)
            if story.strip_id is None and (strip_id := seen.get(f"story-{story.id}")) is not None:
                await self._archive.set_strip(story.id, strip_id)
        return await self._archive.story(story.id)

    async def _signs(self, channel_id: int, story: Story, *, oldest_first: bool) -> dict[str, int]:
        """The bot's own messages in a place, by what marks them."""
        assert self._bot.user is not None
        signs: dict[str, int] = {}
        place, since = self._place(channel_id, story), story.created_at - CLOCK_SKEW
        async for message in place.history(limit=LOOK_BACK, after=since, oldest_first=oldest_first):
            if message.author.id == self._bot.user.id:
                signs.update(dict.fromkeys(_marks(message), message.id))
        return signs


def _marks(message: discord.Message) -> Iterator[str]:
    """The custom ids of a message's buttons, and the names of its pictures without their endings."""
    for item in discord.ui.LayoutView.from_message(message).walk_children():
        if isinstance(item, discord.ui.MediaGallery):
            # Not message.attachments: Discord leaves out files that components show.
            yield from (PurePosixPath(urlsplit(picture.media.url).path).stem for picture in item.items)
        elif custom_id := getattr(item, "custom_id", None):
            yield custom_id


def _will_pass(error: Exception) -> bool:
    """Whether it is worth asking Discord again: it is overloaded or out of reach, and has not said no."""
    if isinstance(error, discord.HTTPException):
        return error.status == 429 or error.status >= 500
    return not isinstance(error, FileNotFoundError)


def _nonce(story: Story, name: str) -> str:
    """At most 25 characters; the time keeps it apart from that of an archive since deleted."""
    return f"{story.created_at.timestamp() * 1000 % 10**10:.0f}-{name}"[:25]
