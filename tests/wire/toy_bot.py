"""A bot with one of everything, for testing the bench itself."""

from __future__ import annotations

import io
import os
import re
from typing import Any, Self

import discord
from discord import app_commands
from discord.ext import commands

Interaction = discord.Interaction[Any]


class Again(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"again:(?P<n>[0-9]+)"):
    """A button that works after a restart: its number is in its id."""

    def __init__(self, n: int) -> None:
        self.n = n
        super().__init__(discord.ui.Button(label="Again", custom_id=f"again:{n}"))

    @classmethod
    async def from_custom_id(cls, _: Interaction, __: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        return cls(int(match["n"]))

    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.edit_message(view=card(f"Again, {self.n}", self.n + 1))


def card(text: str, n: int) -> discord.ui.LayoutView:
    """Return a Components V2 card with a text and a button."""
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.Container(discord.ui.TextDisplay(text), discord.ui.ActionRow(Again(n))))
    return view


class Toy(commands.AutoShardedBot):
    """The bot."""

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Again)
        self.tree.add_command(say)
        await self.tree.sync()


say = app_commands.Group(name="say", description="Say things")


@say.command()
async def now(interaction: Interaction, word: str) -> None:
    """Answer at once, to this member alone."""
    await interaction.response.send_message(word, ephemeral=True)


@say.command()
async def later(interaction: Interaction, word: str) -> None:
    """Answer later."""
    await interaction.response.defer()
    await interaction.followup.send(word)
    await interaction.followup.send(f"{word}, again")


@say.command()
async def never(interaction: Interaction) -> None:
    """Do not answer."""


@say.command()
async def twice(interaction: Interaction, nonce: str) -> None:
    """Send the same message two times."""
    await interaction.response.defer()
    assert isinstance(interaction.channel, discord.TextChannel)
    ids = {(await interaction.channel.send("once", nonce=nonce)).id for _ in range(2)}
    await interaction.followup.send(f"{len(ids)} message")


@say.command()
async def tale(interaction: Interaction) -> None:
    """Post a card, open a thread on it, put a picture there, and change the card."""
    await interaction.response.defer(ephemeral=True)
    assert isinstance(interaction.channel, discord.TextChannel)
    message = await interaction.channel.send(view=card("Once upon a time", 1))
    thread = await message.create_thread(name="A tale")
    picture = discord.File(io.BytesIO(b"a picture"), "fox.png", description="A fox")
    view = discord.ui.LayoutView()
    view.add_item(discord.ui.MediaGallery(discord.MediaGalleryItem(picture)))
    await thread.send(view=view, file=picture)
    await message.edit(view=card("The end", 1))
    try:
        await message.create_thread(name="A second tale")
    except discord.HTTPException as error:
        await interaction.followup.send(f"refused: {error.code}")


if __name__ == "__main__":
    Toy("!", intents=discord.Intents.default()).run(os.environ["DISCORD_TOKEN"])
