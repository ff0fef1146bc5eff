"""``/queue``: who waits for what, where you are and when, and what you may stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.access import may_see
from cogs.place import moderates_server, person, roles_of
from cogs.presentation.answers import acknowledge
from cogs.presentation.queue_card import DESK, Viewer, queue_card
from cogs.presentation.text import plain
from cogs.presentation.words import _
from generator.errors import NotFound
from generator.limits import standing

if TYPE_CHECKING:
    from discord.ui import LayoutView

    from bot import Samefox


class QueueCog(commands.Cog, name=DESK):
    """The command, and what its buttons do."""

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot

    @app_commands.command(name="queue")
    @app_commands.guild_only()
    async def queue(self, interaction: discord.Interaction[Samefox]) -> None:
        """Who waits for what, when your pictures come, and what you can stop."""
        await acknowledge(interaction)
        await interaction.followup.send(view=await self._card(interaction), ephemeral=True)

    async def pressed(self, interaction: discord.Interaction[Any], verb: str, what: str) -> None:
        """A page is wanted, as it is now."""
        await interaction.response.defer()
        await self._show(interaction, int(what))

    async def chosen(self, interaction: discord.Interaction[Any], setting: str, values: list[str]) -> None:
        """What somebody waits for in a story is to be stopped."""
        await interaction.response.defer()
        story_id, person_id = map(int, values[0].split(":"))
        notice = await self._stop(interaction, story_id, person_id)
        await self._show(interaction, int(setting.removeprefix("stop.")), notice)

    async def _show(self, interaction: discord.Interaction[Any], page: int, notice: str = "") -> None:
        await interaction.edit_original_response(view=await self._card(interaction, page, notice))

    async def _stop(self, interaction: discord.Interaction[Any], story_id: int, person_id: int) -> str:
        """Stop it, if whoever asks may do that; what to tell them."""
        try:
            story = await self.bot.studio.archive.story(story_id)
        except NotFound:
            story = None
        if story is None or story.guild_id != interaction.guild_id:
            return _("That story is not here any more.")
        if interaction.user.id != person_id and not moderates_server(interaction.user):
            return _("Only whoever asked for it, or a moderator, can stop that.")
        if await self.bot.studio.withdraw(story_id, person_id):
            return _("✖️ Stopped: **{subject}**. What is already drawn stays in its thread.").format(
                subject=plain(story.subject, 60)
            )
        return _("There was nothing left to stop; everything is drawn already.")

    async def _card(
        self, interaction: discord.Interaction[Any], page: int = 0, notice: str = ""
    ) -> LayoutView:
        guild_id, studio = interaction.guild_id or 0, self.bot.studio
        own = standing(roles_of(interaction.user), await studio.server(guild_id))
        allowance = await studio.allowance(person(interaction), guild_id, own)
        viewer = Viewer(
            id=interaction.user.id,
            moderates=moderates_server(interaction.user),
            allowance=allowance,
            sees=lambda errand: may_see(interaction, errand.place_id, errand.thread_id, errand.person.id),
        )
        return queue_card(await studio.queue(guild_id), viewer, page, notice)


async def setup(bot: Samefox) -> None:
    """Called by discord.py."""
    await bot.add_cog(QueueCog(bot))
