"""How soon a drawing process draws at full speed: the first time on a machine, and the next."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from generator.bench.stage import Stage
from generator.diffusion.planner import plan_for
from generator.errors import DrawingError
from generator.execution.executor import Equip
from generator.execution.local import LocalExecutor
from generator.settings import SpeedSettings
from generator.story import Recipe

FRAMES = 3  # of a start after which nothing is expected to get faster
PATIENCE = 900.0  # seconds for compiling


def starting(stage: Stage, folder: Path) -> str:
    """Start the bot's own drawing process twice on an empty ``folder`` for what is compiled; a table.

    Raises ``DrawingError`` where it cannot draw.
    """
    recipe = stage.recipes()[0]
    device, precision = str(stage.device), stage.precision
    compiles = plan_for(device, precision, SpeedSettings(), [recipe.model]).levers.compiled
    rows = [
        asyncio.run(started(device, precision, recipe, folder, wait=compiles and not number))
        for number in range(2)
    ]
    return table(rows)


def table(rows: Sequence[Sequence[float]]) -> str:
    """The seconds of both starts as Markdown; the last picture's own tell how fast it is then."""
    lines = ["| start | pictures after, s | of these, the last took |", "| --- | --- | ---: |"]
    for name, after in zip(("first", "next"), rows, strict=True):
        shown = ", ".join(f"{seconds:.1f}" for seconds in after[:FRAMES])
        lines.append(f"| {name} | {shown} | {after[-1] - after[-2]:.2f} |")
    return "\n".join(lines) + "\n"


async def started(device: str, precision: str, recipe: Recipe, folder: Path, *, wait: bool) -> list[float]:
    """Seconds from a process's start to each of its pictures, until ``wait`` for compiling is over."""
    executor = LocalExecutor(device, precision, Equip(models=(recipe.model,), compiled=str(folder)))
    begun, after = perf_counter(), list[float]()
    try:
        await executor.start(recipe)
        while len(after) < FRAMES or (wait and not is_compiled(folder)):
            drawing = await executor.draw({len(after): recipe}, lambda *_: None)
            await drawing.pictures[len(after)]
            await drawing.free
            after.append(perf_counter() - begun)
            if after[-1] > PATIENCE:
                raise DrawingError(f"It did not compile in {PATIENCE:.0f} s.")
        return after
    finally:
        await executor.close()


def is_compiled(folder: Path) -> bool:
    """Whether anything is said to be: a file with its signature for a name."""
    return any(each.is_file() for each in folder.iterdir())
