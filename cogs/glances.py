"""All of a story's pictures on one sheet, as a file for a message."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import discord

from generator.press.glance import glance
from generator.story import Story

if TYPE_CHECKING:
    from bot import Samefox


async def glance_file(
    bot: Samefox, story: Story, channel_id: int, name: str = "sheet"
) -> discord.File | None:
    """A story's pictures as a channel may see them; None if there are none left."""
    studio = bot.studio
    kept = [take for take in story.pictures if await asyncio.to_thread(studio.pictures.path(take).is_file)]
    if not kept:
        return None
    sheet = await asyncio.to_thread(glance, [await studio.pictures.png(take, channel_id) for take in kept])
    return discord.File(io.BytesIO(sheet), f"{name}-{story.id}.jpg")


async def shown_of(bot: Samefox, story: Story, channel_id: int) -> str:
    """What such a sheet shows, in short."""
    shades = [await bot.studio.pictures.shade(take, channel_id) for take in story.pictures]
    shown = zip(story.pictures, shades, strict=True)
    return "-".join(f"{take.id}{shade or ''}" for take, shade in shown)
