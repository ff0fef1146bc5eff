"""What an evaluation leaves: a table, how each method compares with the others, and a sheet of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan, sqrt
from statistics import stdev

from PIL import Image

from generator.evaluation.measures import MEASURES, Told

PLAIN = ("identity distance", "background diversity")
"""Measures that are no shares."""

COMPARED = ("scene", "identity distance")
"""Measures by which two methods are held against each other, story by story."""

SIDE = 160
"""Pixels of a picture on a sheet, in both directions."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured of a method."""

    numbers: dict[str, float]  #: by the names of ``MEASURES``
    by_story: dict[str, list[float]]  #: of the measures compared, for each story


def outcome(told: Told) -> Outcome:
    """All measures of stories told in one way."""
    numbers = {name: round(measure(told), 4) for name, measure in MEASURES.items()}
    return Outcome(
        numbers, {name: [round(MEASURES[name]([story]), 4) for story in told] for name in COMPARED}
    )


def uncertain(values: Sequence[float]) -> float:
    """The standard error of their mean; of a single value nobody knows it."""
    return stdev(values) / sqrt(len(values)) if len(values) > 1 else nan


def table(rows: dict[str, Outcome]) -> str:
    """The numbers as a table, percent where they are shares."""
    names = list(MEASURES)
    lines = ["| method | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(names)]
    for method, row in rows.items():
        cells = [f"{row.numbers[n]:.3f}" if n in PLAIN else f"{100 * row.numbers[n]:.1f} %" for n in names]
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def comparison(rows: dict[str, Outcome], base: str, others: Sequence[str]) -> str:
    """The others' differences to one method, the stories taken in pairs, with their standard errors."""
    lines = [f"| difference to {base} | scene, points | identity distance |", "| --- | ---: | ---: |"]
    for method in others:
        cells = []
        for name, unit, form in (("scene", 100, ".1f"), ("identity distance", 1, ".3f")):
            pairs = zip(rows[method].by_story[name], rows[base].by_story[name], strict=True)
            gaps = [unit * (ours - theirs) for ours, theirs in pairs]
            cells.append(f"{sum(gaps) / len(gaps):+{form}} ± {uncertain(gaps):{form}}")
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def sheet(pictures: Sequence[Image.Image], columns: int) -> Image.Image:
    """Pictures side by side, a story a row."""
    page = Image.new("RGB", (columns * SIDE, -(-len(pictures) // columns) * SIDE), "white")
    for number, picture in enumerate(pictures):
        small = picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        page.paste(small, (number % columns * SIDE, number // columns * SIDE))
    return page
