"""Where a story may be told: what kind of channel, and what the bot must be allowed to do in it."""

from __future__ import annotations

from typing import Any

import discord

from cogs.presentation.words import _
from generator.errors import SamefoxError
from generator.story import Person

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    create_public_threads=True,
    send_messages_in_threads=True,
    attach_files=True,
    read_message_history=True,
)
"""All that the bot needs in a channel; the invitation asks for no more."""


def _permission_names() -> dict[str, str]:
    """What Discord's settings call each of `PERMISSIONS`."""
    return {
        "read_messages": _("View Channel"),
        "send_messages": _("Send Messages"),
        "create_public_threads": _("Create Public Threads"),
        "send_messages_in_threads": _("Send Messages in Threads"),
        "attach_files": _("Attach Files"),
        "read_message_history": _("Read Message History"),
    }


class WrongPlace(SamefoxError):
    """A story cannot be told in this channel."""


def check_place(interaction: discord.Interaction[Any]) -> None:
    """Make sure that what would be drawn can also be shown here.

    Raises:
        WrongPlace: it could not; the sentence names what is missing.
    """
    channel = interaction.channel
    if not isinstance(channel, discord.TextChannel | discord.Thread):
        raise WrongPlace(
            "Stories are told in threads, so please ask me in one of this server's text channels."
        )
    needed = PERMISSIONS
    if isinstance(channel, discord.Thread):
        if channel.locked:
            raise WrongPlace("This thread is locked; please ask me in its channel.")
        # Here the story goes into the thread that is there already.
        needed = discord.Permissions(PERMISSIONS.value)
        needed.update(send_messages=False, create_public_threads=False)
    missing = [name for name, wanted in needed if wanted and not getattr(interaction.app_permissions, name)]
    if missing:
        raise WrongPlace(
            "I cannot tell a story in this channel, because I lack the permission {names} here. A moderator "
            "can grant it to me in the channel's settings; nothing has been drawn.",
            names=[_permission_names()[name] for name in missing],
        )


def person(interaction: discord.Interaction[Any]) -> Person:
    """Who acted, by the name they bear in this server."""
    return Person(id=interaction.user.id, name=interaction.user.display_name)
