"""Devices that draw what a dispatcher hands them, in simulated time."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from generator.execution.dispatcher import Dispatcher, Task


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
class Drawing:
    """What a device draws."""

    task: Task
    begun: float
    finished: float


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
    asked: Callable[[Task, float, list[Drawing]], None] = lambda *_: None,
    drawn: Callable[[Drawing], None] = lambda _: None,
) -> list[Told]:
    """Have all requests drawn; one `Told` each, in their order.

    Args:
        requests: the stories.
        devices: how many draw.
        seconds: what a task takes.
        until: when to stop.
        dispatcher: hands out the tasks.
        asked: hears of each story's last frame when it is in line, of the time, and what is being drawn.
        drawn: hears of each picture.
    """
    told = [Told(request) for request in requests]
    arrivals = deque(_arrivals(told))
    dispatcher = Dispatcher() if dispatcher is None else dispatcher
    free = devices
    busy: list[tuple[float, int, Drawing]] = []
    now = 0.0
    while now <= until:
        while arrivals and arrivals[0][0] <= now:
            for task in arrivals.popleft()[1]:
                dispatcher.add(task)
            asked(task, now, [drawing for _, _, drawing in busy])
        if free and (next_task := dispatcher.take()) is not None:
            free -= 1
            told[next_task.story_id].begun.append(now)
            drawing = Drawing(next_task, now, now + seconds(next_task))
            heapq.heappush(busy, (drawing.finished, next_task.take_id, drawing))
        elif busy and not (arrivals and arrivals[0][0] < busy[0][0]):
            now, _, drawing = heapq.heappop(busy)
            free += 1
            dispatcher.done(drawing.task)
            drawn(drawing)
            told[drawing.task.story_id].finished.append(now)
        elif arrivals:
            now = arrivals[0][0]
        else:
            break
    return told


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
