"""The gallery when everything was started anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from simcord import Env

from bot import opened
from tests.cogs.conftest import SETTLED, Stage
from tests.cogs.test_gallery import settle_gallery_channel, tell, visit
from tests.conftest import small


@pytest.mark.usefixtures("lent")
async def test_pages_hearts_and_posts_survive_a_restart(tmp_path: Path) -> None:
    settings = small(tmp_path)
    async with opened(settings, settings.bot.data) as bot:
        env = Env(bot, shard_count=1, settle_timeout=SETTLED)
        await env.start()
        guild = env.create_guild("Fox Meadow")
        stories, wall = guild.create_text_channel("stories"), guild.create_text_channel("wall")
        ann, ben = guild.add_member(env.create_user("Ann")), guild.add_member(env.create_user("Ben"))
        stage = Stage(env=env, bot=bot, stories=stories, ann=ann, ben=ben, mo=ann)
        await settle_gallery_channel(stage, wall.id)
        old = await tell(stage, "a red fox: in a meadow")
        new = await tell(stage, "a blue cat: on a roof")
        look = await visit(stage, ben, character="a")
        await look.press("heart")
        # As if the process had died between the post and its note; the simulated clock stands at New Year.
        for number in (old.id, new.id):
            await bot.studio.archive._connection.update("DELETE FROM gallery WHERE story_id = ?", (number,))
            await bot.studio.archive._connection.update(
                "UPDATE stories SET settled = 0, created_at = '2025-12-31T00:00:00.000Z' WHERE id = ?",
                (number,),
            )
        assert len(stage.messages(wall.id)) == 2
    try:
        async with opened(settings, settings.bot.data) as bot:
            stage.bot = bot
            await env.restart_bot(bot)
            await stage.told(old.id)
            await stage.told(new.id)
            assert len(stage.messages(wall.id)) == 2, "nothing is posted twice"
            await env.advance_time(30 * 24 * 3600)  # a page of last month
            await look.press("older")
            assert f"story {old.id}" in look.text
            await look.press("heart")
            assert look.label("heart")["label"] == "1"
            await look.press("newer")
            assert f"story {new.id}" in look.text
            assert env.errors == []
    finally:
        await env.shutdown()
