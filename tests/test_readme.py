"""The README says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from bot import INVITATION
from cogs.place import INVITED

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_invitation_is_the_bots_own() -> None:
    assert INVITATION in README
    assert f"permissions={INVITED.value}" in INVITATION


def test_every_source_file_has_its_line() -> None:
    plan = README[README.index("```\nbot.py") : README.index("One way out")]
    named = set(re.findall(r"([a-z_]+\.py)\b", plan))
    sources = [*ROOT.glob("cogs/**/*.py"), *ROOT.glob("generator/**/*.py")]
    missing = {path.name for path in sources} - named - {"__init__.py"}
    assert missing == set()


def test_every_picture_it_shows_is_there() -> None:
    for target in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (ROOT / target).is_file(), target
