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

if TYPE_CHECKING:
    from bot import Samefox

log = logging.getLogger(__name__)

_NOTE = "commands"


class StoryTree(app_commands.CommandTree["Samefox"]):
    """discord.py has no event for a failed app command; overriding this is its way."""

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
