"""What moderators decide, and what reaches them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from simcord.backend.models import Message
from simcord.results import InteractionResult

from generator.server import ServerSettings
from generator.story import Person, Story
from tests.cogs.conftest import Stage
from tests.cogs.members import answered, frame, inputs
from tests.conftest import PATIENCE

FOX = "a red fox: in a meadow"
MO = Person(id=99, name="Mo")
EVERYTHING = "# @everyone **x** <@1> [x](http://evil.example) ||`a`|| <#2>"


async def settle_on(stage: Stage, **choices: object) -> None:
    """Let the server choose."""
    guild = stage.env.guild.id
    await stage.bot.studio.archive.servers.change(guild, MO, lambda _: ServerSettings(**choices))


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.02)


async def report(stage: Stage, story: Story, reason: str = "not nice") -> tuple[InteractionResult, Message]:
    """Ben reports a story's first frame; the answer, and what the moderators see."""
    office = stage.env.guild.create_text_channel("office")
    await settle_on(stage, reports_channel=office.id)
    menu = await stage.ben.click(stage.shown(frame(stage, story)), label="More")
    form = await stage.ben.click(answered(menu), label="Report")
    (field,) = inputs(form)
    result = await stage.ben.submit_modal(form, {field["custom_id"]: reason})
    (message,) = stage.messages(office.id)
    return result, message
