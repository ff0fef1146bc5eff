"""The recipe of a picture: of one told here, and of one that somebody brings."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from cogs.access import known, meant, story_of, take_of
from cogs.gallery_options import search
from cogs.pictures import NoRecipe, Posted, attached, files, origin_of, pictures
from cogs.presentation import offers
from cogs.presentation.answers import acknowledge, answer, answering
from cogs.presentation.offers import SHOWN, offered
from cogs.presentation.recipe import (
    DESK,
    FILE,
    STRIP_FILE,
    Account,
    Ways,
    frames_card,
    recipe_card,
    strip_card,
    take_heading,
    take_history,
)
from cogs.presentation.text import plain
from cogs.presentation.words import _
from cogs.story import begin
from generator.errors import NotFound, SamefoxError
from generator.press import metadata
from generator.press.metadata import (
    recipe_from_json,
    recipe_to_json,
    recipes_from_json,
    recipes_to_json,
)
from generator.retelling import adopted, shell_retelling, slash_retelling
from generator.story import Engine, Story, Take

if TYPE_CHECKING:
    from bot import Samefox

READ = 4
"""Pictures of one message that are read; each is answered with a message."""

_OWN = re.compile(
    r"(?:SPOILER_)?(?:samefox-(?P<frame>\d+)-(?P<take>\d+)"
    r"|(?:story|sheet|gallery|prelude)-(?P<strip>\d+))(?:-\w+)?"
)
"""What the bot's own pictures are called."""


class RecipesCog(commands.Cog, name=DESK):
    """``/story seed``, ``/story from-image``, and *Recipe* in a message's menu."""

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot

    @app_commands.describe(
        number="The story’s number, which its card tells; in a story’s thread, that story",
        frame="Which of its pictures; 1 is the first",
    )
    async def seed(
        self,
        interaction: discord.Interaction[Samefox],
        number: Range[str, 1, SHOWN] | None = None,
        frame: Range[str, 1, SHOWN] | None = None,
    ) -> None:
        """Show how a picture was drawn, and how to have it again."""
        await acknowledge(interaction)
        async with answering(interaction):
            story = await self._story(interaction, number)
            await self._show_story(interaction, story, None if frame is None else offers.number_of(frame))

    async def numbers(self, interaction: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """The newest stories here that this member may see."""
        titles = self.bot.studio.archive.titles
        return offered(offers.stories(await titles.newest(search(interaction, typed))))

    async def frames(self, interaction: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """The pictures of the story that is named already."""
        try:
            story = await self._story(interaction, interaction.namespace.number)
        except SamefoxError:
            return []
        return offered(offers.scenes(story), typed)

    @app_commands.describe(picture="A PNG that I drew, from wherever")
    async def from_image(
        self, interaction: discord.Interaction[Samefox], picture: discord.Attachment
    ) -> None:
        """Read from a picture how it was drawn, and draw it here."""
        await acknowledge(interaction)
        async with answering(interaction):
            await self._show_posted(interaction, attached(picture))

    async def recipe(self, interaction: discord.Interaction[Samefox], message: discord.Message) -> None:
        """Read the recipes of a message's pictures."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = pictures(message)
        mine = self.bot.user is not None and message.author.id == self.bot.user.id
        async with answering(interaction):
            if not found:
                raise NoRecipe(
                    "There is no picture in this message; please choose a message with one of mine."
                )
            if mine and await self._show_own(interaction, message, found):
                return
        for picture in found[:READ]:
            async with answering(interaction):
                await self._show_posted(interaction, picture)

    # -- buttons and menus ------------------------------------------------------------------------------

    async def pressed(self, interaction: discord.Interaction[Any], verb: str, what: str) -> None:
        """A take's recipe is wanted, or a picture is to be drawn here."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        if verb == "draw":
            await self._draw_here(interaction)
        else:
            story = await story_of(interaction, int(what))
            await self._show_take(interaction, story, int(what))

    async def chosen(self, interaction: discord.Interaction[Any], setting: str, values: list[str]) -> None:
        """One of a story's pictures, or of a strip's, is chosen."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        if setting != "strip":
            # Whose menu it is, Discord vouches for; who could open it may see this story, and no other.
            story = await self.bot.studio.archive.story(int(setting.rpartition(".")[2]))
            assert interaction.message is not None
            meant(interaction, story, interaction.message.id)
            await self._show_take(interaction, story, int(values[0]))
            return
        recipes = recipes_from_json(await self._kept(interaction, STRIP_FILE))
        recipe = recipes[int(values[0])]
        account = Account(heading=plain(recipe.express, 120), recipe=recipe, engine=None)
        await self._send(interaction, account, foreign=True)

    async def _draw_here(self, interaction: discord.Interaction[Any]) -> None:
        """Tell a story of one frame with exactly the recipe that the message's file holds."""
        recipe = recipe_from_json(await self._kept(interaction, FILE))
        server = await self.bot.studio.server(interaction.guild_id or 0)
        story = await begin(self.bot, interaction, adopted(recipe, self.bot.settings, server))
        await answer(
            interaction,
            _("🎨 The picture is being drawn in {thread}.").format(thread=f"<#{story.thread_id}>"),
        )

    async def _kept(self, interaction: discord.Interaction[Any], name: str) -> str:
        """What a file of the message says, by which it remembers."""
        if (url := files(interaction.message).get(name)) is None:
            raise NotFound("I do not remember this picture any more; please show it to me again.")
        return (await self.bot.http.get_from_cdn(url)).decode()

    # -- showing ----------------------------------------------------------------------------------------

    async def _story(self, interaction: discord.Interaction[Any], text: str | None) -> Story:
        """The story that is meant, if this member may see it.

        Raises:
            OptionRefused: no number is meant.
            NotFound: there is none, as far as they may know.
        """
        archive, guild_id = self.bot.studio.archive, interaction.guild_id or 0
        if text is None:
            told = await archive.titles.in_thread(guild_id, interaction.channel_id or 0)
            if not told:
                raise NotFound(
                    "Please say which story you mean: its number is on its card, and in a story’s thread you "
                    "need not say it."
                )
            return known(interaction, await archive.story(told[0].story_id))
        return known(interaction, await archive.story(offers.number_of(text)))

    async def _show_story(
        self, interaction: discord.Interaction[Any], story: Story, number: int | None
    ) -> None:
        """One frame's recipe, or the question which one."""
        if not story.frames or (number or 1) > len(story.frames):
            raise NotFound(
                "There is no picture {number} in this story, but {count} in all.",
                number=number or 1,
                count=len(story.frames),
            )
        if number is None and len(story.frames) > 1:
            await interaction.followup.send(view=frames_card(story), ephemeral=True)
        else:
            await self._show_take(interaction, story, story.frames[(number or 1) - 1].chosen.id)

    async def _show_take(self, interaction: discord.Interaction[Any], story: Story, take_id: int) -> None:
        frame, take = take_of(story, take_id)
        account = Account(
            heading=take_heading(story, frame, take),
            recipe=take.recipe,
            engine=await self._engine(take),
            history=take_history(frame, take),
        )
        await self._send(interaction, account)

    async def _show_own(
        self, interaction: discord.Interaction[Any], message: discord.Message, found: list[Posted]
    ) -> bool:
        """Show what the archive knows of the bot's own pictures; False if they are none of a story here."""
        for picture in found:
            if (own := _OWN.fullmatch(picture.stem)) is None:
                continue
            try:
                story = await self.bot.studio.archive.story(int(own["frame"] or own["strip"]))
                meant(interaction, story, message.id)
                if own["take"]:
                    await self._show_take(interaction, story, int(own["take"]))
                else:
                    await self._show_story(interaction, story, None)
            except NotFound:
                continue
            return True
        return False

    async def _show_posted(self, interaction: discord.Interaction[Any], picture: Posted) -> None:
        """Show the recipe inside of a picture, and whether it can be drawn here."""
        origin, name = await origin_of(self.bot, picture), plain(picture.name, 80)
        if len(origin.recipes) == 1:
            account = Account(heading=name, recipe=origin.recipes[0], engine=origin.engine)
            await self._send(interaction, account, foreign=True)
            return
        file = discord.File(io.BytesIO(recipes_to_json(origin.recipes).encode()), STRIP_FILE)
        await interaction.followup.send(view=strip_card(name, origin.recipes), file=file, ephemeral=True)

    async def _send(
        self, interaction: discord.Interaction[Any], account: Account, *, foreign: bool = False
    ) -> None:
        host, recipe = self.bot.settings, account.recipe
        server = await self.bot.studio.server(interaction.guild_id or 0)
        refused: SamefoxError | None = None
        try:
            adopted(recipe, host, server)
        except SamefoxError as error:
            refused = error
        ways = Ways(
            slash=slash_retelling(recipe, host, server),
            shell=shell_retelling(recipe, host),
            here=foreign and refused is None,
            refused=refused,
        )
        file = discord.File(io.BytesIO(recipe_to_json(recipe).encode()), FILE)
        await interaction.followup.send(view=recipe_card(account, ways), file=file, ephemeral=True)

    async def _engine(self, take: Take) -> Engine | None:
        """What drew a take, which its file tells."""
        try:
            found = metadata.read(await self.bot.studio.pictures.png(take)) if take.drawn else None
        except OSError:
            return None
        return found[1] if found else None


async def setup(bot: Samefox) -> None:
    """Called by discord.py."""
    cog = RecipesCog(bot)
    await bot.add_cog(cog)
    story = bot.tree.get_command("story")
    assert isinstance(story, app_commands.Group), "cogs.story comes first"
    seed = _command("seed", cog.seed)
    seed.autocomplete("number")(cog.numbers)
    seed.autocomplete("frame")(cog.frames)
    story.add_command(seed)
    story.add_command(_command("from-image", cog.from_image))
    menu = app_commands.ContextMenu(name="Recipe", callback=cog.recipe)
    menu.guild_only = True
    bot.tree.add_command(menu)


def _command(name: str, callback: Callable[..., Any]) -> app_commands.Command[Any, Any, Any]:
    """A command of a group that another file has."""
    return app_commands.Command(name=name, description=callback.__doc__ or name, callback=callback)
