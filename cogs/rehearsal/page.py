"""The page: simcord's previews of single channels, made into a Discord with all of them.

One address opens every channel and thread: the part behind ``#`` is the channel's id, which simcord's page
sends along as its secret, and each request is handed on to that channel's own preview. A page that asks for
news is redrawn first, so that frames arrive by themselves.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import AsyncExitStack, suppress
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import simcord
from aiohttp import web

from .meadow import NAME, Meadow
from .previews import ChannelPreview, Previews, kept_media, kept_parsers
from .world import World

PORT = 8765  #: the first choice, so that an open page survives a restart
UPLOADS = 27 << 20  #: bytes of one request; simcord itself takes 26 MiB, in files of 10
HEARTBEAT = 1.0  #: seconds between two looks at the bot's timers

_SECRET = "X-Simcord-Capability"  # noqa: S105 - the name of a header
_CONTEXT = "X-Simcord-Context"
_STATIC = Path(__file__).with_name("static")
_FONTS = Path(simcord.__file__).parent / "preview/static/fonts"  # too large to hand on at each visit
_OF_ONE_HOP = frozenset(
    {"Connection", "Content-Length", "Date", "Host", "Origin", "Server", "Transfer-Encoding"}
)
_ADDITIONS = """\
    <link rel="stylesheet" href="/rehearsal/rehearsal.css">
    <script src="/rehearsal/rehearsal.js" data-home="{home}"></script>
  </head>"""


class Page:
    """The local web page of a running rehearsal, an asynchronous context.

    Args:
        port: the first choice; another one is taken if it is in use.
    """

    def __init__(self, env: simcord.Env, meadow: Meadow, world: World, port: int = PORT) -> None:
        self._env, self._meadow, self._world, self._port = env, meadow, world, port
        self._previews = Previews(env, meadow, world)
        self._stack = AsyncExitStack()
        self._session = secrets.token_hex(8)  # an open page notices by it that the bot has restarted
        self.address = ""  #: for the browser, once entered

    async def __aenter__(self) -> Self:
        self._stack.enter_context(kept_parsers())
        self._stack.enter_context(kept_media())
        await self._previews.of(self._meadow.stories.id)  # the first one takes its time
        app = web.Application(middlewares=[_for_this_machine], client_max_size=UPLOADS)
        app.router.add_get("/", self._index)
        app.router.add_get("/rehearsal/meadow.json", self._tree)
        app.router.add_static("/rehearsal", _STATIC)
        app.router.add_static("/fonts", _FONTS)
        app.router.add_get("/favicon.ico", _nothing)
        app.router.add_get("/api/state", self._look)
        app.router.add_post("/api/pages", self._enter)
        app.router.add_post("/api/action", self._act)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._http = await self._stack.enter_async_context(aiohttp.ClientSession())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        self.address = await _listen(runner, self._port)
        heart = asyncio.create_task(self._beat())
        self._stack.callback(heart.cancel)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _beat(self) -> None:
        """Let the bot's timers ring: simcord lets them only while it waits for the bot."""
        while True:
            await asyncio.sleep(HEARTBEAT)
            async with self._previews.turn:
                with suppress(TimeoutError):  # busy; another time
                    await self._env.settle(timeout=HEARTBEAT)

    async def _index(self, request: web.Request) -> web.Response:
        page = await self._pass_on(request)
        additions = _ADDITIONS.format(home=self._meadow.stories.id)
        text = (page.text or "").replace("  </head>", additions).replace("SimCord Preview", NAME)
        return web.Response(text=text, headers=_kept(page.headers))

    async def _tree(self, request: web.Request) -> web.Response:
        channels = [
            {
                "id": str(channel.id),
                "name": channel.name,
                "thread": channel.is_thread,
                "last": str(channel.last_message_id or 0),
            }
            for channel in self._meadow.channels
        ]
        people = [{"id": str(person.id), "name": person.name} for person in self._meadow.people]
        tree = {"session": self._session, "name": NAME, "channels": channels, "people": people}
        return web.json_response(tree)

    async def _enter(self, request: web.Request) -> web.Response:
        preview = await self._preview(request)
        viewer = request.cookies.get("viewer")
        chosen = {"viewer_id": viewer} if viewer in preview.viewers else {}
        return await self._send(preview, request, json.dumps(chosen).encode())

    async def _look(self, request: web.Request) -> web.Response:
        preview = await self._preview(request)
        if not self._previews.turn.locked():
            preview.redraw(request.headers.get(_CONTEXT, ""))
        return await self._send(preview, request, b"")

    async def _act(self, request: web.Request) -> web.Response:
        preview = await self._preview(request)
        async with self._previews.turn:
            preview.keep_form(request.headers.get(_CONTEXT, ""))
            answer = await self._send(preview, request, await request.read())
            if '"stale-revision"' in (answer.text or "") and request.content_type == "application/json":
                # The page was drawn again since its last look; what was clicked is checked anyway.
                answer = await self._send(preview, request, await self._renewed(preview, request))
            self._world.save()
        return answer

    async def _renewed(self, preview: ChannelPreview, request: web.Request) -> bytes:
        headers = {_SECRET: preview.secret, _CONTEXT: request.headers[_CONTEXT]}
        async with self._http.get(preview.address + "/api/state", headers=headers) as response:
            revision = (await response.json())["publishedRevision"]
        return json.dumps(await request.json() | {"published_revision": revision}).encode()

    async def _pass_on(self, request: web.Request) -> web.Response:
        return await self._send(await self._preview(request), request, await request.read())

    async def _preview(self, request: web.Request) -> ChannelPreview:
        """Of the channel a request is about; what is about none, any will answer."""
        try:
            return await self._previews.of(int(request.headers.get(_SECRET, self._meadow.stories.id)))
        except (KeyError, ValueError):
            raise web.HTTPGone from None

    async def _send(self, preview: ChannelPreview, request: web.Request, body: bytes) -> web.Response:
        headers = _kept(request.headers) | {_SECRET: preview.secret}
        url = preview.address + request.path_qs
        try:
            async with self._http.request(
                request.method, url, headers=headers, data=BytesIO(body) if body else None
            ) as response:
                content = await response.read()
                return web.Response(body=content, status=response.status, headers=_kept(response.headers))
        except (aiohttp.ClientError, RuntimeError):
            if not self._http.closed:
                raise
            raise web.HTTPServiceUnavailable from None  # whoever waited for a picture while the meadow closed


@web.middleware
async def _for_this_machine(request: web.Request, handler: Any) -> web.StreamResponse:
    """Refuse a foreign site that has pointed its own name at this machine."""
    if request.url.host not in ("127.0.0.1", "localhost"):
        raise web.HTTPForbidden
    answer: web.StreamResponse = await handler(request)
    return answer


async def _nothing(request: web.Request) -> web.Response:
    return web.Response(status=204)


async def _listen(runner: web.AppRunner, port: int) -> str:
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
    except OSError:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
    return f"http://127.0.0.1:{runner.addresses[-1][1]}/"


def _kept(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.title() not in _OF_ONE_HOP}
