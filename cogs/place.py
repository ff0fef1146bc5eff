"""Where a story may be told, and by whom: what the bot needs to be allowed, and what the server wants."""

from __future__ import annotations

from typing import Any

import discord

from cogs.presentation.words import _
from generator.errors import SamefoxError
from generator.server import ServerSettings
from generator.story import Person, Story

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    create_public_threads=True,
    send_messages_in_threads=True,
    attach_files=True,
    read_message_history=True,
)
"""All that the bot needs in a channel."""

INVITED = PERMISSIONS | discord.Permissions(send_polls=True, add_reactions=True, manage_threads=True)
"""What the invitation asks for: votes need polls, a reaction is a receipt, threads lose forgotten names."""


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


def check_polls(interaction: discord.Interaction[Any]) -> None:
    """Make sure that votes can be held here.

    Raises:
        WrongPlace: they cannot.
    """
    if not interaction.app_permissions.send_polls:
        raise WrongPlace(
            "I cannot hold votes in this channel, because I lack the permission {names} here. A moderator "
            "can grant it to me in the channel’s settings; or choose another mode.",
            names=[_("Create Polls")],
        )


class WrongPlace(SamefoxError):
    """A story cannot be told in this channel."""


class NotShown(WrongPlace):
    """Discord did not let something be posted here; another try may help."""


class NotAllowed(SamefoxError):
    """What this member wants is for others."""


async def check_there(
    interaction: discord.Interaction[Any], story: Story, message_id: int | None = None
) -> None:
    """Make sure that a story's thread is still there, and this message in it, to show what is drawn.

    Raises:
        WrongPlace: somebody deleted it, or I may not see it any more.
    """
    pressed = None if interaction.message is None else interaction.message.id
    if interaction.channel_id == story.thread_id and message_id in (None, pressed):
        return
    thread_id = story.thread_id or 0
    try:
        if message_id is None:
            await interaction.client.fetch_channel(thread_id)
        else:
            thread = interaction.client.get_partial_messageable(thread_id, guild_id=story.guild_id)
            await thread.fetch_message(message_id)
    except (discord.NotFound, discord.Forbidden) as error:
        raise WrongPlace(
            "The message that would show the new picture is gone, so nothing is drawn; please take the story "
            "up again with /story continue, or tell it anew."
        ) from error


def check_place(interaction: discord.Interaction[Any]) -> None:
    """Make sure that what would be drawn can also be shown here.

    Raises:
        WrongPlace: it could not; the sentence names what is missing.
    """
    channel = interaction.channel
    if not isinstance(channel, discord.TextChannel | discord.Thread):
        raise WrongPlace(
            "Stories are told in threads, so please ask me in one of this server’s text channels."
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
            "can grant it to me in the channel’s settings; nothing has been drawn.",
            names=[_permission_names()[name] for name in missing],
        )


def check_server(asked: discord.Interaction[Any] | discord.Message, server: ServerSettings) -> None:
    """Make sure that this server wants stories in this channel, and from the member who asked or wrote.

    Raises:
        WrongPlace: it wants them elsewhere.
        NotAllowed: it wants them from others.
    """
    if server.channels and _places(asked.channel).isdisjoint(server.channels):
        guild = asked.guild
        found = [channel for each in server.channels if guild and (channel := guild.get_channel(each))]
        if not found:
            raise WrongPlace(
                "The channels where stories were told here have been deleted; a member who may Manage Server "
                "can choose others with /settings."
            )
        raise WrongPlace(
            "Stories are told in {channels} here; please ask me there. A member who may Manage Server can "
            "change that with /settings.",
            channels=_few([f"#{channel.name}" for channel in found]),
        )
    who = asked.author if isinstance(asked, discord.Message) else asked.user
    if server.teller_roles and roles_of(who).isdisjoint(server.teller_roles):
        _refuse_teller(asked.guild, server)


def _refuse_teller(guild: discord.Guild | None, server: ServerSettings) -> None:
    found = [role for each in server.teller_roles if guild and (role := guild.get_role(each))]
    if not found:
        raise NotAllowed(
            "The roles that could tell stories here have been deleted; a member who may Manage Server can "
            "choose others with /settings."
        )
    raise NotAllowed(
        "Stories are told here by members with the role {roles}; please ask a moderator for it. A member who "
        "may Manage Server can change that with /settings.",
        roles=_few([f"@{role.name}" for role in found]),
    )


def place_of(channel: Any) -> int:
    """Whose readers may know of what is told in a channel: of a public thread, those of its channel."""
    if isinstance(channel, discord.Thread) and channel.type is not discord.ChannelType.private_thread:
        return channel.parent_id
    return int(channel.id)


def _few(names: list[str]) -> list[str]:
    return names if len(names) <= 6 else [*names[:5], "…"]


def _places(channel: object) -> set[int]:
    """A channel, and what it is part of: a thread's channel, a channel's category."""
    ids = (getattr(channel, name, None) for name in ("id", "parent_id", "category_id"))
    return {each for each in ids if each is not None}


def roles_of(user: discord.User | discord.Member) -> set[int]:
    """The ids of a member's roles."""
    return {role.id for role in user.roles} if isinstance(user, discord.Member) else set()


def moderates_server(person: discord.User | discord.Member) -> bool:
    """Whether somebody moderates a whole server, and not just the channel that they write in."""
    return isinstance(person, discord.Member) and person.guild_permissions.manage_messages


async def member_of(guild: discord.Guild | None, person_id: int) -> discord.Member | None:
    """Who somebody is in a server; None if they have left. Members are not kept in memory."""
    assert guild is not None, "whoever asks is in a server"
    try:
        return await guild.fetch_member(person_id)
    except discord.NotFound:
        return None


def person(interaction: discord.Interaction[Any]) -> Person:
    """Who acted, by the name they bear in this server."""
    return Person(id=interaction.user.id, name=interaction.user.display_name)
