"""One illustrator for all tests of the image factory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.diffusion.pipeline import Illustrator


@pytest.fixture(scope="session")
def illustrator() -> Illustrator:
    from generator.diffusion.pipeline import Illustrator  # and with it torch, not before its threads are set
    from generator.diffusion.plan import Plan

    return Illustrator(Plan())


@pytest.fixture
def fresh() -> Iterator[None]:
    """Nothing is compiled yet, and compiling does not take its time."""
    from torch._dynamo import guards, reset
    from torch._dynamo.utils import counters

    reset()
    counters.clear()
    with pytest.MonkeyPatch.context() as patch:
        # torch measures how long it takes to find each graph, with caches flushed, and tells only its log.
        patch.setattr(guards, "profile_guard_manager", lambda *_: 0.0, raising=False)
        yield
    reset()
