"""One story on its way into Discord."""

from __future__ import annotations

from itertools import pairwise
from time import monotonic
from typing import Any

import pytest
from discord.http import Route

from cogs.posting import telling
from cogs.posting.publisher import REMINDED, Publisher
from tests.cogs.conftest import Stage, texts

DELAY = 0.5  # seconds that an edit may be on its way


async def test_a_card_is_not_edited_sooner_than_discord_wants_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, pace: float
) -> None:
    edits: list[tuple[float, str]] = []
    request = stage.bot.http.request

    async def noted(route: Route, **options: Any) -> Any:
        if route.method == "PATCH":
            edits.append((monotonic(), route.url))
        return await request(route, **options)

    monkeypatch.setattr(telling, "EDIT_INTERVAL", pace)
    monkeypatch.setattr(stage.bot.http, "request", noted)
    story = await stage.told(await stage.tell("a red fox: in a meadow | in the snow | by a river | in a box"))
    assert "Told in 4 frames" in texts(stage.card(story))
    moments = [moment for moment, url in edits if url.endswith(f"/{story.card_id}")]
    assert len(moments) > 1, "its first frames, and the strip"
    assert pace == 3
    assert min(later - earlier for earlier, later in pairwise(moments)) > pace - DELAY


async def test_however_many_wait_few_look_at_their_place_at_once_and_each_in_its_turn(stage: Stage) -> None:
    publisher = Publisher(stage.bot, stage.bot.studio)
    waiting = [publisher._telling(number) for number in range(2 * REMINDED)]
    publisher._remind()
    assert [each.wake.is_set() for each in waiting] == [True] * REMINDED + [False] * REMINDED
    publisher._remind()
    assert all(each.wake.is_set() for each in waiting)
