"""What is in Discord's place when the bot starts, and what its host is told."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

ROOT = Path(__file__).parents[1]
TOKEN = "MTIz.wire.secret"
PAGE = "<html><body>Please log in</body></html>"


@asynccontextmanager
async def started(folder: Path, server: TestServer, token: str = TOKEN) -> AsyncIterator[Process]:
    """The bot, for which ``server`` is in Discord's place."""
    config = folder / "config.toml"
    config.write_text(f"[bot]\ndata = '{folder / 'data'}'\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "tests" / "wire" / "launcher.py"),
        f"{server.host}:{server.port}",
        str(ROOT / "bot.py"),
        "--config",
        str(config),
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "DISCORD_TOKEN": token},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def answering(status: int) -> AsyncIterator[TestServer]:
    """A server that has the same page for everybody."""

    async def page(request: web.BaseRequest) -> web.Response:
        return web.Response(status=status, text=PAGE, content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", page)
    async with TestServer(app) as server:
        yield server


@pytest.mark.parametrize(
    ("status", "said"),
    [(200, "is a web page"), (403, "refused (403 Forbidden)"), (404, "refused (404 Not Found)")],
)
async def test_what_is_not_discord_is_told_in_a_sentence_without_its_page(
    tmp_path: Path, status: int, said: str
) -> None:
    async with answering(status) as server, started(tmp_path, server) as bot:
        _, printed = await bot.communicate()
    last = printed.decode().splitlines()[-1]
    assert said in last
    assert bot.returncode == 1
    assert "<html>" not in last
    assert TOKEN not in printed.decode()


async def test_a_token_of_two_lines_is_wrong_before_anything_is_sent(tmp_path: Path) -> None:
    async with answering(500) as server, started(tmp_path, server, "MTIz.wire\nsecret") as bot:
        _, printed = await bot.communicate()
    assert bot.returncode == 2
    assert printed.decode().startswith("Discord does not accept the token")
    assert "Traceback" not in printed.decode()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
async def test_whoever_waits_for_discord_in_vain_may_leave(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def wait(request: web.BaseRequest) -> web.Response:
        asked.set()
        await asyncio.sleep(600)
        raise AssertionError

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", wait)
    async with TestServer(app) as server, started(tmp_path, server) as bot:
        await asked.wait()
        bot.send_signal(signal.SIGTERM)
        _, printed = await bot.communicate()
    assert bot.returncode == 0, printed.decode()
    assert "Traceback" not in printed.decode()
