"""What those who look after a story told together can do with it: a panel that only they see."""

from __future__ import annotations

from functools import partial
from typing import Any

import discord
from discord import SelectOption, ui

from cogs.presentation.cards import FOX, RED, view_of
from cogs.presentation.circle import DESK, lasting, mode_name, mode_sense, name_of
from cogs.presentation.controls import MENU, Menu, choice_menu, press
from cogs.presentation.text import fitting, plain, shorten
from cogs.presentation.words import _, ngettext
from generator.story import Frame, Person, Story
from generator.together.circle import Circle, Mode, Phase

LIMITS = (1, 3, 5, 10, 30, 60, 6 * 60, 24 * 60, 3 * 24 * 60, 7 * 24 * 60)
"""Minutes that are offered for a turn or a vote."""

SCENES_ROOM = 3500  # characters of all scenes together
OPTION = 100  # characters of an option, by Discord


def panel(story: Story, circle: Circle, notice: str = "") -> ui.LayoutView:
    """Everything that can be done with the story as a whole."""
    what = str(story.id)
    heading = _("## ⚙️ {subject}\n-# Only you see this. It is {name}’s story.").format(
        subject=plain(story.subject, 100), name=name_of(circle.owner)
    )
    parts: list[ui.Item[Any]] = [ui.TextDisplay(heading)]
    if notice:
        parts.append(ui.TextDisplay(notice))
    parts.append(ui.ActionRow(*_whole(story, circle, what)))
    if story.frames:
        parts.append(ui.ActionRow(_undo(story)))
    if len(story.frames) > 1:
        parts.append(choice_menu(DESK, f"move.{what}", _scenes(story), placeholder=_("Move a scene …")))
    parts += [
        ui.Separator(),
        choice_menu(DESK, f"mode.{what}", _modes(circle), placeholder=_("How you write")),
        choice_menu(DESK, f"minutes.{what}", _minutes(circle), placeholder=_("Time limit")),
        _heirs(story),
    ]
    return view_of(ui.Container(*parts, accent_colour=FOX))


def move_panel(story: Story, frame: Frame) -> ui.LayoutView:
    """One scene among the others, and the buttons that move it."""
    what = f"{story.id}.{frame.id}"
    place = frame.position or 0
    scenes = fitting(partial(_numbered, story, frame), 80, SCENES_ROOM)
    return view_of(
        ui.Container(
            ui.TextDisplay(f"{_('## ↕️ Move a scene')}\n{scenes}"),
            ui.ActionRow(
                press(DESK, "earlier", what, _("Earlier"), "⬆️", disabled=place == 0),
                press(DESK, "later", what, _("Later"), "⬇️", disabled=place == len(story.frames) - 1),
                press(DESK, "panel", str(story.id), _("Back"), "⬅️"),
            ),
            accent_colour=FOX,
        )
    )


def _numbered(story: Story, frame: Frame, length: int) -> str:
    """All scenes, and which of them is moved."""
    lines = [f"{number}\\. {plain(each.scene, length)}" for number, each in enumerate(story.frames, 1)]
    place = frame.position or 0
    lines[place] = f"➡️ **{lines[place]}**"
    return "\n".join(lines)


def undo_panel(story: Story) -> ui.LayoutView:
    """All that whoever wrote the last scene can do with it."""
    text = _("Only {name} or a moderator looks after this story; but the last scene is yours.")
    return view_of(
        ui.Container(
            ui.TextDisplay(text.format(name=name_of(story.author))),
            ui.ActionRow(_undo(story)),
            accent_colour=FOX,
        )
    )


def undo_question(story: Story, who: Person) -> ui.LayoutView:
    """What goes with the last scene, before whoever wants to take it back does so."""
    frame = story.frames[-1]
    number, name = len(story.frames), name_of(frame.author)
    if frame.author.id == who.id:
        words = _("Its words are in your form when you press ✍️, until you write something else.")
    else:
        words = _(
            "⚠️ It is not yours: {name} wrote it, and is told. Its words are in their form when they press ✍️, "
            "until they write something else."
        ).format(name=name)
    lines = [
        f"### ↩️ {_('Take scene {number} back?').format(number=number)}",
        f"> {plain(frame.scene, 300)}\n-# {_('scene by {name}').format(name=name)}",
        ngettext(
            "Its {count} picture and its message go from the story, for good.",
            "Its {count} pictures and their message go from the story, for good.",
            len(frame.pages),
        ).format(count=len(frame.pages))
        if frame.pages
        else _("Its picture is not drawn yet, and will not be."),
        words,
    ]
    row = ui.ActionRow[Any](
        press(
            DESK,
            "take_back",
            f"{story.id}.{frame.id}",
            _("Take it back"),
            "↩️",
            discord.ButtonStyle.danger,
        ),
        press(DESK, "keep", str(story.id), _("Keep it")),
    )
    return view_of(ui.Container(ui.TextDisplay("\n".join(lines)), row, accent_colour=RED))


def heir_question(story: Story, heir: Person, *, loses: bool) -> ui.LayoutView:
    """What it means to hand a story over, before that is done: a name in a menu is soon tapped by mistake."""
    lines = [
        f"### 🤝 {_('Hand the story over to {name}?').format(name=name_of(heir))}",
        f"**{plain(story.subject, 200)}**",
        _("{name} then decides what becomes of it, and can hand it over again.").format(name=name_of(heir)),
    ]
    if loses:
        lines.append(_("⚠️ It is not yours any more then: you can only add to it, as everybody can."))
    row = ui.ActionRow[Any](
        press(
            DESK,
            "hand_over",
            f"{story.id}.{heir.id}",
            _("Hand it over"),
            "🤝",
            discord.ButtonStyle.danger,
        ),
        press(DESK, "panel", str(story.id), _("Keep it")),
    )
    return view_of(ui.Container(ui.TextDisplay("\n".join(lines)), row, accent_colour=RED))


def note(text: str) -> ui.LayoutView:
    """A few words where a panel was."""
    return view_of(ui.Container(ui.TextDisplay(text), accent_colour=FOX))


def _undo(story: Story) -> ui.Item[Any]:
    """It names the frame, so that nobody takes another scene back than they saw."""
    frame = story.frames[-1]
    label = _("Undo: {scene}").format(scene=shorten(frame.scene, 40))
    return press(DESK, "undo", f"{story.id}.{frame.id}", label, "↩️", discord.ButtonStyle.danger)


def _whole(story: Story, circle: Circle, what: str) -> list[ui.Item[Any]]:
    buttons: list[ui.Item[Any]] = []
    if circle.phase is Phase.VOTING:
        buttons.append(press(DESK, "count", what, _("Count now"), "🗳️", discord.ButtonStyle.primary))
    if circle.closed:
        buttons.append(press(DESK, "reopen", what, _("Open again"), "🔓", discord.ButtonStyle.success))
    else:
        buttons.append(press(DESK, "close", what, _("Close the story"), "🔒", discord.ButtonStyle.primary))
    if story.frames:
        count = len(story.frames)
        label = ngettext("Draw it again", "Draw all {count} again", count).format(count=count)
        buttons.append(press(DESK, "retell", what, label, "🎨"))
    return buttons


def _scenes(story: Story) -> list[SelectOption]:
    """The scenes, of which a menu holds 25: the last ones."""
    numbered = list(enumerate(story.frames, 1))[-MENU:]
    return [
        SelectOption(label=shorten(f"{number}. {frame.scene}", OPTION), value=str(frame.id))
        for number, frame in numbered
    ]


def _modes(circle: Circle) -> list[SelectOption]:
    return [
        SelectOption(
            label=mode_name(mode), description=mode_sense(mode), value=mode, default=mode is circle.mode
        )
        for mode in Mode
    ]


def _minutes(circle: Circle) -> list[SelectOption]:
    offered = sorted({*LIMITS, circle.minutes})
    return [
        SelectOption(
            label=_("{time} for a turn or a vote").format(time=lasting(minutes)),
            value=str(minutes),
            default=minutes == circle.minutes,
        )
        for minutes in offered
    ]


def _heirs(story: Story) -> ui.ActionRow[Any]:
    setting = f"heir.{story.id}"
    menu: ui.UserSelect[Any] = ui.UserSelect(
        custom_id=f"samefox:{DESK}:menu:{setting}", placeholder=_("Hand the story over to …")
    )
    return ui.ActionRow(Menu(menu, DESK, setting))
