"""Devices that draw what a dispatcher hands them, in simulated time."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from generator.execution.dispatcher import Dispatcher, Room, Task, alone


@dataclass(frozen=True, slots=True)
class Request:
    """A story that somebody asks for."""

    at: float  #: when
    owner: str
    frames: int = 1
    server: str = "a server"
    cost: float = 1.0  #: of each frame; it takes as long
    weight: float = 1.0
    shape: Hashable = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What a device draws at once."""

    device: int
    tasks: list[Task]
    begun: float
    finished: float

    @property
    def seconds(self) -> float:
        """Each picture's share."""
        return (self.finished - self.begun) / len(self.tasks)


@dataclass
class Told:
    """When each of a story's frames was begun and finished."""

    request: Request
    begun: list[float] = field(default_factory=list)
    finished: list[float] = field(default_factory=list)

    @property
    def wait(self) -> float:
        """From the asking to the last frame."""
        return self.finished[-1] - self.request.at

    @property
    def first(self) -> float:
        """From the asking to the first frame."""
        return self.finished[0] - self.request.at


def tell(
    requests: Iterable[Request],
    devices: int = 1,
    seconds: Callable[[Task], float] = lambda task: task.cost,
    until: float = float("inf"),
    dispatcher: Dispatcher | None = None,
    asked: Callable[[Task, float, list[Batch]], None] = lambda *_: None,
    begun: Callable[[Batch], None] = lambda _: None,
    drawn: Callable[[Batch], None] = lambda _: None,
    room: Room = alone,
    gain: Callable[[int], float] = lambda _: 1.0,
) -> list[Told]:
    """Have all requests drawn; one `Told` each, in their order.

    Args:
        requests: the stories.
        devices: how many draw.
        seconds: what a task takes alone.
        until: when to stop.
        dispatcher: hands out the tasks.
        asked: hears of each story's last frame when it is in line, of the time, and what is being drawn.
        begun: hears of each batch.
        drawn: hears of each batch.
        room: how many tasks of a shape are drawn at once.
        gain: what so many at once take, as a share of what they take alone.
    """
    told = [Told(request) for request in requests]
    arrivals = deque(_arrivals(told))
    dispatcher = Dispatcher() if dispatcher is None else dispatcher
    free = list(range(devices))
    rested = set(free)
    busy: list[tuple[float, int, Batch]] = []
    now = 0.0
    while now <= until:
        while arrivals and arrivals[0][0] <= now:
            tasks = arrivals.popleft()[1]
            list(map(dispatcher.add, tasks))
            asked(tasks[-1], now, [batch for _, _, batch in busy])
        if free and (tasks := dispatcher.take_together(alone if free[0] in rested else room, devices)):
            device = free.pop(0)
            rested.discard(device)
            batch = Batch(device, tasks, now, now + sum(map(seconds, tasks)) * gain(len(tasks)))
            _note(tasks, lambda task: told[task.story_id].begun, now)
            heapq.heappush(busy, (batch.finished, tasks[0].take_id, batch))
            begun(batch)
        elif busy and not (arrivals and arrivals[0][0] < busy[0][0]):
            rested.update(free)
            now, _, batch = heapq.heappop(busy)
            free.append(batch.device)
            _note(batch.tasks, lambda task: told[task.story_id].finished, now)
            drawn(batch)
        elif arrivals:
            rested.update(free)
            now = arrivals[0][0]
        else:
            break
    return told


def _note(tasks: list[Task], where: Callable[[Task], list[float]], now: float) -> None:
    for task in tasks:
        where(task).append(now)


def _arrivals(told: list[Told]) -> Iterator[tuple[float, list[Task]]]:
    take_ids = count()
    for story_id, story in sorted(enumerate(told), key=lambda pair: pair[1].request.at):
        request = story.request
        yield (
            request.at,
            [
                Task(
                    take_id=next(take_ids),
                    story_id=story_id,
                    owner=request.owner,
                    server=request.server,
                    cost=request.cost,
                    weight=request.weight,
                    shape=request.shape,
                )
                for _ in range(request.frames)
            ],
        )
