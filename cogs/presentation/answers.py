"""Private answers to the person who acted, errors among them."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
from discord import app_commands, ui
from discord.utils import MISSING

from cogs.presentation.text import plain
from cogs.presentation.words import _, say
from generator.errors import SamefoxError

log = logging.getLogger(__name__)

ALREADY_ACKNOWLEDGED = 40060  # Discord's error code


async def acknowledge(interaction: discord.Interaction[Any]) -> None:
    """Let Discord wait for an answer that only this person sees, unless it does already."""
    if interaction.response.is_done():
        return
    try:
        await interaction.response.defer(ephemeral=True, thinking=True)
    except discord.HTTPException as error:
        if error.code != ALREADY_ACKNOWLEDGED:  # Discord has heard of it, only its answer was lost
            raise


async def answer(
    interaction: discord.Interaction[Any],
    text: str,
    *,
    view: ui.View = MISSING,
    file: discord.File = MISSING,
) -> None:
    """Say something that only this person sees, whether or not the interaction was acknowledged before."""
    if not interaction.response.is_done():
        try:
            await interaction.response.send_message(text, view=view, file=file, ephemeral=True)
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED:  # Discord has heard of it, only its answer was lost
                raise
        else:
            return
    await interaction.followup.send(text, view=view, file=file, ephemeral=True)


async def answer_error(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tell the person what happened and what to do; the log gets the rest."""
    try:
        await answer(interaction, sentence(error, interaction.id))
    except discord.HTTPException as failure:
        log.warning("Interaction %d could not be told about %r: %s", interaction.id, error, failure)


@asynccontextmanager
async def answering(interaction: discord.Interaction[Any]) -> AsyncIterator[None]:
    """Tell the person what went wrong inside of it, as far as that is for people."""
    try:
        yield
    except SamefoxError as error:
        await answer_error(interaction, error)


def sentence(error: BaseException, reference: int) -> str:
    """An error as one sentence; what nobody foresaw is logged under `reference`, which the sentence names."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    match error:
        case SamefoxError():
            return plain(say(error), 600)
        case app_commands.NoPrivateMessage():
            return _("Stories are told in servers; please use this in one of a server’s text channels.")
        case app_commands.MissingPermissions():
            return _("You lack the permission for this here; please ask a moderator.")
        case app_commands.TransformerError():
            return _("“{value}” is not possible here; please choose another value.").format(
                value=plain(str(error.value), 100)
            )
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return _("This command has just changed; please wait a moment, then type it again.")
        case discord.Forbidden():
            return _("Discord does not let me do that here; please ask a moderator to check my permissions.")
    log.error("Interaction %d failed", reference, exc_info=error)
    return _(
        "Something went wrong on my side. Please try again; should it happen once more, the host finds the "
        "reason in the log under {reference}."
    ).format(reference=reference)
