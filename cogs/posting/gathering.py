"""The messages that only a story told together has: what came before, the poll, and the buttons at the end.

The buttons follow the newest picture: a new message is posted below it, noted, and only then is the old one
deleted. Whatever moment the bot is killed, the next start finds at most two, and keeps the newer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import discord

from cogs.posting.post import Post, fingerprint, will_pass
from cogs.posting.traces import prelude_name
from cogs.presentation.circle import answer_of, poll_of, prelude_card, prompt_card
from generator.archive.circles import Posts
from generator.errors import NotFound
from generator.story import Frame, Story, Take
from generator.studio import Studio
from generator.together.circle import Circle, Phase

POLL_TRIES = 5
"""How often a poll's result is asked for, a second apart, until Discord has counted it."""


class Gathering:
    """Brings these messages up to what the archive knows."""

    def __init__(self, post: Post, studio: Studio) -> None:
        self._post = post
        self._together = studio.together
        self._circles = studio.archive.circles
        self._studio = studio

    async def open(self, story: Story, circle: Circle, posts: Posts) -> None:
        """Show what happened in the story that this one continues, as far as it may be shown now."""
        carried = [frame for frame in story.frames if frame.id <= (posts.carried_id or 0)]
        pictures = self._studio.pictures
        takes = await pictures.kept([frame.takes[0] for frame in carried if frame.takes[0].drawn])
        shades = [await pictures.shade(take) for take in takes]
        shown = "-".join(f"{take.id}{shade or ''}" for take, shade in zip(takes, shades, strict=True))
        if shown != posts.prelude_posted and (takes or posts.prelude_id is not None):
            message_id = await self._put_prelude(story, posts, carried, takes)
            await self._circles.set_prelude(story.id, message_id, shown)

    async def _put_prelude(
        self, story: Story, posts: Posts, carried: Sequence[Frame], takes: tuple[Take, ...]
    ) -> int:
        """Let the message of the earlier frames show these pictures; its id."""
        files = []
        if takes:
            strip = await self._studio.pictures.strip(takes)
            files.append(await self._post.file(story, strip, prelude_name(story)))
        view = prelude_card(story, carried, posts.continues_id, files[0].filename if files else None)
        if posts.prelude_id is None:
            return await self._post.send(story, "prelude", view, files)
        assert story.thread_id is not None
        await self._post.edit(story.thread_id, story, posts.prelude_id, view, files)
        return posts.prelude_id

    async def follow(self, story: Story) -> None:
        """Have the vote counted, and the buttons at the thread's end."""
        circle, posts = await self._known(story)
        if await self._vote(story, circle):
            return  # the circle is another now, and its story is shown again
        if circle.closed or story.cancelled:
            await self._withdraw(story, posts)
            return
        circle, posts = await self._known(story)
        await self._prompt(story, circle, posts)

    async def _known(self, story: Story) -> tuple[Circle, Posts]:
        known = await self._circles.posted(story.id)
        if known is None:
            raise NotFound("There is no story {number} here any more.", number=story.id)
        return known

    # -- the buttons ------------------------------------------------------------------------------------

    async def _prompt(self, story: Story, circle: Circle, posts: Posts) -> None:
        server = await self._studio.server(story.guild_id)
        reading = server.read_messages and self._post.bot.intents.message_content
        view = prompt_card(story, circle, reading=reading)
        shown, old = fingerprint(view), posts.prompt_id
        if old is not None and old > _newest(story, circle, posts):
            assert story.thread_id is not None
            if shown == posts.prompt_posted:
                return
            if await self._post.edit(story.thread_id, story, old, view):
                await self._circles.set_prompt(story.id, old, shown)
                return
        new = await self._post.send(story, f"prompt{posts.prompts}", view, [])
        await self._circles.set_prompt(story.id, new, shown)
        if old is not None:
            await self._post.delete(story, old)

    async def _withdraw(self, story: Story, posts: Posts) -> None:
        if posts.prompt_id is not None and story.thread_id is not None:
            await self._post.delete(story, posts.prompt_id)
            await self._circles.set_prompt(story.id, None)

    # -- the vote ---------------------------------------------------------------------------------------

    async def _vote(self, story: Story, circle: Circle) -> bool:
        """Post, count or end the poll; whether that changed the circle."""
        if circle.phase is Phase.VOTING and len(circle.proposals) < (2 if circle.poll_id is None else 1):
            await self._together.decide(story.id, [])  # whoever proposed the others is forgotten
        elif circle.phase is Phase.VOTING and circle.poll_id is None:
            await self._ask(story, circle)
        elif circle.phase is Phase.COUNTING:
            votes = [] if circle.poll_id is None else await self._votes(story, circle, circle.poll_id)
            await self._together.decide(story.id, votes)
        elif circle.phase is not Phase.VOTING and circle.poll_id is not None:
            await self._end(story, circle.poll_id)
            await self._together.poll_ended(story.id)
        else:
            return False
        return True

    async def _ask(self, story: Story, circle: Circle) -> None:
        _, posts = await self._known(story)
        name = f"poll{posts.prompts}"  # the buttons move below each poll, so it tells one from the next
        assert story.thread_id is not None
        try:
            poll_id = await self._post.post(story.thread_id, story, name, poll=poll_of(circle))
        except discord.HTTPException as error:
            if will_pass(error):
                raise
            await self._together.decide(story.id, None)
            return
        await self._together.polled(story.id, poll_id)

    async def _votes(self, story: Story, circle: Circle, poll_id: int) -> list[int]:
        """How many votes each proposal has, in their order; none where the poll has been deleted."""
        message = await self._end(story, poll_id)
        for _ in range(POLL_TRIES):
            if message is None or message.poll is None:
                return []
            if message.poll.is_finalised():
                break
            await asyncio.sleep(1)
            message = await self._fetched(story, poll_id)
        assert message is not None and message.poll is not None
        return votes_of(circle, [(answer.text, answer.vote_count) for answer in message.poll.answers])

    async def _end(self, story: Story, poll_id: int) -> discord.Message | None:
        """End a poll, unless it has ended or is gone; its message."""
        with suppress(discord.NotFound):
            partial = self._post.thread(story).get_partial_message(poll_id)
            try:
                await self._post.awake(partial.channel.id, partial.end_poll)
            except discord.HTTPException as error:
                if error.status == 429 or error.status >= 500:
                    raise
        return await self._fetched(story, poll_id)

    async def _fetched(self, story: Story, poll_id: int) -> discord.Message | None:
        try:
            return await self._post.thread(story).fetch_message(poll_id)
        except discord.NotFound:
            return None


def votes_of(circle: Circle, answers: Sequence[tuple[str, int]]) -> list[int]:
    """The votes of each proposal; a poll keeps the answers of somebody who is forgotten since."""
    if len(answers) == len(circle.proposals):
        return [votes for _text, votes in answers]
    remaining = iter(answers)
    texts = [answer_of(proposal) for proposal in circle.proposals]
    return [next((votes for answer, votes in remaining if answer == text), 0) for text in texts]


def came_along(frame: Frame, posts: Posts) -> bool:
    """Whether a frame of an earlier story is as it was there, so that it needs no message here."""
    return posts.carried_id is not None and frame.id <= posts.carried_id and len(frame.takes) == 1


def _newest(story: Story, circle: Circle, posts: Posts) -> int:
    """The last message that the buttons belong below; Discord's ids are in the order of time."""
    frames = (frame.message_id for frame in story.frames)
    return max((each for each in (*frames, circle.poll_id, posts.prelude_id) if each is not None), default=0)
