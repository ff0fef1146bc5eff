"""``/moderate``: who may not use the bot in a server."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands, ui
from discord.app_commands import Choice, Range
from discord.ext import commands

from cogs.place import NotAllowed, person
from cogs.presentation import offers
from cogs.presentation.answers import answer, answer_error, answering
from cogs.presentation.cards import view_of
from cogs.presentation.report_card import linked
from cogs.presentation.text import plain
from cogs.presentation.words import _, ngettext
from generator.archive.excision import NOBODY
from generator.errors import NotFound
from generator.moderation.values import Act
from generator.story import Person

if TYPE_CHECKING:
    from bot import Samefox

SHOWN = 20  # bans in a list
ACTS = 8
ROOM_FOR_BANS, ROOM_FOR_ACTS = 2000, 1700  # characters; with the headings, they fit into one message

_PICTURE = re.compile(r"#(\d+)")
"""How the archive names a picture that something was done with."""


@app_commands.guild_only()
@app_commands.default_permissions(manage_messages=True)
class ModerateCog(commands.GroupCog, group_name="moderate", group_description="Who may not use me here"):
    """The commands under ``/moderate``; for those who may manage messages or moderate members."""

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot

    async def interaction_check(self, interaction: discord.Interaction[Any]) -> bool:
        """Discord lets a server give commands to anybody; this is for moderators all the same."""
        try:
            check_moderator(interaction)
        except NotAllowed as refusal:
            await answer_error(interaction, refusal)
            return False
        return True

    @app_commands.command(name="ban")
    @app_commands.describe(member="Who may not use me here any more", reason="They are told this")
    async def ban(
        self,
        interaction: discord.Interaction[Samefox],
        member: discord.Member | discord.User,
        reason: Range[str, 1, 200] | None = None,
    ) -> None:
        """Exclude a member from my stories, and stop what I draw for them."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with answering(interaction):
            await self._ban(interaction, member, reason or "")

    async def _ban(
        self, interaction: discord.Interaction[Samefox], member: discord.Member | discord.User, reason: str
    ) -> None:
        check_bannable(interaction, member)
        banned = Person(id=member.id, name=member.display_name)
        stopped = await self.bot.studio.oversight.ban(
            interaction.guild_id or 0, banned, person(interaction), reason
        )
        text = _("⛔ {name} is excluded from my stories here, and is told so when they ask me for something.")
        said = text.format(name=plain(banned.name, 40))
        if stopped:
            said += " " + ngettext(
                "{count} picture of theirs is not drawn any more.",
                "{count} pictures of theirs are not drawn any more.",
                stopped,
            ).format(count=stopped)
        await answer(interaction, said)

    @app_commands.command(name="unban")
    @app_commands.describe(member="Who may use me here again")
    async def unban(self, interaction: discord.Interaction[Samefox], member: Range[str, 1, 100]) -> None:
        """Let a member use me again."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with answering(interaction):
            await self._unban(interaction, member)

    async def _unban(self, interaction: discord.Interaction[Samefox], member: str) -> None:
        guild_id, moderation = interaction.guild_id or 0, self.bot.studio.archive.moderation
        bans = {str(ban.person.id): ban for ban in await moderation.bans(guild_id)}
        people = offers.people(ban.person for ban in bans.values())
        ban = bans.get(member.strip().strip("<@!>")) or bans.get(offers.meant(people, member) or "")
        if ban is None:
            raise NotFound(
                "“{name}” is not excluded here; /moderate list shows who is.",
                name=member[:40],
            )
        await moderation.unban(guild_id, ban.person, person(interaction))
        await answer(
            interaction,
            _("👌 {name} may use me here again.").format(
                name=plain(ban.person.name or str(ban.person.id), 40)
            ),
        )

    @unban.autocomplete("member")
    async def excluded(self, interaction: discord.Interaction[Samefox], typed: str) -> list[Choice[str]]:
        """Those who are excluded, by name."""
        bans = await self.bot.studio.archive.moderation.bans(interaction.guild_id or 0)
        return offers.offered(offers.people(ban.person for ban in bans), typed)

    @app_commands.command(name="list")
    async def list(self, interaction: discord.Interaction[Samefox]) -> None:
        """Who is excluded here, and what moderators have done lately."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        guild_id, moderation = interaction.guild_id or 0, self.bot.studio.archive.moderation
        bans, acts = await moderation.bans(guild_id), await moderation.acts(guild_id, ACTS)
        lines = [
            f"- **{plain(ban.person.name or str(ban.person.id), 40)}** · {_name(ban.by)} · "
            + discord.utils.format_dt(ban.at, "R")
            + (f"\n  {plain(ban.reason, 200)}" if ban.reason else "")
            for ban in bans[:SHOWN]
        ]
        shown = _as_fit(lines, ROOM_FOR_BANS)
        if len(bans) > len(shown):
            shown.append(_("… and {count} more").format(count=len(bans) - len(shown)))
        text = _("### ⛔ Excluded from my stories") + "\n" + ("\n".join(shown) or _("Nobody."))
        if acts:
            done = [await self._line(act) for act in acts]
            text += "\n" + _("### Lately") + "\n" + "\n".join(_as_fit(done, ROOM_FOR_ACTS))
        await interaction.followup.send(view=view_of(ui.Container(ui.TextDisplay(text))), ephemeral=True)

    async def _line(self, act: Act) -> str:
        """What a moderator did and when."""
        said = _acts().get(act.act, act.act + " {subject}").format(subject=await self._subject(act))
        return f"-# {discord.utils.format_dt(act.at, 'R')} · {_name(act.by)} · {said}"

    async def _subject(self, act: Act) -> str:
        """Whom or what it was done to; a picture is named so that a moderator finds it."""
        number = _PICTURE.fullmatch(act.subject) if act.act in ("hide", "unhide", "delete") else None
        if number is None:
            return plain(act.subject, 60) or NOBODY.name
        archive = self.bot.studio.archive
        try:
            take = await archive.take(int(number[1]))
            story = await archive.story(take.story_id)
        except NotFound:
            return _("a picture that is gone")
        return linked(story, take)


def _name(moderator: Person) -> str:
    """What a moderator is called; whose name is gone wanted to be forgotten."""
    return plain(moderator.name, 40) or NOBODY.name


def _as_fit(lines: Sequence[str], room: int) -> list[str]:
    """As many of the first lines, whole, as there is room for; half a line may be half a sign."""
    ends = accumulate(len(line) + 1 for line in lines)
    return [line for line, end in zip(lines, ends, strict=True) if end <= room]


def _acts() -> dict[str, str]:
    """What moderators do, in words, each with a place for whom or what it is done to."""
    return {
        "ban": _("excluded {subject}"),
        "unban": _("let {subject} in again"),
        "hide": _("hid {subject}"),
        "unhide": _("showed {subject} again"),
        "delete": _("deleted {subject}"),
        "delete story": _("deleted the story {subject}"),
    }


def check_moderator(interaction: discord.Interaction[Any]) -> None:
    """Make sure that this is for a moderator to do.

    Raises:
        NotAllowed: they are none.
    """
    who = interaction.user
    allowed = who.guild_permissions if isinstance(who, discord.Member) else discord.Permissions.none()
    if not (allowed.manage_messages or allowed.moderate_members):
        raise NotAllowed("Only this server’s moderators can do that; please ask one of them.")


def check_bannable(
    interaction: discord.Interaction[Any], member: discord.Member | discord.User | discord.Object
) -> None:
    """Make sure that a moderator excludes nobody who could lift it at once.

    Raises:
        NotAllowed: they would, or it is nobody who is known.
    """
    if member.id == NOBODY.id:
        raise NotAllowed(
            "Whose picture this is has been forgotten, so there is nobody to exclude; please hide or delete "
            "the picture."
        )
    if member.id == interaction.user.id:
        raise NotAllowed("You cannot exclude yourself; please choose somebody else.")
    if isinstance(member, discord.Member) and member.guild_permissions.manage_guild:
        raise NotAllowed("{name} manages this server, and cannot be excluded.", name=member.display_name[:40])


async def setup(bot: Samefox) -> None:
    """Called by discord.py."""
    await bot.add_cog(ModerateCog(bot))
