"""Who is next: owners take turns, and each owner's work goes in the order it was asked for."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A take that waits for a device."""

    take_id: int
    story_id: int
    owner: Hashable  #: whose turn it uses


class Dispatcher:
    """Round robin over owners, so that one person's twenty scenes do not hold up ten others.

    Each turn costs a constant, however many wait.
    """

    def __init__(self) -> None:
        # The first owner is served next and then moves to the end; an owner without work leaves.
        self._queues: OrderedDict[Hashable, deque[Task]] = OrderedDict()
        self._filled = asyncio.Event()

    def add(self, task: Task) -> None:
        """Put a task at the end of its owner's line."""
        self._queues.setdefault(task.owner, deque()).append(task)
        self._filled.set()

    async def next(self) -> Task:
        """Wait for work and take it out."""
        while not self._queues:
            self._filled.clear()
            await self._filled.wait()
        owner, queue = self._queues.popitem(last=False)
        task = queue.popleft()
        if queue:
            self._queues[owner] = queue
        return task

    def discard(self, take_ids: Iterable[int]) -> None:
        """Take these out unserved; those that are not in here do not matter."""
        unwanted = set(take_ids)
        for owner, queue in list(self._queues.items()):
            kept = deque(task for task in queue if task.take_id not in unwanted)
            if kept:
                self._queues[owner] = kept  # assigning to a known key keeps its turn
            else:
                del self._queues[owner]

    def waiting(self, owner: Hashable) -> int:
        """How many tasks an owner has in line."""
        return len(self._queues.get(owner, ()))

    def ahead(self, owner: Hashable, story_id: int) -> int:
        """How many tasks will be served before a story's first one, or before it if it were added now."""
        waiting = self._queues.get(owner, ())
        places = (place for place, task in enumerate(waiting) if task.story_id == story_id)
        depth = next(places, len(waiting))
        before, ahead = True, depth
        for other, queue in self._queues.items():
            if other == owner:
                before = False
            else:
                ahead += min(len(queue), depth + before)
        return ahead
