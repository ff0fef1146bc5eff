"""The painter's course: so many seconds, saved now and then, and taken back where it goes astray."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from pathlib import Path

import torch

from generator.storybook.training.clock import Alarm, Clock, Ledger
from generator.storybook.training.painter import Painter, State, Tally, Training
from generator.storybook.training.pool import Pool

PEAK_RATE = 6e-4
WINDOW = 50
"""Steps between two looks at how the training goes."""

KEPT = 5
"""Windows between two states that are kept, to go back to."""

ASTRAY = 1.3
"""How many times the lowest of its running means the loss of a window may be."""

RETURNS = 6
"""How often a training goes back before it is given up, with the last good state for its result."""

SAVE_SECONDS = 120.0
SHOW_SECONDS = 400.0

log = logging.getLogger(__name__)


class Watch:
    """Keeps the last good states of a training: when it goes astray it goes back, and on at half the rate.

    Two states are kept, and the older is the one to go back to: the newer may be ill already.
    """

    def __init__(self, training: Training, pace: float = 1.0) -> None:
        self.pace, self.returns = pace, 0
        self._training = training
        self._usual: float | None = None
        self._states = deque([copied(training.state())], maxlen=2)
        self._windows = 0

    @property
    def given_up(self) -> bool:
        """Whether going back has been tried often enough."""
        return self.returns >= RETURNS

    def look(self) -> Tally:
        """What the steps since the last look were like; goes back where they went astray."""
        tally = self._training.tally()
        if not tally.steps:
            return tally
        if self._astray(tally):
            self._go_back(tally)
            return tally
        if self._usual is None:
            self._usual = tally.loss
        # Never upwards, or a loss that rises slowly would be taken for usual.
        self._usual = min(self._usual, 0.8 * self._usual + 0.2 * tally.loss)
        self._windows += 1
        if self._windows % KEPT == 0:
            self._states.append(copied(self._training.state()))
        return tally

    def _astray(self, tally: Tally) -> bool:
        usual = tally.loss if self._usual is None else self._usual
        return not tally.loss <= ASTRAY * usual or 2 * tally.left_out > tally.steps

    def _go_back(self, tally: Tally) -> None:
        self.returns, self.pace = self.returns + 1, self.pace / 2
        log.warning("Astray (%s): the training goes back, and on at %g of its rate.", tally, self.pace)
        self._training.take_up(self._states[0])
        self._states = deque([self._states[0]], maxlen=2)


def copied(state: State) -> State:
    """Tensors of its own."""
    return {name: [tensor.detach().clone() for tensor in tensors] for name, tensors in state.items()}


def save(training: Training, path: Path, elapsed: float, pace: float) -> None:
    """Write down everything needed to go on; complete when it has its name."""
    state = training.state() | {"step": training.step, "elapsed": elapsed, "pace": pace}
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").rename(path)


def resume(training: Training, path: Path) -> tuple[float, float]:
    """Take a saved training up; the seconds it has had, and its pace."""
    device = training.state()["ema"][0].device
    state = torch.load(path, map_location=device, weights_only=True)
    training.take_up({name: state[name] for name in training.state()})
    training.step = state["step"]
    return float(state["elapsed"]), float(state["pace"])


class Course:
    """A training from its beginning, or from where it was interrupted, to its end."""

    def __init__(
        self,
        training: Training,
        pool: Pool,
        out: Path,
        seconds: float,
        *,
        saved: Path | None,
        on_snapshot: Callable[[Painter], dict[str, float]],
    ) -> None:
        """It lasts some seconds in all, those before an interruption included.

        ``on_snapshot`` is given a copy of the moving average now and then and at the end, and what it returns
        is logged. ``saved`` is where the training is saved, and taken up from.
        """
        self._training, self._pool, self._saved, self._on_snapshot = training, pool, saved, on_snapshot
        self._clock, self._ledger = Clock(seconds), Ledger(out / "painter.jsonl")
        pace = 1.0
        if saved and saved.is_file():
            self._clock.spent, pace = resume(training, saved)
        self._watch = Watch(training, pace)
        self._to_save = Alarm(SAVE_SECONDS, self._clock.elapsed)
        self._to_show = Alarm(SHOW_SECONDS, self._clock.elapsed)

    def run(self, batch: int) -> None:
        """Train with so many pictures a step, save, and show what came of it."""
        while not self._clock.over and not self._watch.given_up:
            self._pool.take_in(1)
            rate = self._watch.pace * self._clock.rate(PEAK_RATE, self._training.step)
            self._training.learn(self._pool.sample(batch), rate)
            if self._training.step % WINDOW == 0:
                self._pause()
        self._watch.look()
        self._save()
        self._show()

    def _pause(self) -> None:
        """Between two windows."""
        tally = self._watch.look()
        if self._training.step % (2 * WINDOW) == 0 or tally.left_out:
            self._note(**tally._asdict(), pace=self._watch.pace)
        if self._to_save.rings(self._clock.elapsed):
            self._save()
        if self._to_show.rings(self._clock.elapsed) and self._clock.progress < 0.9:
            self._show()

    def _note(self, **numbers: float) -> None:
        known = {"step": self._training.step, "seconds": self._clock.elapsed, "pictures": self._pool.size}
        self._ledger.write(**(known | numbers))

    def _save(self) -> None:
        if self._saved:
            save(self._training, self._saved, self._clock.elapsed, self._watch.pace)

    def _show(self) -> None:
        words = torch.unique(self._pool.all("ids"))
        self._note(**self._on_snapshot(self._training.averaged(words)))
