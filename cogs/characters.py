"""``/characters``: who may be in further stories."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands, ui
from discord.ext import commands

from cogs.access import story_of, take_of
from cogs.place import NotAllowed, moderates_server, person
from cogs.presentation import forms
from cogs.presentation.characters import (
    DESK,
    HOME,
    forget_card,
    keep_form,
    portrait_card,
    rename_form,
    roster,
)
from cogs.presentation.forms import Form
from cogs.presentation.take_forms import refusal
from cogs.presentation.words import _
from generator.archive.characters import Character, Characters
from generator.casting import looks_of
from generator.errors import NotFound, Refusal
from generator.moderation.gate import EVERYWHERE, words
from generator.press.files import fit

if TYPE_CHECKING:
    from bot import Samefox


class CharactersCog(commands.Cog, name=DESK):
    """The command, its panel, and *Keep this character*."""

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot

    @app_commands.command(name="characters")
    @app_commands.guild_only()
    async def characters(self, interaction: discord.Interaction[Samefox]) -> None:
        """Who can be in your stories: those that you kept, and those that this server shares."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send(view=await self._roster(interaction), ephemeral=True)

    async def pressed(self, interaction: discord.Interaction[Any], verb: str, what: str) -> None:
        """A button of a picture's menu or of the panel."""
        if verb in ("keep", "rename", "correct"):
            form = await self._form(interaction, what if verb == "correct" else f"{verb}_{what}")
            typed = forms.typed_before(form, interaction.message) if verb == "correct" else None
            await interaction.response.send_modal(forms.modal(form, typed))
        elif verb == "tell":
            character = await self._character(interaction, int(what))
            stories: Any = self.bot.get_cog("StoryCog")
            await interaction.response.send_modal(stories.form(character))
        else:
            await interaction.response.defer()
            await self._turn(interaction, verb, int(what))

    async def chosen(self, interaction: discord.Interaction[Any], setting: str, values: list[str]) -> None:
        """A character is chosen."""
        await self.pressed(interaction, "show", values[0])

    # -- the panel --------------------------------------------------------------------------------------

    async def _turn(self, interaction: discord.Interaction[Any], verb: str, number: int) -> None:
        """Let the panel show something else, after doing what was asked for."""
        files: list[discord.File] = []
        view = await self._roster(interaction)
        if verb != HOME:
            character = await self._character(interaction, number)
            if verb == "forget":
                view = forget_card(character)
            elif verb == "drop":
                _check_change(interaction, character)
                await self._shelf.drop(character.id)
                view = await self._roster(interaction)
            else:
                news = ""
                if verb == "share":
                    character = await self._share(interaction, character)
                    news = _("🌍 Everybody here can choose this character now.")
                view, files = await self._portrait(interaction, character, news)
        await interaction.edit_original_response(view=view, attachments=files)

    async def _share(self, interaction: discord.Interaction[Any], character: Character) -> Character:
        """Keep a copy for everybody in this server."""
        if not await self._may_share(interaction, character):
            raise NotAllowed(
                "Only a moderator, or who told the story that this character is from, can share it."
            )
        assert interaction.guild_id is not None
        asked = words(EVERYWHERE, character.name, character.looks.subject)
        await self.bot.studio.gate.check_words(interaction.guild_id, asked)
        return await self._shelf.keep(
            person(interaction), character.name, character.looks, guild_id=interaction.guild_id
        )

    async def _roster(self, interaction: discord.Interaction[Any]) -> ui.LayoutView:
        known = await self._shelf.known(interaction.user.id, interaction.guild_id)
        own = [each for each in known if each.guild_id is None]
        return roster(own, [each for each in known if each.guild_id is not None])

    async def _portrait(
        self, interaction: discord.Interaction[Any], character: Character, news: str
    ) -> tuple[ui.LayoutView, list[discord.File]]:
        """A character's card and its picture, if that is there and may be shown in this channel."""
        files = []
        if character.looks.take_id is not None:
            take = await self.bot.studio.archive.take(character.looks.take_id)
            if take.drawn and await self.bot.studio.pictures.shade(take, interaction.channel_id) is None:
                png = await self.bot.studio.pictures.png(take, interaction.channel_id)
                data, ending = await asyncio.to_thread(fit, png, interaction.filesize_limit)
                files.append(discord.File(io.BytesIO(data), f"portrait.{ending}"))
        card = portrait_card(
            character,
            files[0].filename if files else None,
            may_change=_may_change(interaction, character),
            may_share=await self._may_share(interaction, character),
            news=news,
        )
        return card, files

    # -- the forms --------------------------------------------------------------------------------------

    async def _form(self, interaction: discord.Interaction[Any], name: str) -> Form:
        kind, _underscore, number = name.partition("_")
        if kind == "keep":
            story = await story_of(interaction, int(number))
            return keep_form(story, take_of(story, int(number))[1])
        character = await self._character(interaction, int(number))
        _check_change(interaction, character)
        return rename_form(character)

    async def sent(self, interaction: discord.Interaction[Any], name: str, typed: list[str]) -> None:
        """A form was sent."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        form = await self._form(interaction, name)
        kind, _underscore, number = name.partition("_")
        wanted = str(forms.read(form, typed)["name"])
        try:
            if kind == "keep":
                character = await self._keep(interaction, int(number), wanted)
                news = _("✅ Kept. Only you can choose this character, in every server where I am.")
            else:
                character = await self._rename(interaction, int(number), wanted)
                news = _("✅ Renamed.")
        except Refusal as error:
            await interaction.followup.send(view=refusal(form, typed, [error]), ephemeral=True)
            return
        view, files = await self._portrait(interaction, character, news)
        await interaction.followup.send(view=view, files=files, ephemeral=True)

    async def _keep(self, interaction: discord.Interaction[Any], take_id: int, name: str) -> Character:
        story = await story_of(interaction, take_id)
        looks = looks_of(story, take_of(story, take_id)[1])
        return await self._shelf.keep(person(interaction), name, looks)

    async def _rename(self, interaction: discord.Interaction[Any], number: int, name: str) -> Character:
        character = await self._character(interaction, number)
        _check_change(interaction, character)
        if character.guild_id is not None:
            asked = words(EVERYWHERE, name)
            await self.bot.studio.gate.check_words(character.guild_id, asked)
        return await self._shelf.rename(character, name)

    # -- who may ----------------------------------------------------------------------------------------

    @property
    def _shelf(self) -> Characters:
        return self.bot.studio.archive.characters

    async def _character(self, interaction: discord.Interaction[Any], number: int) -> Character:
        """A character that this person may use here.

        Raises:
            NotFound: there is none.
        """
        known = await self._shelf.known(interaction.user.id, interaction.guild_id)
        found = next((each for each in known if each.id == number), None)
        if found is None:
            raise NotFound("This character is not kept any more; /characters shows those that are.")
        return found

    async def _may_share(self, interaction: discord.Interaction[Any], character: Character) -> bool:
        if character.guild_id is not None or interaction.guild_id is None:
            return False
        if moderates_server(interaction.user):
            return True
        if character.looks.take_id is None:
            return False
        archive = self.bot.studio.archive
        story = await archive.story((await archive.take(character.looks.take_id)).story_id)
        return story.author.id == interaction.user.id


def _may_change(interaction: discord.Interaction[Any], character: Character) -> bool:
    own = character.owner.id == interaction.user.id
    return own or (character.guild_id is not None and moderates_server(interaction.user))


def _check_change(interaction: discord.Interaction[Any], character: Character) -> None:
    if not _may_change(interaction, character):
        raise NotAllowed(
            "Only {name} or a moderator can rename or forget this character.", name=character.owner.name[:40]
        )


async def setup(bot: Samefox) -> None:
    """Called by discord.py."""
    await bot.add_cog(CharactersCog(bot))
