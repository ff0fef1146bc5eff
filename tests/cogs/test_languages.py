"""Each member is answered in the language of their own Discord."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import discord
import pytest
import pytest_asyncio
from discord import app_commands, ui
from discord.ext import commands
from simcord import Env

from cogs.languages import answer_in_their_language
from cogs.presentation.words import language
from cogs.rehearsal.tongues import own_languages

GREETING = {"zh-CN": "zh-CN", "en-GB": "en", "zh-TW": "en"}


class Dynamic(ui.DynamicItem[ui.Button], template=r"dynamic:(?P<number>\d)"):
    def __init__(self, number: int) -> None:
        super().__init__(ui.Button(label="Dynamic", custom_id=f"dynamic:{number}"))

    @classmethod
    async def from_custom_id(cls, interaction, item, match: re.Match[str]) -> Dynamic:
        return cls(int(match["number"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(language(), ephemeral=True)


class Form(ui.Modal, title="Form"):
    text: ui.TextInput[Form] = ui.TextInput(label="Text", required=False)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(language(), ephemeral=True)


class Panel(ui.View):
    @ui.button(label="Still")
    async def still(self, interaction: discord.Interaction, button: ui.Button) -> None:
        await interaction.response.send_message(language(), ephemeral=True)

    @ui.button(label="Form")
    async def form(self, interaction: discord.Interaction, button: ui.Button) -> None:
        await interaction.response.send_modal(Form())


class Parrot(commands.AutoShardedBot):
    """Says in which language it was asked."""

    def __init__(self) -> None:
        super().__init__(command_prefix=(), intents=discord.Intents(guilds=True), help_command=None)
        answer_in_their_language(self)
        self.tree.add_command(speak)

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Dynamic)
        await self.tree.sync()


@app_commands.command(description="Speak")
async def speak(interaction: discord.Interaction, word: str = "") -> None:
    panel = Panel()
    panel.add_item(Dynamic(1))
    await interaction.response.send_message(language(), view=panel, ephemeral=True)


@speak.autocomplete("word")
async def words(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=language(), value=language())]


@pytest_asyncio.fixture(scope="module")
async def env() -> AsyncIterator[Env]:
    env = Env(Parrot(), shard_count=1)
    with own_languages(GREETING):  # here, people are called by the language of their Discord
        await env.start()
        yield env
        await env.shutdown()


@pytest.mark.parametrize(("locale", "expected"), GREETING.items())
async def test_whatever_a_member_does_is_answered_in_their_language(
    env: Env, locale: str, expected: str
) -> None:
    guild = env.create_guild()
    channel, member = guild.create_text_channel("a"), guild.add_member(env.create_user(locale))
    asked = await member.slash(channel, "speak")
    assert asked.response is not None
    assert asked.response.content == expected
    for label in ("Still", "Dynamic"):
        pressed = await member.click(asked.response, label=label)
        assert pressed.response is not None
        assert pressed.response.content == expected, label
    sent = await member.submit_modal(await member.click(asked.response, label="Form"), {})
    assert sent.response is not None
    assert sent.response.content == expected
    assert [choice["name"] for choice in await member.autocomplete(channel, "speak", "word", "")] == [
        expected
    ]
