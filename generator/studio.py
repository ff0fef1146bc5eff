"""The one door to the generator: tell, redraw, cancel, watch. Cogs and the command line use only this.

The archive is the truth and is written first; what happens in memory can be lost at any moment and is rebuilt
from it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

from generator import storyboard
from generator.admission import Admission, Allowance
from generator.archive.archive import Archive
from generator.archive.database import open_archive
from generator.errors import ArchiveError
from generator.execution.forecast import Outlook
from generator.execution.workshop import Workshop
from generator.interpreter import Interpreter
from generator.limits import USUAL, Standing
from generator.moderation.gate import Gate, words
from generator.moderation.oversight import Oversight
from generator.pictures import Pictures
from generator.queue import Queue, survey
from generator.redraft import redraft
from generator.server import MemberDefaults, ServerSettings
from generator.settings import Settings
from generator.story import (
    Changed,
    Changes,
    Event,
    Options,
    Person,
    Script,
    Story,
    Storyboard,
    Take,
)
from generator.together.together import Together

log = logging.getLogger(__name__)


class Studio:
    """Everything that can be asked for. Opened with `open_studio`."""

    def __init__(self, settings: Settings, archive: Archive, folder: Path) -> None:
        self._settings = settings
        self.archive = archive
        self._folder = folder
        self._watchers: set[asyncio.Queue[Event]] = set()
        board = storyboard.draft(Script(subject="a fox", scenes=("a meadow",)), Options(seed=0), settings)
        self._sample = board.recipes[0]
        self._workshop = Workshop(settings, archive, folder, self._sample, self._announce)
        self.gate = Gate(archive)
        self._admission = Admission(settings.limits, archive, self.gate)
        self.pictures = Pictures(archive, folder, self.gate)
        self.interpreter = Interpreter(settings, self._workshop.translate)
        self.oversight = Oversight(archive, folder, stop=self._workshop.stop, announce=self._announce)
        self.together = Together(
            settings,
            archive,
            folder,
            self._admission,
            plan=self.plan,
            english=self.interpreter.english,
            queue=self._workshop.queue,
            stop=self._workshop.stop,
            announce=self._announce,
        )

    # -- asking -----------------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """What the host has set; where nobody says how many steps, and the devices are slow, fewer."""
        return self._settings.hurried if self._workshop.slow else self._settings

    async def look(self) -> None:
        """Wait until a device is known; before, none is slow."""
        await self._workshop.looked.wait()

    def draft(
        self,
        script: Script,
        options: Options,
        server: ServerSettings | None = None,
        member: MemberDefaults | None = None,
    ) -> Storyboard:
        """Decide everything about a story's pictures, before anything is queued.

        Raises:
            Refusal: it cannot be told like this; the sentence says why.
        """
        return storyboard.draft(script, options, self.settings, server, member)

    async def plan(
        self,
        script: Script,
        options: Options,
        server: ServerSettings | None = None,
        member: MemberDefaults | None = None,
        locale: str | None = None,
    ) -> Storyboard:
        """Draft a story that may be in another language: it keeps its words, its recipes have the English.

        Raises:
            NotTranslated: it could not be translated.
            Refusal: it cannot be told like this; the sentence says why.
        """
        board = self.draft(await self.interpreter.translate(script, locale), options, server, member)
        return replace(board, subject=script.subject, scenes=script.scenes)

    async def tell(
        self,
        board: Storyboard,
        author: Person,
        *,
        guild_id: int = 0,
        channel_id: int = 0,
        thread_id: int | None = None,
        place_id: int | None = None,
        introduce: Callable[[int], Awaitable[object]] | None = None,
        standing: Standing = USUAL,
    ) -> Story:
        """Keep a story, have it introduced where the ids say, and only then put its frames in line.

        Raises:
            LimitReached: the author, or the server, has asked for as much as they may.
            ArchiveError: it could not be kept.

        Whatever `introduce`, given the story's number, raises is raised; then the story is given up.
        """
        asked = words(channel_id, board.subject, *board.scenes, recipes=board.recipes)
        frames = len(board.recipes)
        story = await self.archive.add_story(
            board,
            author,
            guild_id=guild_id,
            channel_id=channel_id,
            thread_id=thread_id,
            place_id=place_id,
            admit=await self._admission.ticket(author, guild_id, frames, standing, asked, telling=True),
        )
        if introduce is not None:
            try:
                await introduce(story.id)
            except Exception:
                await self.cancel(story.id)
                raise
            story = await self.archive.story(story.id)
        await self._workshop.queue(story.takes, guild_id, standing)
        self._announce(Changed(story_id=story.id))
        return story

    async def redraw(
        self,
        take_id: int,
        author: Person,
        changes: Changes,
        *,
        chooses: bool = True,
        standing: Standing = USUAL,
        locale: str | None = None,
    ) -> Take:
        """Put another take of a frame in line; one that `chooses` stands for its frame once it is drawn.

        Raises:
            NotFound: there is no such take.
            NotTranslated: the new words of its scene could not be translated.
            Refusal: it cannot be drawn like this; the sentence says why.
        """
        parent = await self.archive.take(take_id)
        story = await self.archive.story(parent.story_id)
        english = replace(
            changes, scene=changes.scene and await self.interpreter.english(changes.scene, locale)
        )
        recipe = redraft(parent.recipe, english, self.settings, await self.server(story.guild_id))
        asked = words(story.channel_id, changes.scene or parent.scene, recipes=[recipe])
        admit = await self._admission.ticket(author, story.guild_id, 1, standing, asked)
        take = await self.archive.add_take(
            parent, recipe, author, scene=changes.scene, chooses=chooses, admit=admit
        )
        await self._workshop.queue([take], story.guild_id, standing)
        self._announce(Changed(story_id=take.story_id))
        return take

    async def redraw_story(
        self, story_id: int, author: Person, changes: Changes, *, standing: Standing = USUAL
    ) -> Story:
        """Put another take of every frame in line, each like the one that stands for it now.

        Raises:
            NotFound: there is no such story.
            Refusal: it cannot be drawn like this; the sentence says why.
        """
        story = await self.archive.story(story_id)
        server = await self.server(story.guild_id)
        recipes = [redraft(frame.chosen.recipe, changes, self.settings, server) for frame in story.frames]
        parents = [frame.chosen for frame in story.frames]
        asked = words(story.channel_id, *story.scenes, recipes=recipes)
        admit = await self._admission.ticket(author, story.guild_id, len(recipes), standing, asked)
        takes = await self.archive.add_takes(list(zip(parents, recipes, strict=True)), author, admit)
        await self._workshop.queue(takes, story.guild_id, standing)
        self._announce(Changed(story_id=story_id))
        return await self.archive.story(story_id)

    async def turn(self, take_id: int) -> None:
        """Turn a frame's message to this take.

        Raises:
            NotFound: there is no such picture.
        """
        self._announce(Changed(story_id=await self.archive.turn(take_id)))

    async def choose(self, take_id: int) -> None:
        """Let this take stand for its frame.

        Raises:
            NotFound: there is no such picture.
        """
        self._announce(Changed(story_id=await self.archive.choose(take_id)))

    async def cancel(self, story_id: int) -> bool:
        """Stop everything of a story that is not drawn yet; False if there was nothing to stop."""
        return self._stopped(story_id, await self.archive.cancel(story_id))

    async def withdraw(self, story_id: int, person_id: int) -> bool:
        """Stop what one person asked for in a story and is not drawn yet; their own story as a whole."""
        if (await self.archive.story(story_id)).author.id == person_id:
            return await self.cancel(story_id)
        return self._stopped(story_id, await self.archive.work.withdraw(story_id, person_id))

    def _stopped(self, story_id: int, take_ids: Sequence[int]) -> bool:
        self._workshop.stop(take_ids)
        if take_ids:
            self._announce(Changed(story_id=story_id))
        return bool(take_ids)

    # -- looking ----------------------------------------------------------------------------------------

    @contextmanager
    def watch(self) -> Iterator[AsyncIterator[Event]]:
        """Everything that happens from now on."""
        events: asyncio.Queue[Event] = asyncio.Queue()
        self._watchers.add(events)

        async def stream() -> AsyncIterator[Event]:
            while True:
                yield await events.get()

        try:
            yield stream()
        finally:
            self._watchers.discard(events)

    def outlook(self, story: Story) -> Outlook:
        """How the story's remaining frames will fare, by what frames of their shape took lately."""
        return self._workshop.forecast.outlook(story)

    async def queue(self, guild_id: int) -> Queue:
        """Who waits in a server, for what and until when."""
        errands = await self.archive.work.errands(guild_id)
        return survey(guild_id, errands, self._workshop.dispatcher, self._workshop.forecast, self._sample)

    async def allowance(self, person: Person, guild_id: int, standing: Standing = USUAL) -> Allowance:
        """How much a member has asked for, and how much they may."""
        return await self._admission.allowance(person, guild_id, standing)

    async def server(self, guild_id: int) -> ServerSettings:
        """What a server has decided for itself."""
        return await self.archive.servers.settings(guild_id)

    async def defaults(self, person_id: int) -> MemberDefaults:
        """What a member's stories are drawn with when they do not say."""
        return await self.archive.servers.defaults(person_id)

    def _announce(self, event: Event) -> None:
        for watcher in self._watchers:
            watcher.put_nowait(event)


@asynccontextmanager
async def open_studio(settings: Settings, folder: Path, *, remember: bool = True) -> AsyncIterator[Studio]:
    """Open a studio that keeps its archive and its pictures in `folder`, unless it need not `remember`.

    Its devices start in the background; frames that an earlier process left are taken up at once.

    Raises:
        ArchiveError: the database cannot be used.
    """
    try:
        await asyncio.to_thread((folder / "pictures").mkdir, parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveError(
            "The folder {folder} cannot be made: {reason}.", folder=str(folder), reason=error.strerror
        ) from error
    async with open_archive(folder / "archive.sqlite3" if remember else None) as archive:
        studio = Studio(settings, archive, folder)
        await studio.oversight.sweep()
        if remember:  # else the pictures are those of another archive
            await studio.oversight.tidy()
        await studio._workshop.recover()
        for device in settings.model.devices:
            studio._workshop.open(device)
        clock = asyncio.create_task(studio.together.keep_time(), name="clock")
        try:
            yield studio
        finally:
            clock.cancel()
            await asyncio.gather(clock, return_exceptions=True)
            await studio._workshop.close()
