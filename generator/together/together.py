"""Stories told together: what can be asked for in them. A wing of the studio's one door.

The rules are those of `rules` and `keeping`, the archive decides in one transaction, and what
follows from it is put in line or stopped. The clock is kept here too: a deadline is in the archive, so one
that passed while nobody was up is noticed at the next start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from generator.archive.circle_rows import Common
from generator.errors import NotFound
from generator.limits import USUAL, Standing, bounds
from generator.moderation.gate import chosen_recipes, words
from generator.script import one_scene
from generator.story import Frame, Person, Story, Take
from generator.together import keeping, rules
from generator.together.beginnings import Beginnings, now
from generator.together.circle import Circle, CircleRefused, Mode, Proposal, Step, check_manager
from generator.together.growing import next_recipe

log = logging.getLogger(__name__)

LONGEST_SLEEP = 3600.0  # seconds, after which clocks that were set are noticed
RETRY_INTERVAL = 30.0


class Together(Beginnings):
    """What can be asked for in stories told together."""

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
        message_id: int | None = None,
    ) -> tuple[Circle, Take | None]:
        """Add a scene, or in a vote propose it; the circle as it is then, and the new frame's take.

        If it was written in the story's thread, the message is known from then on, and owed a receipt.

        Raises:
            NotFound: there is no such story.
            Refusal: it cannot be added; the sentence says why.
        """
        story = await self._archive.story(story_id)
        await self.check_may_write(story_id, author)
        common = await self._archive.circles.common(story_id)
        proposal = await self._read(story, common, author, text, locale)
        most = await self._most_scenes(story, standing)

        def write(circle: Circle, now_told: Story) -> Step:
            _check_room(circle, now_told, most)
            _check_news(now_told, proposal)
            return rules.write(circle, proposal, now())

        asked = words(
            story.channel_id,
            *(story.subject, *story.scenes, proposal.scene, proposal.express),
            recipes=[common.recipe, *chosen_recipes(story)],
        )
        admit = await self._admission.ticket(author, story.guild_id, 1, standing, asked)
        circle, take = await self._archive.circles.change(story_id, write, message_id, admit)
        await self._follow(story, take, standing)
        return circle, take

    async def _read(
        self, story: Story, common: Common, author: Person, text: str, locale: str | None
    ) -> Proposal:
        """A member's text as a scene that can be drawn."""
        scene = one_scene(story.subject, text)
        express = await self._english(scene, locale)
        await self._check_model(common, story.guild_id)
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

    async def skip(self, story_id: int, person: Person, holder_id: int | None, *, moderator: bool) -> Circle:
        """Pass the turn on, if it is still this one's."""
        return await self._act(
            story_id, lambda circle, now: rules.skip(circle, person, now, holder_id, moderator=moderator)
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

    async def check_may_undo(self, story: Story, person: Person, frame_id: int, *, moderator: bool) -> None:
        """Make sure that this person may take a scene back, before they are asked whether they want to.

        Raises:
            CircleRefused: it is not up to them, or it is not the last scene any more.
        """
        circle = await self._archive.circles.circle(story.id)
        _undoing(person, frame_id, moderator)(circle, story.frames[-1] if story.frames else None)

    async def undo(self, story_id: int, person: Person, frame_id: int, *, moderator: bool) -> Frame:
        """Take the last scene back, if that is still this one."""
        check = _undoing(person, frame_id, moderator)

        def act(circle: Circle, frame: Frame) -> Circle:
            check(circle, frame)
            return keeping.took_back(circle, person, frame.author, (frame.position or 0) + 1)

        frame, stopped = await self._archive.circles.take_back(story_id, act)
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
        common = await self._archive.circles.common(story_id)
        await self._check_model(common, story.guild_id)
        recipes = [common.recipe, *chosen_recipes(story)]
        asked = words(story.channel_id, story.subject, *story.scenes, recipes=recipes)
        admit = await self._admission.ticket(person, story.guild_id, len(story.frames), standing, asked)
        takes = await self._archive.circles.retell(story_id, person, _managing(person, moderator), admit)
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
            changed = keeping.set_mode(circle, person, mode, now(), writers=writers, moderator=moderator)
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

    # -- time -------------------------------------------------------------------------------------------

    async def keep_time(self) -> None:
        """Let turns and votes end when their time is over, for as long as the studio is open."""
        await self.listened.wait()
        while True:
            self._changed.clear()
            pause = LONGEST_SLEEP
            try:
                for deadline, story_id in await self._archive.circles.deadlines():
                    if deadline > now():
                        pause = min(pause, (deadline - now()).total_seconds())
                        break
                    if not await self.expire(story_id):
                        pause = RETRY_INTERVAL
            except Exception:
                log.exception("The deadlines could not be read; they are tried again")
                pause = RETRY_INTERVAL
            try:
                await asyncio.wait_for(self._changed.wait(), min(max(pause, 0), LONGEST_SLEEP))
            except TimeoutError:
                continue

    async def expire(self, story_id: int) -> bool:
        """Let a story's time be over, if it is; False if that failed, which holds up no other story."""
        try:
            await self._step(story_id, lambda circle, _: rules.expire(circle, now()))
        except NotFound:
            return True  # it was deleted meanwhile
        except Exception:
            log.exception("A deadline of story %d could not be kept; it is tried again", story_id)
            return False
        return True

    # -- what follows -----------------------------------------------------------------------------------

    async def _act(self, story_id: int, act: Callable[[Circle, datetime], Circle]) -> Circle:
        """A change that adds no scene."""
        return await self._step(story_id, lambda circle, _: (act(circle, now()), None))

    async def _step(self, story_id: int, act: Callable[[Circle, Story], Step]) -> Circle:
        """A change, and the drawing of what it added."""
        circle, take = await self._archive.circles.change(story_id, act)
        await self._follow(await self._archive.story(story_id), take, USUAL)
        return circle

    async def _follow(self, story: Story, take: Take | None, standing: Standing) -> None:
        if take is not None:
            await self._queue([take], story.guild_id, standing)
        self._tell_all(story.id)


def _undoing(person: Person, frame_id: int, moderator: bool) -> Callable[[Circle, Frame | None], None]:
    def check(circle: Circle, last: Frame | None) -> None:
        if last is None or last.id != frame_id:
            raise CircleRefused("The story has changed meanwhile: this is not its last scene any more.")
        keeping.check_may_undo(circle, person, last.author, moderator=moderator)

    return check


def _managing(person: Person, moderator: bool) -> Callable[[Circle, Story], None]:
    return lambda circle, _: check_manager(circle, person, moderator=moderator)


def _check_room(circle: Circle, story: Story, most: int) -> None:
    if len(story.frames) >= most:
        raise CircleRefused(
            "No more scenes fit into this story: it can have {count} here. {name} can close it with ⚙️.",
            count=len(story.frames),
            name=circle.owner.name,
        )


def _check_news(story: Story, proposal: Proposal) -> None:
    """Whoever heard of no answer writes the same again."""
    last = story.frames[-1] if story.frames else None
    if last is not None and (last.author.id, last.scene) == (proposal.author.id, proposal.scene):
        raise CircleRefused("This scene of yours is in the story already; it is the last one.")
