"""Who draws when, and what is written down of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import TypeVar

from tqdm import tqdm

from generator.bench.drawers import Drawer, of
from generator.bench.gauges import MemoryGauge, describe, product_speed, wait
from generator.bench.methods import Method
from generator.bench.report import Report, Row
from generator.bench.stage import Stage
from generator.diffusion import replaying, rewriting
from generator.diffusion.devices import is_out_of_memory
from generator.diffusion.pipeline import PRECISIONS
from generator.diffusion.warming import WARM_STEPS
from generator.errors import OutOfMemory
from generator.story import Recipe

log = logging.getLogger(__name__)

SAYING_SO = (rewriting.__name__, replaying.__name__)
"""Who says that a bot draws on without."""

Keep = Callable[[Report], None]
Found = TypeVar("Found")


class Bench:
    """Lets methods draw, one after the other, again and again; whichever fails says why in its row."""

    def __init__(self, stage: Stage, network: str, methods: Sequence[Method], budget: float) -> None:
        """``budget`` is how many seconds all of it may take; what is not begun by then is left out."""
        self._stage, self._methods, self._task = stage, methods, stage.task(network)
        self._deadline = perf_counter() + budget
        self._memory = MemoryGauge(stage.device)
        self._rows = {method.name: begin(method) for method in methods}
        self._drawers: dict[str, Drawer] = {}
        self._held: dict[Hashable, float] = {}  # GiB that a network has on the device between drawings
        self._lasted: dict[str, float] = {}
        self._products: list[float] = []

    def run(self, repeat: int, keep: Keep, *, in_turn: bool) -> Report:
        """Draw ``repeat`` times with each method; ``keep`` is given what is known after every turn.

        ``in_turn`` has them take turns, so that a machine that slows down favours nobody; else each is
        finished before the next, so that only one has its network in memory.
        """
        self._weigh()
        if perf_counter() < self._deadline:  # float32 may have no room where all the rest has
            attempt(lambda: self._stage.refer_to([method.compared(self._stage) for method in self._methods]))
        order = list(turns(self._methods, repeat, in_turn=in_turn))
        with tqdm(order, unit="turn") as bar:
            for number, method in enumerate(bar):
                bar.set_description(method.name)
                self._turn(method)
                keep(self.report())
                if not in_turn and method not in order[number + 1 :]:
                    self._drawers.clear()
                    self._held.clear()
                    self._stage.release()
        self._weigh()
        report = self.report()
        keep(report)
        return report

    def report(self) -> Report:
        """What is known so far."""
        stock = self._rows["stock"].frame if "stock" in self._rows else None
        beside = {"stock": stock, "product": round(median(self._products), 4)}
        rows = tuple(row.model_copy(update=beside) for row in self._rows.values())
        return Report(machine=describe(self._stage.device), task=self._task, rows=rows)

    def _turn(self, method: Method) -> None:
        row, begun = self._rows[method.name], perf_counter()
        if row.failure:
            return
        if begun + self._lasted.get(method.name, 0.0) > self._deadline:
            self._rows[method.name] = row if row.seconds else failed(row, "no time left")
            return
        try:
            if method.name not in self._drawers:
                row = self._rows[method.name] = self._prepare(method, row)
                begun = perf_counter()
            self._rows[method.name] = self._measure(method, row)
            self._lasted[method.name] = perf_counter() - begun
        except Exception as error:
            log.info("%s failed", method.name, exc_info=True)
            self._drawers.pop(method.name, None)
            self._rows[method.name] = failed(row, why(error))
        self._stage.tidy()

    def _prepare(self, method: Method, row: Row) -> Row:
        """Load, compile, and find out what need not be repeated."""
        before, begun, recipes = self._memory.held(), perf_counter(), method.recipes(self._stage)
        drawer = method.drawer(self._stage)
        wait(self._stage.device)
        load = perf_counter() - begun
        short = of(recipes[: method.together], min(WARM_STEPS, recipes[0].steps))
        with refusals() as refused:
            first, second = (self._clock(drawer, short)[1] for _ in range(2))
        if refused:
            raise RuntimeError(f"does not compile: {refused[0]}")
        self._stage.tidy()
        network = self._network(method)
        self._held[network] = self._held.get(network, 0.0) + self._memory.held() - before
        self._drawers[method.name] = drawer
        found = {
            "load": round(load, 3),
            "compile": round(max(0.0, first - second), 3),
            "error": attempt(
                lambda: self._stage.error(drawer.latents(recipes), method.compared(self._stage))
            ),
            "tflop": attempt(lambda: drawer.work(recipes) / len(recipes)),
        }
        return row.model_copy(update=found)

    def _measure(self, method: Method, row: Row) -> Row:
        held = self._memory.held()
        self._memory.start()
        recipes = method.recipes(self._stage)
        first, all_of_them = self._clock(self._drawers[method.name], recipes)
        peak = self._memory.peak() - held + self._held[self._network(method)]
        found = {
            "frames": len(recipes),
            "seconds": (*row.seconds, round(all_of_them / len(recipes), 5)),
            "first": (*row.first, round(first, 5)),
            "peak": round(max(peak, row.peak or 0.0), 3),
        }
        return row.model_copy(update=found)

    def _clock(self, drawer: Drawer, recipes: Sequence[Recipe]) -> tuple[float, float]:
        """Seconds until the first picture was there, and until all were."""
        wait(self._stage.device)
        begun, finished = perf_counter(), list[float]()
        drawer.draw(recipes, lambda _: finished.append(perf_counter() - begun))
        wait(self._stage.device)
        return finished[0], perf_counter() - begun

    def _network(self, method: Method) -> Hashable:
        """What methods have in common that use the same network in memory."""
        return self._stage.network(method.plan)

    def _weigh(self) -> None:
        self._products.append(product_speed(self._stage.device, PRECISIONS[self._stage.precision]))


def turns(methods: Sequence[Method], repeat: int, *, in_turn: bool) -> Iterator[Method]:
    """The order in which methods draw; each round begins with another one."""
    if not in_turn:
        for method in methods:
            yield from [method] * repeat
        return
    for number in range(repeat):
        start = number * len(methods) // repeat
        yield from [*methods[start:], *methods[:start]]


def begin(method: Method) -> Row:
    """A row of which nothing is known."""
    return Row(name=method.name, title=method.title, group=method.group, together=method.together)


def failed(row: Row, reason: str) -> Row:
    """The row of a method that cannot go on; what it has measured stays."""
    return row.model_copy(update={"failure": "" if row.seconds else reason})


@contextmanager
def refusals() -> Iterator[list[str]]:
    """Collect why functions could not be compiled or fused: a bot draws on without, and a bench must not."""
    refused: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            refused.append(why(error) if isinstance(error, Exception) else record.getMessage())

    loggers, listener = [logging.getLogger(name) for name in SAYING_SO], Listener(logging.WARNING)
    for logger in loggers:
        logger.addHandler(listener)
    try:
        yield refused
    finally:
        for logger in loggers:
            logger.removeHandler(listener)


def attempt(call: Callable[[], Found]) -> Found | None:
    """What a call finds out, or None: a method that can be timed is not given up for the rest."""
    try:
        return call()
    except Exception as error:
        log.warning("not measured: %s", why(error))
        return None


def why(error: Exception) -> str:
    """What went wrong, in a few words that fit into a cell."""
    if isinstance(error, OutOfMemory) or is_out_of_memory(error):
        return "out of memory"
    if isinstance(error, ImportError) and error.name:
        return f"{error.name} is not installed"
    said = next(iter(str(error).strip().splitlines()), "").replace("|", "/")
    return said[:100] or type(error).__name__
