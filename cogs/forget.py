"""``/story delete`` and ``/me forget``: what is one's own goes when one wants it to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands, ui
from discord.app_commands import Choice, Range
from discord.ext import commands

from cogs.access import known, may_redraw
from cogs.gallery_options import search
from cogs.place import NotAllowed, moderates_server, person
from cogs.presentation.answers import answer, answering
from cogs.presentation.cards import RED, view_of
from cogs.presentation.controls import press
from cogs.presentation.offers import SHOWN, number_of, offered, stories
from cogs.presentation.report_card import DESK as REPORTS
from cogs.presentation.text import plain
from cogs.presentation.words import _, listed, ngettext
from generator.moderation.values import Belongings
from generator.story import Story

if TYPE_CHECKING:
    from bot import Samefox

DESK = "forget"
PATIENCE = 120.0  # seconds for which an answer waits to learn which threads keep their names
MENTIONED = 50  # threads that an answer has room for


class ForgetCog(commands.Cog, name=DESK):
    """Two commands, each with a question before anything goes."""

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Add the commands to the groups they belong to."""
        for group, name, callback in (("me", "forget", forget), ("story", "delete", delete)):
            owner = self.bot.tree.get_command(group)
            assert isinstance(owner, app_commands.Group)
            command: Any = app_commands.Command(
                name=name, description=(callback.__doc__ or "").strip(), callback=callback
            )
            if name == "delete":
                command.autocomplete("number")(self.deletable)
            owner.add_command(command)

    async def cog_unload(self) -> None:
        """Take them out again."""
        for group, name in (("me", "forget"), ("story", "delete")):
            owner = self.bot.tree.get_command(group)
            if isinstance(owner, app_commands.Group):
                owner.remove_command(name)

    async def deletable(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        """The newest stories here that this member may delete."""
        shelf, wanted = self.bot.studio.archive.titles, search(interaction, typed)
        moderator = moderates_server(interaction.user)
        return offered(stories(await (shelf.newest(wanted) if moderator else shelf.own(wanted))))

    async def pressed(self, interaction: discord.Interaction[Any], verb: str, what: str) -> None:
        """The question is answered."""
        await interaction.response.defer()
        if verb == "keep":
            await _replace(interaction, _("👌 Nothing was deleted."))
        elif verb == "all":
            if int(what) != interaction.user.id:
                raise NotAllowed("This was somebody else’s question; please use /me forget yourself.")
            numbers = await self.bot.studio.archive.oblivion.own_stories(interaction.user.id)
            threads = [(await self.bot.studio.archive.story(number)).thread_id for number in numbers]
            await self.bot.studio.oversight.forget(interaction.user.id)
            reports: Any = self.bot.get_cog(REPORTS)
            await reports.tell_moderators()
            await self._confirm(
                interaction,
                threads,
                _(
                    "🧹 Done: I have forgotten you. Messages in Discord go within the next minutes, as far "
                    "as I can still reach them."
                ),
            )
        else:
            story = await self._story(interaction, int(what))
            await self.bot.studio.oversight.delete_story(story.id, person(interaction))
            await self._confirm(
                interaction,
                [story.thread_id],
                _(
                    "🗑️ Story {number} is deleted. Its messages go within the next minutes, as far as I can "
                    "still reach them."
                ).format(number=story.id),
            )

    async def chosen(self, interaction: discord.Interaction[Any], setting: str, values: list[str]) -> None:
        """There are no menus here."""

    async def _confirm(
        self, interaction: discord.Interaction[Any], thread_ids: Sequence[int | None], text: str
    ) -> None:
        """Say that it is done, and then which threads somebody else must delete."""
        await _replace(interaction, text)
        threads = [each for each in thread_ids if each is not None]
        if kept := await self.bot.remover.unnamed(threads, PATIENCE):
            await _replace(interaction, f"{text}\n\n{_kept(kept)}")

    async def _story(self, interaction: discord.Interaction[Any], number: int) -> Story:
        """A story of this server that this person may delete.

        Raises:
            NotFound: there is none.
            NotAllowed: it is somebody else's.
        """
        story = known(interaction, await self.bot.studio.archive.story(number))
        if not may_redraw(interaction, story):
            raise NotAllowed(
                "Story {number} is {name}’s; only they or a moderator can delete it.",
                number=number,
                name=story.author.name[:40],
            )
        return story

    async def ask_about(self, interaction: discord.Interaction[Any], number: int) -> None:
        """Say exactly what would go with a story, and ask."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        story = await self._story(interaction, number)
        others = {frame.author.id for frame in story.frames} - {story.author.id}
        whose = story.author.id if interaction.user.id == story.author.id else None
        heirs = await self.bot.studio.archive.oblivion.heirs(story.id, whose)
        pictures = sum(len(frame.pages) for frame in story.frames)
        lines = [
            f"### 🗑️ {_('Delete this story?')}",
            f"**{plain(story.subject, 200)}** · "
            + _("told by {name}").format(name=plain(story.author.name, 40)),
            ngettext(
                "Its {count} picture, its card and its messages go, here and from my files, for good.",
                "Its {count} pictures, its card and its messages go, here and from my files, for good.",
                pictures,
            ).format(count=pictures),
        ]
        if others:
            lines.append(
                ngettext(
                    "⚠️ {count} other member has added scenes to it; theirs go too.",
                    "⚠️ {count} other members have added scenes to it; theirs go too.",
                    len(others),
                ).format(count=len(others))
            )
        if heirs:
            lines.append(
                ngettext(
                    "⚠️ {count} story that goes on from it loses scenes that it took along.",
                    "⚠️ {count} stories that go on from it lose scenes that they took along.",
                    len(heirs),
                ).format(count=len(heirs))
            )
        await self._ask(interaction, lines, "story", str(story.id), _("Delete it"))

    async def ask_about_everything(self, interaction: discord.Interaction[Any]) -> None:
        """Say exactly what of a member would go, and ask."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        theirs = await self.bot.studio.archive.oblivion.belongings(interaction.user.id)
        if theirs.nothing:
            await answer(interaction, _("I know nothing of you, so there is nothing to forget."))
            return
        lines = [
            f"### 🧹 {_('Forget everything of yours?')}",
            _("In all servers, this goes and cannot be undone:"),
            *(f"- {line}" for line in belongings(theirs)),
            _(
                "-# What stays, without your name: whom you invented for stories told together, a "
                "moderator’s ban, and for a day how many pictures you had drawn."
            ),
        ]
        await self._ask(interaction, lines, "all", str(interaction.user.id), _("Forget it all"))

    async def _ask(
        self, interaction: discord.Interaction[Any], lines: list[str], verb: str, what: str, label: str
    ) -> None:
        row = ui.ActionRow[Any](
            press(DESK, verb, what, label, "🗑️", discord.ButtonStyle.danger),
            press(DESK, "keep", what, _("Keep everything")),
        )
        view = view_of(ui.Container(ui.TextDisplay("\n".join(lines)), row, accent_colour=RED))
        await interaction.followup.send(view=view, ephemeral=True)


def belongings(theirs: Belongings) -> list[str]:
    """What of a member would go, a line each."""
    lines = [
        ngettext(
            "{count} story that you told alone, with {pictures} and its messages",
            "{count} stories that you told alone, with {pictures} and their messages",
            theirs.stories,
        ).format(
            count=theirs.stories,
            pictures=ngettext("{count} picture", "{count} pictures", theirs.pictures).format(
                count=theirs.pictures
            ),
        )
        if theirs.stories
        else "",
        ngettext(
            "your part in {count} story of others: {scenes}, and your name",
            "your part in {count} stories of others: {scenes}, and your name",
            theirs.shared,
        ).format(
            count=theirs.shared,
            scenes=ngettext(
                "{count} scene with its pictures", "{count} scenes with their pictures", theirs.scenes
            ).format(count=theirs.scenes),
        )
        if theirs.shared and theirs.scenes
        else "",
        ngettext(
            "your name in {count} story of others", "your name in {count} stories of others", theirs.shared
        ).format(count=theirs.shared)
        if theirs.shared and not theirs.scenes
        else "",
        ngettext(
            "{count} picture that you had drawn in other words in stories of others",
            "{count} pictures that you had drawn in other words in stories of others",
            theirs.remixes,
        ).format(count=theirs.remixes)
        if theirs.remixes
        else "",
        ngettext("{count} character of yours", "{count} characters of yours", theirs.characters).format(
            count=theirs.characters
        )
        if theirs.characters
        else "",
        ngettext("{count} favourite", "{count} favourites", theirs.favourites).format(count=theirs.favourites)
        if theirs.favourites
        else "",
        _("your defaults") if theirs.defaults else "",
        _("your name and words in reports, in what moderators did and in changes of settings")
        if theirs.traces
        else "",
    ]
    return [line for line in lines if line]


def _kept(thread_ids: Sequence[int]) -> str:
    """Which threads still bear a story's subject, and what can be done about it."""
    shown = [f"<#{each}>" for each in thread_ids[:MENTIONED]]
    return ngettext(
        "⚠️ One thread keeps its name, because I lack the permission Manage Threads there: {threads}. Please "
        "ask a moderator to delete it.",
        "⚠️ {count} threads keep their names, because I lack the permission Manage Threads there: {threads}. "
        "Please ask a moderator to delete them.",
        len(thread_ids),
    ).format(count=len(thread_ids), threads=listed([*shown, *(["…"] if thread_ids[MENTIONED:] else [])]))


async def _replace(interaction: discord.Interaction[Any], text: str) -> None:
    """Put an answer in the place of the question."""
    await interaction.edit_original_response(view=view_of(ui.Container(ui.TextDisplay(text))))


async def forget(interaction: discord.Interaction[Any]) -> None:
    """Delete everything of yours: stories, pictures, characters, defaults."""
    async with answering(interaction):
        await _cog(interaction).ask_about_everything(interaction)


@app_commands.describe(number="The number on the story’s card")
async def delete(interaction: discord.Interaction[Any], number: Range[str, 1, SHOWN]) -> None:
    """Delete a story of yours with its pictures; moderators can delete any."""
    async with answering(interaction):
        await _cog(interaction).ask_about(interaction, number_of(number))


def _cog(interaction: discord.Interaction[Any]) -> ForgetCog:
    cog = interaction.client.get_cog(DESK)
    assert isinstance(cog, ForgetCog)
    return cog


async def setup(bot: Samefox) -> None:
    """Called by discord.py."""
    await bot.add_cog(ForgetCog(bot))
