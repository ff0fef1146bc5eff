"""Everything that is pressed, chosen or sent is served here: by whom it may be, and what goes wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, TypeVar

import discord
from discord import ui

from cogs.access import studio_of
from cogs.presentation.answers import answer_error

_ButtonT = TypeVar("_ButtonT", bound="ui.DynamicItem[Any]")
_Callback = Callable[[_ButtonT, discord.Interaction[Any]], Coroutine[Any, Any, None]]


def answering_errors(callback: _Callback[_ButtonT]) -> _Callback[_ButtonT]:
    """Let a dynamic item's callback be `served`; all of them go through here."""

    @wraps(callback)
    async def answered(self: _ButtonT, interaction: discord.Interaction[Any]) -> None:
        await served(interaction, lambda: callback(self, interaction))

    return answered


async def served(interaction: discord.Interaction[Any], serve: Callable[[], Awaitable[None]]) -> None:
    """Turn away whom moderators have excluded, and tell the person what went wrong.

    Everything that is pressed, chosen or sent goes through here; discord.py only logs what it raises.
    """
    try:
        if interaction.guild_id is not None and not _takes_away(interaction):
            await studio_of(interaction).gate.check_person(interaction.guild_id, interaction.user.id)
        await serve()
    except Exception as error:
        await answer_error(interaction, error)


def _takes_away(interaction: discord.Interaction[Any]) -> bool:
    """Whether a button only deletes what is a person's own, which also those may who are excluded."""
    data: Any = interaction.data
    return str(data.get("custom_id", "")).startswith("samefox:forget:")
