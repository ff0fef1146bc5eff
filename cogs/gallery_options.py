"""What is meant by the options of the gallery's commands, and what somebody may see there."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import discord

from cogs.place import moderates_server
from cogs.presentation.offers import OFFERED, number_in
from generator.archive.gallery import Viewer
from generator.archive.titles import Search
from generator.errors import OptionRefused

_DAY = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?$")


def viewer(interaction: discord.Interaction[Any]) -> Viewer:
    """Who looks: moderators see all, others what was told where they may read."""
    guild, member = interaction.guild, interaction.user
    if moderates_server(member):
        return Viewer(person_id=member.id)
    here = {interaction.channel_id or 0}
    if guild is not None and isinstance(member, discord.Member):
        private = discord.ChannelType.private_thread
        places = [*guild.channels, *(thread for thread in guild.threads if thread.type is not private)]
        here |= {place.id for place in places if place.permissions_for(member).view_channel}
    return Viewer(person_id=member.id, channels=tuple(sorted(here)))


def search(interaction: discord.Interaction[Any], typed: str) -> Search:
    """Which stories somebody means by what they typed so far of one."""
    return Search(
        guild_id=interaction.guild_id or 0,
        viewer=viewer(interaction),
        words=typed,
        number=number_in(typed),
        limit=OFFERED,
    )


def days(text: str) -> tuple[str, str]:
    """The first and the last day of what was typed: a day or a month.

    Raises:
        OptionRefused: it is neither.
    """
    if found := _DAY.match(text.strip()):
        year, month, day = (int(part) if part else None for part in found.groups())
        try:
            assert year is not None and month is not None
            first = date(year, month, day or 1)
            last = first if day else (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(1)
            return first.isoformat(), last.isoformat()
        except (ValueError, OverflowError):
            pass
    raise OptionRefused(
        "“{text}” is no day and no month; please write one like 2026-11-22 or 2026-11.", text=text
    )
