"""What of a request is looked at: everything that the pictures' model will read."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from generator.archive.database import open_archive
from generator.errors import TextRefused
from generator.method.windows import joined
from generator.moderation.gate import SHORT, Gate, words
from generator.moderation.rules import check_text
from generator.server import ServerSettings
from generator.story import Recipe, Storyboard, SvrMode


def look(recipe: Recipe, *rules: str) -> None:
    asked = words(1, recipe.subject, recipe.express, recipes=[recipe])
    check_text(asked.text, ServerSettings(refused_words=rules), age_restricted=False)


def test_a_recipe_from_elsewhere_hides_nothing_among_the_scenes_that_it_claims_to_suppress(
    board: Storyboard,
) -> None:
    recipe = board.recipes[0]
    look(recipe)
    scenes = (recipe.express, "nude")
    forged = replace(recipe, suppress=scenes[1:], svr=SvrMode.OFF, prompt=joined(recipe.subject, scenes))
    with pytest.raises(TextRefused, match="nude"):
        look(forged)


def test_a_phrase_that_begins_in_the_subject_and_ends_in_the_scene_is_found(board: Storyboard) -> None:
    scenes = ("spider in a house",)
    recipe = replace(
        board.recipes[0],
        subject="a giant",
        express=scenes[0],
        suppress=(),
        prompt=joined("a giant", scenes),
    )
    look(recipe, "giant web")
    with pytest.raises(TextRefused, match="giant spider"):
        look(recipe, "giant spider")


async def test_nobody_waits_while_a_long_text_is_looked_at_and_it_is_refused_all_the_same() -> None:
    async with open_archive(None) as archive:
        gate = Gate(archive)
        for text in ("nude", " ".join(f"w{number}" for number in range(SHORT)) + " nude"):
            with pytest.raises(TextRefused, match="nude"):
                await gate.check_words(1, words(1, text))
        asked = words(1, " ".join(f"word{number}x" for number in range(4 * SHORT)))
        looking = asyncio.create_task(gate.check_words(1, asked))
        turns = 0
        while not looking.done():
            await asyncio.sleep(0.002)
            turns += 1
        await looking
        assert turns > 5


async def test_who_is_excluded_is_read_once_however_many_ask_at_the_same_time(tmp_path: Path) -> None:
    async with open_archive(tmp_path / "archive.sqlite3") as archive:
        said: list[str] = []
        await archive.moderation._connection._reader.set_trace_callback(said.append)
        await asyncio.gather(*(Gate(archive).check_person(1, person) for person in range(50)))
        assert len([statement for statement in said if "bans" in statement]) == 1
