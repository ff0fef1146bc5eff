"""What a drawing process is told, and may no longer hear."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE

from bot import event_loop
from generator.execution.executor import Cancel
from generator.execution.line import Line


def test_a_pipe_that_ends_before_its_process_is_known_to_be_dead_is_no_error() -> None:
    async def say() -> None:
        sleep = (sys.executable, "-c", "import time; time.sleep(100)")
        process = await asyncio.create_subprocess_exec(*sleep, stdin=PIPE, stdout=PIPE)
        line = Line(process, "cpu")
        try:
            assert process.stdin is not None
            process.stdin.transport.abort()
            await asyncio.sleep(0.1)
            assert line.alive
            line.write(Cancel(take_id=1))
        finally:
            await line.close()

    with asyncio.Runner(loop_factory=event_loop) as runner:  # uvloop raises where asyncio's own warns
        runner.run(say())
