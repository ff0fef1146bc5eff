"""One illustrator for all tests of the image factory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from generator.diffusion.pipeline import Illustrator
from generator.diffusion.plan import Plan


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny tensors are slower on many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def illustrator() -> Illustrator:
    return Illustrator(Plan())
