"""Discord's REST interface over HTTP: simcord's routes, and the rules of Discord that simcord leaves out."""

from __future__ import annotations

import io
import json
import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

import aiohttp
from aiohttp import web
from simcord import BackendError
from simcord.backend import Backend, serializers
from simcord.http import router

from .network import Call, Network, calm

BASE = "/api/v10"
NONCE_SECONDS = 300.0  #: Discord speaks of "the past few minutes"
NONCE_LENGTH = 25
_MESSAGES = re.compile(r"/channels/(\d+)/messages")
_THREAD_ON_MESSAGE = re.compile(r"/channels/\d+/messages/(\d+)/threads")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a request, as simcord's routes read it."""

    filename: str
    fp: io.BytesIO
    description: str | None


class Rest:
    """Answers the bot's requests from the world, and writes them down."""

    def __init__(self, backend: Backend, token: str, address: str) -> None:
        self.network: Network = calm
        self.calls: list[Call] = []
        self.complaints: list[str] = []  #: what this Discord could not do; fails the test at its end
        self._backend = backend
        self._token = token
        self._address = address
        self._nonces: dict[tuple[int, str], tuple[int, float]] = {}  # (channel, nonce): (message, when)

    def forget_nonces(self) -> None:
        """Let more time pass than Discord remembers nonces."""
        self._nonces.clear()

    async def serve(self, request: web.BaseRequest) -> web.Response:
        """Answer one request, with whatever the network does to it on its way."""
        body, uploads = await _read(request)
        call = Call(request.method, request.path.removeprefix(BASE), body)
        self.calls.append(call)
        try:
            await self.network(call, False)
            response = self._respond(call, request, uploads)
            await self.network(call, True)
        except ConnectionResetError:
            if request.transport is not None:
                request.transport.close()
            return web.Response()
        return response

    def _respond(self, call: Call, request: web.BaseRequest, uploads: list[Upload]) -> web.Response:
        if request.headers.get("Authorization", self._credentials) != self._credentials:
            return _json(401, {"code": 0, "message": "401: Unauthorized"})
        try:
            answer = self._act(call, dict(request.query), uploads, request.headers.get("X-Audit-Log-Reason"))
        except (router.RouteNotImplemented, router.UnsupportedField) as error:
            self.complaints.append(str(error))
            return _json(501, error.to_json())
        except BackendError as error:
            return _json(error.status, error.to_json())
        except Exception:
            self.complaints.append(f"{call.method} {call.path}\n{traceback.format_exc()}")
            return _json(501, {"code": 0, "message": "The bench failed; the test will say how."})
        return web.Response(status=204) if answer is None else _json(200, answer)

    @property
    def _credentials(self) -> str:
        return f"Bot {self._token}"

    def _act(self, call: Call, query: dict[str, str], uploads: list[Upload], reason: str | None) -> Any:
        if call.matches("GET", "/gateway/bot"):
            return self._gateway()
        posted = call.path if call.method == "POST" else ""
        if on_message := _THREAD_ON_MESSAGE.fullmatch(posted):
            self._refuse_second_thread(int(on_message[1]))
        nonce = call.json.get("nonce") if isinstance(call.json, Mapping) else None
        messages = _MESSAGES.fullmatch(posted)
        if messages and nonce is not None and (known := self._posted(int(messages[1]), str(nonce))):
            return known
        answer = router.dispatch(
            self._backend, call.method, call.path, json=call.json, params=query, files=uploads, reason=reason
        )
        if messages and nonce is not None:
            answer["nonce"] = nonce
            if call.json.get("enforce_nonce"):
                self._nonces[int(messages[1]), str(nonce)] = int(answer["id"]), monotonic()
        return answer

    def _gateway(self) -> dict[str, Any]:
        limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        return {"url": f"ws://{self._address}/gateway", "shards": 1, "session_start_limit": limit}

    def _refuse_second_thread(self, message_id: int) -> None:
        # A thread has its message's id; simcord would replace the first by an empty one.
        if message_id in self._backend.channels:
            raise BackendError(400, 160004, "A thread has already been created for this message")

    def _posted(self, channel_id: int, nonce: str) -> dict[str, Any] | None:
        """Return the message that an enforced nonce has already made in the past few minutes."""
        if len(nonce) > NONCE_LENGTH:
            raise BackendError(400, 50035, f"Invalid Form Body: nonce: longer than {NONCE_LENGTH} characters")
        message_id, when = self._nonces.get((channel_id, nonce), (0, 0.0))
        message = self._backend.messages.get(channel_id, {}).get(message_id)
        if message is None or monotonic() - when > NONCE_SECONDS:
            return None
        return {**serializers.message_payload(self._backend, message), "nonce": nonce}


def _json(status: int, answer: Any) -> web.Response:
    # discord.py parses a body only under exactly this content type, without a charset.
    return web.Response(status=status, body=json.dumps(answer).encode(), content_type="application/json")


async def _read(request: web.BaseRequest) -> tuple[Any, list[Upload]]:
    """Read a JSON body, or a form with the JSON in `payload_json` and the files in `files[n]`."""
    if not request.content_type.startswith("multipart/"):
        return (await request.json() if request.can_read_body else None), []
    parts: dict[str, tuple[str, bytes]] = {}
    async for part in await request.multipart():
        if isinstance(part, aiohttp.BodyPartReader) and part.name:
            parts[part.name] = (part.filename or "", bytes(await part.read()))
    body = json.loads(parts.pop("payload_json", ("", b"{}"))[1])
    told = {f"files[{item['id']}]": item.get("description") for item in body.get("attachments") or []}
    return body, [
        Upload(filename, io.BytesIO(data), told.get(name)) for name, (filename, data) in parts.items()
    ]
