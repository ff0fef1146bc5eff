"""What moderators are told of a report, and the form it is written in."""

from __future__ import annotations

from typing import Any

import discord
from discord import ui

from cogs.presentation.cards import GREY, RED, picture, view_of
from cogs.presentation.controls import press
from cogs.presentation.forms import Field, Form
from cogs.presentation.menu import frame_name
from cogs.presentation.text import plain
from cogs.presentation.words import _
from generator.moderation.values import Outcome, Report
from generator.story import Story, Take

DESK = "reports"
SURE, KEEP = "sure", "keep"  # what a question's buttons say
REASON = 500  # characters

JUMP = "https://discord.com/channels/{guild}/{channel}/{message}"


def report_form(take_id: int) -> Form:
    """The form of a report."""
    reason = Field(
        label=_("What is wrong with this picture?"),
        value="",
        read=lambda text: {"reason": text},
        description=_("It goes to the channel that this server’s moderators chose for reports."),
        long=True,
        length=REASON,
    )
    return Form(desk=DESK, name=str(take_id), page="", title=_("Report this picture"), fields=(reason,))


def report_card(
    report: Report, story: Story, take: Take, filename: str | None, blurred: bool
) -> ui.LayoutView:
    """The message to the moderators: the picture, covered, and what can be done about it."""
    frame = story.frame_of(take.id)
    lines = [
        f"### 🚩 {_('A picture was reported')}",
        _("**{reporter}**: {reason}").format(
            reporter=plain(report.reporter.name, 40),
            reason=plain(report.reason or _("no reason given"), REASON),
        ),
    ]
    about = [
        f"**{frame_name(story, frame)}** · {plain(take.scene)}",
        plain(story.subject, 200),
        _("-# asked for by {name}").format(name=plain(take.author.name, 40)),
    ]
    if blurred:
        about.append(_("-# Blurred, because this channel is not age-restricted."))
    parts: list[ui.Item[Any]] = [ui.TextDisplay("\n".join(lines))]
    if filename is not None:
        shown = picture(filename, f"{story.subject}: {take.scene}")
        shown.spoiler = True
        parts.append(ui.MediaGallery(shown))
    parts.append(ui.TextDisplay("\n".join(about)))
    parts += _decided(report, take) if report.outcome is not None else _decisions(report)
    if (link := link_to(story, take)) is not None:
        parts.append(ui.ActionRow(ui.Button(label=_("Go there"), emoji="↗️", url=link)))
    return view_of(ui.Container(*parts, accent_colour=RED if report.outcome is None else GREY))


def link_to(story: Story, take: Take) -> str | None:
    """Where a take's message is."""
    message_id = story.frame_of(take.id).message_id
    if message_id is None or story.thread_id is None:
        return None
    return JUMP.format(guild=story.guild_id, channel=story.thread_id, message=message_id)


def linked(story: Story, take: Take) -> str:
    """Which picture it is, with a link to where it was posted."""
    position, link = story.frame_of(take.id).position, link_to(story, take)
    named = _("story {number}").format(number=story.id)
    if position is not None:
        named = _("frame {frame} of story {number}").format(frame=position + 1, number=story.id)
    return named if link is None else f"[{named}]({link})"


def _decisions(report: Report) -> list[ui.Item[Any]]:
    number = str(report.id)
    danger = discord.ButtonStyle.danger
    return [
        ui.ActionRow(
            press(DESK, Outcome.HIDDEN, number, _("Hide"), "🙈", discord.ButtonStyle.primary),
            press(DESK, Outcome.DELETED, number, _("Delete"), "🗑️", danger),
            press(DESK, Outcome.BANNED, number, _("Ban author"), "⛔", danger),
            press(DESK, Outcome.DISMISSED, number, _("Dismiss"), "👌"),
        )
    ]


def question(report: Report, take: Take, outcome: Outcome) -> ui.LayoutView:
    """What is asked before something that is not taken back with one button."""
    text, label, emoji = {
        Outcome.DELETED: (
            _("Delete this picture for good? Hidden instead, it could be shown again."),
            _("Delete"),
            "🗑️",
        ),
        Outcome.BANNED: (
            _("Hide this picture, exclude {name} from my stories here, and stop what I draw for them?"),
            _("Ban author"),
            "⛔",
        ),
    }[outcome]
    row = ui.ActionRow[Any](
        press(DESK, SURE, f"{outcome}.{report.id}", label, emoji, discord.ButtonStyle.danger),
        press(DESK, KEEP, str(report.id), _("Decide later")),
    )
    text = text.format(name=f"**{plain(take.author.name, 40)}**")
    return view_of(ui.Container(ui.TextDisplay(text), row, accent_colour=RED))


def settled(text: str) -> ui.LayoutView:
    """What stands in the place of a question that is answered."""
    return view_of(ui.Container(ui.TextDisplay(text)))


def _decided(report: Report, take: Take) -> list[ui.Item[Any]]:
    """How it was handled, and what can still be taken back."""
    assert report.outcome is not None
    assert report.handler is not None
    said = {
        Outcome.HIDDEN: _("🙈 Hidden by {name}"),
        Outcome.DELETED: _("🗑️ Deleted by {name}"),
        Outcome.BANNED: _(
            "⛔ Hidden, and its author excluded from my stories, by {name}; /moderate unban lets them in "
            "again"
        ),
        Outcome.DISMISSED: _("👌 Dismissed by {name}"),
    }[report.outcome]
    text = ui.TextDisplay[Any](said.format(name=f"**{plain(report.handler.name, 40)}**"))
    if report.outcome not in (Outcome.HIDDEN, Outcome.BANNED) or not take.drawn:
        return [text]
    if not take.hidden:
        return [text, ui.TextDisplay(_("-# 👁️ Since then, it is shown again."))]
    return [text, ui.ActionRow(press(DESK, "show", str(report.id), _("Show it again"), "👁️"))]
