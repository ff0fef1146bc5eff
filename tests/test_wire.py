"""The bench is Discord enough: a real bot's process connects, is used, killed and started again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.wire import BotProcess, WireDiscord, after, drop, slow

TOY = Path(__file__).with_name("wire") / "toy_bot.py"


@pytest.fixture
async def discord(tmp_path: Path) -> AsyncIterator[WireDiscord]:
    async with WireDiscord(tmp_path) as discord:
        yield discord


@pytest.fixture
async def toy(discord: WireDiscord) -> BotProcess:
    toy = await discord.start(TOY)
    await discord.wait_ready(toy)
    return toy


def text(message: dict[str, Any]) -> str:
    """The text of a card."""
    return str(message["components"][0]["components"][0]["content"])


@pytest.mark.usefixtures("toy")
async def test_a_member_reads_the_answer_to_a_command(discord: WireDiscord) -> None:
    result = await discord.slash("Ann", "say now", word="hello")
    assert result.acknowledged and result.ephemeral
    assert result.response is not None and result.response.content == "hello"


@pytest.mark.usefixtures("toy")
async def test_a_deferred_answer_and_a_followup_arrive(discord: WireDiscord) -> None:
    result = await discord.slash("Ann", "say later", word="hello")
    assert result.acknowledged
    await discord.until(lambda: result.followups)
    assert [message["content"] for message in discord.messages(discord.channel)] == ["hello", "hello, again"]


@pytest.mark.usefixtures("toy")
async def test_a_command_without_an_answer_ends_unacknowledged(discord: WireDiscord) -> None:
    discord.world.patience = 1
    assert not (await discord.slash("Ann", "say never")).acknowledged


@pytest.mark.usefixtures("toy")
async def test_cards_threads_files_and_edits_reach_the_world(discord: WireDiscord) -> None:
    told = await discord.slash("Ann", "say tale")
    await discord.until(lambda: told.response is not None and told.response.content)
    assert told.response is not None and told.response.content == "refused: 160004"
    [card] = [m for m in discord.messages(discord.channel) if m["components"]]
    assert text(card) == "The end"
    [thread] = discord.threads()
    assert (str(thread.id), thread.name) == (card["id"], "A tale")
    [picture] = [m for m in discord.messages(thread) if m["attachments"]]
    assert discord.file(picture["attachments"][0]) == b"a picture"
    assert picture["attachments"][0]["description"] == "A fox"


@pytest.mark.usefixtures("toy")
async def test_one_nonce_makes_one_message(discord: WireDiscord) -> None:
    result = await discord.slash("Ann", "say twice", nonce="tale-1")
    await discord.until(lambda: result.response is not None and result.response.content)
    contents = [message["content"] for message in discord.messages(discord.channel)]
    assert sorted(contents) == ["1 message", "once"]


async def test_the_world_and_its_buttons_survive_a_killed_bot(discord: WireDiscord, toy: BotProcess) -> None:
    await discord.slash("Ann", "say tale")
    await discord.until(lambda: [m for m in discord.messages(discord.channel) if m["components"]])
    await discord.kill(toy)
    assert toy.exit_status == -9
    await discord.wait_ready(await discord.start(TOY))
    [card] = [m for m in discord.messages(discord.channel) if m["components"]]
    assert (await discord.click("Bob", card, "again:1")).acknowledged
    [card] = [m for m in discord.messages(discord.channel) if m["components"]]
    assert text(card) == "Again, 1"


async def test_a_kill_falls_between_what_discord_did_and_what_the_bot_knows(
    discord: WireDiscord, toy: BotProcess
) -> None:
    discord.network = after(2, toy.kill)  # the first write acknowledges, the second is the card
    await discord.slash("Ann", "say tale")
    await discord.until(lambda: toy.exit_status is not None)
    assert [text(m) for m in discord.messages(discord.channel) if m["components"]] == ["Once upon a time"]
    assert discord.threads() == []


@pytest.mark.usefixtures("toy")
async def test_a_lost_answer_leaves_the_message_in_the_world(discord: WireDiscord) -> None:
    discord.network = drop("POST", "/channels/*/messages")
    await discord.slash("Ann", "say tale")
    await discord.until(lambda: len([m for m in discord.messages(discord.channel) if m["components"]]) == 1)
    assert discord.threads() == []


@pytest.mark.usefixtures("toy")
async def test_requests_wait_on_a_slow_network(discord: WireDiscord) -> None:
    discord.network = slow(before=0.2, behind=0.2)
    await discord.slash("Ann", "say later", word="hello")
    await discord.until(lambda: len(discord.messages(discord.channel)) == 2)
    first, second = discord.calls[-2:]
    assert second.at - first.at > 0.4


@pytest.mark.parametrize("forget", [False, True])
async def test_a_bot_whose_connection_was_cut_comes_back_and_misses_nothing(
    discord: WireDiscord, toy: BotProcess, forget: bool
) -> None:
    await discord.cut_gateway(forget=forget)
    if forget:  # what happened in between is not told to a new session, but the world is
        await discord.until(lambda: "invalidated" in toy.printed())
        await discord.wait_ready(toy)
    result = await discord.slash("Ann", "say now", word="still here")
    assert result.response is not None and result.response.content == "still here"
    assert ("successfully RESUMED" in toy.printed()) is not forget


async def test_a_wrong_token_is_refused(discord: WireDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WireDiscord, "token", "wrong")
    bot = await discord.start(TOY)
    await discord.until(lambda: bot.exit_status is not None)
    assert "LoginFailure" in bot.printed()


async def test_a_request_that_this_discord_cannot_answer_fails_the_test(tmp_path: Path) -> None:
    script = tmp_path / "asks.py"
    script.write_text(
        "import asyncio, discord, os\n"
        "async def main():\n"
        "    async with discord.Client(intents=discord.Intents.none()) as client:\n"
        "        await client.login(os.environ['DISCORD_TOKEN'])\n"
        "        await client.http.request(discord.http.Route('GET', '/unheard-of'))\n"
        "asyncio.run(main())\n"
    )
    with pytest.raises(AssertionError, match="GET /unheard-of"):
        async with WireDiscord(tmp_path) as discord:
            bot = await discord.start(script)
            await discord.until(lambda: bot.exit_status is not None)
