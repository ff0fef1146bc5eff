"""When a picture will be drawn: by its place in line, what pictures take, and what is being drawn now."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import cast

from generator.execution.dispatcher import Dispatcher, Task
from generator.execution.pace import Pace
from generator.execution.turns import Ahead
from generator.shape import Shape, shape
from generator.story import Story, Take, TakeState

ROUNDS = 4
"""So many rounds of all devices are played through; before that, each takes as long as the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How a story's remaining frames will fare."""

    ahead: int  #: frames of other stories that are drawn before its next one
    next: float | None = None  #: seconds until its next frame is begun; None before anything was measured
    seconds: float | None  #: until its last frame is drawn; None before anything was measured


class Forecast:
    """Answers in a time that does not depend on how many frames wait."""

    def __init__(self, dispatcher: Dispatcher, pace: Pace, devices: Callable[[], int]) -> None:
        self._dispatcher = dispatcher
        self._pace = pace
        self._devices = devices
        self._shares: dict[int, float] = {}  # how much of a take that is being drawn is done

    def stepped(self, take_id: int, step: int, steps: int) -> None:
        """A take that is being drawn has come so far."""
        self._shares[take_id] = step / steps

    def ended(self, take_id: int) -> None:
        """A take is not being drawn any more."""
        self._shares.pop(take_id, None)

    def progress(self, take_id: int) -> float:
        """How much of a take is drawn, from 0 to 1."""
        return self._shares.get(take_id, 0.0)

    def outlook(self, story: Story) -> Outlook:
        """How all that is asked of a story will fare, whether or not it is in line already."""
        waiting = [take for take in story.takes if take.state is TakeState.QUEUED]
        frames = Counter(take.author.id for take in waiting)
        samples = {take.author.id: take for take in waiting}
        outlooks = [self.of(task_of(samples[owner], story.guild_id), frames[owner]) for owner in frames]
        outlooks += [self._drawing(take) for take in story.takes if take.state is TakeState.DRAWING]
        return _earliest_and_last(outlooks)

    def of(self, sample: Task, frames: int) -> Outlook:
        """How an owner's `frames` of a story will fare, all of the shape of one of them."""
        seconds = self._pace.of(cast(Shape, sample.shape))
        first = self._ahead(sample, Ahead(), seconds)
        if seconds is None:
            return Outlook(ahead=round(first.count), seconds=None)
        others = frames - 1
        last = self._ahead(sample, Ahead(others, others * sample.cost, others * seconds), seconds)
        return Outlook(
            ahead=round(first.count), next=self._begins(first), seconds=self._begins(last) + seconds
        )

    def _drawing(self, take: Take) -> Outlook:
        left = self._left(shape(take.recipe), take.id)
        return Outlook(ahead=0, next=None if left is None else 0.0, seconds=left)

    def _ahead(self, sample: Task, before: Ahead, seconds: float | None) -> Ahead:
        def pace(of: Hashable) -> float:
            # Of a model that has drawn nothing yet, the picture at hand is the best guess.
            return self._pace.of(cast(Shape, of)) or seconds or 0.0

        return self._dispatcher.ahead(sample, before, pace)

    def _left(self, drawn: Shape, take_id: int) -> float | None:
        seconds = self._pace.of(drawn)
        return None if seconds is None else seconds * (1 - self.progress(take_id))

    def _begins(self, ahead: Ahead) -> float:
        """Seconds until the first device is free after all that is ahead was begun."""
        free = [self._left(cast(Shape, task.shape), task.take_id) or 0.0 for task in self._dispatcher.taken]
        free += [0.0] * (self._devices() - len(free))
        heapq.heapify(free := free or [0.0])
        number = round(ahead.count)
        if not number:
            return free[0]
        each = ahead.seconds / ahead.count
        skipped = max(0, number // len(free) - ROUNDS)
        for _ in range(number - skipped * len(free)):
            heapq.heapreplace(free, free[0] + each)
        return free[0] + skipped * each


def task_of(take: Take, server: Hashable, weight: float = 1.0) -> Task:
    """A take as it waits in line."""
    form = shape(take.recipe)
    return Task(
        take_id=take.id,
        story_id=take.story_id,
        owner=take.author.id,
        server=server,
        weight=weight,
        cost=form.work,
        shape=form,
    )


def _earliest_and_last(outlooks: list[Outlook]) -> Outlook:
    if not outlooks:
        return Outlook(ahead=0, next=0.0, seconds=0.0)
    seconds = [each.seconds for each in outlooks if each.seconds is not None]
    begins = [each.next for each in outlooks if each.next is not None]
    return Outlook(
        ahead=min(each.ahead for each in outlooks),
        next=min(begins, default=None),
        seconds=max(seconds) if len(seconds) == len(outlooks) else None,
    )
