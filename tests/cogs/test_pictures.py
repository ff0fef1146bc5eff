"""Pictures that a message only links to are fetched from Discord alone, and never more than is read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import discord
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from cogs import pictures
from cogs.pictures import NoRecipe, Posted, origin_of
from tests.press.test_metadata import FULL, PNG

CLIENT = cast(discord.Client, None)  # what is linked is fetched without it


@pytest_asyncio.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TestServer]:
    """Discord's files, on this machine."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"\x89PNG\r\n\x1a\n" + b"\0" * 100_000)

    async def elsewhere(request: web.Request) -> web.Response:
        raise web.HTTPFound("/fox.png")

    async def fox(request: web.Request) -> web.Response:
        return web.Response(body=PNG)

    app = web.Application()
    for path, handler in (("/fox.png", fox), ("/endless.png", endless), ("/elsewhere.png", elsewhere)):
        app.router.add_get(path, handler)
    monkeypatch.setattr(pictures, "HOSTS", ("127.0.0.1",))
    monkeypatch.setattr(pictures, "MAX_BYTES", 1_000_000)
    async with TestServer(app) as server:
        yield server


async def read(server: TestServer, name: str, **changes: Any) -> pictures.Origin:
    return await origin_of(CLIENT, Posted(name, str(server.make_url(f"/{name}")), **changes))


async def test_a_linked_picture_is_read(server: TestServer) -> None:
    assert (await read(server, "fox.png")).recipes == (FULL,)


async def test_what_has_no_end_is_given_up(server: TestServer) -> None:
    with pytest.raises(NoRecipe, match="too large"):
        await read(server, "endless.png")


@pytest.mark.parametrize("name", ["elsewhere.png", "nothing.png"])
async def test_what_is_not_there_is_not_looked_for_elsewhere(server: TestServer, name: str) -> None:
    with pytest.raises(NoRecipe, match=r"cannot be fetched|no recipe"):
        await read(server, name)


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/fox.png", "https://example.org/fox.png", "file:///etc/fox.png"]
)
async def test_no_other_host_is_asked(url: str) -> None:
    with pytest.raises(NoRecipe, match="another website"):
        await origin_of(CLIENT, Posted("fox.png", url))
