from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from generator.archive.characters import MOST, Looks
from generator.archive.database import open_archive
from generator.errors import NotFound, OptionRefused
from generator.story import Storyboard
from tests.conftest import ANN, BEN

MEADOW, OTHER = 11, 12
FOX = Looks(subject="a red fox", style="ink", model="tiny", seed=7, take_id=None)


async def test_ones_own_characters_are_known_everywhere_and_shared_ones_in_their_server(
    tmp_path: Path,
) -> None:
    async with open_archive(tmp_path / "a.sqlite3") as archive:
        rusty = await archive.characters.keep(ANN, "Rusty", FOX)
        shared = await archive.characters.keep(ANN, "Amber", FOX, guild_id=MEADOW)
    async with open_archive(tmp_path / "a.sqlite3") as archive:
        assert await archive.characters.known(ANN.id, MEADOW) == [rusty, shared]
        assert await archive.characters.known(ANN.id, OTHER) == [rusty]
        assert await archive.characters.known(BEN.id, MEADOW) == [shared]
        assert await archive.characters.known(BEN.id, OTHER) == []


async def test_a_name_is_taken_once_however_it_is_spelt() -> None:
    async with open_archive(None) as archive:
        await archive.characters.keep(ANN, "Rusty Fox", FOX)
        for name in ("rusty fox", "  RUSTY\u3000fox ", "Ｒusty Fox"):
            with pytest.raises(OptionRefused, match="already"):
                await archive.characters.keep(ANN, name, FOX)
        await archive.characters.keep(BEN, "Rusty Fox", FOX)
        await archive.characters.keep(ANN, "Rusty Fox", FOX, guild_id=MEADOW)
        with pytest.raises(OptionRefused, match="already"):
            await archive.characters.keep(BEN, "RUSTY FOX", FOX, guild_id=MEADOW)


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "!?", "x" * 41])
async def test_what_is_no_name_is_refused(name: str) -> None:
    async with open_archive(None) as archive:
        with pytest.raises(OptionRefused, match="1 to 40"):
            await archive.characters.keep(ANN, name, FOX)


async def test_ones_own_character_is_meant_before_a_shared_one() -> None:
    async with open_archive(None) as archive:
        with pytest.raises(OptionRefused, match="no characters yet"):
            await archive.characters.called("rusty", ANN.id, MEADOW)
        shared = await archive.characters.keep(BEN, "Rusty", FOX, guild_id=MEADOW)
        assert await archive.characters.called("RUSTY", ANN.id, MEADOW) == shared
        own = await archive.characters.keep(ANN, "Rusty", FOX)
        assert await archive.characters.called("RUSTY", ANN.id, MEADOW) == own
        with pytest.raises(OptionRefused, match="choose one of Rusty"):
            await archive.characters.called("Amber", BEN.id, MEADOW)


async def test_there_are_only_so_many() -> None:
    async with open_archive(None) as archive:
        for number in range(MOST):
            await archive.characters.keep(ANN, f"fox {number}", FOX)
        with pytest.raises(OptionRefused, match="forget one"):
            await archive.characters.keep(ANN, "one more", FOX)
        await archive.characters.keep(BEN, "one more", FOX)
        await archive.characters.keep(ANN, "one more", FOX, guild_id=MEADOW)
        for number in range(MOST - 1):
            await archive.characters.keep(ANN, f"fox {number}", FOX, guild_id=MEADOW)
        with pytest.raises(OptionRefused, match="ask a moderator"):
            await archive.characters.keep(BEN, "one too many", FOX, guild_id=MEADOW)


async def test_renaming_and_dropping() -> None:
    async with open_archive(None) as archive:
        rusty = await archive.characters.keep(ANN, "Rusty", FOX)
        await archive.characters.keep(ANN, "Amber", FOX)
        assert (await archive.characters.rename(rusty, "RUSTY")).name == "RUSTY"
        with pytest.raises(OptionRefused, match="already"):
            await archive.characters.rename(rusty, "amber")
        assert await archive.characters.drop(rusty.id)
        assert not await archive.characters.drop(rusty.id)
        for asked in (archive.characters.rename(rusty, "Red"), archive.characters.character(rusty.id)):
            with pytest.raises(NotFound, match="not kept"):
                await asked


async def test_a_character_outlives_the_story_that_it_is_from(board: Storyboard) -> None:
    async with open_archive(None) as archive:
        story = await archive.add_story(board, ANN, guild_id=MEADOW, channel_id=1)
        looks = replace(FOX, take_id=story.takes[0].id)
        kept = await archive.characters.keep(ANN, "Rusty", looks)
        await archive._connection.update("DELETE FROM stories", ())
        assert (await archive.characters.character(kept.id)).looks == FOX
