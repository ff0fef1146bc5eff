"""Lines side by side: what waits in them, and how much of it is due before a moment of their virtual time."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from itertools import accumulate
from math import ceil
from typing import Protocol

CLOSE = 1e-6
"""Turns of two lines that are so near to each other are due at once, whatever was rounded."""


class Work(Protocol):
    """What waits in a line."""

    @property
    def take_id(self) -> int:
        """Its name."""
        ...

    @property
    def cost(self) -> float:
        """How much of a device's time it takes, in any unit."""
        ...

    @property
    def shape(self) -> Hashable:
        """What its seconds are measured by."""
        ...


Pace = Callable[[Hashable], float]
"""Seconds that work of a shape takes."""


class Line:
    """What all lines have: a place among their neighbours, and sums over what waits in them."""

    def __init__(self, start: float = 0.0, weight: float = 1.0) -> None:
        self.start = start
        self.weight = weight
        self.order = 0  # among equal starts; names the one valid entry in the heap of neighbours
        self.count = 0
        self.cost = 0.0
        self.shapes: Counter[Hashable] = Counter()

    def seconds(self, pace: Pace) -> float:
        """What all that waits will take."""
        return sum(number * pace(shape) for shape, number in self.shapes.items())

    def _counted(self, task: Work, sign: int) -> None:
        self.count += sign
        self.cost = self.cost + sign * task.cost if self.count else 0.0  # no rounding error is carried on
        self.shapes[task.shape] += sign
        if not self.shapes[task.shape]:
            del self.shapes[task.shape]


def due(
    lines: Iterable[Line], start: float, turn: float, order: int, but: Line | None = None
) -> tuple[float, float]:
    """Number and cost of the tasks that are due before a neighbour's `turn`-th, looked at line by line.

    Exact if a line's tasks cost the same; else each counts as their mean.

    Args:
        lines: side by side.
        start: the virtual time of the neighbour's turn.
        turn: how many turns it takes before.
        order: the neighbour's, among equal starts.
        but: a line that does not count; the neighbour itself.
    """
    number = cost = 0.0
    for line in lines:
        if not line.count or line is but:
            continue
        mean = line.cost / line.count
        turns = (start - line.start) * line.weight / mean
        before = ceil(turns - CLOSE)
        # Of two that are due at once, whoever has come there in fewer turns has waited for longer.
        if before - turns < CLOSE and (before < turn or (before == turn and line.order < order)):
            before += 1
        if before >= line.count:
            number += line.count
            cost += line.cost
        elif before > 0:
            number += before
            cost += before * mean
    return number, cost


class Table:
    """The cost of what is due in many lines, summed up: each is a ramp from its start to its end."""

    def __init__(self, lines: Iterable[Line]) -> None:
        slopes: defaultdict[float, float] = defaultdict(float)
        offsets: defaultdict[float, float] = defaultdict(float)
        for line in lines:
            if line.count:
                weight, start = line.weight, line.start
                end = start + line.cost / weight
                half = line.cost / line.count / 2  # of a task: what has begun by then is served whole
                slopes[start] += weight
                slopes[end] -= weight
                offsets[start] += half - weight * start
                offsets[end] += weight * end - half
        self._bends = sorted(slopes)
        self._slopes = list(accumulate(map(slopes.__getitem__, self._bends), initial=0.0))
        self._offsets = list(accumulate(map(offsets.__getitem__, self._bends), initial=0.0))

    def before(self, moment: float) -> float:
        """What is due before a virtual time, to half a task a line."""
        index = bisect_right(self._bends, moment)
        return self._slopes[index] * moment + self._offsets[index]
