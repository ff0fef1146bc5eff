"""Who is next: servers take turns, in a server its members, and a member's stories among themselves."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any, cast

from generator.execution.due import Pace
from generator.execution.turns import Ahead, Path, Turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A take that waits for a device."""

    take_id: int
    story_id: int
    owner: Hashable  #: whose turn it uses
    server: Hashable = 0  #: where the owner asked for it
    weight: float = 1.0  #: the owner's share of the server's turns, in proportion to other members'
    cost: float = 1.0  #: how much work it is, see `pace.work`
    shape: Hashable = None  #: what its seconds are measured by, see `pace.shape`
    suspect: bool = False  #: a device died on it, perhaps not by its fault; nothing may be beside it

    @property
    def path(self) -> Path:
        """The way to its line: server, member, story."""
        return (self.server, 1.0), (self.owner, self.weight), (self.story_id, 1.0)


Room = Callable[[Any], int]
"""How many tasks of a shape a device can take at once."""


def alone(_: Any) -> int:
    """Room for one."""
    return 1


class Dispatcher:
    """A queue in which one person's twenty scenes do not hold up ten others.

    Each story's tasks are served in their order. What a call costs does not depend on how many tasks wait.
    """

    def __init__(self) -> None:
        self._line = Turns()
        self._tasks: dict[int, Task] = {}
        self._taken: dict[int, Task] = {}
        self._owners: Counter[Hashable] = Counter()
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._tasks)

    def __contains__(self, take_id: int) -> bool:
        return take_id in self._tasks

    def add(self, task: Task) -> None:
        """Put a task at the end of its line, unless it waits already."""
        if task.take_id not in self._tasks:
            self._put(task)

    def put_back(self, task: Task) -> None:
        """Put a task on which a device died at the front of its owner's line, without using a turn."""
        self.done(task)
        if task.take_id not in self._tasks:
            self._put(replace(task, suspect=True), front=True)

    def take(self) -> Task | None:
        """Take out what is next, if anything waits; whoever takes it says when it is `done`."""
        if not self._tasks:
            return None
        task = cast(Task, self._line.take())
        self._gone(task)
        self._taken[task.take_id] = task
        return task

    def take_together(self, room: Room, devices: int = 1) -> list[Task]:
        """Take out what is next, and what follows it as long as that has its shape and there is room.

        So nobody's turn comes sooner or later than one by one. Of what waits, it is no more than a device's
        share: else one would draw the rest of a story while the others rest.
        """
        share = math.ceil(len(self) / devices)
        batch = [first] if (first := self.take()) is not None else []
        number = min(share, room(batch[0].shape)) if batch else 0
        while len(batch) < number and self._goes_along(batch[0]):
            batch.append(cast(Task, self.take()))
        return batch

    def _goes_along(self, first: Task) -> bool:
        """Whether what is next can be drawn together with a task."""
        if not self._tasks:
            return False
        following = cast(Task, self._line.peek())
        return following.shape == first.shape and not following.suspect and not first.suspect

    def done(self, task: Task) -> None:
        """A task that was taken needs its device no longer."""
        self._taken.pop(task.take_id, None)

    @property
    def taken(self) -> Collection[Task]:
        """What was taken and is not done, in the order it was taken."""
        return self._taken.values()

    async def next(self, room: Room = alone, devices: Callable[[], int] = lambda: 1) -> list[Task]:
        """Wait for work and take it out, as much of it as can be done together by one of the devices.

        Whoever had to wait takes one task alone, so that somebody soon sees something.
        """
        while not (batch := self.take_together(room, devices())):
            self._filled.clear()
            await self._filled.wait()
            room = alone
        return batch

    def discard(self, take_ids: Iterable[int]) -> None:
        """Take these out unserved; those that are not in here do not matter."""
        for take_id in take_ids:
            if (task := self._tasks.get(take_id)) is not None:
                self._line.remove(task, task.path)
                self._gone(task)

    def task(self, take_id: int) -> Task | None:
        """What waits under this number."""
        return self._tasks.get(take_id)

    def waiting(self, owner: Hashable) -> int:
        """How many tasks an owner has in line, in all servers."""
        return self._owners[owner]

    def waiting_in(self, *keys: Hashable) -> int:
        """How many tasks of a server wait, or of a member there, or of a story of theirs."""
        return self._line.waiting(keys)

    def share(self, shape: Hashable) -> float:
        """How much of what waits has a shape, from 0 to 1; all of it if nothing waits."""
        return self._line.shapes[shape] / len(self) if self._tasks else 1.0

    def ahead(self, task: Task, before: Ahead, pace: Pace) -> Ahead:
        """What is served before a task, or before it if it were added now.

        Args:
            task: of its line; it need not be in it.
            before: what comes before it in its own story.
            pace: seconds that work of a shape takes.
        """
        return self._line.ahead(task.path, before, pace)

    def _put(self, task: Task, *, front: bool = False) -> None:
        self._tasks[task.take_id] = task
        self._owners[task.owner] += 1
        self._line.add(task, task.path, front=front)
        self._filled.set()

    def _gone(self, task: Task) -> None:
        del self._tasks[task.take_id]
        self._owners[task.owner] -= 1
        if not self._owners[task.owner]:
            del self._owners[task.owner]
