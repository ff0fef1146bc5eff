"""A story told together on the stage, and what members do in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from simcord import ChannelHandle, MemberActor
from simcord.backend.models import Message
from simcord.results import InteractionResult, ResponseMessage

from generator.story import Story
from generator.together.circle import Circle
from tests.cogs.conftest import Stage, custom_ids, texts, walk
from tests.conftest import PATIENCE

FOX = "a red fox"


class Round:
    """A story told together on the stage."""

    def __init__(self, stage: Stage, story_id: int) -> None:
        self.stage = stage
        self.id = story_id

    async def story(self) -> Story:
        return await self.stage.bot.studio.archive.story(self.id)

    async def circle(self) -> Circle:
        return await self.stage.bot.studio.archive.circles.circle(self.id)

    async def until(self, settled: Callable[[Story, Circle], bool]) -> Story:
        """Wait until everything is as wanted, and shown."""
        archive = self.stage.bot.studio.archive
        async with asyncio.timeout(PATIENCE):
            while True:
                story = await self.story()
                if settled(story, await self.circle()) and self.id not in await archive.unsettled():
                    return await self.story()  # with all messages
                await asyncio.sleep(0.02)

    async def shown(self) -> Story:
        """Wait until nothing is owed."""
        return await self.until(lambda story, _: not story.pending)

    async def thread(self) -> ChannelHandle:
        story = await self.story()
        return next(t for t in self.stage.stories.threads if t.id == story.thread_id)

    async def said(self) -> list[Message]:
        """What stands in the thread."""
        thread_id = (await self.story()).thread_id
        assert thread_id is not None
        return self.stage.messages(thread_id)

    async def prompts(self) -> list[Message]:
        """The messages with the buttons."""
        mark = f"samefox:circle:press:manage:{self.id}"
        return [message for message in await self.said() if mark in custom_ids(message)]

    async def press(
        self, who: MemberActor, verb: str, what: str = "", *, on: Any = None
    ) -> InteractionResult:
        """Press a button of the prompt, or of another message."""
        if on is None:
            on = self.stage.shown((await self.prompts())[-1])
        return await who.click(on, custom_id=f"samefox:circle:press:{verb}:{what or self.id}")

    async def write(self, who: MemberActor, text: str) -> InteractionResult:
        """Write a scene in the form."""
        form = await self.press(who, "add")
        assert form.modal is not None, answers(form)
        (label,) = form.modal["components"]
        return await who.submit_modal(form, {label["component"]["custom_id"]: text})

    async def panel(self, who: MemberActor) -> Any:
        result = await self.press(who, "manage")
        return private(result)[-1]


def private(result: InteractionResult) -> list[ResponseMessage]:
    """What only the person sees of the bot's answers."""
    found = [message for message in (result.response, *result.followups) if message is not None]
    return [message for message in found if message.ephemeral]


def answers(result: InteractionResult) -> str:
    """All that the bot said to the person alone."""
    words = []
    for message in private(result):
        words.append(message.content)
        words += [str(part["content"]) for part in walk(message._message) if part.get("content")]
    return "\n".join(words).replace("\\", "")


async def begun(stage: Stage, mode: str = "open", **options: Any) -> Round:
    result = await stage.ann.slash(stage.stories, "story together", subject=FOX, mode=mode, **options)
    assert "Your story begins" in answers(result)
    return Round(stage, await stage.newest())


async def taking_turns(stage: Stage) -> Round:
    """Ann, Ben and Mo take turns; it is Ann's."""
    fox = await begun(stage, mode="turns")
    await fox.shown()
    for who in (stage.ben, stage.mo):
        assert "You are in" in answers(await fox.press(who, "join"))
    await fox.shown()
    return fox


async def over(fox: Round) -> None:
    """Let the time of a turn or a vote be over."""
    circles = fox.stage.bot.studio.archive.circles
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    await circles._connection.update(
        "UPDATE circles SET deadline = ? WHERE story_id = ? AND deadline IS NOT NULL", (past, fox.id)
    )
    fox.stage.bot.studio.together._changed.set()


async def closed(fox: Round, who: MemberActor) -> Story:
    await who.click(await fox.panel(who), custom_id=f"samefox:circle:press:close:{fox.id}")
    return await fox.until(lambda story, circle: circle.closed and not story.pending)


async def prompt_of(fox: Round) -> str:
    return texts((await fox.prompts())[-1]).replace("\\", "")
