"""The Discord a test holds in its hands: a guild with a channel, members who act, and an address."""

from __future__ import annotations

import base64
import os
import socket
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web
from simcord import ChannelHandle, InteractionResult, MemberActor, ResponseMessage
from simcord.backend import serializers
from simcord.enums import MessageType

from .gateway import Gateway
from .network import Call, Network
from .process import BotProcess
from .rest import BASE, Rest
from .world import PATIENCE, World, until

_NOTICES = (MessageType.THREAD_CREATED, MessageType.THREAD_STARTER_MESSAGE)
T = TypeVar("T")


class WireDiscord:
    """A Discord on 127.0.0.1, as an asynchronous context manager.

    `directory` takes the logs of the bots. Leaving the block kills them, closes every socket, and raises
    `AssertionError` if a bot asked for something that this Discord cannot do.
    """

    def __init__(self, directory: Path) -> None:
        self.world = World()
        self.guild = self.world.create_guild("The Den")
        self.channel = self.guild.create_text_channel("stories")
        self._members: dict[str, MemberActor] = {}
        self._directory = directory
        self._bots: list[BotProcess] = []

    async def __aenter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", 0))  # the system chooses the port
        self.address = "{}:{}".format(*listener.getsockname())
        self._rest = Rest(self.world.backend, self.token, self.address)
        self._gateway = Gateway(self.world.backend, self.token, self.address)
        self.world.anybody_there = lambda: any(bot.exit_status is None for bot in self._bots)
        # Without a router, which took a fifth of the time of an answer.
        self._runner = web.ServerRunner(web.Server(self._serve, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bot in self._bots:
            await bot.sweep()
        await self._gateway.cut()
        await self._runner.cleanup()
        complaints = self._rest.complaints + self._gateway.complaints
        if complaints and error is None:
            raise AssertionError("\n".join(complaints))

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        serve = self._rest.serve if request.path.startswith(BASE) else self._gateway.serve
        return await serve(request)

    # The bot's side

    @property
    def token(self) -> str:
        """The bot's token: like Discord's, it begins with the application's id."""
        application = base64.urlsafe_b64encode(str(self.world.backend.application_id).encode()).decode()
        return f"{application.rstrip('=')}.wire.secret"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of a bot that belongs to this Discord."""
        return {**os.environ, "DISCORD_TOKEN": self.token, "PYTHONUNBUFFERED": "1"}

    def command(self, script: Path, *arguments: str) -> list[str]:
        """Return the command line that runs a Python script against this Discord."""
        launcher = Path(__file__).with_name("launcher.py")
        return [sys.executable, str(launcher), self.address, str(script), *arguments]

    async def start(self, script: Path, *arguments: str) -> BotProcess:
        """Start a bot and return without waiting for it to connect."""
        log = self._directory / f"{script.stem}.log"
        bot = await BotProcess.start(self.command(script, *arguments), self.environment, log)
        self._bots.append(bot)
        return bot

    async def kill(self, bot: BotProcess) -> None:
        """Kill a bot's process (SIGKILL) and wait until Discord has noticed."""
        await bot.kill()
        await until(lambda: not self._gateway.online, PATIENCE)

    async def wait_ready(self, bot: BotProcess, seconds: float = 3 * PATIENCE) -> None:
        """Wait until the bot is connected and has heard of the guild; `AssertionError` if it gave up."""
        await until(lambda: self._gateway.ready or bot.exit_status is not None, seconds)
        if bot.exit_status is not None:
            raise AssertionError(f"The bot exited with status {bot.exit_status}:\n{bot.printed()}")

    async def cut_gateway(self, *, forget: bool = False) -> None:
        """Break the websocket once; the bot may resume, unless its session is forgotten."""
        await self._gateway.cut(forget=forget)

    def held(self) -> AbstractContextManager[None]:
        """Members act, and the bot hears of all of it at once at the end."""
        return self._gateway.held()

    def forget_nonces(self) -> None:
        """Act as if the bot had been away for more minutes than Discord remembers nonces."""
        self._rest.forget_nonces()

    @property
    def network(self) -> Network:
        """What happens to requests on their way; see `network.py`."""
        return self._rest.network

    @network.setter
    def network(self, network: Network) -> None:
        self._rest.network = network

    @property
    def calls(self) -> list[Call]:
        """Every request so far, of all bots."""
        return self._rest.calls

    # The members' side

    def member(self, name: str) -> MemberActor:
        """Return the member of that name, who joins at the first mention."""
        if name not in self._members:
            self._members[name] = self.guild.add_member(self.world.create_user(name))
        return self._members[name]

    async def slash(
        self, name: str, command: str, /, *, channel: ChannelHandle | None = None, **options: Any
    ) -> InteractionResult:
        """A member runs a slash command; returns when the bot has acknowledged it, or cannot."""
        return await self.member(name).slash(channel or self.channel, command, **options)

    async def click(self, name: str, message: dict[str, Any], custom_id: str) -> InteractionResult:
        """A member clicks a button of a message."""
        stored = self.world.backend.get_message(int(message["channel_id"]), int(message["id"]))
        return await self.member(name).click(ResponseMessage(self.world, stored), custom_id=custom_id)

    def messages(self, channel: ChannelHandle) -> list[dict[str, Any]]:
        """Return a channel's messages as Discord sends them, oldest first, without Discord's own notices."""
        backend = self.world.backend
        stored = sorted(backend.messages.get(channel.id, {}).values(), key=lambda message: message.id)
        return [dict(serializers.message_payload(backend, m)) for m in stored if m.type not in _NOTICES]

    def threads(self, channel: ChannelHandle | None = None) -> list[ChannelHandle]:
        """Return a channel's threads, oldest first."""
        return (channel or self.channel).threads

    def file(self, attachment: dict[str, Any]) -> bytes:
        """Return the bytes behind an attachment of a message."""
        data = self.world.backend.cdn.get(attachment["url"])
        assert data is not None, f"{attachment['url']} was never uploaded"
        return data

    async def until(self, condition: Callable[[], T], seconds: float = PATIENCE) -> T:
        """Wait for a condition; see `world.until`."""
        return await until(condition, seconds)
