"""What is in Discord's place when the bot starts, and what its host is told."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from discord.ext import commands

import bot as front_door
from bot import Samefox, begin, unreachable
from generator.errors import SamefoxError
from tests.wire import WireDiscord

ROOT = Path(__file__).parents[1]
TOKEN = "MTIz.wire.secret"
PAGE = "<html><body>Please log in</body></html>"
USER = {"id": "1", "username": "bot", "discriminator": "0", "avatar": None}
APPLICATION = {
    "id": "1",
    "name": "bot",
    "description": "",
    "icon": None,
    "verify_key": "",
    "team": None,
    "owner": USER,
    "bot_public": True,
    "bot_require_code_grant": False,
}
PATIENCE = 60.0
Answer = Callable[[], web.Response]


def page(status: int) -> Answer:
    """What a proxy has for everybody."""
    return lambda: web.Response(status=status, text=PAGE, content_type="text/html")


def data(value: Any, status: int = 200) -> Answer:
    """What says that it is JSON as Discord does, without a character set; text is sent as it is."""
    body = value if isinstance(value, str) else json.dumps(value)
    headers = {"Content-Type": "application/json", "Via": "1.1 gate"}
    return lambda: web.Response(status=status, body=body.encode(), headers=headers)


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
async def answering(
    answer: Answer | None, known: dict[str, Answer] | None = None, asked: asyncio.Event | None = None
) -> AsyncIterator[TestServer]:
    """A server with ``known`` answers, and one, or none ever, for whatever else is ``asked``."""

    async def serve(request: web.BaseRequest) -> web.Response:
        if found := (known or {}).get(request.path.removeprefix("/api/v10")):
            return found()
        if asked is not None:
            asked.set()
        if answer is None:
            await asyncio.Event().wait()
        assert answer is not None
        return answer()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    async with TestServer(app) as server:
        yield server


CLOSED = {
    "/users/@me": data(USER),
    "/oauth2/applications/@me": data(APPLICATION),
    "/applications/1/commands": data([]),
}
"""Whose gate is closed: everything is answered but where the gateway is."""


@pytest.mark.parametrize(
    ("answer", "known", "said"),
    [
        (page(200), {}, "is not Discord"),
        (page(200), CLOSED, "is not Discord"),
        (data(PAGE), {}, "is not Discord"),
        (data({}), {}, "is not Discord"),
        (page(403), {}, "refused (403 Forbidden); please check the network"),
        (page(403), CLOSED, "refused (403 Forbidden); please check the network"),
        (page(429), {}, "(429 Too Many Requests); please start the bot again in an hour"),
        (page(503), {}, "(503 Service Unavailable); please see https://discordstatus.com"),
    ],
)
async def test_what_is_not_discord_is_told_in_a_sentence_without_its_page(
    tmp_path: Path, answer: Answer, known: dict[str, Answer], said: str
) -> None:
    async with answering(answer, known) as server, started(tmp_path, server) as bot:
        _, printed = await bot.communicate()
    last = printed.decode().splitlines()[-1]
    assert said in last, printed.decode()
    assert bot.returncode == 1
    assert "<html>" not in last
    assert TOKEN not in printed.decode()


async def test_a_token_of_two_lines_is_wrong_before_anything_is_sent(tmp_path: Path) -> None:
    asked = asyncio.Event()
    async with (
        answering(page(500), asked=asked) as server,
        started(tmp_path, server, "MTIz.wire\nsecret") as bot,
    ):
        _, printed = await bot.communicate()
    assert bot.returncode == 2
    assert not asked.is_set()
    assert printed.decode().startswith("Discord does not accept the token")
    assert "Traceback" not in printed.decode()


class Unconnected(commands.Bot):
    """A bot that loads its parts as Samefox does, and needs no Discord for it."""

    setup_hook = Samefox.setup_hook

    async def start(self, token: str, *, reconnect: bool = True) -> None:
        await self.setup_hook()


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (
            "import a_module_that_nobody_has",
            "ModuleNotFoundError: No module named 'a_module_that_nobody_has'",
        ),
        ("async def setup(bot): raise ValueError('It is\\nbroken.')", "(ValueError: It is broken)"),
        ("async def setup(bot): raise TimeoutError", "(TimeoutError)"),
        ("", "NoEntryPointError"),
    ],
)
async def test_a_part_that_cannot_be_loaded_is_told_as_what_it_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    part: str,
    reason: str,
) -> None:
    (tmp_path / "broken_part.py").write_text(part)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(front_door, "EXTENSIONS", ("broken_part",))
    bot: Any = Unconnected(command_prefix="!", intents=discord.Intents.none())
    with pytest.raises(SamefoxError) as told:
        await begin(bot, TOKEN)
    assert "its part broken_part cannot be loaded" in str(told.value)
    assert reason in str(told.value)
    assert "\n" not in str(told.value) and "Discord" not in str(told.value)
    assert "broken_part.py" in caplog.text or not part, "the traceback is in the log"


def test_who_does_not_answer_at_all_is_told_too() -> None:
    assert "it does not answer in time. Please check" in unreachable(TimeoutError())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(
    "answer",
    [None, page(500), data({"retry_after": 600, "global": False}, 429)],
    ids=["silence", "a failure, after which it is asked again", "the wish to be asked later"],
)
async def test_whoever_waits_for_discord_in_vain_may_leave(tmp_path: Path, answer: Answer | None) -> None:
    asked = asyncio.Event()
    async with answering(answer, asked=asked) as server, started(tmp_path, server) as bot:
        await asyncio.wait_for(asked.wait(), PATIENCE)
        await asyncio.sleep(0.3)  # by now it has read the answer
        bot.send_signal(signal.SIGINT)
        _, printed = await asyncio.wait_for(bot.communicate(), PATIENCE)
    assert bot.returncode == 0, printed.decode()
    assert "Traceback" not in printed.decode()
    assert "Please check" not in printed.decode()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
async def test_a_connected_bot_that_is_told_to_end_ends_quietly(tmp_path: Path) -> None:
    (config := tmp_path / "config.toml").write_text(f"[bot]\ndata = '{tmp_path / 'data'}'\n")
    async with WireDiscord(tmp_path) as wire:
        bot = await wire.start(ROOT / "bot.py", "--config", str(config))
        await wire.wait_ready(bot)
        assert await bot.stop(PATIENCE) == 0, bot.printed()
    assert "Traceback" not in bot.printed()
    assert wire.token not in bot.printed()
