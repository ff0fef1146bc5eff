"""The command tree: where every error of a command ends, and how Discord learns of changed commands."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from cogs.languages import CommandTranslator
from cogs.presentation.answers import answer_error
from generator.errors import SamefoxError

if TYPE_CHECKING:
    from bot import Samefox

log = logging.getLogger(__name__)

_NOTE = "commands"

ALWAYS = ("me forget", "story delete")
"""What also those may do who are excluded: it takes away and adds nothing."""


class StoryTree(app_commands.CommandTree["Samefox"]):
    """discord.py has no event for a failed app command; overriding this is its way."""

    async def interaction_check(self, interaction: discord.Interaction[Samefox], /) -> bool:
        """Turn away whom this server's moderators have excluded, except from deleting what is theirs."""
        self.client.reception.sign(interaction)
        command = interaction.command
        if interaction.guild_id is None or (command is not None and command.qualified_name in ALWAYS):
            return True
        try:
            await self.client.studio.gate.check_person(interaction.guild_id, interaction.user.id)
        except SamefoxError as refusal:
            if interaction.type is not discord.InteractionType.autocomplete:
                await answer_error(interaction, refusal)
            return False
        return True

    async def on_error(
        self, interaction: discord.Interaction[Samefox], error: app_commands.AppCommandError, /
    ) -> None:
        """Tell the person."""
        if interaction.type is not discord.InteractionType.autocomplete:
            await answer_error(interaction, error)

    async def sync_if_changed(self) -> None:
        """Register the commands unless Discord has exactly these already; registering is rate-limited."""
        await self.set_translator(translator := CommandTranslator())
        commands = [await command.get_translated_payload(self, translator) for command in self.get_commands()]
        fingerprint = hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()
        archive = self.client.studio.archive
        registered = {command.name for command in await self.fetch_commands()}
        wanted = {str(command["name"]) for command in commands}
        if registered == wanted and await archive.note(_NOTE) == fingerprint:
            return
        await self.sync()
        await archive.set_note(_NOTE, fingerprint)
        log.info("Registered %d commands with Discord", len(commands))
