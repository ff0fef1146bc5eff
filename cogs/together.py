"""``/story together``, ``/story continue`` and ``/scene add``: where stories told together begin."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, TypeAlias

import aiohttp
import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from cogs.access import known
from cogs.circle import CircleCog
from cogs.gallery_options import search
from cogs.place import NotShown, WrongPlace, check_place, check_polls, check_server, person, roles_of
from cogs.presentation import forms, offers
from cogs.presentation.answers import acknowledge, answer, answering, sentence
from cogs.presentation.circle import SCENE, scene_form
from cogs.presentation.doubts import doubts
from cogs.presentation.modals import returned
from cogs.presentation.offers import SHOWN, offered
from cogs.presentation.words import _
from cogs.story import StoryCog
from generator.errors import NotFound, SamefoxError
from generator.limits import standing
from generator.script import read_beginning
from generator.story import Options, Story
from generator.together.circle import LONGEST, Mode

if TYPE_CHECKING:
    from bot import Samefox

log = logging.getLogger(__name__)

MINUTES = 10  # of a turn or a vote, when nobody says

MODES = [
    Choice(name="Anyone, any time", value=Mode.OPEN.value),
    Choice(name="Taking turns", value=Mode.TURNS.value),
    Choice(name="Put to the vote", value=Mode.VOTE.value),
]


_Command: TypeAlias = "app_commands.Command[Any, Any, None]"


class TogetherCog(commands.Cog):
    """The commands; two of them belong to ``/story``."""

    scene = app_commands.Group(name="scene", description="Scenes of a story told together", guild_only=True)

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot
        together: _Command = app_commands.Command(
            name="together",
            description="Begin a story that others add to, in a thread.",
            callback=self.together,
        )
        together.autocomplete("style")(self._styles)
        further: _Command = app_commands.Command(
            name="continue",
            description="Take up an earlier story, together with others, in a new thread.",
            callback=self.further,
        )
        further.autocomplete("number")(self._finished)
        self._commands = (together, further)

    async def cog_load(self) -> None:
        """Put the commands where people look for them."""
        for command in self._commands:
            self._group().add_command(command)

    def _group(self) -> app_commands.Group:
        group = next(cog for cog in self.bot.cogs.values() if isinstance(cog, StoryCog)).app_command
        assert isinstance(group, app_commands.Group)
        return group

    @app_commands.describe(
        subject="Who it is about; this stays the same in every picture",
        mode="Who adds the next scene",
        style="How the pictures look",
        scenes="The first scenes, if you like: in a meadow | in the kitchen",
        minutes="How long a turn or a vote lasts; 10 is usual",
    )
    @app_commands.choices(mode=MODES)
    async def together(
        self,
        interaction: discord.Interaction[Samefox],
        subject: Range[str, 1, 1000],
        mode: str = Mode.OPEN.value,
        style: Range[str, 1, 40] | None = None,
        scenes: Range[str, 1, 4000] | None = None,
        minutes: Range[int, 1, LONGEST] = MINUTES,
    ) -> None:
        """Begin a story that others add to."""
        await acknowledge(interaction)
        try:
            await self._together(interaction, subject, Mode(mode), style, scenes, minutes)
        except SamefoxError as refusal:
            hint = _("Here is what you wrote, so that it is not lost:")
            wrote = _one_text(subject, scenes) if scenes else subject
            text, file = returned(f"{sentence(refusal, interaction.id)}\n{hint}", wrote, None)
            await answer(interaction, text, file=file)

    async def _together(
        self,
        interaction: discord.Interaction[Samefox],
        subject: str,
        mode: Mode,
        style: str | None,
        scenes: str | None,
        minutes: int,
    ) -> None:
        server = await self._checked(interaction, mode)
        most = server.most_scenes(self.bot.settings, roles_of(interaction.user))
        member = await self.bot.studio.defaults(interaction.user.id)
        drafted = await self.bot.studio.together.plan(
            read_beginning(subject, scenes or "", max_scenes=most),
            Options(style=offers.style_called(style, self.bot.settings.styles)),
            server,
            member,
            locale=str(interaction.locale),
        )
        assert interaction.guild_id is not None and interaction.channel_id is not None
        begin = self.bot.studio.together.begin(
            drafted,
            person(interaction),
            mode,
            minutes,
            self.bot.publisher.introduce,
            guild_id=interaction.guild_id,
            channel_id=interaction.channel_id,
            standing=standing(roles_of(interaction.user), server),
        )
        board = drafted[0]
        await self._begun(interaction, begin, doubts(self.bot.studio, board))

    @app_commands.describe(
        number="Which story; type a part of it, or its number",
        mode="Who adds the next scene",
        minutes="How long a turn or a vote lasts; 10 is usual",
    )
    @app_commands.choices(mode=MODES)
    async def further(
        self,
        interaction: discord.Interaction[Samefox],
        number: Range[str, 1, SHOWN],
        mode: str = Mode.OPEN.value,
        minutes: Range[int, 1, LONGEST] = MINUTES,
    ) -> None:
        """Take up an earlier story in a new thread."""
        await acknowledge(interaction)
        async with answering(interaction):
            server = await self._checked(interaction, Mode(mode))
            earlier = known(interaction, await self.bot.studio.archive.story(offers.number_of(number)))
            assert interaction.channel_id is not None
            begin = self.bot.studio.together.go_on(
                earlier,
                person(interaction),
                Mode(mode),
                minutes,
                self.bot.publisher.introduce,
                channel_id=interaction.channel_id,
                standing=standing(roles_of(interaction.user), server),
            )
            await self._begun(interaction, begin)

    @scene.command(name="add")
    @app_commands.describe(text="What happens next; without it, a form opens")
    async def add(
        self, interaction: discord.Interaction[Samefox], text: Range[str, 1, SCENE] | None = None
    ) -> None:
        """Add the next scene to the story of this thread."""
        async with answering(interaction):
            archive = self.bot.studio.archive
            story_id = await archive.circles.in_thread(interaction.channel_id or 0)
            if story_id is None:
                raise NotFound(
                    "No story is told together here. Use this in such a story’s thread, or begin one with "
                    "/story together."
                )
            if text is None:
                check_server(interaction, await self.bot.studio.server(interaction.guild_id or 0))
                await self.bot.studio.together.check_may_write(story_id, person(interaction))
                words = (await archive.story(story_id)).taken_from(person(interaction))
                form = scene_form(await archive.circles.circle(story_id), words)
                await interaction.response.send_modal(forms.modal(form))
                return
            await interaction.response.defer(ephemeral=True, thinking=True)
            cog = next(cog for cog in self.bot.cogs.values() if isinstance(cog, CircleCog))
            await cog.add(interaction, await archive.story(story_id), text)

    async def _checked(self, interaction: discord.Interaction[Samefox], mode: Mode) -> Any:
        """The server's settings, once it is clear that such a story may be told here."""
        check_place(interaction)
        if isinstance(interaction.channel, discord.Thread):
            raise WrongPlace("A story told together gets a thread of its own; please begin it in a channel.")
        if mode is Mode.VOTE:
            check_polls(interaction)
        server = await self.bot.studio.server(interaction.guild_id or 0)
        check_server(interaction, server)
        return server

    async def _begun(
        self, interaction: discord.Interaction[Samefox], begin: Awaitable[Story], doubt: str = ""
    ) -> None:
        try:
            story = await begin
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("A story could not be introduced: %s", error)
            raise NotShown(
                "Discord did not let me open your story here, so nothing has been drawn; please try again, "
                "or ask a moderator to check my permissions in this channel."
            ) from error
        said = _("🦊 Your story begins in {thread}. Tell the others!")
        await answer(interaction, said.format(thread=f"<#{story.thread_id}>") + doubt)

    async def _styles(self, interaction: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """The styles offered here that contain what was typed."""
        server = await self.bot.studio.server(interaction.guild_id or 0)
        return offered(offers.styles(server.offered_styles(self.bot.settings)), typed)

    async def _finished(self, interaction: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """Stories of this server that can go on, as far as this member may see them."""
        titles = self.bot.studio.archive.titles
        return offered(offers.stories(await titles.finished(search(interaction, typed))))


def _one_text(subject: str, scenes: str) -> str:
    """What was typed in two options, as one prompt has it."""
    return f"{subject} | {scenes}" if re.search("[:：]", subject) else f"{subject}: {scenes}"


async def setup(bot: Samefox) -> None:
    """Called by discord.py."""
    await bot.add_cog(TogetherCog(bot))
