"""When a picture will be drawn: by its place in line, what pictures take, and what is being drawn now."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import cast

from generator.execution.dispatcher import Dispatcher, Room, Task, alone
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

    def __init__(
        self, dispatcher: Dispatcher, pace: Pace, devices: Callable[[], int], room: Room = alone
    ) -> None:
        """``room`` tells how many pictures of a shape are drawn at once."""
        self._dispatcher = dispatcher
        self._pace = pace
        self._devices = devices
        self._room = room
        self._batches: dict[Hashable, Sequence[Task]] = {}  # by device
        self._shares: dict[int, float] = {}  # how much of a take that is being drawn is done

    def begun(self, device: Hashable, batch: Sequence[Task]) -> None:
        """A device draws these."""
        self._batches[device] = batch

    def free(self, device: Hashable) -> None:
        """A device draws nothing any more; what it has drawn need not be finished."""
        self._batches.pop(device, None)

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
        begins, _ = self._served(sample, first, seconds)
        _, ends = self._served(sample, last, seconds)
        return Outlook(ahead=round(first.count), next=begins, seconds=ends)

    def _drawing(self, take: Take) -> Outlook:
        batches = self._batches.values()
        batch = next((each for each in batches if any(task.take_id == take.id for task in each)), ())
        left = self._left(batch)
        return Outlook(ahead=0, next=None if left is None else 0.0, seconds=left)

    def _ahead(self, sample: Task, before: Ahead, seconds: float | None) -> Ahead:
        def pace(of: Hashable) -> float:
            # Of a model that has drawn nothing yet, the picture at hand is the best guess.
            return self._pace.of(cast(Shape, of)) or seconds or 0.0

        return self._dispatcher.ahead(sample, before, pace)

    def _left(self, batch: Sequence[Task]) -> float | None:
        """Seconds until a device is free of a batch, whose pictures end together."""
        if not batch:
            return 0.0
        seconds = self._pace.of(cast(Shape, batch[0].shape))
        share = max(self.progress(task.take_id) for task in batch)
        return None if seconds is None else len(batch) * seconds * (1 - share)

    def _served(self, sample: Task, ahead: Ahead, seconds: float) -> tuple[float, float]:
        """Seconds until the batch is begun, and ended, that a task is in which so much is ahead of."""
        number = round(ahead.count)
        each = ahead.seconds / ahead.count if number else seconds
        waiting = max(len(self._dispatcher), number + 1)
        room = self._usual_batch(sample)
        free = [(self._left(batch) or 0.0, False) for batch in self._batches.values()]
        free += [(0.0, True)] * max(0, self._devices() - len(free))  # which rest, and begin with one alone
        heapq.heapify(free := free or [(0.0, True)])
        skipped = max(0, number // (room * len(free)) - ROUNDS) * room
        number -= skipped * len(free)
        waiting -= skipped * len(free)
        while True:
            begins, rested = free[0]
            batch = 1 if rested else min(room, math.ceil(waiting / len(free)))
            if number < batch:
                begins += skipped * each
                return begins, begins + (batch - 1) * each + seconds
            heapq.heapreplace(free, (begins + batch * each, False))
            number -= batch
            waiting -= batch

    def _usual_batch(self, sample: Task) -> int:
        """How many are drawn together if shapes come in no order: those of one, until the first other."""
        others = 1 - self._dispatcher.share(sample.shape)
        room = self._room(sample.shape)
        return min(room, round(1 / others)) if others * room > 1 else room


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
