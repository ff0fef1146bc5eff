"""The panel of a server's settings when everything was started anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from simcord import Env

from bot import opened
from tests.cogs.conftest import SETTLED, Stage
from tests.cogs.office import MANAGER, Office, typed, words
from tests.conftest import small


@pytest.mark.usefixtures("lent")
async def test_panel_forms_and_settings_survive_a_restart_of_everything(tmp_path: Path) -> None:
    settings = small(tmp_path)
    async with opened(settings, settings.bot.data) as bot:
        env = Env(bot, shard_count=1, settle_timeout=SETTLED)
        await env.start()
        guild = env.create_guild("Fox Meadow")
        keepers = guild.create_role("Keepers", permissions=MANAGER)
        stories, art = guild.create_text_channel("stories"), guild.create_text_channel("art")
        ann = guild.add_member(env.create_user("Ann"))
        ada = guild.add_member(env.create_user("Ada"), roles=[keepers])
        stage = Stage(env=env, bot=bot, stories=stories, ann=ann, ben=ann, mo=ann)
        office = Office(stage, ada, keepers)
        panel = await office.open("limits")
        open_form = await office.press(panel, "form", "limits")
        other = await office.open("where")
        await office.choose(other, "channels", art)
    try:
        async with opened(settings, settings.bot.data) as bot:
            await env.restart_bot(bot)
            stage.bot = bot
            assert "told in #art" in await office.refusal(ann, stories)
            await ada.submit_modal(open_form, typed("", "2", "", "many"))
            assert "“many” is not possible" in words(panel)
            form = await office.press(panel, "correct", "limits")
            await ada.submit_modal(form, typed("", "2", "", ""))
            assert "I can draw at most 2" in await office.refusal(ann, art)
            await env.advance_time(30 * 24 * 3600)  # the panel of last month
            await office.choose(other, "channels", stories)
            assert (await office.settings()).channels == (stories.id,)
            assert env.errors == []
    finally:
        await env.shutdown()
