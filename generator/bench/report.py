"""What a bench found out: its values, kept as JSON, put together from several runs, and shown as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from statistics import median

from pydantic import BaseModel, ConfigDict, ValidationError

from generator.errors import ConfigurationError


class Group(StrEnum):
    """What kind of way to draw a method is."""

    OTHERS = "others' code"
    EXACT = "ours, exact"
    LEVERS = "one lever by itself"
    PRESETS = "presets"
    SMALL = "for small GPUs"


class Value(BaseModel):
    """A frozen value that is known by its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Machine(Value):
    """What a bench ran on."""

    device: str
    memory: float  #: GiB of the device
    cores: int
    system: str
    versions: dict[str, str]  #: of everything that computes


class Task(Value):
    """What every method draws, unless its title says otherwise."""

    network: str
    weights: float  #: GiB
    precision: str
    width: int
    height: int
    steps: int
    guidance_scale: float
    scenes: int  #: that share a prompt


class Row(Value):
    """What was found out about a method."""

    name: str
    title: str
    group: Group
    together: int  #: frames drawn at once
    frames: int = 0  #: in one repetition
    seconds: tuple[float, ...] = ()  #: a frame takes, by repetition
    first: tuple[float, ...] = ()  #: seconds until the first frame was there
    load: float | None = None  #: seconds from the disk to the device
    compile: float | None = None  #: seconds that the first drawing took longer than the second
    tflop: float | None = None  #: a frame needs, counted
    peak: float | None = None  #: GiB
    error: float | None = None  #: distance of the latents to float32's
    stock: float | None = None  #: seconds that stock diffusers took for a frame in the same process
    product: float | None = None  #: TFLOP/s of a large matrix product in the same process
    failure: str = ""

    @property
    def frame(self) -> float | None:
        """Seconds a frame, the median of all repetitions."""
        return median(self.seconds) if self.seconds else None

    @property
    def waiting(self) -> float | None:
        """Seconds until the first frame, the median of all repetitions."""
        return median(self.first) if self.first else None

    @property
    def spread(self) -> float | None:
        """How far the repetitions lie apart, as a share of their median."""
        return (max(self.seconds) - min(self.seconds)) / median(self.seconds) if self.seconds else None

    @property
    def speed(self) -> float | None:
        """TFLOP/s."""
        return self.tflop / self.frame if self.tflop and self.frame else None

    @property
    def share(self) -> float | None:
        """Of what a large matrix product reaches."""
        return self.speed / self.product if self.speed and self.product else None

    @property
    def faster(self) -> float | None:
        """How many frames it draws while stock diffusers draws one."""
        return self.stock / self.frame if self.stock and self.frame else None


class Report(Value):
    """A bench from beginning to end, or several runs of it put together."""

    machine: Machine
    task: Task
    processes: int = 1
    rows: tuple[Row, ...]


def read(path: Path) -> Report:
    """A report that was written before.

    Raises ``ConfigurationError`` where the file is none.
    """
    try:
        return Report.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no report of this bench.") from error


def merge(reports: Sequence[Report]) -> Report:
    """One report of what several runs measured on the same machine; of each method, the later success.

    Ratios stay those within a run, since each row keeps what stock diffusers took beside it.

    Raises ``ConfigurationError`` if machines or tasks differ.
    """
    first = reports[0]
    if len({(each.machine.device, str(each.machine.versions), each.task) for each in reports}) > 1:
        raise ConfigurationError(
            "These reports are of different devices, versions or tasks; they stay apart."
        )
    rows: dict[str, Row] = {}
    for row in (row for report in reports for row in report.rows):
        if row.name not in rows or row.seconds or not rows[row.name].seconds:
            rows[row.name] = row
    groups, titles = list(Group), list(dict.fromkeys(row.title for row in rows.values()))
    return Report(
        machine=first.machine,
        task=first.task,
        processes=sum(report.processes for report in reports),
        rows=tuple(
            sorted(
                rows.values(),
                key=lambda row: (groups.index(row.group), titles.index(row.title), row.together),
            )
        ),
    )


HEAD = (
    "| | at once | s per frame | × stock | first frame, s | TFLOP per frame | TFLOP/s | of peak | GiB "
    "| latent error | load + compile, s |\n"
    "| --- |" + " ---: |" * 10
)


def table(report: Report) -> str:
    """The report as Markdown: a line on the machine, the table, and what its numbers are."""
    lines = [about(report), "", HEAD]
    group = None
    for row in report.rows:
        if row.group is not group:
            group = row.group
            lines.append(f"| **{group}** |" + " |" * 10)
        lines.append(line(row))
    return "\n".join([*lines, "", footnote(report)]) + "\n"


def line(row: Row) -> str:
    """A method's line; of one that failed, why."""
    if row.failure:
        return f"| {row.title} | {row.together} | {row.failure} |" + " |" * 8
    cells = (
        brief(row.frame),
        number(row.faster, ".2f"),
        brief(row.waiting),
        number(row.tflop, ".4g"),
        number(row.speed, ".3g"),
        number(row.share, ".0%"),
        number(row.peak, ".1f"),
        number(row.error, ".1e"),
        "" if row.load is None or row.compile is None else f"{row.load:.0f} + {row.compile:.0f}",
    )
    return f"| {row.title} | {row.together} | " + " | ".join(cells) + " |"


def number(value: float | None, form: str) -> str:
    """A number, or nothing where there is none."""
    return "" if value is None else format(value, form)


def brief(seconds: float | None) -> str:
    """Seconds with as many digits as mean something."""
    return number(seconds, ".2f" if seconds is not None and seconds >= 1 else ".3f")


def about(report: Report) -> str:
    """What was drawn on what."""
    machine, task = report.machine, report.task
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    return (
        f"{machine.device}, {machine.memory:.0f} GiB, {machine.cores} cores, {machine.system}; {versions}. "
        f"{task.network}, {task.weights:.2g} GiB in {task.precision}; {task.width} × {task.height}, "
        f"{task.steps} steps, guidance {task.guidance_scale:g}, {task.scenes} scenes in a prompt."
    )


def footnote(report: Report) -> str:
    """How the numbers were found."""
    products = values(row.product for row in report.rows)
    peak = f"{min(products):.3g}" if products else "?"
    if products and f"{max(products):.3g}" != peak:
        peak += f" to {max(products):.3g}"
    repetitions = [len(row.seconds) for row in report.rows if row.seconds]
    least, most = min(repetitions, default=0), max(repetitions, default=0)
    counted = f"{most}" if least == most else f"{least} to {most}"
    spread = max(values(row.spread for row in report.rows), default=0.0)
    return (
        f"Medians of {counted} repetitions, which lie at most {spread:.0%} apart, methods in turn; "
        f"{report.processes} {'process' if report.processes == 1 else 'processes'}. “Of peak”: of the {peak} "
        "TFLOP/s that a large matrix product reaches in the same process. “Latent error”: the distance to "
        "float32 from the same noise, relative to all that the network changed."
    )


def values(found: Iterable[float | None]) -> list[float]:
    """Those that there are."""
    return [value for value in found if value is not None]
