"""A bot as an operator runs it: a process that can be stopped politely, or killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil


class BotProcess:
    """A started bot, in a process group of its own, with everything it prints in a file."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self.log = log

    @classmethod
    async def start(cls, argv: Sequence[str], environment: Mapping[str, str], log: Path) -> BotProcess:
        """Start it; what it prints is added to the log."""
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *argv, env=environment, stdout=output, stderr=output, start_new_session=True
            )
        return cls(process, log)

    @property
    def pid(self) -> int:
        """The process id, which is its group's id too."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """The exit status, negative for a signal; none while it runs."""
        return self._process.returncode

    def children(self) -> list[psutil.Process]:
        """The processes that it has started, each of which has a process group of its own."""
        return psutil.Process(self.pid).children(recursive=True)

    async def kill(self) -> None:
        """Kill the bot's own process, as `kill -9` does; its children are left to notice."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def stop(self, seconds: float = 60.0) -> int:
        """Ask it to stop (SIGTERM) and return its exit status; `TimeoutError` if it does not."""
        self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), seconds)

    async def sweep(self) -> None:
        """Leave nothing behind: kill the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        await self._process.wait()

    def printed(self) -> str:
        """Return what it has printed so far."""
        return self.log.read_text(errors="replace")


def ended(process: psutil.Process) -> bool:
    """Whether a process runs no more; also when nobody has asked yet how it ended."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
