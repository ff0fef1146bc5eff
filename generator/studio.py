"""The one door to the generator: tell, redraw, cancel, watch. Cogs and the command line use only this.

The archive is the truth and is written first; what happens in memory can be lost at any moment and is rebuilt
from it. A picture's way: archive (queued) → dispatcher → executor → file → archive (drawn) → whoever watches.
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
from generator.archive.work import NOWHERE
from generator.errors import ArchiveError, DeviceLost, DrawingCancelled, SamefoxError
from generator.execution.dispatcher import Dispatcher, Task
from generator.execution.executor import Equip, Executor
from generator.execution.forecast import Forecast, Outlook, task_of
from generator.execution.local import LocalExecutor
from generator.execution.pace import Pace
from generator.language import foreign_language, in_latin_letters
from generator.limits import USUAL, Standing
from generator.moderation.gate import Gate, words
from generator.moderation.shading import blurred, shade_of
from generator.oversight import Oversight
from generator.press import files
from generator.press.book import Book, Keepsake, Kind
from generator.press.process import print_apart
from generator.press.strip import strip
from generator.profiles import STORYBOOK
from generator.queue import Queue, survey
from generator.redraft import redraft
from generator.sentence import Sentence
from generator.server import MemberDefaults, ServerSettings, Shade
from generator.settings import OFF, Settings
from generator.story import (
    Changed,
    Changes,
    Event,
    Options,
    Person,
    Picture,
    Recipe,
    Script,
    Stepped,
    Story,
    Storyboard,
    Take,
    TakeState,
)
from generator.storybook.vocabulary import unknown_words
from generator.together import Together

log = logging.getLogger(__name__)

TRIES = 3
"""How often a frame is begun before a device that dies on it is taken to be the frame's fault."""


class Studio:
    """Everything that can be asked for. Opened with `open_studio`."""

    def __init__(self, settings: Settings, archive: Archive, folder: Path) -> None:
        self.settings = settings
        self.archive = archive
        self._folder = folder
        self._dispatcher = Dispatcher()
        self._executors: list[LocalExecutor] = []
        self._devices: set[asyncio.Task[None]] = set()
        self._pace = Pace()
        self._forecast = Forecast(self._dispatcher, self._pace, lambda: len(self._executors))
        self.gate = Gate(archive)
        self._admission = Admission(settings.limits, archive, self.gate)
        self.oversight = Oversight(archive, folder, stop=self._stop, announce=self._announce)
        self._watchers: set[asyncio.Queue[Event]] = set()
        self._press = asyncio.Lock()
        self.together = Together(
            settings,
            archive,
            folder,
            self._admission,
            plan=self.plan,
            english=self.english,
            queue=self._queue,
            stop=self._stop,
            announce=self._announce,
        )

    # -- asking -----------------------------------------------------------------------------------------

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
        board = self.draft(await self.translate(script, locale), options, server, member)
        return replace(board, subject=script.subject, scenes=script.scenes)

    def translates(self, script: Script, locale: str | None = None) -> bool:
        """Whether `translate` would have something to do, which takes seconds."""
        return self._translated_from(script, locale) is not None

    async def translate(self, script: Script, locale: str | None = None) -> Script:
        """A script in English, as far as it is in another language, by its letters or its writer's `locale`.

        What is English, or understood by the pictures' model, stays as it is; without a translator all does.

        Raises:
            NotTranslated: it could not be; the sentence says what to do.
        """
        language = self._translated_from(script, locale)
        if language is None:
            return script
        texts = (script.subject, *script.scenes)
        foreign = [text for text in texts if foreign_language(text, locale)]
        english = dict(zip(foreign, await self._executors[0].translate(foreign, language), strict=True))
        subject, *scenes = (english.get(text) or text for text in texts)
        return replace(script, subject=subject, scenes=tuple(scenes))

    async def english(self, text: str, locale: str | None = None) -> str:
        """A single text as the pictures' model is told it.

        Raises:
            NotTranslated: it could not be translated; the sentence says what to do.
        """
        return (await self.translate(Script(subject=text, scenes=()), locale)).subject

    def follows(self, board: Storyboard) -> bool:
        """Whether the pictures' model can read what it will be told."""
        text = _told(board)
        settings = self.settings.translation
        return in_latin_letters(text) or (foreign_language(text) or "") in settings.understood

    def _translated_from(self, script: Script, locale: str | None) -> str | None:
        """The language that a script is to be translated from, if there is one that can be."""
        settings = self.settings.translation
        language = foreign_language("\n".join((script.subject, *script.scenes)), locale)
        if language is None or settings.model == OFF or language in settings.understood:
            return None
        return language if not settings.languages or language in settings.languages else None

    def unknown_words(self, board: Storyboard) -> tuple[str, ...]:
        """The words that the pictures will do without; only of our own model is it known what it knows."""
        if board.recipes[0].model != STORYBOOK:
            return ()
        of_style = unknown_words(self.settings.styles.get(board.style, "").replace("{subject}", ""))
        return tuple(word for word in unknown_words(_told(board)) if word not in of_style)

    async def tell(
        self,
        board: Storyboard,
        author: Person,
        *,
        guild_id: int = 0,
        channel_id: int = 0,
        thread_id: int | None = None,
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
        async with self._admission.admitted(
            author, guild_id, len(board.recipes), standing, asked, telling=True
        ):
            story = await self.archive.add_story(
                board, author, guild_id=guild_id, channel_id=channel_id, thread_id=thread_id
            )
        if introduce is not None:
            try:
                await introduce(story.id)
            except Exception:
                await self.cancel(story.id)
                raise
            story = await self.archive.story(story.id)
        await self._queue(story.takes, guild_id, standing)
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
        english = replace(changes, scene=changes.scene and await self.english(changes.scene, locale))
        recipe = redraft(parent.recipe, english, self.settings, await self.server(story.guild_id))
        asked = words(story.channel_id, changes.scene or parent.scene, recipes=[recipe])
        async with self._admission.admitted(author, story.guild_id, 1, standing, asked):
            take = await self.archive.add_take(parent, recipe, author, scene=changes.scene, chooses=chooses)
        await self._queue([take], story.guild_id, standing)
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
        async with self._admission.admitted(author, story.guild_id, len(recipes), standing, asked):
            takes = await self.archive.add_takes(list(zip(parents, recipes, strict=True)), author)
        await self._queue(takes, story.guild_id, standing)
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
        self._stop(take_ids)
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
        return self._forecast.outlook(story)

    async def queue(self, guild_id: int) -> Queue:
        """Who waits in a server, for what and until when."""
        errands = await self.archive.work.errands(guild_id)
        return survey(guild_id, errands, self._dispatcher, self._forecast, self._sample())

    async def allowance(self, person: Person, guild_id: int, standing: Standing = USUAL) -> Allowance:
        """How much a member has asked for, and how much they may."""
        return await self._admission.allowance(person, guild_id, standing)

    async def server(self, guild_id: int) -> ServerSettings:
        """What a server has decided for itself."""
        return await self.archive.servers.settings(guild_id)

    async def defaults(self, person_id: int) -> MemberDefaults:
        """What a member's stories are drawn with when they do not say."""
        return await self.archive.servers.defaults(person_id)

    def path(self, take: Take) -> Path:
        """The file of a drawn take."""
        assert take.path is not None, "only a drawn take has a file"
        return self._folder / take.path

    async def shade(self, take: Take, channel_id: int | None = None) -> Shade | None:
        """How a take may be shown in a channel, which is its story's if none is given; None is as it is."""
        if take.hidden:
            return Shade.REFUSE
        story = await self.archive.story(take.story_id)
        place = story.channel_id if channel_id is None else channel_id
        chosen = (await self.server(story.guild_id)).shade
        return shade_of(take.recipe.model, take.verdict, chosen, self.gate.age_restricted(place))

    async def png(self, take: Take, channel_id: int | None = None, *, whole: bool = False) -> bytes:
        """The picture of a drawn take as it may be shown in a channel, which is its story's if none is given.

        Where the `whole` picture can be covered until it is tapped, a spoiler is as it was drawn; inside of a
        strip or a film it is blurred too.
        """
        shade = await self.shade(take, channel_id)
        png = await asyncio.to_thread(self.path(take).read_bytes)
        if shade is None or (whole and shade is Shade.SPOILER):
            return png
        return await asyncio.to_thread(blurred, png)

    async def picture(self, take: Take, channel_id: int) -> Path | bytes | None:
        """What may be printed of a drawn take for a channel: its file, or a blurred PNG, or nothing."""
        shade = await self.shade(take, channel_id)
        if shade is Shade.REFUSE or not await asyncio.to_thread(self.path(take).is_file):
            return None
        return self.path(take) if shade is None else await self.png(take, channel_id)

    async def print(self, book: Book, kind: Kind, limit: int) -> Keepsake:
        """Make a file of at most `limit` bytes to take home, one at a time.

        Raises:
            TooLarge: it cannot be made that small; the sentence names what can.
            PressFailed: something is wrong with a picture.
        """
        async with self._press:
            return await asyncio.to_thread(print_apart, book, kind, limit)

    async def strip(self, takes: tuple[Take, ...], channel_id: int | None = None) -> bytes:
        """Drawn takes side by side, as a PNG that may be shown in a channel, which is their story's."""

        pngs = [await self.png(take, channel_id) for take in takes]
        return await asyncio.to_thread(strip, pngs, [take.scene for take in takes])

    # -- drawing ----------------------------------------------------------------------------------------

    async def _recover(self) -> None:
        """Take up what an earlier process left."""
        await self.oversight.sweep()
        for recipe, seconds in await self.archive.recent_work(100):
            self._pace.measured(recipe, seconds)
        waiting = await self.archive.requeue()
        orders = await self.archive.work.orders()
        for take in waiting:
            order = orders.get(take.id, NOWHERE)
            self._dispatcher.add(task_of(take, order.guild_id, order.weight))
        if waiting:
            log.info("Taking up %d frames from before", len(waiting))

    async def _queue(self, takes: Sequence[Take], guild_id: int, standing: Standing = USUAL) -> None:
        """Put one person's takes of a story in line."""
        if takes and standing.weight != USUAL.weight:
            await self.archive.work.weigh(takes[0].story_id, takes[0].author.id, standing.weight)
        for take in takes:
            self._dispatcher.add(task_of(take, guild_id, standing.weight))

    def _stop(self, take_ids: Sequence[int]) -> None:
        """Do not draw takes that the archive knows to be cancelled."""
        self._dispatcher.discard(take_ids)
        for executor in self._executors:
            for take_id in take_ids:
                executor.cancel(take_id)

    def _equipment(self) -> Equip:
        """The models beside the painter; only the first device's process translates."""
        safety, translation = self.settings.safety, self.settings.translation
        return Equip(
            safety=safety if safety.model != OFF else None,
            translator=translation.model if translation.model != OFF and not self._executors else None,
        )

    def _open(self, device: str) -> None:
        task = asyncio.create_task(self._serve(device), name=f"studio {device}")
        self._devices.add(task)
        task.add_done_callback(self._devices.discard)

    async def _close(self) -> None:
        for task in self._devices:
            task.cancel()
        await asyncio.gather(*self._devices, return_exceptions=True)

    async def _serve(self, device: str) -> None:
        """Draw on one device for as long as the studio is open."""
        executor = LocalExecutor(device, self.settings.model.precision, self._equipment())
        self._executors.append(executor)
        try:
            try:
                await executor.start(self._sample())
            except (SamefoxError, OSError) as error:
                log.error("%s It will be tried again for the next frame.", error)
            while True:
                self._open_siblings(executor)
                await self._draw_next(executor)
        finally:
            self._executors.remove(executor)
            await executor.close()

    def _open_siblings(self, executor: LocalExecutor) -> None:
        """Use the machine's other devices too, once the first has told of them."""
        known = {other.device for other in self._executors}
        for device in executor.siblings:
            if device not in known:
                self._open(device)

    async def _draw_next(self, executor: Executor) -> None:
        """Draw what is next; one take's bad luck must not close the device to all others."""
        task = await self._dispatcher.next()
        try:
            await self._draw(executor, task)
        except Exception:
            log.exception("Take %d could not be drawn", task.take_id)
            try:
                sentence = Sentence("The host could not keep the picture; its log says why.")
                await self.archive.fail(task.take_id, sentence)
            except ArchiveError as error:
                log.error("%s Take %d waits for the next start.", error, task.take_id)
        finally:
            self._dispatcher.done(task)
            self._forecast.ended(task.take_id)
        self._announce(Changed(story_id=task.story_id))

    async def _draw(self, executor: Executor, task: Task) -> None:
        """Draw a take and write down what came of it."""
        take_id = task.take_id
        if not await self.archive.start(take_id, executor.device):
            return
        take = await self.archive.take(take_id)
        if take.state is not TakeState.DRAWING:
            return  # cancelled since; from here on, the executor hears of it
        self._announce(Changed(story_id=take.story_id))
        try:
            picture = await self._picture(executor, take)
        except DrawingCancelled:
            pass  # whoever cancelled it has written that down
        except DeviceLost as error:
            await self._lost(task, error)
        except SamefoxError as error:
            await self.archive.fail(take_id, error.sentence)
        else:
            await self._keep(take, picture)

    async def _lost(self, task: Task, error: DeviceLost) -> None:
        """Put a take on which a device died in line again, unless that has happened too often."""
        log.warning("%s It was drawing take %d.", error, task.take_id)
        if await self.archive.lose(task.take_id) < TRIES:
            self._dispatcher.put_back(task)
        else:
            sentence = Sentence(
                "The picture was given up after {tries} tries: {error} The host's log knows more.",
                {"tries": TRIES, "error": error.sentence},
            )
            await self.archive.fail(task.take_id, sentence)

    async def _picture(self, executor: Executor, take: Take) -> Picture:
        def on_step(step: int, steps: int) -> None:
            self._forecast.stepped(take.id, step, steps)
            self._announce(Stepped(story_id=take.story_id, take_id=take.id, step=step, steps=steps))

        return await executor.draw(take.id, take.recipe, on_step)

    async def _keep(self, take: Take, picture: Picture) -> None:
        """Complete the file before its row says that it is there."""
        path = Path("pictures", f"{take.story_id}-{take.id}.png")
        await asyncio.to_thread(files.save, self._folder / path, picture.png)
        if await self.archive.finish(take.id, path, picture):
            self._pace.measured(take.recipe, picture.seconds)
        else:  # nobody wants it any more
            await asyncio.to_thread((self._folder / path).unlink, missing_ok=True)

    def _sample(self) -> Recipe:
        """A recipe of the configured model, which a new process gets ready for."""
        board = self.draft(Script(subject="a fox", scenes=("a meadow",)), Options(seed=0))
        return board.recipes[0]

    def _announce(self, event: Event) -> None:
        for watcher in self._watchers:
            watcher.put_nowait(event)


def _told(board: Storyboard) -> str:
    """All that the pictures' model is told of a story."""
    return "\n".join((board.recipes[0].subject, *(recipe.express for recipe in board.recipes)))


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
        raise ArchiveError(f"The data folder {folder} cannot be made: {error.strerror}.") from error
    async with open_archive(folder / "archive.sqlite3" if remember else None) as archive:
        studio = Studio(settings, archive, folder)
        await studio._recover()
        for device in settings.model.devices:
            studio._open(device)
        clock = asyncio.create_task(studio.together.keep_time(), name="clock")
        try:
            yield studio
        finally:
            clock.cancel()
            await asyncio.gather(clock, return_exceptions=True)
            await studio._close()
