"""Who waits for what and until when, as a server's members may see it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from generator.archive.work import Errand
from generator.execution.dispatcher import Dispatcher, Task
from generator.execution.forecast import Forecast, Outlook
from generator.shape import shape
from generator.story import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """A picture that is being drawn."""

    errand: Errand
    scene: str
    progress: float  #: from 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What somebody waits for, of which nothing is being drawn at the moment or there is more to come."""

    errand: Errand
    frames: int  #: not begun yet
    outlook: Outlook


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A server's part of the queue."""

    drawing: tuple[Sketch, ...]
    waiting: tuple[Wait, ...]  #: in the order in which they will be served next
    drawing_elsewhere: int  #: pictures being drawn for other servers
    waiting_elsewhere: int  #: pictures that wait in other servers
    newcomer: Outlook  #: what a story would have before it that is asked for now


def survey(
    guild_id: int, errands: Iterable[Errand], dispatcher: Dispatcher, forecast: Forecast, usual: Recipe
) -> Queue:
    """Put what the archive knows of a server's work beside what the devices do.

    Args:
        guild_id: the server.
        errands: all that its members wait for.
        dispatcher: what is in line.
        forecast: when it will be drawn.
        usual: a recipe such as a newcomer's.
    """
    taken = {task.take_id for task in dispatcher.taken}
    drawing, waiting = [], []
    for errand in errands:
        drawing += [
            Sketch(errand=errand, scene=errand.takes[take_id], progress=forecast.progress(take_id))
            for take_id in errand.takes
            if take_id in taken
        ]
        queued = [task for take_id in errand.takes if (task := dispatcher.task(take_id)) is not None]
        if queued:
            outlook = forecast.of(queued[0], len(queued))
            waiting.append(Wait(errand=errand, frames=len(queued), outlook=outlook))
    waiting.sort(key=_turn)
    newcomer = Task(
        take_id=0, story_id=0, owner=None, server=guild_id, cost=shape(usual).work, shape=shape(usual)
    )
    return Queue(
        drawing=tuple(drawing),
        waiting=tuple(waiting),
        drawing_elsewhere=sum(task.server != guild_id for task in dispatcher.taken),
        waiting_elsewhere=len(dispatcher) - dispatcher.waiting_in(guild_id),
        newcomer=forecast.of(newcomer, 1),
    )


def _turn(wait: Wait) -> tuple[int, float]:
    return wait.outlook.ahead, math.inf if wait.outlook.next is None else wait.outlook.next
