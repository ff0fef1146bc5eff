"""``/gallery``, ``/story show`` and ``/story export``: told stories, to look at and to take home."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from cogs.access import known, meant
from cogs.gallery_options import days, viewer
from cogs.languages import public_locale
from cogs.place import check_server
from cogs.posting.glances import frame_again, glance_file
from cogs.presentation import offers
from cogs.presentation.answers import acknowledge, answer, answering
from cogs.presentation.gallery import DESK, empty_card, filename_of, leaf_card, shown_card
from cogs.presentation.keepsakes import book_of, kinds_card, size_of
from cogs.presentation.offers import OFFERED, SHOWN, Offer, offered
from cogs.presentation.text import plain
from cogs.presentation.words import _, ngettext, speaking
from generator.archive.gallery import Filter
from generator.errors import NotFound
from generator.moderation.gate import chosen_recipes, words
from generator.press.book import Kind
from generator.story import Story

if TYPE_CHECKING:
    from bot import Samefox


class GalleryCog(commands.Cog, name=DESK):
    """The commands, and the desk of their buttons."""

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot

    @app_commands.command(name="gallery")
    @app_commands.guild_only()
    @app_commands.describe(
        author="Only stories that this member told",
        character="Only stories about this",
        date="Only stories of this day or month, such as 2026-11-22 or 2026-11",
        favourites="Only your favourites",
    )
    async def gallery(
        self,
        interaction: discord.Interaction[Samefox],
        author: discord.User | None = None,
        character: Range[str, 1, 100] | None = None,
        date: Range[str, 1, 10] | None = None,
        favourites: bool = False,
    ) -> None:
        """Look at the stories that were told in this server."""
        await acknowledge(interaction)
        async with answering(interaction):
            since, until = days(date) if date else (None, None)
            wanted = Filter(
                author_id=author.id if author is not None else None,
                words=(character or "").strip(),
                since=since,
                until=until,
                favourites_of=interaction.user.id if favourites else None,
            )
            await self._turn(interaction, await self.bot.studio.archive.gallery.keep(wanted), None)

    @gallery.autocomplete("date")
    async def dates(self, _: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """Today, yesterday, and the last months."""
        today = datetime.now(UTC).date()
        found = [today.isoformat(), (today - timedelta(days=1)).isoformat()]
        first = today.replace(day=1)
        for _month in range(12):
            found.append(first.isoformat()[:7])
            first = (first - timedelta(days=1)).replace(day=1)
        return offered([Offer(each, each) for each in found], typed)

    @gallery.autocomplete("character")
    async def characters(self, interaction: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """Whom stories were told about here."""
        subjects = dict.fromkeys(subject for _id, subject in await self._titles(interaction, typed))
        return offered(Offer(each[:SHOWN], each) for each in subjects)

    @app_commands.describe(number="The story’s number, which its card tells")
    async def show(self, interaction: discord.Interaction[Samefox], number: Range[str, 1, SHOWN]) -> None:
        """Show a story again, in this channel."""
        async with answering(interaction):
            story = await self._story(interaction, offers.number_of(number))
            await self._check_place(interaction, story)
            await interaction.response.defer(thinking=True)
            await self._show(interaction, story)

    @app_commands.describe(number="The story’s number, which its card tells", format="What to make of it")
    async def export(
        self,
        interaction: discord.Interaction[Samefox],
        number: Range[str, 1, SHOWN],
        format: Range[str, 1, SHOWN] | None = None,  # noqa: A002 as members know it
    ) -> None:
        """Take a story home: as a strip, a booklet, a film or a ZIP."""
        await acknowledge(interaction)
        async with answering(interaction):
            story = await self._story(interaction, offers.number_of(number))
            if format is None:
                await self._offer(interaction, story)
            else:
                await self._make(interaction, story, offers.format_called(format))

    async def numbers(self, interaction: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """The story here with this number, and those that are about this."""
        titles = await self._titles(interaction, typed, offers.number_in(typed))
        return offered(offers.numbered(number, subject) for number, subject in titles)

    async def formats(self, _: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """What can be made of a story; how large it becomes, only making it can tell."""
        return offered(offers.formats(), typed)

    # -- buttons and menus ------------------------------------------------------------------------------

    async def pressed(self, interaction: discord.Interaction[Any], verb: str, what: str) -> None:
        """A page is turned, a heart given, a story shown or wanted as a keepsake."""
        first, _dot, rest = what.partition(".")
        if verb in ("newer", "older"):
            await interaction.response.defer()
            await self._turn(interaction, int(first), int(rest))
        elif verb == "heart":
            await interaction.response.defer()
            await self._heart(interaction, await self._pointed(interaction, int(first)), rest)
        elif verb == "show":
            story = await self._pointed(interaction, int(first))
            await self._check_place(interaction, story)
            await interaction.response.defer(thinking=True)
            await self._show(interaction, story)
        else:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await self._offer(interaction, await self._pointed(interaction, int(first)))

    async def chosen(self, interaction: discord.Interaction[Any], setting: str, values: list[str]) -> None:
        """A kind of keepsake is chosen, or one of a story's pictures."""
        verb, number, *_rest = setting.split(".")
        if verb == "export":
            await interaction.response.defer(ephemeral=True, thinking=True)
            await self._make(interaction, await self._pointed(interaction, int(number)), Kind(values[0]))
        else:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await self._show_frame(interaction, await self._pointed(interaction, int(number)), int(values[0]))

    async def _turn(self, interaction: discord.Interaction[Any], filter_id: int, at: int | None) -> None:
        """Show a page in place of the one that was there."""
        shelf, guild_id = self.bot.studio.archive.gallery, interaction.guild_id or 0
        wanted = await shelf.filter(filter_id)
        if wanted.favourites_of is not None and wanted.favourites_of != interaction.user.id:
            wanted = Filter(favourites_of=interaction.user.id)
        leaf = await shelf.leaf(guild_id, wanted, viewer(interaction), at)
        if leaf is None:
            await interaction.edit_original_response(view=empty_card(wanted), attachments=[])
            return
        story = await self.bot.studio.archive.story(leaf.story_id)
        hearts = await shelf.hearts(story.id, interaction.user.id)
        file = await glance_file(self.bot, story, interaction.channel_id or 0)
        view = leaf_card(story, leaf, hearts, wanted, filter_id, file.filename if file else None)
        await interaction.edit_original_response(view=view, attachments=[file] if file else [])

    async def _heart(self, interaction: discord.Interaction[Any], story: Story, where: str) -> None:
        """Give a heart or take it back, and count anew; the picture stays where it is."""
        shelf = self.bot.studio.archive.gallery
        hearts = await shelf.like(story.id, interaction.user.id)
        filename = filename_of(interaction.message)
        kind, _dot, filter_id = where.partition(".")
        if kind == "card":
            # Everybody sees this one, so it does not say whether it is a favourite of whoever pressed last.
            shown = await shelf.hearts(story.id)
            with speaking(await public_locale(self.bot, story.guild_id)):
                view = shown_card(story, shown, filename)
            await interaction.edit_original_response(view=view)
            return
        wanted = await shelf.filter(int(filter_id))
        leaf = await shelf.leaf(story.guild_id, wanted, viewer(interaction), story.id)
        if leaf is None or leaf.story_id != story.id:  # it is no favourite any more
            await self._turn(interaction, int(filter_id), story.id)
            return
        view = leaf_card(story, leaf, hearts, wanted, int(filter_id), filename)
        await interaction.edit_original_response(view=view)

    # -- showing and making -----------------------------------------------------------------------------

    async def _show(self, interaction: discord.Interaction[Any], story: Story) -> None:
        hearts = await self.bot.studio.archive.gallery.hearts(story.id)
        file = await glance_file(self.bot, story, interaction.channel_id or 0)
        with speaking(await public_locale(self.bot, story.guild_id)):
            view = shown_card(story, hearts, file.filename if file else None)
        message = await interaction.followup.send(view=view, files=[file] if file else [], wait=True)
        await self.bot.studio.archive.gallery.showed(story.id, message.channel.id, message.id)

    async def turned(self, interaction: discord.Interaction[Any], take_id: int) -> None:
        """One of a story's pictures, shown again here, was turned to another take."""
        story = await self.bot.studio.archive.story((await self.bot.studio.archive.take(take_id)).story_id)
        view, files = await frame_again(self.bot, interaction, story, story.frame_of(take_id))
        await interaction.edit_original_response(view=view, attachments=files)

    async def _show_frame(self, interaction: discord.Interaction[Any], story: Story, frame_id: int) -> None:
        """Show whoever asked one of a story's pictures with all its buttons."""
        frame = next((frame for frame in story.frames if frame.id == frame_id), None)
        if frame is None or not frame.shown.drawn or not self.bot.studio.pictures.path(frame.shown).is_file():
            raise NotFound("This picture is not here any more; please choose another one.")
        view, files = await frame_again(self.bot, interaction, story, frame)
        await interaction.followup.send(view=view, files=files, ephemeral=True)

    async def _offer(self, interaction: discord.Interaction[Any], story: Story) -> None:
        await book_of(self.bot.studio, story, interaction.channel_id or 0)  # nothing is offered of nothing
        await interaction.followup.send(view=kinds_card(story), ephemeral=True)

    async def _make(self, interaction: discord.Interaction[Any], story: Story, kind: Kind) -> None:
        studio = self.bot.studio
        with studio.pictures.at_press(interaction.user.id):
            book, left_out = await book_of(studio, story, interaction.channel_id or 0)
            made = await studio.pictures.print(book, kind, interaction.filesize_limit)
        text = _("Here is **{subject}**, to keep: {size}.").format(
            subject=plain(story.subject, 100), size=size_of(len(made.data))
        )
        if made.reduced:
            text += "\n-# " + _(
                "Its pictures are reduced to fit into the {limit} that I may post here."
            ).format(limit=size_of(interaction.filesize_limit))
        if left_out:
            text += "\n-# " + ngettext(
                "{count} of its pictures cannot be shown here and is left out.",
                "{count} of its pictures cannot be shown here and are left out.",
                left_out,
            ).format(count=left_out)
        if made.unprinted:
            text += "\n-# " + _("My fonts lack {letters}; 〓 stands in their place.").format(
                letters=plain(" ".join(made.unprinted), 60)
            )
        await answer(interaction, text, file=discord.File(io.BytesIO(made.data), made.filename))

    # -- which story ------------------------------------------------------------------------------------

    async def _story(self, interaction: discord.Interaction[Any], number: int) -> Story:
        """The story with this number, if this member may see it.

        Raises:
            NotFound: there is none, as far as they may know, or it is still being told.
        """
        story = known(interaction, await self.bot.studio.archive.story(number))
        if await self.bot.studio.archive.gallery.post(number) is None:
            raise NotFound(
                "Story {number} has not been told to its end; once it has, you can have it here.",
                number=number,
            )
        return story

    async def _pointed(self, interaction: discord.Interaction[Any], number: int) -> Story:
        """The story that a button means."""
        story = await self.bot.studio.archive.story(number)
        assert interaction.message is not None
        return meant(interaction, story, interaction.message.id)

    async def _titles(
        self, interaction: discord.Interaction[Any], typed: str, first: int | None = None
    ) -> list[tuple[int, str]]:
        shelf, guild_id = self.bot.studio.archive.gallery, interaction.guild_id or 0
        return await shelf.titles(guild_id, typed, viewer(interaction), OFFERED, first)

    async def _check_place(self, interaction: discord.Interaction[Any], story: Story) -> None:
        """Make sure that this server wants this story here; who may tell stories does not matter.

        Raises:
            WrongPlace: it wants them elsewhere.
            TextRefused: it is for an age-restricted channel.
        """
        recipes = chosen_recipes(story)
        asked = words(interaction.channel_id or 0, story.subject, *story.scenes, recipes=recipes)
        await self.bot.studio.gate.check_words(story.guild_id, asked)
        server = await self.bot.studio.server(interaction.guild_id or 0)
        gallery = server.gallery_channel
        if gallery is not None and interaction.channel_id == gallery:
            return
        check_server(interaction, server.model_copy(update={"teller_roles": ()}))


async def setup(bot: Samefox) -> None:
    """Called by discord.py."""
    cog = GalleryCog(bot)
    await bot.add_cog(cog)
    story = bot.tree.get_command("story")
    assert isinstance(story, app_commands.Group), "cogs.story comes first"
    for name, callback in (("show", cog.show), ("export", cog.export)):
        command = _command(name, callback)
        command.autocomplete("number")(cog.numbers)
        if name == "export":
            command.autocomplete("format")(cog.formats)
        story.add_command(command)


def _command(name: str, callback: Callable[..., Any]) -> app_commands.Command[Any, Any, Any]:
    """A command of a group that another file has."""
    return app_commands.Command(name=name, description=callback.__doc__ or name, callback=callback)
