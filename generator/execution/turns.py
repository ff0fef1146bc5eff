"""Taking turns: who of many shares a device next, whatever they ask for and however many they are.

Start-time fair queueing (Goyal, Vin and Cheng, 1996): whoever waits has a *start*, the virtual time of their
next turn, and the smallest start is served; a turn moves the start on by cost / weight. Newcomers start at
the *clock*, the mean of all starts (the virtual time of WF²Q+, Bennett and Zhang, 1997), before those who
were just served. So nobody saves up turns by being absent, a lead lasts until the others have caught up, and
two who wait together differ by no more than one turn each.

Lines nest: a line whose members are lines is one device's queue, servers in it, members in those, stories in
those. Adding, taking and removing cost O(log n) amortised, asking for a place O(log n), of the lines side by
side; how many tasks wait in them does not matter.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count, takewhile

from generator.execution.due import Line, Pace, Table, Work, due

FEW = 32
"""Up to so many lines side by side are looked at one by one, for a place that is exact."""

STALE = 4
"""Of more, the table is made anew once one in so many has changed."""

_entries = count(1)
SERVED = 2**62
"""Among equal starts, those who have just been served come after all who have not."""

Step = tuple[Hashable, float]
"""The key of a line in the one around it, and its weight there."""

Path = Sequence[Step]


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is served before a certain task."""

    count: float = 0.0
    cost: float = 0.0
    seconds: float = 0.0

    def __add__(self, other: Ahead) -> Ahead:
        return Ahead(self.count + other.count, self.cost + other.cost, self.seconds + other.seconds)


class Takes(Line):
    """The innermost line: tasks in their order."""

    def __init__(self, start: float = 0.0, weight: float = 1.0) -> None:
        super().__init__(start, weight)
        self._tasks: OrderedDict[int, Work] = OrderedDict()

    def add(self, task: Work, _: Path, *, front: bool = False) -> None:
        """Put a task at the end, or back to the front: behind those only that it was taken after."""
        before = list(takewhile(task.take_id.__gt__, self._tasks)) if front else []
        self._tasks[task.take_id] = task
        if front:
            for take_id in (task.take_id, *reversed(before)):
                self._tasks.move_to_end(take_id, last=False)
        self._counted(task, +1)

    def peek(self) -> Work:
        """What is next."""
        return next(iter(self._tasks.values()))

    def take(self) -> Work:
        """Take out what is next."""
        _, task = self._tasks.popitem(last=False)
        self._counted(task, -1)
        return task

    def remove(self, task: Work, _: Path) -> None:
        """Take a task out unserved."""
        del self._tasks[task.take_id]
        self._counted(task, -1)


class Turns(Line):
    """Lines that take turns by their weights."""

    def __init__(self, start: float = 0.0, weight: float = 1.0) -> None:
        super().__init__(start, weight)
        # An empty line stays until the others have caught up with its lead; each has one entry that counts.
        self._lines: dict[Hashable, Turns | Takes] = {}
        self._heap: list[tuple[float, int, Hashable]] = []
        self._clear()

    def _clear(self) -> None:
        """Nobody waits, so nobody has a lead."""
        self._lines.clear()
        self._heap.clear()
        self.clock = 0.0
        self.weights = 0.0  # of those who wait
        self._table: Table | None = None
        self._changes = 0  # since the table was made

    def add(self, task: Work, path: Path, *, front: bool = False) -> None:
        """Put a task at the end of the line that `path` leads to.

        To the `front` goes what was taken but not done: its turn is given back.
        """
        (key, weight), rest = path[0], path[1:]
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Turns(self.clock) if rest else Takes(self.clock)
            self._enter(key, line, next(_entries))
        elif front:
            line.start -= task.cost / line.weight
            self._enter(key, line, -next(_entries))
        elif not line.count and line.start < self.clock:
            line.start = self.clock
            self._enter(key, line, next(_entries))
        self.weights += weight - (line.weight if line.count else 0.0)
        line.weight = weight
        line.add(task, rest, front=front)
        self._counted(task, +1)
        self._changes += 1

    def peek(self) -> Work:
        """What is next.

        Raises:
            IndexError: nothing waits.
        """
        return self._first()[1].peek()

    def take(self) -> Work:
        """Take out what is next.

        Raises:
            IndexError: nothing waits.
        """
        key, line = self._first()
        task = line.take()
        self.clock = max(self.clock + task.cost / self.weights, line.start)
        line.start += task.cost / line.weight
        line.order = SERVED + next(_entries)
        heapq.heapreplace(self._heap, (line.start, line.order, key))
        self._left(task, line)
        return task

    def remove(self, task: Work, path: Path) -> None:
        """Take a task out unserved."""
        line = self._lines[path[0][0]]
        line.remove(task, path[1:])
        self._left(task, line)

    def waiting(self, keys: Iterable[Hashable]) -> int:
        """How many tasks wait in the line that these keys lead to."""
        line: Line | None = self
        for key in keys:
            line = line._lines.get(key) if isinstance(line, Turns) else None
        return line.count if line is not None else 0

    def ahead(self, path: Path, own: Ahead, pace: Pace) -> Ahead:
        """What is served before a task of the line that `path` leads to.

        Args:
            own: what comes before it in that line.
            pace: seconds that work of a shape takes.
        """
        (key, weight), rest = path[0], path[1:]
        line: Turns | Takes = self._lines.get(key) or (Turns if rest else Takes)(self.clock, weight)
        inside = line.ahead(rest, own, pace) if isinstance(line, Turns) else own
        start, order = line.start, line.order
        if line.count:
            weight = line.weight
        else:  # as if it came now
            start, order = max(start, self.clock), next(_entries)
        number, cost = self._others_before(start + inside.cost / weight, inside.count, order, line)
        return inside + Ahead(number, cost, cost * self._rate(line, pace))

    def _others_before(self, start: float, turn: float, order: int, but: Line) -> tuple[float, float]:
        if len(self._lines) <= FEW:
            return due(self._lines.values(), start, turn, order, but)
        if self._table is None or self._changes * STALE > len(self._lines):
            self._table, self._changes = Table(self._lines.values()), 0
        cost = min(self._table.before(start), self.cost) - due((but,), start, turn, order)[1]
        cost = max(0.0, cost)
        return cost * self.count / self.cost if self.cost else 0.0, cost

    def _rate(self, but: Line, pace: Pace) -> float:
        """Seconds a unit of cost, of all other lines."""
        cost = self.cost - but.cost
        return max(0.0, self.seconds(pace) - but.seconds(pace)) / cost if cost > 1e-9 else 0.0

    def _first(self) -> tuple[Hashable, Turns | Takes]:
        """Whose turn it is; leads that the others have caught up with are forgotten on the way."""
        while True:
            _, order, key = self._heap[0]
            line = self._lines.get(key)
            if line is not None and line.order == order:
                if line.count:
                    return key, line
                del self._lines[key]
            heapq.heappop(self._heap)

    def _enter(self, key: Hashable, line: Turns | Takes, order: int) -> None:
        line.order = order
        heapq.heappush(self._heap, (line.start, line.order, key))

    def _left(self, task: Work, line: Line) -> None:
        if not line.count:
            self.weights -= line.weight
        self._counted(task, -1)
        self._changes += 1
        if not self.count:
            self._clear()
