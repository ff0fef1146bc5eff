"""Discord's gateway over a websocket: hello, identify, resume, heartbeats and events, uncompressed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import discord
from aiohttp import web
from discord.gateway import DiscordWebSocket as Op
from simcord.backend import Backend, serializers
from simcord.gateway import FakeGateway

HEARTBEAT = 41_250  #: milliseconds, as Discord asks for
DISTANCE = 0.02  #: seconds


class Session:
    """Everything Discord has said to one identified bot, kept so that a broken connection can resume.

    It stands where simcord's gateway expects a discord.py connection state: it has the bot's `intents`, and
    a parser for every event, which here writes the event down for the wire.
    """

    def __init__(self, backend: Backend, number: int, intents: int) -> None:
        self.id = f"session-{number}"
        self.intents = discord.Intents.none()
        self.intents.value = intents
        self.parsers = _Parsers(self.say)
        self.frames: list[str] = []  # frame n has the sequence number n + 1
        self.news = asyncio.Event()
        self.feed = FakeGateway(backend, self).feed  # drops what the intents do not cover

    def say(self, event: str, data: Mapping[str, Any]) -> None:
        """Number an event and hold it for the connection."""
        frame = {"op": Op.DISPATCH, "t": event, "s": len(self.frames) + 1, "d": data}
        self.frames.append(json.dumps(frame))
        self.news.set()


class _Parsers(dict[str, Callable[[Mapping[str, Any]], None]]):
    """A parser for every event, made when it is asked for."""

    def __init__(self, say: Callable[[str, Mapping[str, Any]], None]) -> None:
        self._say = say

    def __missing__(self, event: str) -> Callable[[Mapping[str, Any]], None]:
        return partial(self._say, event)


class Gateway:
    """Serves one bot at a time; the newest identification wins, as after a restart."""

    def __init__(self, backend: Backend, token: str, address: str) -> None:
        self.complaints: list[str] = []
        self._backend = backend
        self._token = token
        self._address = address
        self._session: Session | None = None
        self._sessions = 0
        self._forgotten = False  # after a long outage the session cannot be resumed
        self._sockets: set[web.WebSocketResponse] = set()
        self._writer: asyncio.Task[None] | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep back all that happens meanwhile, and tell it at once at the end."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    @property
    def online(self) -> bool:
        """Whether a bot is identified."""
        return self._writer is not None and not self._writer.done()

    @property
    def ready(self) -> bool:
        """Whether a bot is identified and has been told everything that happened so far."""
        return self.online and self._session is not None and not self._session.news.is_set()

    async def cut(self, *, forget: bool = False) -> None:
        """Break the connection, as networks do; the bot may resume, unless its session is forgotten."""
        self._forgotten = forget
        for socket in tuple(self._sockets):
            await socket.close(code=4000)

    async def serve(self, request: web.BaseRequest) -> web.WebSocketResponse:
        """Talk with one connection until it ends."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await socket.send_json({"op": Op.HELLO, "d": {"heartbeat_interval": HEARTBEAT}})
            async for frame in socket:
                message = frame.json()
                await self._hear(socket, message["op"], message.get("d"))
        finally:
            self._sockets.discard(socket)
            if not self._sockets:
                await self._stop_writing()
        return socket

    async def _hear(self, socket: web.WebSocketResponse, op: int, data: Any) -> None:
        if op == Op.HEARTBEAT:
            await asyncio.sleep(DISTANCE)  # discord.py misreads an answer that outruns its own thread
            await socket.send_json({"op": Op.HEARTBEAT_ACK, "d": None})
        elif op in (Op.IDENTIFY, Op.RESUME) and data["token"] != self._token:
            await socket.close(code=4004)
        elif op == Op.IDENTIFY:
            await self._write_from(0, socket, self._identify(data))
        elif op == Op.RESUME and (session := self._resumable(data["session_id"])):
            session.say("RESUMED", {})
            await self._write_from(data["seq"], socket, session)
        elif op == Op.RESUME:
            await socket.send_json({"op": Op.INVALIDATE_SESSION, "d": False})
        elif op != Op.PRESENCE:
            self.complaints.append(f"the gateway does not know operation {op}: {data}")

    def _identify(self, data: Mapping[str, Any]) -> Session:
        if self._session is not None:
            self._backend.subscribers.remove(self._session.feed)
        self._sessions += 1
        self._session = session = Session(self._backend, self._sessions, data["intents"])
        guilds = tuple(self._backend.guilds.values())
        session.feed("READY", {
            "v": 10,
            "user": serializers.user_payload(self._backend.bot_user),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": f"ws://{self._address}/gateway",
            "shard": data.get("shard", [0, 1]),
            "application": {"id": str(self._backend.application_id), "flags": 0},
        })  # fmt: skip
        for guild in guilds:
            session.feed("GUILD_CREATE", serializers.guild_create_payload(self._backend, guild))
        self._backend.subscribers.append(session.feed)
        return session

    def _resumable(self, session_id: str) -> Session | None:
        session = self._session
        return session if session and session.id == session_id and not self._forgotten else None

    async def _write_from(self, sequence: int, socket: web.WebSocketResponse, session: Session) -> None:
        await self._stop_writing()
        self._writer = asyncio.create_task(_write(socket, session, sequence, self._flowing))

    async def _stop_writing(self) -> None:
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)


async def _write(
    socket: web.WebSocketResponse, session: Session, sequence: int, flowing: asyncio.Event
) -> None:
    """Send the session's frames after this sequence number, and then every new one."""
    while not socket.closed:
        await flowing.wait()
        for frame in session.frames[sequence:]:
            await socket.send_str(frame)
            sequence += 1
        session.news.clear()
        if sequence == len(session.frames):
            await session.news.wait()
