"""``python -m generator bench``: how fast stories are drawn here, and by others' code beside it."""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from generator.bench.methods import Method, methods
from generator.bench.plot import plot
from generator.bench.report import Report, merge, read, table
from generator.bench.running import Bench
from generator.bench.stage import Stage
from generator.bench.starting import starting
from generator.bench.where import where
from generator.diffusion.architecture import SDXL
from generator.diffusion.devices import find_devices
from generator.diffusion.planner import plan_for
from generator.diffusion.tiny import TINY
from generator.errors import ConfigurationError, SamefoxError
from generator.press import files
from generator.profiles import Scheduler
from generator.settings import SpeedSettings
from generator.story import Recipe

ROOMY = 64  # GiB; a device with as much holds the networks of all methods at once


def main(words: Sequence[str] | None = None) -> int:
    """Read the command line, measure, and leave a table, the numbers and a plot; the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    arguments = parser().parse_args(words)
    try:
        if arguments.quality:
            from generator.bench.quality import compare

            print(compare(arguments.device, arguments.stories or 4, arguments.only, arguments.out))  # noqa: T201
            return 0
        if arguments.list:
            names = (f"{method.name:18}{method.title}" for method in Setting(arguments).methods)
            print("\n".join(names))  # noqa: T201
            return 0
        if arguments.where or arguments.start:
            print(find_where(arguments) if arguments.where else find_start(arguments))  # noqa: T201
            return 0
        report = merge([read(path) for path in arguments.merge]) if arguments.merge else measure(arguments)
    except SamefoxError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, ConfigurationError) else 1
    write(report, arguments.out)
    print(report.model_dump_json(indent=1) if arguments.json else table(report))  # noqa: T201
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    options = argparse.ArgumentParser(
        prog="python -m generator bench", description=str(__doc__).replace("``", "")
    )
    options.add_argument("--quick", action="store_true", help="a small network, small pictures and few steps")
    options.add_argument("--only", default="", help="methods by how their names begin: stock,compiled,fast")
    options.add_argument("--list", action="store_true", help="name the methods, and measure nothing")
    options.add_argument("--steps", type=count, help="default: 50, quick 4")
    options.add_argument("--repeat", type=count, default=3, help="default: %(default)s")
    options.add_argument("--budget", type=float, help="seconds after which nothing is begun; quick: 150")
    options.add_argument("--device", default="auto", help="such as cuda:0 or cpu; default: the best one here")
    options.add_argument("--precision", choices=["auto", "fp32", "fp16", "bf16"], default="auto")
    options.add_argument("--out", type=Path, default=Path("result/bench"), help="default: %(default)s")
    options.add_argument("--json", action="store_true", help="print the numbers instead of the table")
    options.add_argument("--merge", type=Path, nargs="+", metavar="JSON", help="put earlier runs together")
    options.add_argument("--quality", action="store_true", help="what each lever does to the pictures")
    options.add_argument(
        "--where", action="store_true", help="where the time of a step goes, method by method"
    )
    options.add_argument("--start", action="store_true", help="how soon a process draws, the second time too")
    options.add_argument("--stories", type=count, help="told for --quality; default: 4, of 5 scenes each")
    return options


def count(text: str) -> int:
    """A number of the command line, of things of which there must be one."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{number} is too few")
    return number


class Setting:
    """What is to be measured, and where."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Raises ``ConfigurationError`` where there is no such device or method."""
        plan = plan_for(find_devices(arguments.device)[0], arguments.precision, SpeedSettings())
        self.device, self.precision = torch.device(plan.device), plan.precision
        steps, side = (4, 128) if arguments.quick else (50, 1024)
        self.look = recipe(arguments.steps or steps, side)
        self.methods = choose(methods(self.device, self.precision, self.look), arguments.only)
        self.budget = arguments.budget or (150.0 if arguments.quick else float("inf"))
        self.architecture, self.network = (
            (TINY, "A tiny SDXL with random weights")
            if arguments.quick
            else (SDXL, "SDXL at its full size with random weights")
        )

    @contextmanager
    def staged(self) -> Iterator[Stage]:
        """The network on the disk, for as long as it is needed.

        Raises ``ConfigurationError`` where drawing with it would take hours.
        """
        if self.device.type == "cpu" and self.architecture is SDXL:
            raise ConfigurationError(
                "SDXL at its full size takes hours on a processor; --quick takes minutes."
            )
        warnings.filterwarnings("ignore", module="torch._inductor")
        with TemporaryDirectory(prefix="samefox-bench-") as folder:
            yield Stage(self.architecture, Path(folder), self.device, self.look, self.precision)


def measure(arguments: argparse.Namespace) -> Report:
    """Build the network and let every method draw."""
    setting = Setting(arguments)
    with setting.staged() as stage:
        return Bench(stage, setting.network, setting.methods, setting.budget).run(
            arguments.repeat, lambda report: write(report, arguments.out), in_turn=roomy(setting.device)
        )


def find_where(arguments: argparse.Namespace) -> str:
    """Build the network and record a few steps of every method; the table, which is also left behind."""
    setting = Setting(arguments)
    with setting.staged() as stage:
        report = where(stage, setting.methods)
    leave(arguments.out / "where.md", report)
    return report


def find_start(arguments: argparse.Namespace) -> str:
    """Build the network and have the bot's own process draw, twice; the table, which is also left behind."""
    with Setting(arguments).staged() as stage, TemporaryDirectory(prefix="samefox-compiled-") as folder:
        report = starting(stage, Path(folder))
    leave(arguments.out / "start.md", report)
    return report


def recipe(steps: int, side: int) -> Recipe:
    """How every frame is drawn; the stage adds words and model."""
    return Recipe(
        model="",
        subject="",
        express="",
        suppress=(),
        prompt="",
        seed=0,
        width=side,
        height=side,
        steps=steps,
        guidance_scale=5.0,
        scheduler=Scheduler.EULER,
    )


def choose(found: Sequence[Method], names: str) -> list[Method]:
    """Those whose names begin with one of the words.

    Raises ``ConfigurationError`` if one of these begins none.
    """
    words = names.split(",")
    for word in words:
        if not any(method.name.startswith(word) for method in found):
            there = ", ".join(method.name for method in found)
            raise ConfigurationError(f"There is no method {word}; there are {there}.")
    return [method for method in found if method.name.startswith(tuple(words))]


def roomy(device: torch.device) -> bool:
    """Whether all networks fit onto the device at once; on a processor only quick benches are run."""
    if device.type != "cuda":
        return True
    return bool(torch.cuda.get_device_properties(device).total_memory / 2**30 >= ROOMY)


def leave(file: Path, text: str) -> None:
    """Write a text where it will be looked for."""
    file.parent.mkdir(parents=True, exist_ok=True)
    files.save(file, text.encode())


def write(report: Report, folder: Path) -> None:
    """The report in all its forms."""
    leave(folder / "bench.json", report.model_dump_json(indent=1))
    leave(folder / "bench.md", table(report))
    plot(report).save(folder / "bench.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
