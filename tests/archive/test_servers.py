from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from generator.archive.database import open_archive
from generator.server import Limits, MemberDefaults, ServerSettings, Shade
from tests.conftest import ANN, BEN

MEADOW, OTHER = 11, 12


async def test_a_new_server_has_the_defaults_and_a_new_member_none() -> None:
    async with open_archive(None) as archive:
        assert await archive.servers.settings(MEADOW) == ServerSettings()
        assert await archive.servers.defaults(ANN.id) == MemberDefaults()
        assert await archive.servers.changes(MEADOW, limit=9) == []


async def test_every_kind_of_setting_outlives_a_restart(tmp_path: Path) -> None:
    chosen = ServerSettings(
        channels=(1, 2),
        teller_roles=(3,),
        models=("tiny",),
        model="tiny",
        style="ink",
        steps=9,
        width=640,
        height=512,
        limits=Limits(scenes=4, exempt_roles=(5,)),
        role_weights={6: 2.0, 7: 0.5},
        shade=Shade.REFUSE,
        refused_words=("blood", "/gu(n|ns)/"),
        reports_channel=8,
        language="zh-CN",
        read_messages=True,
    )
    defaults = MemberDefaults(style="ink", guidance_scale=0.0)
    async with open_archive(tmp_path / "a.sqlite3") as archive:
        await archive.servers.change(MEADOW, ANN, lambda _: chosen)
        await archive.servers.set_defaults(BEN.id, defaults)
    async with open_archive(tmp_path / "a.sqlite3") as archive:
        assert await archive.servers.settings(MEADOW) == chosen
        assert await archive.servers.settings(OTHER) == ServerSettings()
        assert await archive.servers.defaults(BEN.id) == defaults


async def test_who_changed_what_is_kept_a_line_a_setting_newest_first() -> None:
    async with open_archive(None) as archive:
        await archive.servers.change(MEADOW, ANN, lambda s: s.altered(channels=(1,), style="ink"))
        await archive.servers.change(MEADOW, BEN, lambda s: s.altered(limits=Limits(scenes=3)))
        await archive.servers.change(MEADOW, BEN, lambda s: s)
        changes = await archive.servers.changes(MEADOW, limit=9)
        assert [(c.person, c.setting, c.before, c.after) for c in changes] == [
            (BEN, "limits.scenes", None, 3),
            (ANN, "style", None, "ink"),
            (ANN, "channels", [], [1]),
        ]
        assert datetime.now(UTC) - changes[0].at < timedelta(minutes=1)
        assert await archive.servers.changes(MEADOW, limit=1, offset=1) == changes[1:2]
        assert await archive.servers.changes(OTHER, limit=9) == []


async def test_a_change_that_is_not_possible_changes_nothing() -> None:
    async with open_archive(None) as archive:
        await archive.servers.change(MEADOW, ANN, lambda s: s.altered(steps=9))
        with pytest.raises(ValidationError):
            await archive.servers.change(MEADOW, ANN, lambda s: s.altered(steps=0))
        assert (await archive.servers.settings(MEADOW)).steps == 9
        assert len(await archive.servers.changes(MEADOW, limit=9)) == 1


async def test_two_who_change_at_once_both_have_their_way() -> None:
    async with open_archive(None) as archive:
        await asyncio.gather(
            archive.servers.change(MEADOW, ANN, lambda s: s.altered(style="ink")),
            archive.servers.change(MEADOW, BEN, lambda s: s.altered(steps=9)),
        )
        settings = await archive.servers.settings(MEADOW)
    assert (settings.style, settings.steps) == ("ink", 9)


async def test_a_kept_choice_that_is_not_possible_any_more_is_dropped_alone(tmp_path: Path) -> None:
    async with open_archive(tmp_path / "a.sqlite3") as archive:
        await archive.servers.change(MEADOW, ANN, lambda s: s.altered(style="ink", steps=9))
    with sqlite3.connect(tmp_path / "a.sqlite3") as database:
        database.execute("UPDATE servers SET settings = json_set(settings, '$.steps', 9000, '$.moon', 1)")
    async with open_archive(tmp_path / "a.sqlite3") as archive:
        assert await archive.servers.settings(MEADOW) == ServerSettings(style="ink")
