"""Real pictures of the tiny model, drawn in this process: what happens between its threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from threading import Event

import pytest
from PIL import Image
from torch import Tensor

from generator.diffusion.pipeline import Illustrator, no_progress
from generator.diffusion.plan import Plan
from generator.errors import OutOfMemory
from generator.execution.easel import Easel
from generator.execution.executor import Drawn, Failed, Failure, Free, Reply, Room, Step
from generator.press.metadata import read
from generator.shape import shape
from generator.story import OnStep, Recipe, Storyboard, Verdict

PLAN = Plan(together=4, beside=True)


class Replies(list[Reply]):
    """All that was said, and whoever waits for it."""

    def __init__(self) -> None:
        self.heard: dict[type, Event] = {}

    def __call__(self, reply: Reply) -> None:
        self.append(reply)
        if (event := self.heard.get(type(reply))) is not None:
            event.set()

    def of(self, kind: type) -> list[Reply]:
        return [reply for reply in self if isinstance(reply, kind)]

    def ends(self, number: int) -> dict[int, Drawn | Failed]:
        """What so many takes came to."""
        while len(ends := [reply for reply in self if isinstance(reply, Drawn | Failed)]) < number:
            Event().wait(0.01)
        return {end.take_id: end for end in ends}


class Inspector:
    """Somebody who looks at pictures, and takes as long as a test wants."""

    def __init__(
        self, verdicts: Iterator[Verdict | None], until: Callable[[], object] = lambda: None
    ) -> None:
        self._verdicts = verdicts
        self._until = until

    def look(self, image: Image.Image) -> Verdict | None:
        self._until()
        return next(self._verdicts)


class Small(Illustrator):
    """On a device with room for so many pictures at once."""

    room = 4

    def denoise(
        self, recipes: Sequence[Recipe], on_step: OnStep = no_progress, plan: Plan | None = None
    ) -> Tensor:
        if len(recipes) > self.room:
            raise OutOfMemory("There is not enough memory.")
        return super().denoise(recipes, on_step, plan)


@pytest.fixture(scope="module")
def illustrator() -> Small:
    return Small(PLAN)


@pytest.fixture
def batch(board: Storyboard) -> dict[int, Recipe]:
    return dict(enumerate(board.recipes, 1))


def never(_: int) -> bool:
    return False


def test_the_next_is_drawn_while_the_last_are_judged(illustrator: Small, batch: dict[int, Recipe]) -> None:
    said, going_on = Replies(), Event()
    inspector = Inspector(iter([None] * 4), lambda: going_on.wait(60))
    easel = Easel(illustrator, inspector, never, said)  # type: ignore[arg-type]
    easel.draw(batch)
    assert said.of(Free) and not said.of(Drawn)
    easel.draw({9: batch[1]})
    assert len(said.of(Free)) == 2 and not said.of(Drawn), "and the device is free again"
    going_on.set()
    ends = said.ends(4)
    assert [read(ends[take_id].picture.png)[0] for take_id in (1, 2, 3, 9)] == [*batch.values(), batch[1]]  # type: ignore[union-attr, index]


def test_another_checkpoint_waits_until_what_was_drawn_is_decoded(
    illustrator: Small, batch: dict[int, Recipe]
) -> None:
    said = Replies()
    easel = Easel(illustrator, None, never, said)
    easel.draw(batch)
    easel.draw({9: replace(batch[1], freeu=True)})
    assert not any(isinstance(end, Failed) for end in said.ends(4).values())


def test_an_overflow_and_a_verdict_concern_one_picture(illustrator: Small, batch: dict[int, Recipe]) -> None:
    unsafe = Verdict(label="nsfw", score=1.0, unsafe=True, doubtful=True)
    said = Replies()
    batch[2] = replace(batch[2], guidance_scale=1e38)
    easel = Easel(illustrator, Inspector(iter([None, unsafe])), never, said)  # type: ignore[arg-type]
    easel.draw(batch)
    ends = said.ends(3)
    assert isinstance(ends[2], Failed) and "overflowed" in str(ends[2].sentence)
    assert [ends[take_id].picture.verdict for take_id in (1, 3)] == [None, unsafe]  # type: ignore[union-attr]


def test_what_has_no_room_is_drawn_by_halves_and_that_is_kept(
    illustrator: Small, batch: dict[int, Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(illustrator, "room", 1)
    said = Replies()
    easel = Easel(illustrator, None, never, said)
    easel.draw(batch)
    assert {end.picture.engine.together for end in said.ends(3).values()} == {1}  # type: ignore[union-attr]
    form = shape(batch[1])
    rooms = [reply.pictures for reply in said if isinstance(reply, Room) and reply.shape == form]
    assert rooms[0] == 4 and rooms[-1] == 1, "the bot is told"


def test_when_nothing_is_left_to_save_the_picture_fails_in_words(
    illustrator: Small, batch: dict[int, Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(illustrator, "room", 0)
    said = Replies()
    Easel(illustrator, None, never, said).draw({1: batch[1]})
    end = said.ends(1)[1]
    assert isinstance(end, Failed) and end.failure is Failure.MEMORY
    assert isinstance(said[-1], Free)


def test_what_is_cancelled_before_its_turn_is_not_drawn(illustrator: Small, batch: dict[int, Recipe]) -> None:
    said = Replies()
    Easel(illustrator, None, (2).__eq__, said).draw(batch)
    ends = said.ends(3)
    assert isinstance(ends[2], Failed) and ends[2].failure is Failure.CANCELLED
    assert [step.take_ids for step in said.of(Step)] == [(1, 3)] * 2  # type: ignore[attr-defined]
