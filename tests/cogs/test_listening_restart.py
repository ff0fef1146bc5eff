"""What is written in a story's thread while everything is down is read before anybody's time is over."""

from __future__ import annotations

from pathlib import Path

import pytest
from simcord import Env

from bot import opened
from tests.cogs.conftest import SETTLED, Stage
from tests.cogs.round import taking_turns
from tests.cogs.test_listening import allow, listened, reading


@pytest.mark.usefixtures("lent")
async def test_who_wrote_in_time_is_heard_before_their_time_is_over(tmp_path: Path) -> None:
    settings = reading(tmp_path)
    async with opened(settings, settings.bot.data) as bot:
        env = Env(bot, shard_count=1, settle_timeout=SETTLED)
        await env.start()
        guild = env.create_guild("Fox Meadow")
        members = [guild.add_member(env.create_user(name)) for name in ("Ann", "Ben", "Mo")]
        stage = Stage(env, bot, guild.create_text_channel("stories"), *members)
        await allow(stage)
        fox = await taking_turns(stage)
        thread = await fox.thread()
        shard = bot.get_shard(0)
        assert shard is not None
        await shard.disconnect()
        await stage.ann.send(thread, "in a meadow")
        # Her time is over by the clock of whoever is up next; the simulated Discord's is before that.
        await bot.studio.archive._connection.update(
            "UPDATE circles SET deadline = '2026-02-01T00:00:00+00:00' WHERE story_id = ?", (fox.id,)
        )
    try:
        async with opened(settings, settings.bot.data) as bot:
            stage.bot = bot
            await env.restart_bot(bot)
            story = await listened(fox)
            assert story.scenes == ("in a meadow",)
            circle = await fox.circle()
            assert circle.turn is not None and circle.turn.name == "Ben" and circle.missed == 0
            assert env.errors == []
    finally:
        await env.shutdown()
