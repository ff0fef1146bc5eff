"""Reports: from a member who objects to a picture to the moderators who decide about it."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from cogs.access import meant, story_of, take_of
from cogs.languages import server_locale
from cogs.moderate import check_bannable, check_moderator
from cogs.pictures import pictures
from cogs.place import member_of, person
from cogs.posting.post import Post, fingerprint
from cogs.presentation import forms
from cogs.presentation.answers import answer, answering
from cogs.presentation.report_card import (
    DESK,
    KEEP,
    SURE,
    link_to,
    question,
    report_card,
    report_form,
    settled,
)
from cogs.presentation.words import _, speaking
from generator.errors import NotFound, SamefoxError
from generator.moderation.values import Outcome, Report
from generator.server import Shade
from generator.story import Story, Take

if TYPE_CHECKING:
    from bot import Samefox

log = logging.getLogger(__name__)

MOST_OPEN = 10  # reports of one member in one server that nobody has handled yet

_PICTURE = re.compile(r"samefox-\d+-(?P<take>\d+)(-\w+)?")
"""What the file of a take is called in Discord."""


class NotReported(SamefoxError):
    """A report could not be made."""


class ReportsCog(commands.Cog, name=DESK):
    """The button and the message's menu, the form, and the moderators' message."""

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot
        self.menu = app_commands.ContextMenu(name="Report picture", callback=self.report_message)
        self.menu.guild_only = True

    async def cog_load(self) -> None:
        """Put the command into every message's menu."""
        self.bot.tree.add_command(self.menu)

    async def cog_unload(self) -> None:
        """Take it out again."""
        self.bot.tree.remove_command(self.menu.name, type=self.menu.type)

    async def report_message(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Report the picture in a message."""
        async with answering(interaction):
            await self._open_about(interaction, message)

    async def _open_about(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        own = self.bot.user is not None and message.author.id == self.bot.user.id
        found = [match for each in pictures(message) if own and (match := _PICTURE.fullmatch(each.stem))]
        if not found:
            raise NotReported(
                "I can only take reports about a single picture of mine; please choose the message of the "
                "frame in its story’s thread."
            )
        take_id = int(found[0]["take"])
        archive = self.bot.studio.archive
        story = await archive.story((await archive.take(take_id)).story_id)
        await self._open(interaction, meant(interaction, story, message.id), take_id)

    async def pressed(self, interaction: discord.Interaction[Any], verb: str, what: str) -> None:
        """A member wants to report, or a moderator has decided."""
        if verb == "report":
            await self._open(interaction, await story_of(interaction, int(what)), int(what))
            return
        check_moderator(interaction)
        await interaction.response.defer(ephemeral=True)
        sure, _dot, number = what.rpartition(".")
        report = await self.bot.studio.archive.moderation.report(int(number))
        if report.guild_id != interaction.guild_id:
            raise NotFound("This report is gone, because the story it was about was deleted.")
        if verb == "show":
            await self._show_again(interaction, report)
        elif verb == KEEP:
            await interaction.edit_original_response(view=settled(_("👌 Nothing was decided.")))
        elif verb == SURE:
            decided = await self._decide(interaction, report, Outcome(sure))
            said = _("👌 It is done.") if decided else _faster()
            await interaction.edit_original_response(view=settled(said))
        elif report.outcome is None and Outcome(verb) in (Outcome.DELETED, Outcome.BANNED):
            await self._ask(interaction, report, Outcome(verb))
        elif not await self._decide(interaction, report, Outcome(verb)):
            await answer(interaction, _faster())

    async def chosen(self, interaction: discord.Interaction[Any], setting: str, values: list[str]) -> None:
        """There are no menus here."""

    async def sent(self, interaction: discord.Interaction[Any], name: str, typed: list[str]) -> None:
        """A report was sent."""
        await self._report(interaction, int(name), typed[0].strip())

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Tell moderators what a killed process has not told them."""
        await self.tell_moderators()

    async def tell_moderators(self) -> None:
        """Post the reports that no message tells of: nobody was told, or it named who is forgotten."""
        for report_id in await self.bot.studio.archive.moderation.unposted():
            report = await self.bot.studio.archive.moderation.report(report_id)
            try:
                await self._post(report)
            except (SamefoxError, discord.HTTPException, aiohttp.ClientError, OSError) as error:
                log.warning("Report %d cannot be shown: %s", report_id, error)

    # -- reporting --------------------------------------------------------------------------------------

    async def _open(self, interaction: discord.Interaction[Any], story: Story, take_id: int) -> None:
        """Open the form, unless there is nobody who would read it."""
        server = await self.bot.studio.server(story.guild_id)
        if server.reports_channel is None:
            raise NotReported(
                "This server has not said where reports go. Please tell one of its moderators, with this "
                "link: {link}",
                link=link_to(story, take_of(story, take_id)[1])
                or _("story {number}").format(number=story.id),
            )
        await interaction.response.send_modal(forms.modal(report_form(take_id)))

    async def _report(self, interaction: discord.Interaction[Any], take_id: int, reason: str) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        archive = self.bot.studio.archive
        moderation = archive.moderation
        story = await archive.story((await archive.take(take_id)).story_id)
        if story.guild_id != interaction.guild_id:
            raise NotFound("I do not remember this picture any more, so nothing can be done with it.")
        if await moderation.open_reports(story.guild_id, interaction.user.id) >= MOST_OPEN:
            raise NotReported(
                "{most} reports of yours wait for the moderators already; please give them some time.",
                most=MOST_OPEN,
            )
        report = await moderation.add_report(take_id, person(interaction), reason)
        if report is None:
            raise NotReported("You have reported this picture already; the moderators know of it.")
        try:
            await self._post(report)
        except (discord.HTTPException, aiohttp.ClientError) as error:
            log.warning("Report %d cannot be shown: %s", report.id, error)
            raise NotReported(
                "Your report is kept, but I cannot write in the moderators’ channel. Please tell one of "
                "them, with this link: {link}",
                link=link_to(story, take_of(story, take_id)[1])
                or _("story {number}").format(number=story.id),
            ) from error
        await answer(interaction, _("🚩 Thank you. This server’s moderators have your report."))

    async def _post(self, report: Report) -> None:
        """Tell the moderators.

        Raises:
            NotReported: it is not known where.
        """
        story, take = await self._about(report)
        server = await self.bot.studio.server(report.guild_id)
        if server.reports_channel is None:
            raise NotReported(
                "Your report is kept, but this server does not say any more where reports go. Please tell "
                "one of its moderators, with this link: {link}",
                link=link_to(story, take_of(story, take.id)[1])
                or _("story {number}").format(number=story.id),
            )
        place = self.bot.get_partial_messageable(server.reports_channel, guild_id=report.guild_id)
        view, attached = await self._card(report, story, take, server.reports_channel)
        # The time keeps the nonce apart from that of an archive since deleted; without the name of somebody
        # who is forgotten it is another message.
        nonce = f"{report.at.timestamp() * 1000 % 10**10:.0f}-{fingerprint(view)}"[:25]
        message = await place.send(view=view, files=attached, nonce=nonce)
        await self.bot.studio.archive.moderation.set_report_message(report.id, message.channel.id, message.id)

    async def _card(
        self, report: Report, story: Story, take: Take, channel_id: int
    ) -> tuple[discord.ui.LayoutView, list[discord.File]]:
        """The message to the moderators as it is to be now, and the picture, unless they took it away."""
        attached, blurred = await self._attached(report, story, take, channel_id)
        server = await self.bot.studio.server(report.guild_id)
        with speaking(server_locale(server, self.bot.get_guild(report.guild_id))):
            filename = attached[0].filename if attached else None
            return report_card(report, story, take, filename, blurred), attached

    async def _attached(
        self, report: Report, story: Story, take: Take, channel_id: int
    ) -> tuple[list[discord.File], bool]:
        """The picture as it may be shown in the moderators' channel, and whether that is blurred."""
        if report.outcome not in (None, Outcome.DISMISSED) or not take.drawn:
            return [], False
        if not await self.bot.studio.pictures.kept([take]):
            return [], False
        shade = await self.bot.studio.pictures.shade(take, channel_id)
        png = await self.bot.studio.pictures.png(take, channel_id, whole=True)
        file = await Post(self.bot).file(story, png, f"reported-{take.id}")
        return [file], shade in (Shade.BLUR, Shade.REFUSE)

    # -- deciding ---------------------------------------------------------------------------------------

    async def _ask(self, interaction: discord.Interaction[Any], report: Report, outcome: Outcome) -> None:
        """Ask whether a moderator means it."""
        _story, take = await self._about(report)
        await _check(interaction, take, outcome)
        await interaction.followup.send(view=question(report, take, outcome), ephemeral=True)

    async def _decide(self, interaction: discord.Interaction[Any], report: Report, outcome: Outcome) -> bool:
        """Do it, and let the moderators' messages say so; False if somebody was faster."""
        story, take = await self._about(report)
        await _check(interaction, take, outcome)
        decided = await self.bot.studio.oversight.handle(report, person(interaction), outcome)
        await self._show_all(story, take)
        return decided

    async def _show_again(self, interaction: discord.Interaction[Any], report: Report) -> None:
        await self.bot.studio.oversight.hide(report.take_id, person(interaction), hidden=False)
        await answer(interaction, _("👁️ It is shown again, as far as the safety model lets it."))
        await self._show_all(*await self._about(report))

    async def _show_all(self, story: Story, take: Take) -> None:
        """Let all messages about a picture say how things stand, those about earlier reports too."""
        for report in await self.bot.studio.archive.moderation.reports_of(take.id):
            await self._show(report, story)

    async def _show(self, report: Report, story: Story) -> None:
        """Let the moderators' message say how a report was handled."""
        if report.message_id is None or report.channel_id is None or report.outcome is None:
            return
        take = await self.bot.studio.archive.take(report.take_id)
        place = self.bot.get_partial_messageable(report.channel_id, guild_id=report.guild_id)
        view, attached = await self._card(report, story, take, report.channel_id)
        with suppress(discord.NotFound, discord.Forbidden):  # it was deleted, or I may not see it any more
            await place.get_partial_message(report.message_id).edit(view=view, attachments=attached)

    async def _about(self, report: Report) -> tuple[Story, Take]:
        archive = self.bot.studio.archive
        take = await archive.take(report.take_id)
        return await archive.story(take.story_id), take


async def _check(interaction: discord.Interaction[Any], take: Take, outcome: Outcome) -> None:
    """Make sure that a moderator may decide this about a picture.

    Raises:
        NotAllowed: its author cannot be excluded.
    """
    if outcome is not Outcome.BANNED:
        return
    check_bannable(interaction, discord.Object(take.author.id))
    if (member := await member_of(interaction.guild, take.author.id)) is not None:  # or they manage nothing
        check_bannable(interaction, member)


def _faster() -> str:
    return _("Somebody was faster: this report is handled already.")


async def setup(bot: Samefox) -> None:
    """Called by discord.py."""
    await bot.add_cog(ReportsCog(bot))
