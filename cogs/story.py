"""``/story``: from what a member typed to a story in line."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands
from discord.utils import MISSING

from cogs.place import WrongPlace, check_place, person
from cogs.presentation.answers import answer, sentence
from cogs.presentation.modals import CorrectView, OnWritten, StoryModal
from cogs.presentation.text import plain, quote_block
from generator.errors import OptionRefused, SamefoxError, ScriptRefused
from generator.script import MAX_CHARACTERS, read_scenes, read_script
from generator.story import Options, Script, SvrMode
from generator.storyboard import MAX_SEED, read_size

if TYPE_CHECKING:
    from bot import Samefox

log = logging.getLogger(__name__)

_NOT_SHOWN = WrongPlace(
    "Discord did not let me post your story here, so nothing has been drawn; please try again, or ask a "
    "moderator to check my permissions in this channel."
)

SIZES = ("1024x1024", "1152x896", "896x1152", "1216x832", "832x1216", "1344x768", "768x1344", "512x512")
"""What SDXL was trained on, and one for the impatient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a member asked for, read only once it is known that it can be answered."""

    text: str  #: as it was typed
    subject: str  #: what a form that brings the text back shows as its subject
    scenes: str
    script: Callable[[], Script]
    options: Callable[[], Options]


@app_commands.guild_only()
class StoryCog(commands.GroupCog, group_name="story", group_description="Stories in pictures"):
    """The commands under ``/story``."""

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot

    @app_commands.command(name="tell")
    @app_commands.describe(
        prompt="Who it is about, a colon, and the scenes: a red fox: in a meadow | in the snow | by a river",
        seed="The same seed draws the same pictures again",
        style="How the pictures look",
        steps="More steps, finer pictures, longer waiting",
        guidance="How closely the pictures follow the words",
        size="Width x height in pixels, such as 1024x1024",
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
    ) -> None:
        """Tell a story in pictures: a character, a colon, and the scenes."""

        def options() -> Options:
            width, height = read_size(size) if size else (None, None)
            return Options(
                seed=seed,
                style=style,
                steps=steps,
                guidance_scale=guidance,
                width=width,
                height=height,
                window_length=window,
                identity_strength=identity,
                svr=svr,
                negative_prompt=avoid,
            )

        limit = self.bot.settings.limits.scenes
        subject, scenes = _as_form(prompt)
        wish = Wish(
            text=prompt,
            subject=subject,
            scenes=scenes,
            script=lambda: read_script(prompt, max_scenes=limit),
            options=options,
        )
        await self._tell(interaction, wish)

    @app_commands.command(name="write")
    @app_commands.describe(style="How the pictures look")
    async def write(
        self, interaction: discord.Interaction[Samefox], style: Range[str, 1, 40] | None = None
    ) -> None:
        """Write a story in a form: who it is about, and one scene a line."""

        await interaction.response.send_modal(StoryModal(self._on_written(lambda: Options(style=style))))

    @tell.autocomplete("style")
    @write.autocomplete("style")
    async def styles(self, _: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """The host's styles that go on as typed."""
        return _choices(self.bot.settings.styles, typed)

    @tell.autocomplete("size")
    async def sizes(self, _: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """Usual sizes that the host allows."""
        side = self.bot.settings.limits.side
        return _choices((size for size in SIZES if max(read_size(size)) <= side), typed)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """A story whose thread is deleted is not wanted any more."""
        for story_id in await self.bot.studio.archive.unsettled_in(payload.thread_id):
            await self.bot.studio.cancel(story_id)

    def _on_written(self, options: Callable[[], Options]) -> OnWritten:
        """What happens to a form that was sent."""
        limit = self.bot.settings.limits.scenes

        async def on_written(interaction: discord.Interaction[Samefox], subject: str, scenes: str) -> None:
            wish = Wish(
                text=f"{subject}:\n{scenes}",
                subject=subject,
                scenes=scenes,
                script=lambda: read_scenes(subject, scenes, max_scenes=limit),
                options=options,
            )
            await self._tell(interaction, wish)

        return on_written

    async def _tell(self, interaction: discord.Interaction[Samefox], wish: Wish) -> None:
        """Check everything, then put the story in line; a refusal brings the text back."""
        try:
            check_place(interaction)
            board = self.bot.studio.draft(wish.script(), wish.options())
        except SamefoxError as refusal:
            await self._refuse(interaction, refusal, wish)
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        assert interaction.guild_id is not None and interaction.channel_id is not None
        in_thread = isinstance(interaction.channel, discord.Thread)
        try:
            story = await self.bot.studio.tell(
                board,
                person(interaction),
                guild_id=interaction.guild_id,
                channel_id=interaction.channel_id,
                thread_id=interaction.channel_id if in_thread else None,
                introduce=self.bot.publisher.introduce,
            )
        except SamefoxError as refusal:
            await self._refuse(interaction, refusal, wish)
            return
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("A story could not be introduced: %s", error)
            await self._refuse(interaction, _NOT_SHOWN, wish)
            return
        unknown = unknown_line(self.bot.studio.unknown_words(board))
        await answer(interaction, f"🦊 Your story begins in <#{story.thread_id}>.{unknown}")

    async def _refuse(
        self, interaction: discord.Interaction[Samefox], refusal: SamefoxError, wish: Wish
    ) -> None:
        """Say why not, and give back what was typed."""
        text = f"{sentence(refusal, interaction.id)}\nHere is what you wrote, so that you can correct it:"
        block = quote_block(wish.text)
        file = MISSING
        if len(text) + len(block) < 2000:  # characters, of a message
            text += f"\n{block}"
        else:
            file = discord.File(io.BytesIO(wish.text.encode()), "your-story.txt")
        view: discord.ui.View = MISSING
        if not isinstance(refusal, OptionRefused):  # which the form could not correct
            view = CorrectView(self._on_written(wish.options), wish.subject, wish.scenes)
        await answer(interaction, text, view=view, file=file)


def unknown_line(words: Sequence[str]) -> str:
    """What to say of words that the picture book does not know: a line of its own, or nothing."""
    if not words:
        return ""
    named = ", ".join(f"*{plain(word, 30)}*" for word in words[:8])
    more = f" and {len(words) - 8} more" if len(words) > 8 else ""
    return f"\n-# My picture book does not know {named}{more} yet, so its pictures do without."


def _as_form(prompt: str) -> tuple[str, str]:
    """What a form shows for a text: its subject and a scene a line, or all of it among the scenes."""
    try:
        script = read_script(prompt, max_scenes=len(prompt))
    except ScriptRefused:
        return "", prompt
    return script.subject, "\n".join(script.scenes)


def _choices(names: Iterable[str], typed: str) -> list[Choice[str]]:
    """Up to 25 names that contain what was typed."""
    wanted = typed.casefold().strip()
    return [Choice(name=name, value=name) for name in names if wanted in name.casefold()][:25]


async def setup(bot: Samefox) -> None:
    """Called by discord.py."""
    await bot.add_cog(StoryCog(bot))
