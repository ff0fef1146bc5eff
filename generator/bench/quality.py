"""What each lever does to pictures: the picture book's stories drawn with it and without, and compared."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from generator.bench.methods import CACHED_EVERY, GUIDED_UNTIL
from generator.bench.running import why
from generator.diffusion.devices import find_devices
from generator.diffusion.pipeline import Illustrator
from generator.diffusion.plan import Plan, Quantization
from generator.diffusion.planner import FAST, plan_for
from generator.errors import ConfigurationError
from generator.evaluation.judge import Judge, Verdict
from generator.evaluation.measures import MEASURES, mean
from generator.evaluation.methods import METHODS, Look
from generator.evaluation.report import sheet
from generator.evaluation.stories import SCENE_ATTRIBUTES, SUBJECT_ATTRIBUTES, StoryAsked, write_stories
from generator.press import files
from generator.profiles import STORYBOOK, profile_of
from generator.settings import SpeedSettings
from generator.shape import shape

log = logging.getLogger(__name__)

STORIES_SEED, SCENES, SHOWN = 2501, 5, 4

PRODUCT = next(method for method in METHODS if method.name == "e: + svr, w = 2")
"""What the bot does."""

_PROFILE = profile_of(STORYBOOK)
LOOK = Look(_PROFILE.steps, _PROFILE.guidance_scale, _PROFILE.scheduler)

MEASURED = ("scene", "place", "character", "colour", "identity distance")
"""What the judge reads of stories as `evaluate` has it read."""


Numbers = dict[str, float]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to draw the stories."""

    plan: Plan
    look: Look = LOOK
    reseeded: int = 0  #: added to every seed


def compare(device: str, count: int, only: str, out: Path) -> str:
    """Draw ``count`` stories in every way, and judge them; the table, which is also left in ``out``."""
    plan = plan_for(find_devices(device)[0], "auto", SpeedSettings(preset="exact"))
    ways = {name: way for name, way in variants(plan).items() if name.startswith(tuple(only.split(",")))}
    if not ways:
        raise ConfigurationError("There is no such lever: {found}.", found=list(variants(plan)))
    stories, judge = write_stories(count, SCENES, STORIES_SEED), Judge(device=plan.device)
    out.mkdir(parents=True, exist_ok=True)
    exact = drawn(stories, Way(plan), judge)
    exact.show(out / "exact.jpg")
    rows: dict[str, Numbers | str] = {"exact": exact.against(exact, stories)}
    report = ""
    for name, way in tqdm(ways.items(), unit="way"):
        try:
            other = drawn(stories, way, judge)
            other.show(out / f"{name}.jpg")
            rows[name] = other.against(exact, stories)
        except Exception as error:
            log.info("%s failed", name, exc_info=True)
            rows[name] = why(error)
        report = table(rows, count * SCENES)
        files.save(out / "quality.json", json.dumps(rows, indent=1).encode())
        files.save(out / "quality.md", report.encode())
    return report


def variants(exact: Plan) -> dict[str, Way]:
    """Every lever by itself, those of the preset together, and as yardsticks rounding and another seed."""

    def pulled(**lever: object) -> Way:
        return Way(replace(exact, levers=replace(exact.levers, **lever)))  # type: ignore[arg-type]

    return {
        "guided": pulled(guided_until=GUIDED_UNTIL),
        "cached": pulled(cached_every=CACHED_EVERY),
        "int8": pulled(quantized=Quantization.INT8),
        "fp8": pulled(quantized=Quantization.FP8),
        "steps": Way(exact, replace(LOOK, steps=round(LOOK.steps / 2))),
        "fast": Way(replace(exact, levers=replace(FAST, compiled=exact.levers.compiled))),
        "float32": Way(Plan(device=exact.device, precision="fp32", together=exact.together)),
        "another seed": Way(exact, reseeded=1),
    }


def drawn(stories: Sequence[StoryAsked], way: Way, judge: Judge) -> Drawn:
    """All pictures of all stories, as the bot draws them, and what the judge reads from them."""
    asked = [replace(story, seed=story.seed + way.reseeded) for story in stories]
    recipes = [recipe for story in asked for recipe in PRODUCT.recipes(story, way.look)]
    illustrator, room = Illustrator(way.plan), way.plan.room(shape(recipes[0]))
    pictures: list[Image.Image] = []
    for start in range(0, len(recipes), room):
        pictures += illustrator.draw(recipes[start : start + room])
    return Drawn(pictures, judge.read(pictures))


@dataclass(frozen=True, slots=True)
class Drawn:
    """Pictures of stories, one story after the other, and what the judge reads from them."""

    pictures: list[Image.Image]
    verdicts: list[Verdict]

    def show(self, file: Path) -> None:
        """Leave a sheet of the first stories, one a row."""
        sheet(self.pictures[: SHOWN * SCENES], SCENES).save(file, quality=88)

    def against(self, exact: Drawn, stories: Sequence[StoryAsked]) -> Numbers:
        """What the judge measures, and how far these pictures are from the exact ones."""
        told = [(story, self.verdicts[number * SCENES :][:SCENES]) for number, story in enumerate(stories)]
        pairs = list(zip(self.verdicts, exact.verdicts, strict=True))
        found = {name: MEASURES[name](told) for name in MEASURED} | {
            "same attributes": mean(
                one.attributes[name] == other.attributes[name]
                for one, other in pairs
                for name in SUBJECT_ATTRIBUTES + SCENE_ATTRIBUTES
            ),
            "identity from exact": mean(apart(one, other) for one, other in pairs),
            "pixels from exact": mean(map(difference, self.pictures, exact.pictures)),
        }
        return {name: round(value, 4) for name, value in found.items()}


def apart(one: Verdict, other: Verdict) -> float:
    """One minus the cosine between two identities."""
    return 1 - sum(a * b for a, b in zip(one.identity, other.identity, strict=True))


def difference(one: Image.Image, other: Image.Image) -> float:
    """The root of the mean squared difference of two pictures, in levels of 255."""
    ours, theirs = (np.asarray(picture.convert("RGB"), np.float32) for picture in (one, other))
    return float(np.sqrt(np.square(ours - theirs).mean()))


def table(rows: dict[str, Numbers | str], frames: int) -> str:
    """The numbers as Markdown, percent where they are shares."""
    names = list(next(row for row in rows.values() if isinstance(row, dict)))
    lines = ["| lever | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(names)]
    for lever, row in rows.items():
        if isinstance(row, str):
            lines.append(f"| {lever} | {row} |" + " |" * (len(names) - 1))
            continue
        lines.append(f"| {lever} | " + " | ".join(cell(name, row[name]) for name in names) + " |")
    foot = f"{frames} frames a row. Pixels: the root of the mean squared difference, of 255."
    return "\n".join([*lines, "", foot]) + "\n"


def cell(name: str, value: float) -> str:
    """A number as its measure is read."""
    if name.startswith("identity"):
        return f"{value:.3f}"
    return f"{value:.1f}" if name.startswith("pixels") else f"{100 * value:.1f} %"
