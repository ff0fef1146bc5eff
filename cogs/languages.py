"""Whose language is spoken: a member's where only they see it, the server's where everybody does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from cogs.presentation.words import LANGUAGES, catalogue, pgettext, speaking
from generator.server import ServerSettings

if TYPE_CHECKING:
    from bot import Samefox

_INTERACTION = "INTERACTION_CREATE"

KINDS = {
    Location.command_name: "command",
    Location.group_name: "command",
    Location.parameter_name: "option",
    Location.choice_name: "choice",
    Location.command_description: "description",
    Location.group_description: "description",
    Location.parameter_description: "description",
}
"""What each text of a command is, as the catalogues call it; Discord has rules of its own for each."""


def answer_in_their_language(client: discord.Client) -> None:
    """Let everything that an interaction sets off speak its member's language.

    Commands, autocompletion, views, dynamic items and modals each go through a task of their own, with a hook
    of its own or none. All of these tasks are made while the event is parsed, and a task keeps the context it
    was made in.
    """
    for language in LANGUAGES:
        catalogue(language)  # read now, so that nobody has to wait for it
    parsers: dict[str, Callable[[Any], None]] = client._connection.parsers
    parse = parsers[_INTERACTION]

    def parse_in_their_language(data: Any) -> None:
        with speaking(data.get("locale")):
            parse(data)

    parsers[_INTERACTION] = parse_in_their_language


def server_locale(settings: ServerSettings, guild: discord.Guild | None) -> object:
    """What is spoken where everybody in a server reads it: what it chose, else what its Discord speaks."""
    return settings.language or (guild.preferred_locale if guild is not None else None)


async def public_locale(bot: Samefox, guild_id: int) -> object:
    """`server_locale` of a server that is known by its id."""
    return server_locale(await bot.studio.server(guild_id), bot.get_guild(guild_id))


class CommandTranslator(app_commands.Translator):
    """What Discord shows of a command before it is sent, in every language of the catalogues."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """The translation, or None where there is none."""
        with speaking(locale):
            said = pgettext(KINDS[context.location], string.message)
        return None if said == string.message else said
