"""One illustrator for all tests of the image factory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from generator.diffusion.pipeline import Illustrator


@pytest.fixture(scope="session")
def illustrator() -> Illustrator:
    from generator.diffusion.pipeline import Illustrator  # and with it torch, not before its threads are set
    from generator.diffusion.plan import Plan

    return Illustrator(Plan())
