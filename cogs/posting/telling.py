"""One story on its way into Discord."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from pathlib import PurePosixPath
from time import monotonic
from typing import TYPE_CHECKING

import aiohttp
import discord

from cogs.languages import server_locale
from cogs.posting.exhibition import Exhibition
from cogs.posting.gathering import Gathering, came_along
from cogs.posting.post import Post, fingerprint, will_pass
from cogs.posting.traces import adopt_messages, strip_name
from cogs.presentation import cards
from cogs.presentation import circle as circle_cards
from cogs.presentation.text import thread_name
from cogs.presentation.words import speaking
from generator.archive.circles import Posts
from generator.errors import NotFound
from generator.moderation.values import Posting
from generator.server import Shade
from generator.story import Frame, Stepped, Story, Take, TakeState
from generator.studio import Studio
from generator.together.circle import Circle

if TYPE_CHECKING:
    from discord.ui import LayoutView

    from bot import Samefox

log = logging.getLogger(__name__)

EDIT_INTERVAL = 3.0  # seconds between two edits of a card
RETRY_INTERVAL = 30.0  # seconds until Discord is asked again after it failed

THREAD_EXISTS = 160004  # Discord's error code


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
        self._post = Post(bot)
        self._gathering = Gathering(self._post, studio)
        self._exhibition = Exhibition(self._post, adopt=adopt)
        self._shared: tuple[Circle, Posts] | None = None  # of a story that is told together
        self._step: Stepped | None = None
        self._edited = -EDIT_INTERVAL
        self._on_card = ""  # the fingerprint of what the card showed last
        self._card_behind = adopt  # the strip on it may be an old one
        self._card_waits = False  # it may not be edited again yet

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
        try:
            while not await self._is_shown():
                pass
        except NotFound:
            await self.withdraw()

    async def _is_shown(self) -> bool:
        """Show what there is, and wait for more; whether there is none."""
        self.wake.clear()
        self.changed = False
        try:
            story = await self._show()
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            if not will_pass(error):
                log.warning("Story %d lost its place in Discord: %s", self.story_id, error)
                await self._give_up()
                return True
            log.warning("Story %d could not be shown, trying again: %s", self.story_id, error)
            await asyncio.sleep(RETRY_INTERVAL)
            return False
        if story.pending or self._card_waits:
            await self._wait()
            return False
        return await self._archive.settle(story)

    async def withdraw(self) -> None:
        """Take away all that was posted; the story was deleted, perhaps before the last of it was noted."""
        await self._studio.oversight.orphaned(self.story_id, self._post.posted)

    async def introduce(self) -> None:
        """Post the card and open the thread, unless they are there, or nobody wants them any more.

        Raises:
            NotFound: it was deleted.
        """
        story = await self._look()
        if self.adopt:
            await adopt_messages(self._bot, self._archive, story)
            story = await self._look()
            self.adopt = False
        if story.cancelled:
            return
        with speaking(await self._language(story)):
            card_id = story.card_id or await self._post_card(story)
            if story.thread_id is None:
                await self._archive.set_thread(story.id, await self._open_thread(story, card_id))
                await self._look()

    async def _show(self) -> Story:
        """Post what is missing, bring up to date what is not, and let the card tell how things stand."""
        await self.introduce()
        story = begun = await self._look()
        with speaking(await self._language(story)):
            if self._shared is not None:
                await self._gathering.open(story, *self._shared)
            for frame in story.taken_back:
                await self._remove_frame(story, frame)
            for frame in story.frames:
                if self._shared is None or not came_along(frame, self._shared[1]):
                    await self._show_frame(story, frame)
            if self._shared is not None:
                story = await self._look()  # with the messages that were posted
                await self._gathering.follow(story)
            await self._show_card(story)
        # What changed since it was begun may not be shown, and another look is needed.
        return replace(story, version=begun.version)

    async def _show_card(self, story: Story) -> None:
        self._card_waits = False
        if not (story.pending or story.growing):
            await self._finish(story)
            return
        if story.growing and story.strip_id is not None:
            # It goes on below; the last word will be another message.
            await self._post.delete(story, story.strip_id)
            await self._archive.set_strip(story.id, None)
        if story.growing or story.strip_id is None:
            # Once the strip is on it, the card stays as it is while single frames are drawn again.
            self._card_waits = monotonic() - self._edited < EDIT_INTERVAL
            if not self._card_waits:
                await self._edit_card(story, self._card(story, self._step))

    def _card(self, story: Story, step: Stepped | None = None, strip: str | None = None) -> LayoutView:
        outlook = self._studio.outlook(story)
        if self._shared is not None:
            return circle_cards.circle_card(story, self._shared[0], outlook, step, strip)
        return cards.story_card(story, outlook, step, strip)

    async def _look(self) -> Story:
        """The story, and its circle, as they are now."""
        story = await self._archive.story(self.story_id)  # first, so that a change in between is a later one
        self._shared = await self._archive.circles.posted(self.story_id)
        return story

    async def _wait(self) -> None:
        """Until there is something new: a frame at once, a step when the card may be edited again."""
        if not self._card_waits:
            await self.wake.wait()
        while not self.changed and (pause := self._edited + EDIT_INTERVAL - monotonic()) > 0:
            self.wake.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), pause)

    async def _give_up(self) -> None:
        """Draw nothing more that nobody can see, and say so on the card if that still works."""
        await self._studio.cancel(self.story_id)
        await self._archive.circles.abandon(self.story_id)
        story = await self._look()
        with (
            suppress(discord.HTTPException, aiohttp.ClientError, OSError),
            speaking(await self._language(story)),
        ):
            await self._edit_card(story, self._card(story))
        await self._archive.abandon(self.story_id)
        self.changed = False

    # -- the card and its thread ------------------------------------------------------------------------

    async def _post_card(self, story: Story) -> int:
        card_id = await self._post.post(story.channel_id, story, "card", view=self._card(story))
        await self._archive.set_card(story.id, card_id)
        return card_id

    async def _open_thread(self, story: Story, card_id: int) -> int:
        card = self._post.place(story.channel_id, story).get_partial_message(card_id)
        try:
            thread = await card.create_thread(name=thread_name(story.subject), auto_archive_duration=1440)
        except discord.HTTPException as error:
            if error.code != THREAD_EXISTS:
                raise
            return card_id  # a thread bears the id of the message that it hangs on
        self._post.posted.append(Posting(story.guild_id, thread.id))
        return thread.id

    async def _edit_card(self, story: Story, view: LayoutView, file: discord.File | None = None) -> None:
        shown = fingerprint(view)
        if story.card_id is None or shown == self._on_card:
            return
        await asyncio.sleep(self._edited + EDIT_INTERVAL - monotonic())
        self._edited = monotonic()
        attached = [file] if file is not None else []
        await self._post.edit(story.channel_id, story, story.card_id, view, attached)
        self._on_card = shown

    # -- the frames -------------------------------------------------------------------------------------

    async def _show_frame(self, story: Story, frame: Frame) -> None:
        """Post a frame, or turn its message to what it is to show now."""
        if frame.shown.drawn:
            await self._show_picture(story, frame)
        elif frame.takes[-1].state in (TakeState.FAILED, TakeState.DRAWN):
            await self._put_words(story, frame, cards.failure_card(story, frame))

    async def _show_picture(self, story: Story, frame: Frame) -> None:
        shade = await self._studio.pictures.shade(frame.shown)
        if shade is Shade.REFUSE:
            await self._put_words(story, frame, cards.covered_card(story, frame))
            return
        name = _name(frame.shown, shade)
        filename, _, before = (frame.posted or "").partition(" ")
        if PurePosixPath(filename).stem == name:  # then the picture need not be sent again
            view = cards.frame_card(story, frame, filename, shade)
            if (now := fingerprint(view)) != before:
                await self._put(story, frame, view, None, f"{filename} {now}")
            return
        if not await self._studio.pictures.kept([frame.shown]):
            await self._put_words(story, frame, cards.failure_card(story, frame))
            return
        file = await self._post.file(story, await self._studio.pictures.png(frame.shown, whole=True), name)
        view = cards.frame_card(story, frame, file.filename, shade)
        await self._put(story, frame, view, [file], f"{file.filename} {fingerprint(view)}")

    async def _put_words(self, story: Story, frame: Frame, view: LayoutView) -> None:
        """Let a frame's message show no picture, unless it says just this already."""
        if (posted := f"- {fingerprint(view)}") != frame.posted:
            await self._put(story, frame, view, [], posted)

    async def _put(
        self, story: Story, frame: Frame, view: LayoutView, attached: list[discord.File] | None, posted: str
    ) -> None:
        """Let a frame's message show this, with these files or those that it has, and note it."""
        message_id = frame.message_id
        if message_id is None:
            message_id = await self._post.send(story, f"frame{frame.id}", view, attached or [])
        else:
            assert story.thread_id is not None
            await self._post.edit(story.thread_id, story, message_id, view, attached)
        await self._archive.set_message(frame.id, message_id, posted)

    async def _remove_frame(self, story: Story, frame: Frame) -> None:
        """Take the message of a scene away that is not part of the story any more."""
        if frame.message_id is None or story.thread_id is None:
            return
        await self._post.delete(story, frame.message_id)
        await self._archive.set_message(frame.id, None)

    # -- the strip --------------------------------------------------------------------------------------

    async def _finish(self, story: Story) -> None:
        """The strip in the thread, and on the card in the channel."""
        pictures = await self._studio.pictures.kept(story.pictures)
        if story.cancelled or not pictures:
            await self._edit_card(story, self._card(story))
            if story.strip_id is not None and not story.pictures:
                await self._exhibition.show(story)  # the last of them has been deleted
                await self._post.delete(story, story.strip_id)
                await self._archive.set_strip(story.id, None)
            return
        shades = [await self._studio.pictures.shade(take) for take in pictures]
        shown = "-".join(f"{take.id}{shade or ''}" for take, shade in zip(pictures, shades, strict=True))
        if self._shared is not None:
            shown += f" {fingerprint(circle_cards.recap_card(story, self._shared[0], 'strip'))}"
        if (behind := story.strip_posted != shown) or self._card_behind:
            strip = await self._studio.pictures.strip(pictures)
            file = await self._post.file(story, strip, strip_name(story))
            if behind:
                await self._put_strip(story, file, shown)
            self._on_card = ""
            await self._edit_card(story, self._card(story, strip=file.filename), file)
            self._card_behind = False
        await self._exhibition.show(story)

    async def _put_strip(self, story: Story, file: discord.File, shown: str) -> None:
        self._card_behind = True
        view, name = cards.strip_card(story, file.filename), "strip"
        if self._shared is not None:
            circle, posts = self._shared
            # A story that was opened again ends anew, in another message.
            view, name = circle_cards.recap_card(story, circle, file.filename), f"strip{posts.prompts}"
        strip_id = story.strip_id
        if strip_id is None:
            strip_id = await self._post.send(story, name, view, [file])
        else:
            assert story.thread_id is not None
            await self._post.edit(story.thread_id, story, strip_id, view, [file])
        await self._archive.set_strip(story.id, strip_id, shown)
        file.reset()

    async def _language(self, story: Story) -> object:
        """What everybody in the story's server reads."""
        return server_locale(await self._studio.server(story.guild_id), self._bot.get_guild(story.guild_id))


def _name(take: Take, shade: Shade | None) -> str:
    """What the file of a take is called in Discord, without its ending; it tells what is done to it."""
    return f"samefox-{take.story_id}-{take.id}" + (f"-{shade}" if shade is not None else "")
