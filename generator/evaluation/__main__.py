"""``python -m generator evaluate``: tell the same stories in every way, and measure them."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from generator.diffusion.architecture import tokenizers
from generator.diffusion.checkpoints import load_folder, quieten
from generator.errors import ConfigurationError, SamefoxError
from generator.evaluation.drawing import Press
from generator.evaluation.judge import FILE, Judge
from generator.evaluation.methods import AGAINST, METHODS, Look, Method
from generator.evaluation.report import Outcome, comparison, outcome, sheet, table
from generator.evaluation.stories import StoryAsked, write_stories
from generator.profiles import Scheduler
from generator.storybook.model import FOLDER

SHOWN = 6
"""Stories on a method's sheet."""


def main(words: Sequence[str] | None = None) -> int:
    """Read the command line, draw, judge, and write tables, a sheet a method and the numbers."""
    arguments = parser().parse_args(words)
    try:
        print(evaluate(arguments))  # noqa: T201  a command's answer
    except SamefoxError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, ConfigurationError) else 1
    return 0


def evaluate(arguments: argparse.Namespace) -> str:
    """Draw and judge in every way that is asked for; the tables.

    Raises ``ConfigurationError`` where there is no such method, ``ModelError`` where there is no such model.
    """
    chosen = choose(arguments.methods)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    quieten()
    pipe = load_folder(arguments.model, torch.float32, **tokenizers())
    press, judge = Press(pipe, device, arguments.batch), Judge(arguments.judge, str(device))
    look = Look(arguments.steps, arguments.guidance, arguments.scheduler)
    stories = write_stories(arguments.stories, arguments.scenes, arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows: dict[str, Outcome] = {}
    report = ""
    for method in chosen:
        rows[method.name] = measure(method, stories, look, press, judge, arguments.out)
        report = write(rows, arguments.out)  # after each, so that an interrupted one has not been for nothing
    return report


def choose(names: str) -> list[Method]:
    """The methods of these letters and sheets, or all where there are none.

    Raises ``ConfigurationError`` where one is not there.
    """
    wanted = set(filter(None, names.split(",")))
    known = {method.name: {slug(method), slug(method)[0]} for method in METHODS}
    if unknown := wanted.difference(*known.values()):
        there = ", ".join(slug(method) for method in METHODS)
        raise ConfigurationError(f"There is no method {', '.join(sorted(unknown))}; there are {there}.")
    return [method for method in METHODS if not wanted or wanted & known[method.name]]


def write(rows: dict[str, Outcome], out: Path) -> str:
    """Leave what has been measured so far; the tables."""
    report = table(rows)
    for base, others in AGAINST.items():
        there = [other.name for other in others if other.name in rows]
        if base.name in rows and there:
            report += "\n" + comparison(rows, base.name, there)
    measured = {name: asdict(row) for name, row in rows.items()}
    (out / "evaluation.json").write_text(json.dumps(measured, indent=1) + "\n")
    (out / "table.md").write_text(report)
    return report


def parser() -> argparse.ArgumentParser:
    """The command line."""
    options = argparse.ArgumentParser(
        prog="python -m generator evaluate", description=str(__doc__).replace("``", "")
    )
    options.add_argument("--stories", type=int, default=120, help="how many; default: %(default)s")
    options.add_argument("--scenes", type=int, default=5, help="of each story; default: %(default)s")
    options.add_argument(
        "--methods", default="", help="letters or sheets, such as a,d-svr,e-svr-w2 (default: all)"
    )
    options.add_argument("--model", type=Path, default=FOLDER, help="a folder; default: the picture book")
    options.add_argument("--judge", type=Path, default=FILE, help="a file; default: the one that comes along")
    options.add_argument(
        "--out",
        type=Path,
        default=Path("docs/evaluation"),
        help="where tables and sheets are left; %(default)s",
    )
    options.add_argument("--steps", type=int, default=16, help="of each picture; default: %(default)s")
    options.add_argument("--guidance", type=float, default=4.0, help="default: %(default)s")
    options.add_argument("--scheduler", choices=list(Scheduler), default="dpm-karras", help="%(default)s")
    options.add_argument("--batch", type=int, default=100, help="pictures at once; default: %(default)s")
    options.add_argument("--seed", type=int, default=2501, help="of the stories; default: %(default)s")
    return options


def measure(
    method: Method, stories: tuple[StoryAsked, ...], look: Look, press: Press, judge: Judge, out: Path
) -> Outcome:
    """Draw all stories in one way; what is measured, and a sheet of the first stories."""
    recipes = [list(method.recipes(story, look)) for story in stories]
    pictures = press.draw([recipe for story in recipes for recipe in story])
    verdicts = judge.read(pictures)
    length = len(recipes[0])
    told = [(story, verdicts[number * length :][:length]) for number, story in enumerate(stories)]
    sheet(pictures[: SHOWN * length], length).save(out / f"{slug(method)}.jpg", quality=88)
    return outcome(told)


def slug(method: Method) -> str:
    """A method's name as a file's, such as ``e-svr-w2``."""
    name = method.name.replace(" = ", "") if "+" in method.name else method.name[0]
    return re.sub(r"[^a-z0-9]+", "-", name)


if __name__ == "__main__":
    sys.exit(main())
