"""Stories told together: what can be asked for in them. A wing of the studio's one door.

The rules are `circle`'s, the archive decides in one transaction, and what follows from it is put in line or
stopped. The clock is kept here too: a deadline is in the archive, so one that passed while nobody was up is
noticed at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from generator import circle_keeping as keeping
from generator import circle_rules as rules
from generator import storyboard
from generator.admission import Admission
from generator.archive.archive import Archive
from generator.archive.circles import Common
from generator.circle import Circle, CircleRefused, Mode, Proposal, Step, check_manager
from generator.errors import NotFound
from generator.growing import next_recipe, without_scene
from generator.limits import USUAL, Standing, bounds
from generator.moderation.gate import words
from generator.script import listed_script
from generator.server import MemberDefaults, ServerSettings
from generator.settings import Settings
from generator.story import Changed, Event, Frame, Options, Person, Script, Story, Storyboard, Take

log = logging.getLogger(__name__)

Queue = Callable[[Sequence[Take], int, Standing], Awaitable[None]]
"""Puts one person's takes of a story, told in a server, in line."""

Plan = Callable[[Script, Options, ServerSettings, MemberDefaults, str | None], Awaitable[Storyboard]]
"""Drafts a story that may be in the language of this locale."""

_SOMETHING = ("…",)
"""Scenes for a story that has none yet."""

LONGEST_SLEEP = 3600.0  # seconds, after which clocks that were set are noticed
RETRY_INTERVAL = 30.0


class Together:
    """What can be asked for in stories told together."""

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
        self._changed = asyncio.Event()  # a deadline may be another than the clock waits for

    # -- beginning --------------------------------------------------------------------------------------

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
        board = await self._plan(some, options, server, member, locale)
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
        async with self._admission.admitted(
            owner, guild_id, len(board.recipes), standing, asked, telling=True
        ):
            story = await self._archive.circles.add(
                board, common, _new(owner, mode, minutes), guild_id=guild_id, channel_id=channel_id
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
            CircleRefused: nothing of the earlier one is left, or it is still being told.
            LimitReached: the owner has asked for as much as they may.
            ArchiveError: it could not be kept.

        Whatever `introduce`, given the story's number, raises is raised; then the story is given up.
        """
        frames = [frame for frame in earlier.frames if frame.chosen.drawn]
        if earlier.growing:
            raise CircleRefused("This story is still being told; you can add to it in its thread.")
        if not frames:
            raise CircleRefused(
                "This story has no pictures any more, so it cannot go on; please tell a new one."
            )
        common = await self._common(earlier, frames)
        board = Storyboard(subject=earlier.subject, style=earlier.style, scenes=(), recipes=())
        asked = words(channel_id, earlier.subject, *earlier.scenes)
        async with self._admission.admitted(owner, earlier.guild_id, 0, standing, asked, telling=True):
            story = await self._archive.circles.add(
                board,
                common,
                _new(owner, mode, minutes),
                guild_id=earlier.guild_id,
                channel_id=channel_id,
                carried=await asyncio.to_thread(self._copies, frames),
                continues_id=earlier.id,
            )
        return await self._introduced(story, introduce, standing)

    async def _common(self, story: Story, frames: Sequence[Frame]) -> Common:
        """What the frames of a story share, also where one person told it."""
        try:
            return await self._archive.circles.common(story.id)
        except NotFound:
            length = self._settings.story.window_length
            return Common(recipe=without_scene(frames[0].chosen.recipe), window_length=length)

    def _copies(self, frames: Sequence[Frame]) -> list[tuple[Frame, Path]]:
        """The frames, each with a file of its own, since the earlier story may be deleted."""
        copies = []
        for frame in frames:
            assert frame.chosen.path is not None, "it is drawn"
            path = Path("pictures", f"{frame.chosen.story_id}-{secrets.token_hex(8)}.png")
            shutil.copyfile(self._folder / frame.chosen.path, self._folder / path)
            copies.append((frame, path))
        return copies

    async def _introduced(
        self, story: Story, introduce: Callable[[int], Awaitable[object]], standing: Standing
    ) -> Story:
        try:
            await introduce(story.id)
        except Exception:
            await self.abandon(story.id)
            raise
        await self._queue([take for take in story.takes if take.pending], story.guild_id, standing)
        self._tell_all(story.id)
        return await self._archive.story(story.id)

    # -- writing ----------------------------------------------------------------------------------------

    async def check_may_write(self, story_id: int, person: Person) -> None:
        """Make sure that this person may write now, before they do.

        Raises:
            NotFound: there is no such story.
            CircleRefused: it is not their turn, or not the time.
        """
        rules.check_may_write(await self._archive.circles.circle(story_id), person)

    async def add(
        self,
        story_id: int,
        author: Person,
        text: str,
        *,
        locale: str | None = None,
        standing: Standing = USUAL,
    ) -> tuple[Circle, Take | None]:
        """Add a scene, or in a vote propose it; the circle as it is then, and the new frame's take.

        Raises:
            NotFound: there is no such story.
            Refusal: it cannot be added; the sentence says why.
        """
        story = await self._archive.story(story_id)
        await self.check_may_write(story_id, author)
        proposal = await self._read(story, author, text, locale)
        most = await self._most_scenes(story, standing)

        def write(circle: Circle, now_told: Story) -> Step:
            _check_room(circle, now_told, most)
            _check_news(now_told, proposal)
            return rules.write(circle, proposal, _now())

        asked = words(story.channel_id, story.subject, *story.scenes, proposal.scene, proposal.express)
        async with self._admission.admitted(author, story.guild_id, 1, standing, asked):
            circle, take = await self._archive.circles.change(story_id, write)
        await self._follow(story, take, standing)
        return circle, take

    async def _read(self, story: Story, author: Person, text: str, locale: str | None) -> Proposal:
        """A member's text as a scene that can be drawn."""
        (scene,) = listed_script(story.subject, [" ".join(text.split())], max_scenes=1).scenes
        express = await self._english(scene, locale)
        common = await self._archive.circles.common(story.id)
        next_recipe(common.recipe, (), express, 1)  # whatever else is in its window, it fits alone
        return Proposal(author=author, scene=scene, express=express)

    async def _most_scenes(self, story: Story, standing: Standing) -> int:
        server = await self._archive.servers.settings(story.guild_id)
        return bounds(self._settings.limits, server.limits, standing).scenes

    # -- turns and votes --------------------------------------------------------------------------------

    async def join(self, story_id: int, person: Person) -> Circle:
        """Take turns from now on."""
        return await self._act(story_id, lambda circle, now: rules.join(circle, person, now))

    async def leave(self, story_id: int, person: Person) -> Circle:
        """Take no more turns."""
        return await self._act(story_id, lambda circle, now: rules.leave(circle, person, now))

    async def skip(self, story_id: int, person: Person, *, moderator: bool) -> Circle:
        """Pass the turn on."""
        return await self._act(
            story_id, lambda circle, now: rules.skip(circle, person, now, moderator=moderator)
        )

    async def call_vote(self, story_id: int, person: Person, *, moderator: bool) -> Circle:
        """Let a poll decide between the proposals, or take the only one."""

        def act(circle: Circle, story: Story) -> Step:
            return rules.call_vote(circle, person, moderator=moderator)

        return await self._step(story_id, act)

    async def end_vote(self, story_id: int, person: Person, *, moderator: bool) -> Circle:
        """Have the votes counted now."""
        return await self._act(
            story_id, lambda circle, _: rules.end_vote(circle, person, moderator=moderator)
        )

    async def polled(self, story_id: int, poll_id: int) -> Circle:
        """The poll is posted."""
        return await self._act(story_id, lambda circle, now: rules.polled(circle, poll_id, now))

    async def poll_ended(self, story_id: int) -> Circle:
        """The poll of a vote that nobody waits for any more is ended."""
        return await self._act(story_id, lambda circle, _: rules.poll_ended(circle))

    async def decide(self, story_id: int, votes: Sequence[int] | None) -> Circle:
        """The votes are counted, or could not be asked for: the chosen scene is the next frame."""
        return await self._step(story_id, lambda circle, _: rules.decide(circle, votes))

    # -- looking after it -------------------------------------------------------------------------------

    async def undo(self, story_id: int, person: Person, frame_id: int, *, moderator: bool) -> Frame:
        """Take the last scene back, if that is still this one."""

        def check(circle: Circle, frame: Frame) -> None:
            if frame.id != frame_id:
                raise CircleRefused("The story has changed meanwhile: this is not its last scene any more.")
            keeping.check_may_undo(circle, person, frame.author, moderator=moderator)

        frame, stopped = await self._archive.circles.take_back(story_id, check)
        self._stop(stopped)
        self._tell_all(story_id)
        return frame

    async def move(self, story_id: int, person: Person, frame_id: int, by: int, *, moderator: bool) -> None:
        """Let a scene change places with its neighbour."""
        await self._archive.circles.move(story_id, frame_id, by, _managing(person, moderator))
        self._tell_all(story_id)

    async def retell(
        self, story_id: int, person: Person, *, moderator: bool, standing: Standing = USUAL
    ) -> int:
        """Draw every frame again with the text as it is now; how many there are."""
        story = await self._archive.story(story_id)
        asked = words(story.channel_id, story.subject, *story.scenes)
        async with self._admission.admitted(person, story.guild_id, len(story.frames), standing, asked):
            takes = await self._archive.circles.retell(story_id, person, _managing(person, moderator))
        await self._queue(takes, story.guild_id, standing)
        self._tell_all(story_id)
        return len(takes)

    async def close(self, story_id: int, person: Person, *, moderator: bool) -> Circle:
        """Let it end here."""
        return await self._act(story_id, lambda circle, _: keeping.close(circle, person, moderator=moderator))

    async def reopen(self, story_id: int, person: Person, *, moderator: bool) -> Circle:
        """Let it go on."""
        return await self._act(
            story_id, lambda circle, now: keeping.reopen(circle, person, now, moderator=moderator)
        )

    async def hand_over(self, story_id: int, person: Person, heir: Person, *, moderator: bool) -> Circle:
        """Let it be somebody else's story."""
        return await self._act(
            story_id, lambda circle, _: keeping.hand_over(circle, person, heir, moderator=moderator)
        )

    async def set_mode(self, story_id: int, person: Person, mode: Mode, *, moderator: bool) -> Circle:
        """Decide on the next scenes in another way."""

        def act(circle: Circle, story: Story) -> Step:
            writers = list({frame.author.id: frame.author for frame in story.frames}.values())
            changed = keeping.set_mode(circle, person, mode, _now(), writers=writers, moderator=moderator)
            return changed, None

        return await self._step(story_id, act)

    async def set_minutes(self, story_id: int, person: Person, minutes: int, *, moderator: bool) -> Circle:
        """Give turns and votes more or less time."""
        return await self._act(
            story_id,
            lambda circle, now: keeping.set_minutes(circle, person, minutes, now, moderator=moderator),
        )

    async def end(self, story_id: int) -> None:
        """Somebody deleted its place; whatever still shows it should say so."""
        await self.abandon(story_id)
        self._tell_all(story_id)

    async def abandon(self, story_id: int) -> None:
        """Its place is gone: draw nothing more, wait for nothing more."""
        self._stop(await self._archive.cancel(story_id))
        await self._archive.circles.abandon(story_id)

    # -- time -------------------------------------------------------------------------------------------

    async def keep_time(self) -> None:
        """Let turns and votes end when their time is over, for as long as the studio is open."""
        while True:
            self._changed.clear()
            pause = LONGEST_SLEEP
            try:
                for deadline, story_id in await self._archive.circles.deadlines():
                    if deadline > _now():
                        pause = (deadline - _now()).total_seconds()
                        break
                    await self._step(story_id, lambda circle, _: rules.expire(circle, _now()))
            except Exception:
                log.exception("A deadline could not be kept; it is tried again")
                pause = RETRY_INTERVAL
            try:
                await asyncio.wait_for(self._changed.wait(), min(max(pause, 0), LONGEST_SLEEP))
            except TimeoutError:
                continue

    # -- what follows -----------------------------------------------------------------------------------

    async def _act(self, story_id: int, act: Callable[[Circle, datetime], Circle]) -> Circle:
        """A change that adds no scene."""
        return await self._step(story_id, lambda circle, _: (act(circle, _now()), None))

    async def _step(self, story_id: int, act: Callable[[Circle, Story], Step]) -> Circle:
        """A change, and the drawing of what it added."""
        circle, take = await self._archive.circles.change(story_id, act)
        await self._follow(await self._archive.story(story_id), take, USUAL)
        return circle

    async def _follow(self, story: Story, take: Take | None, standing: Standing) -> None:
        if take is not None:
            await self._queue([take], story.guild_id, standing)
        self._tell_all(story.id)

    def _tell_all(self, story_id: int) -> None:
        self._changed.set()
        self._announce(Changed(story_id=story_id))


def _new(owner: Person, mode: Mode, minutes: int) -> Circle:
    return keeping.begun(Circle(story_id=0, owner=owner, mode=mode, minutes=minutes), _now())


def _managing(person: Person, moderator: bool) -> Callable[[Circle, Story], None]:
    return lambda circle, _: check_manager(circle, person, moderator=moderator)


def _check_room(circle: Circle, story: Story, most: int) -> None:
    if len(story.frames) >= most:
        raise CircleRefused(
            "This story has {count} scenes, as many as a story can have here. {name} can close it with ⚙️.",
            count=len(story.frames),
            name=circle.owner.name,
        )


def _check_news(story: Story, proposal: Proposal) -> None:
    """Whoever heard of no answer writes the same again."""
    last = story.frames[-1] if story.frames else None
    if last is not None and (last.author.id, last.scene) == (proposal.author.id, proposal.scene):
        raise CircleRefused("This scene of yours is in the story already; it is the last one.")


def _now() -> datetime:
    return datetime.now(UTC)
