"""A report as a picture: a point a method, on a scale of seconds a frame."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from PIL import Image, ImageDraw

from generator.bench.report import Group, Report, Row, brief
from generator.press.fonts import font, runs
from generator.press.lettering import width

PAPER, INK, GREY, FAINT = (253, 251, 246), (38, 34, 30), (122, 114, 104), (226, 220, 209)
COLOURS = {
    Group.OTHERS: (122, 114, 104),
    Group.EXACT: (33, 94, 141),
    Group.LEVERS: (88, 136, 76),
    Group.PRESETS: (200, 84, 32),
    Group.SMALL: (126, 87, 148),
}
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)

WIDE, MARGIN, NAMES, ROW = 1800, 60, 760, 46  # pixels
HEAD, FOOT = 150, 90
TEXT, SMALL_TEXT, TITLE = 24, 20, 36


class Page:
    """A sheet of paper with a scale across it."""

    def __init__(self, rows: Sequence[Row], gaps: int) -> None:
        """``gaps`` are the lines between groups."""
        self.image = Image.new("RGB", (WIDE, HEAD + len(rows) * ROW + gaps * ROW + FOOT), PAPER)
        self._draw = ImageDraw.Draw(self.image)
        frames = [row.frame for row in rows if row.frame]
        low, high = min(frames, default=0.1) / 1.3, max(frames, default=1.0) * 2.6  # room for a label
        self._low, self._decades = log10(low), log10(high / low)
        self.ticks = [tick for tick in TICKS if low <= tick <= high]

    def place(self, seconds: float) -> float:
        """Where a time stands, in pixels from the left."""
        return MARGIN + NAMES + (log10(seconds) - self._low) / self._decades * (WIDE - 2 * MARGIN - NAMES)

    def write(self, text: str, x: float, y: float, size: int, fill: tuple[int, int, int] = INK) -> None:
        """A line of text that is centred vertically on ``y``."""
        for face, part in runs(text):
            self._draw.text((x, y), part, fill, font(face, size), anchor="lm")
            x += width(part, size)

    def rule(self, start: tuple[float, float], end: tuple[float, float], thickness: int = 2) -> None:
        """A faint line."""
        self._draw.line([start, end], FAINT, thickness)

    def clear(self, x: float, y: float, across: float) -> None:
        """Take lines away from where a label comes."""
        self._draw.rectangle((x, y - TEXT / 2, x + across, y + TEXT / 2), PAPER)

    def point(self, x: float, y: float, colour: tuple[int, int, int]) -> None:
        """A method's point."""
        self._draw.circle((x, y), 9, colour)


def plot(report: Report) -> Image.Image:
    """Every method that drew, in the report's order; failures are the table's."""
    drawn = [row for row in report.rows if row.seconds]
    groups = list(dict.fromkeys(row.group for row in drawn))
    page = Page(drawn, len(groups))
    foot = page.image.height - FOOT
    page.write("Seconds a frame", MARGIN, 56, TITLE)
    task = report.task
    about = f"{report.machine.device} · {task.network} · {task.width} × {task.height} · {task.precision}"
    if any(row.faster for row in drawn):
        about += " · ×: frames while diffusers draws one"
    page.write(about, MARGIN, 104, SMALL_TEXT, GREY)
    for tick in page.ticks:
        page.rule((page.place(tick), HEAD), (page.place(tick), foot))
        label = f"{tick:g} s"
        page.write(label, page.place(tick) - width(label, SMALL_TEXT) / 2, foot + 30, SMALL_TEXT, GREY)
    y = HEAD
    for group in groups:
        page.write(group, MARGIN, y + ROW * 0.62, SMALL_TEXT, COLOURS[group])
        y += ROW
        for row in drawn:
            if row.group is group:
                paint(page, row, y + ROW / 2)
                y += ROW
    return page.image


def paint(page: Page, row: Row, y: float) -> None:
    """A method's name, its point, and its numbers beside it."""
    assert row.frame is not None
    together = f" · {row.together} at once" if row.together > 1 else ""
    x, colour = page.place(row.frame), COLOURS[row.group]
    page.write(cut(row.title, NAMES - 20 - width(together, TEXT)) + together, MARGIN, y, TEXT)
    page.rule((MARGIN + NAMES, y), (x, y))
    page.point(x, y, colour)
    seconds = f"{brief(row.frame)} s"
    times = "" if row.faster is None or row.name == "stock" else f"  {row.faster:.3g} ×"
    page.clear(x + 16, y, width(seconds, TEXT) + width(times, SMALL_TEXT) + 8)
    page.write(seconds, x + 20, y, TEXT, colour)
    page.write(times, x + 20 + width(seconds, TEXT), y, SMALL_TEXT, GREY)


def cut(text: str, across: float) -> str:
    """As much of a text as fits."""
    if width(text, TEXT) <= across:
        return text
    while width(text + "…", TEXT) > across:
        text = text[:-1]
    return text.rstrip() + "…"
