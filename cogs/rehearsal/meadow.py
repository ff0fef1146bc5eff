"""Fox Meadow: the server where rehearsals take place, and the people in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import discord
from simcord import ChannelHandle, Env, GuildHandle, MemberActor, UserHandle
from simcord.backend.access import can_access_channel
from simcord.backend.models import Channel, Message
from simcord.components import walk_components

from cogs.place import INVITED

if TYPE_CHECKING:
    from simcord.backend import Backend

NAME = "Fox Meadow"
PEOPLE = ("Ann", "Ben", "Lin", "Mo", "Ori")  #: three who tell stories, a moderator, the server's owner
LOCALES = {"Lin": "zh-CN"}  #: whose Discord is not in English
CHANNELS = {"stories": "Tell a story: type /story", "gallery": "Stories worth a frame"}

#: What moderators of a usual server may do, and members may not.
MODERATOR = discord.Permissions(
    manage_messages=True, manage_threads=True, moderate_members=True, kick_members=True
)


@dataclass(frozen=True, slots=True)
class Post:
    """A message as a person sees it."""

    id: int
    channel: str
    author: str
    content: str  #: the text, or the texts of all its components
    attachments: tuple[dict[str, Any], ...]
    custom_ids: tuple[str, ...]  #: of its buttons and menus
    time: datetime
    ephemeral: bool  #: only the person it answers sees it


class Meadow:
    """The server of a running rehearsal.

    Args:
        env: a simcord environment; the server is founded if its world is empty.
    """

    def __init__(self, env: Env) -> None:
        self._env = env
        if not env.backend.guilds:
            _found(env)
        self.guild = GuildHandle(env, next(iter(env.backend.guilds.values())))

    @property
    def _backend(self) -> Backend:
        return self._env.backend

    @property
    def people(self) -> tuple[MemberActor, ...]:
        """Everybody a visitor can be, Ann first."""
        users = {user.name: user for user in self._backend.users.values()}
        return tuple(
            MemberActor(self._env, self.guild, UserHandle(self._env, users[name])) for name in PEOPLE
        )

    @property
    def ann(self) -> MemberActor:
        """Who the person at the page is, until they say otherwise."""
        return self.people[0]

    @property
    def stories(self) -> ChannelHandle:
        """The channel where stories are told."""
        return self.guild.channels["stories"]

    @property
    def channels(self) -> list[Channel]:
        """The channels, each with its threads behind it, oldest first."""
        all_channels = self._backend.channels.values()
        tree = []
        for channel in (
            each for each in all_channels if not each.is_thread and each.guild_id == self.guild.id
        ):
            tree += [
                channel,
                *(each for each in all_channels if each.parent_id == channel.id and each.is_thread),
            ]
        return tree

    def channel(self, channel_id: int) -> ChannelHandle:
        """A channel or thread by its id; raises ``KeyError``."""
        return ChannelHandle(self._env, self.guild, self._backend.channels[channel_id])

    def readers(self, channel: ChannelHandle) -> tuple[MemberActor, ...]:
        """The people who can see a channel."""
        return tuple(
            each for each in self.people if can_access_channel(self._env, channel.id, each, history=True)
        )

    def posts(self, *channel_ids: int) -> list[Post]:
        """Every message of these channels and threads, in the order they were written."""
        messages = [
            each for channel in channel_ids for each in self._backend.messages.get(channel, {}).values()
        ]
        return [self._post(message) for message in sorted(messages, key=lambda each: each.id)]

    def _post(self, message: Message) -> Post:
        parts = list(walk_components(message.components))
        texts = [part["content"] for part in parts if isinstance(part.get("content"), str)]
        return Post(
            id=message.id,
            channel=self._backend.channels[message.channel_id].name or "",
            author=self._backend.users[message.author_id].name,
            content="\n".join(filter(None, [message.content, *texts])),
            attachments=tuple(message.attachments),
            custom_ids=tuple(part["custom_id"] for part in parts if part.get("custom_id")),
            time=datetime.fromisoformat(message.timestamp),
            ephemeral=message.is_ephemeral,
        )

    def download(self, attachment: dict[str, Any]) -> bytes:
        """The bytes of an attachment of a post."""
        content = self._backend.cdn.get(attachment["url"])
        if content is None:
            raise FileNotFoundError(attachment["filename"])
        return content


def _found(env: Env) -> None:
    env.backend.bot_user.name = "Samefox"
    users = {name: env.create_user(name) for name in PEOPLE}
    guild = env.create_guild(NAME, owner=users["Ori"])
    env.backend.get_role(guild.id, guild.roles["Samefox"].id).permissions = INVITED.value
    moderators = guild.create_role("Moderators", permissions=MODERATOR)
    for name, user in users.items():
        if name != "Ori":  # an owner is born a member
            guild.add_member(user, roles=[moderators] if name == "Mo" else [])
    for channel, topic in CHANNELS.items():
        guild.create_text_channel(channel, topic=topic)
