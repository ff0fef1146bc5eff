"""Where stories told together begin: of nothing, or of an earlier story."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from generator import storyboard
from generator.admission import Admission
from generator.archive.archive import Archive
from generator.archive.circle_rows import Common
from generator.errors import ArchiveError, NotFound, OptionRefused, PromptTooLong, SamefoxError, ScriptRefused
from generator.limits import USUAL, Standing
from generator.moderation.gate import chosen_recipes, words
from generator.profiles import model_label
from generator.server import MemberDefaults, ServerSettings
from generator.settings import Settings
from generator.story import Changed, Event, Frame, Options, Person, Script, Story, Storyboard, Take
from generator.together.circle import Circle, CircleRefused, Mode
from generator.together.growing import without_scene
from generator.together.keeping import begun

Queue = Callable[[Sequence[Take], int, Standing], Awaitable[None]]
"""Puts one person's takes of a story, told in a server, in line."""

Plan = Callable[[Script, Options, ServerSettings, MemberDefaults, str | None], Awaitable[Storyboard]]
"""Drafts a story that may be in the language of this locale."""

_SOMETHING = ("…",)
"""Scenes for a story that has none yet."""


class Beginnings:
    """What can be asked for before there is a story."""

    def __init__(
        self,
        settings: Settings,
        archive: Archive,
        folder: Path,
        admission: Admission,
        *,
        plan: Plan,
        english: Callable[[str, str | None], Awaitable[str]],
        queue: Queue,
        stop: Callable[[Sequence[int]], None],
        announce: Callable[[Event], None],
    ) -> None:
        self._settings = settings
        self._archive = archive
        self._folder = folder
        self._admission = admission
        self._plan = plan
        self._english = english
        self._queue = queue
        self._stop = stop
        self._announce = announce
        # Whoever wrote in time while nobody was up is heard before their time is said to be over.
        self.listened = asyncio.Event()
        if not settings.bot.read_messages:
            self.listened.set()
        self._changed = asyncio.Event()  # a deadline may be another than the clock waits for

    async def plan(
        self,
        script: Script,
        options: Options,
        server: ServerSettings,
        member: MemberDefaults,
        *,
        locale: str | None = None,
    ) -> tuple[Storyboard, Common]:
        """Decide everything about a story's pictures; it need not have any scenes yet.

        Raises:
            Refusal: it cannot be told like this; the sentence says why.
        """
        some = replace(script, scenes=script.scenes or _SOMETHING)
        try:
            board = await self._plan(some, options, server, member, locale)
        except PromptTooLong as error:
            if script.scenes:
                raise
            raise ScriptRefused(
                "“{subject}” leaves no room for a scene: it makes {tokens} tokens, and a picture can follow "
                "at most {limit} together with the scene; please shorten it.",
                subject=script.subject[:60],
                tokens=error.tokens,
                limit=error.limit,
            ) from error
        length = options.window_length or storyboard.usual("window_length", self._settings, server, member)
        common = Common(recipe=without_scene(board.recipes[0]), window_length=length)
        return (board if script.scenes else replace(board, scenes=(), recipes=())), common

    async def begin(
        self,
        drafted: tuple[Storyboard, Common],
        owner: Person,
        mode: Mode,
        minutes: int,
        introduce: Callable[[int], Awaitable[object]],
        *,
        guild_id: int,
        channel_id: int,
        standing: Standing = USUAL,
    ) -> Story:
        """Keep a story that others add to, have it introduced, and put the scenes it begins with in line.

        Raises:
            LimitReached: the owner, or the server, has asked for as much as they may.
            ArchiveError: it could not be kept.

        Whatever `introduce`, given the story's number, raises is raised; then the story is given up.
        """
        board, common = drafted
        asked = words(channel_id, board.subject, *board.scenes, recipes=board.recipes or [common.recipe])
        frames = len(board.recipes)
        story = await self._archive.circles.add(
            board,
            common,
            _new(owner, mode, minutes),
            guild_id=guild_id,
            channel_id=channel_id,
            admit=await self._admission.ticket(owner, guild_id, frames, standing, asked, telling=True),
        )
        return await self._introduced(story, introduce, standing)

    async def go_on(
        self,
        earlier: Story,
        owner: Person,
        mode: Mode,
        minutes: int,
        introduce: Callable[[int], Awaitable[object]],
        *,
        channel_id: int,
        standing: Standing = USUAL,
    ) -> Story:
        """Keep a story that begins with the frames of an earlier one, which stays as it is.

        Raises:
            OptionRefused: the model that draws it is not offered any more.
            CircleRefused: nothing of it is left, some of it is missing, or it is still being told.
            LimitReached: the owner has asked for as much as they may.
            ArchiveError: it could not be kept.

        Whatever `introduce`, given the story's number, raises is raised; then the story is given up.
        """
        frames = [frame for frame in earlier.frames if frame.chosen.drawn]
        if earlier.growing:
            raise CircleRefused("This story is still being told; you can add to it in its thread.")
        if earlier.pending:
            raise CircleRefused("This story is still being drawn; please try again when it is told.")
        if not frames:
            raise CircleRefused(
                "This story has no pictures any more, so it cannot go on; please tell a new one."
            )
        common = await self._common(earlier, frames)
        await self._check_model(common, earlier.guild_id)
        board = Storyboard(subject=earlier.subject, style=earlier.style, scenes=(), recipes=())
        recipes = [common.recipe, *chosen_recipes(earlier)]
        asked = words(channel_id, earlier.subject, *earlier.scenes, recipes=recipes)
        admit = await self._admission.ticket(owner, earlier.guild_id, 0, standing, asked, telling=True)
        copies = await asyncio.to_thread(self._copies, frames)
        try:
            story = await self._archive.circles.add(
                board,
                common,
                _new(owner, mode, minutes),
                guild_id=earlier.guild_id,
                channel_id=channel_id,
                carried=copies,
                continues_id=earlier.id,
                admit=admit,
            )
        except SamefoxError:
            self._remove(copies)
            raise
        return await self._introduced(story, introduce, standing)

    async def _common(self, story: Story, frames: Sequence[Frame]) -> Common:
        """What the frames of a story share, also where one person told it."""
        try:
            return await self._archive.circles.common(story.id)
        except NotFound:
            length = self._settings.story.window_length
            return Common(recipe=without_scene(frames[0].chosen.recipe), window_length=length)

    async def _check_model(self, common: Common, guild_id: int) -> None:
        """Make sure that what a story's frames have in common can still be drawn in its server.

        Raises:
            OptionRefused: the host, or the server, has given its model up.
        """
        server, model = await self._archive.servers.settings(guild_id), common.recipe.model
        offered = server.offered_models(self._settings)
        if model not in offered:
            raise OptionRefused(
                "This story is drawn with the model “{model}”, which is not offered here any more; please "
                "tell a new one, which {models} can draw.",
                model=model_label(model),
                models=list(map(model_label, offered)),
            )

    def _remove(self, copies: Sequence[tuple[Frame, Path]]) -> None:
        for _frame, path in copies:
            (self._folder / path).unlink(missing_ok=True)

    def _copies(self, frames: Sequence[Frame]) -> list[tuple[Frame, Path]]:
        """The frames, each with a file of its own, since the earlier story may be deleted."""
        copies: list[tuple[Frame, Path]] = []
        try:
            for frame in frames:
                assert frame.chosen.path is not None, "it is drawn"
                path = Path("pictures", f"{frame.chosen.story_id}-{secrets.token_hex(8)}.png")
                copies.append((frame, path))
                shutil.copyfile(self._folder / frame.chosen.path, self._folder / path)
        except OSError as error:
            self._remove(copies)
            if isinstance(error, FileNotFoundError):
                raise CircleRefused(
                    "The picture of “{scene}” is missing here, so this story cannot go on; please draw that "
                    "frame again first, or tell a new story.",
                    scene=copies[-1][0].scene,
                ) from error
            raise ArchiveError(
                "The pictures of this story could not be copied ({reason}); please try again, or tell "
                "whoever runs me.",
                reason=error.strerror,
            ) from error
        return copies

    async def _introduced(
        self, story: Story, introduce: Callable[[int], Awaitable[object]], standing: Standing
    ) -> Story:
        try:
            await introduce(story.id)
        except Exception:
            await self.abandon(story.id)
            await self._archive.abandon(story.id)
            raise
        await self._queue([take for take in story.takes if take.pending], story.guild_id, standing)
        self._tell_all(story.id)
        return await self._archive.story(story.id)

    async def abandon(self, story_id: int) -> None:
        """Its place is gone: draw nothing more, wait for nothing more."""
        self._stop(await self._archive.cancel(story_id))
        await self._archive.circles.abandon(story_id)

    def _tell_all(self, story_id: int) -> None:
        self._changed.set()
        self._announce(Changed(story_id=story_id))


def _new(owner: Person, mode: Mode, minutes: int) -> Circle:
    return begun(Circle(story_id=0, owner=owner, mode=mode, minutes=minutes), now())


def now() -> datetime:
    """The present, as deadlines are kept."""
    return datetime.now(UTC)
