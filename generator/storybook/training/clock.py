"""A training that is as long as its minutes: progress is time, and so is the learning rate."""

from __future__ import annotations

import json
import logging
import math
import time
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Clock:
    """Tells how much of a training is over, also when it was interrupted and taken up again."""

    seconds: float
    spent: float = 0.0  #: before this process
    started: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since the training began."""
        return self.spent + time.monotonic() - self.started

    @property
    def progress(self) -> float:
        """From 0 to 1."""
        return min(1.0, self.elapsed / self.seconds)

    @property
    def over(self) -> bool:
        """Whether it is time to end."""
        return self.elapsed >= self.seconds

    def rate(self, peak: float, step: int, warmup: int = 200) -> float:
        """The learning rate: up over the first steps, then down a cosine to a hundredth."""
        fall = 0.01 + 0.99 * (1 + math.cos(math.pi * self.progress)) / 2
        return peak * min(1.0, (step + 1) / warmup) * fall


@dataclass(slots=True)
class Alarm:
    """Rings every so many seconds."""

    seconds: float
    last: float

    def rings(self, elapsed: float) -> bool:
        """Whether it is time again."""
        if elapsed - self.last < self.seconds:
            return False
        self.last = elapsed
        return True


class Ledger:
    """Writes a training's numbers, a line of JSON each."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path

    def write(self, **numbers: float) -> None:
        """One line, also to the console."""
        line = json.dumps({k: round(float(v), 5) for k, v in numbers.items()})
        with self._path.open("a") as file:
            file.write(line + "\n")
        log.info(line)
