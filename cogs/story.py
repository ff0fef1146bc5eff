"""``/story``: from what a member typed to a story in line."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from cogs.place import (
    NotAllowed,
    NotShown,
    WrongPlace,
    check_place,
    check_server,
    person,
    place_of,
    roles_of,
)
from cogs.presentation import offers
from cogs.presentation.answers import acknowledge, answer, answer_error, sentence
from cogs.presentation.doubts import doubts
from cogs.presentation.modals import Written, correct_button, returned, returned_text, story_form, written
from cogs.presentation.offers import SHOWN, Offer, offered
from cogs.presentation.serving import served
from cogs.presentation.words import _
from cogs.wish import Wish, as_form, filled_in, starring_in, typed
from generator.archive.characters import Character
from generator.errors import OptionRefused, SamefoxError
from generator.limits import standing
from generator.profiles import STORYBOOK
from generator.script import MAX_CHARACTERS
from generator.server import ServerSettings
from generator.story import Options, Story, Storyboard, SvrMode
from generator.storyboard import MAX_SEED, check, read_size
from generator.storybook.vocabulary import EXAMPLES

if TYPE_CHECKING:
    from bot import Samefox

log = logging.getLogger(__name__)

SIZES = ("1024x1024", "1152x896", "896x1152", "1216x832", "832x1216", "1344x768", "768x1344", "512x512")
"""What SDXL was trained on, and one for the impatient."""


@app_commands.guild_only()
class StoryCog(commands.GroupCog, group_name="story", group_description="Stories in pictures"):
    """The commands under ``/story``."""

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot

    @app_commands.command(name="tell")
    @app_commands.describe(
        prompt="Who, a colon, and the scenes: "
        "a little white rabbit: in a meadow | in the kitchen | in the desert",
        character="Somebody you kept; then write only the scenes",
        model="What draws the pictures",
        seed="The same seed draws the same pictures again",
        style="How the pictures look",
        steps="More steps, finer pictures, longer waiting",
        guidance="How closely the pictures follow the words",
        size="Width x height in pixels, multiples of 8 from 64, such as 1024x1024",
        window="How many scenes a picture knows of at most",
        identity="How firmly the character stays the same; 2 is usual",
        svr="How the other scenes are kept out of a picture",
        avoid="What no picture should show",
    )
    async def tell(
        self,
        interaction: discord.Interaction[Samefox],
        prompt: Range[str, 1, MAX_CHARACTERS],
        seed: Range[int, 0, MAX_SEED] | None = None,
        style: Range[str, 1, 40] | None = None,
        steps: Range[int, 1, 150] | None = None,
        guidance: Range[float, 0.0, 30.0] | None = None,
        size: Range[str, 1, 20] | None = None,
        window: Range[int, 1, 50] | None = None,
        identity: Range[float, 0.1, 16.0] | None = None,
        svr: SvrMode | None = None,
        avoid: Range[str, 1, 1000] | None = None,
        model: Range[str, 1, SHOWN] | None = None,
        character: Range[str, 1, SHOWN] | None = None,
    ) -> None:
        """Tell a story in pictures: a character, a colon, and the scenes."""

        def options() -> Options:
            width, height = read_size(size) if size else (None, None)
            return Options(
                model=offers.model_called(model, self.bot.settings.model.names),
                seed=seed,
                style=offers.style_called(style, self.bot.settings.styles),
                steps=steps,
                guidance_scale=guidance,
                width=width,
                height=height,
                window_length=window,
                identity_strength=identity,
                svr=svr,
                negative_prompt=avoid,
            )

        wish = typed(prompt, avoid, options)
        if character is not None:
            try:
                wish = starring_in(wish, await self._called(interaction, character))
            except OptionRefused as refusal:
                await self._refuse(interaction, refusal, wish)
                return
        await self._tell(interaction, wish)

    @app_commands.command(name="write")
    @app_commands.describe(style="How the pictures look", character="Somebody you kept")
    async def write(
        self,
        interaction: discord.Interaction[Samefox],
        style: Range[str, 1, 40] | None = None,
        character: Range[str, 1, SHOWN] | None = None,
    ) -> None:
        """Write a story in a form: who it is about, and one scene a line."""
        chosen = offers.style_called(style, self.bot.settings.styles)
        try:
            check_place(interaction)
            server = await self._server(interaction)
            check_server(interaction, server)
            check(Options(style=chosen), self.bot.settings, server)
            kept = await self._called(interaction, character) if character is not None else None
        except SamefoxError as refusal:  # before anything is written in vain
            await answer_error(interaction, refusal)
            return
        await interaction.response.send_modal(self.form(kept, chosen))

    def form(self, character: Character | None = None, style: str | None = None) -> discord.ui.Modal:
        """The form for a story, which may be about a kept character."""
        if character is None:
            return story_form(style=style)
        return story_form(character.looks.subject, style=style, character_id=character.id)

    async def pressed(self, interaction: discord.Interaction[Any], verb: str, what: str) -> None:
        """What was refused is to be corrected."""
        text = await returned_text(self.bot, interaction.message)
        character = await self._known(interaction, int(what))
        hint = _("I could not fetch your text; please copy it from the file above.") if text is None else None
        subject, scenes = as_form(text or "", character)
        form = story_form(subject, scenes, character_id=int(what), hint=hint)
        await interaction.response.send_modal(form)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Samefox]) -> None:
        """A story's form was sent, perhaps one that was opened before a restart."""
        if (form := written(interaction)) is not None:
            await served(interaction, lambda: self._tell_written(interaction, form))

    async def _tell_written(self, interaction: discord.Interaction[Samefox], form: Written) -> None:
        character = await self._known(interaction, form.character_id)
        await self._tell(interaction, filled_in(form, character))

    @tell.autocomplete("style")
    @write.autocomplete("style")
    async def styles(self, interaction: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """The styles offered here that contain what was typed."""
        server = await self._server(interaction)
        return offered(offers.styles(server.offered_styles(self.bot.settings)), typed)

    @tell.autocomplete("character")
    @write.autocomplete("character")
    async def characters(self, interaction: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """The characters that this member may choose here."""
        known = await self._kept(interaction)
        return offered(offers.characters(known), typed)

    @tell.autocomplete("model")
    async def models(self, interaction: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """The models offered here, if there is a choice."""
        names = (await self._server(interaction)).offered_models(self.bot.settings)
        return offered(offers.models(names), typed) if len(names) > 1 else []

    @tell.autocomplete("prompt")
    async def examples(self, interaction: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """Stories that our own model draws well; what was typed comes first."""
        server = await self._server(interaction)
        wished: str | None = interaction.namespace.model
        model = offers.model_called(wished, self.bot.settings.model.names)
        model = model or server.default_model(self.bot.settings)
        own = [typed] if typed.strip() and len(typed) <= SHOWN else []
        examples = [text for text in EXAMPLES if model == STORYBOOK and text != typed]
        return [*(Choice(name=text, value=text) for text in own), *_offered(examples, typed)]

    @tell.autocomplete("size")
    async def sizes(self, _: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """Usual sizes that the host allows."""
        side = self.bot.settings.limits.side
        return _offered((size for size in SIZES if max(read_size(size)) <= side), typed)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """A story whose thread is deleted is not wanted any more."""
        await self.bot.studio.archive.gallery.lose(payload.thread_id)
        for story_id in await self.bot.studio.archive.unsettled_in(payload.thread_id):
            await self.bot.studio.cancel(story_id)

    async def _called(self, interaction: discord.Interaction[Samefox], name: str) -> Character:
        """The character that a member means."""
        found = offers.meant(offers.characters(await self._kept(interaction)), name)
        shelf = self.bot.studio.archive.characters
        return await shelf.called(found or name, interaction.user.id, interaction.guild_id)

    async def _known(self, interaction: discord.Interaction[Any], number: int) -> Character | None:
        """The character with a number, if this member may use it here."""
        known = await self._kept(interaction) if number else []
        return next((each for each in known if each.id == number), None)

    async def _kept(self, interaction: discord.Interaction[Any]) -> list[Character]:
        """The characters that this member may use here."""
        characters = self.bot.studio.archive.characters
        return await characters.known(interaction.user.id, interaction.guild_id)

    async def _tell(self, interaction: discord.Interaction[Samefox], wish: Wish) -> None:
        """Check everything, then put the story in line; a refusal brings the text back."""
        await acknowledge(interaction)
        async with self.bot.desk:
            try:
                check_place(interaction)
                board = await self._draft(interaction, wish)
                story = await begin(self.bot, interaction, board)
            except SamefoxError as refusal:
                await self._refuse(interaction, refusal, wish)
                return
        begins = _("🦊 Your story begins in {thread}.").format(thread=f"<#{story.thread_id}>")
        await answer(interaction, begins + doubts(self.bot.studio, board))

    async def _draft(self, interaction: discord.Interaction[Samefox], wish: Wish) -> Storyboard:
        """What will be drawn, within what this server and this member chose."""
        server = await self._server(interaction)
        check_server(interaction, server)
        most = server.most_scenes(self.bot.settings, roles_of(interaction.user))
        member = await self.bot.studio.defaults(interaction.user.id)
        options = wish.looks(
            self.bot.settings, server
        )  # before the text: a refusal gives that back with them
        script = wish.script(most)
        return await self.bot.studio.plan(script, options, server, member, locale=str(interaction.locale))

    async def _server(self, interaction: discord.Interaction[Samefox]) -> ServerSettings:
        return await self.bot.studio.server(interaction.guild_id or 0)

    async def _refuse(
        self, interaction: discord.Interaction[Samefox], refusal: SamefoxError, wish: Wish
    ) -> None:
        """Say why not, and give back what was typed."""
        # What no other words would help.
        elsewhere = isinstance(refusal, WrongPlace | NotAllowed) and not isinstance(refusal, NotShown)
        hint = _("Here is what you wrote, so that you can correct it:")
        if elsewhere:
            hint = _("Here is what you wrote, so that it is not lost:")
        reason = f"{sentence(refusal, interaction.id)}\n{hint}"
        if elsewhere or isinstance(refusal, OptionRefused):  # which the form could not correct
            wrote = wish.text if wish.avoid is None else f"{wish.text}\n\n{wish.avoid}"
            text, file = returned(reason, wrote, None)
            await answer(interaction, text, file=file)
        else:
            text, file = returned(reason, wish.text, wish.options())
            view = correct_button(wish.character.id if wish.character is not None else 0)
            await answer(interaction, text, view=view, file=file)


async def begin(bot: Samefox, interaction: discord.Interaction[Any], board: Storyboard) -> Story:
    """Put a story in line, and introduce it where it was asked for.

    Raises:
        SamefoxError: it may not be told here, by this member or now, or Discord did not let it be shown.
    """
    check_place(interaction)
    assert interaction.guild_id is not None and interaction.channel_id is not None
    server = await bot.studio.server(interaction.guild_id)
    check_server(interaction, server)
    in_thread = isinstance(interaction.channel, discord.Thread)
    try:
        return await bot.studio.tell(
            board,
            person(interaction),
            guild_id=interaction.guild_id,
            channel_id=interaction.channel_id,
            thread_id=interaction.channel_id if in_thread else None,
            place_id=place_of(interaction.channel),
            introduce=bot.publisher.introduce,
            standing=standing(roles_of(interaction.user), server),
        )
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.warning("A story could not be introduced: %s", error)
        raise NotShown(
            "Discord did not let me post your story here, so nothing has been drawn; please try again, or "
            "ask a moderator to check my permissions in this channel."
        ) from error


def _offered(texts: Iterable[str], typed: str) -> list[Choice[str]]:
    """Texts that are sent as they are read."""
    return offered((Offer(text, text) for text in texts), typed)


async def setup(bot: Samefox) -> None:
    """Called by discord.py."""
    await bot.add_cog(StoryCog(bot))
