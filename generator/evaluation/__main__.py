"""``python -m generator.evaluation``: tell the same stories in every way, and measure them."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionXLPipeline
from PIL import Image

from generator.diffusion.architecture import tokenizers
from generator.evaluation.drawing import Press
from generator.evaluation.judge import FILE, Judge
from generator.evaluation.measures import MEASURES, Told
from generator.evaluation.methods import METHODS, Look, Method
from generator.evaluation.stories import StoryAsked, write_stories
from generator.storybook.model import FOLDER

PLAIN = ("identity distance", "background diversity")
"""Measures that are no shares."""

SHOWN = 6
"""Stories on a method's sheet."""


def main() -> None:
    """Read the command line, draw, judge, and write a table, a sheet a method and the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", type=int, default=60)
    parser.add_argument("--scenes", type=int, default=5)
    parser.add_argument("--methods", default="", help="names to begin with, such as a,d (default: all)")
    parser.add_argument("--model", type=Path, default=FOLDER)
    parser.add_argument("--judge", type=Path, default=FILE)
    parser.add_argument("--out", type=Path, default=Path("docs/evaluation"))
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--scheduler", default="dpm-karras")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2501)
    arguments = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pipe: Any = StableDiffusionXLPipeline.from_pretrained(
        str(arguments.model), **tokenizers(), torch_dtype=torch.float32, add_watermarker=False
    )
    press, judge = Press(pipe, device, arguments.batch), Judge(arguments.judge, str(device))
    look = Look(arguments.steps, arguments.guidance, arguments.scheduler)
    stories = write_stories(arguments.stories, arguments.scenes, arguments.seed)
    chosen = [m for m in METHODS if m.name.startswith(tuple(arguments.methods.split(",")))]
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = {method.name: measure(method, stories, look, press, judge, arguments.out) for method in chosen}
    (arguments.out / "evaluation.json").write_text(json.dumps(rows, indent=1) + "\n")
    (arguments.out / "table.md").write_text(table(rows))
    print(table(rows))  # noqa: T201  a command's answer


def measure(
    method: Method, stories: tuple[StoryAsked, ...], look: Look, press: Press, judge: Judge, out: Path
) -> dict[str, float]:
    """Draw all stories in one way; the numbers, and a sheet of the first stories."""
    begun = time.monotonic()
    recipes = [list(method.recipes(story, look)) for story in stories]
    pictures = press.draw([recipe for story in recipes for recipe in story])
    verdicts = judge.read(pictures)
    length = len(recipes[0])
    told: Told = [
        (story, verdicts[number * length : (number + 1) * length]) for number, story in enumerate(stories)
    ]
    name = "".join(c if c.isalnum() else "-" for c in method.name).replace("--", "-")
    sheet(pictures[: SHOWN * length], length).save(out / f"{name}.jpg", quality=88)
    numbers = {name: round(of(told), 4) for name, of in MEASURES.items()}
    return numbers | {"seconds": round(time.monotonic() - begun, 1)}


def sheet(pictures: list[Image.Image], columns: int) -> Image.Image:
    """Pictures side by side, a story a row, at 160 pixels."""
    side = 160
    page = Image.new("RGB", (columns * side, -(-len(pictures) // columns) * side), "white")
    for number, picture in enumerate(pictures):
        page.paste(picture.resize((side, side)), (number % columns * side, number // columns * side))
    return page


def table(rows: dict[str, dict[str, float]]) -> str:
    """The numbers as a table, percent where they are shares."""
    names = list(MEASURES)
    lines = ["| method | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(names)]
    for method, numbers in rows.items():
        cells = [
            f"{numbers[n]:.3f}"
            if n in ("identity distance", "background diversity")
            else f"{100 * numbers[n]:.1f} %"
            for n in names
        ]
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
