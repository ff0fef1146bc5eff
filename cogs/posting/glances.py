"""A story's pictures for another message than its own: all on one sheet, or one with its buttons."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

import discord

from cogs.presentation import cards
from generator.press.files import fit
from generator.press.glance import glance
from generator.server import Shade
from generator.story import Frame, Story

if TYPE_CHECKING:
    from bot import Samefox


async def glance_file(
    bot: Samefox, story: Story, channel_id: int, name: str = "sheet"
) -> discord.File | None:
    """A story's pictures as a channel may see them; None if there are none left."""
    studio = bot.studio
    kept = await studio.pictures.kept(story.pictures)
    if not kept:
        return None
    sheet = await asyncio.to_thread(glance, [await studio.pictures.png(take, channel_id) for take in kept])
    return discord.File(io.BytesIO(sheet), f"{name}-{story.id}.jpg")


async def shown_of(bot: Samefox, story: Story, channel_id: int) -> str:
    """What such a sheet shows, in short."""
    shades = [await bot.studio.pictures.shade(take, channel_id) for take in story.pictures]
    shown = zip(story.pictures, shades, strict=True)
    return "-".join(f"{take.id}{shade or ''}" for take, shade in shown)


async def frame_again(
    bot: Samefox, interaction: discord.Interaction[Any], story: Story, frame: Frame
) -> tuple[discord.ui.LayoutView, list[discord.File]]:
    """A frame with a picture as a channel may see it, for whoever asked, and its file."""
    pictures, channel_id = bot.studio.pictures, interaction.channel_id
    shade = await pictures.shade(frame.shown, channel_id)
    if shade is Shade.REFUSE:
        return cards.covered_card(story, frame), []
    png = await pictures.png(frame.shown, channel_id, whole=True)
    data, ending = await asyncio.to_thread(fit, png, interaction.filesize_limit)
    file = discord.File(io.BytesIO(data), f"samefox-{story.id}-{frame.shown.id}.{ending}")
    return cards.frame_card(story, frame, file.filename, shade), [file]
