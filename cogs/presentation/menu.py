"""What can be done with a picture beyond the buttons under it: a message that only who asked for it sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import SelectOption, ui

from cogs.presentation.buttons import AgainButton
from cogs.presentation.controls import paged_menu, press
from cogs.presentation.take_forms import DESK
from cogs.presentation.text import plain
from cogs.presentation.words import _
from generator.profiles import model_label
from generator.story import Frame, Story, Take

FOX = discord.Colour(0xE8762D)
SHOWN = 100  # characters of an option, by Discord


def more_menu(
    story: Story,
    frame: Frame,
    take: Take,
    models: Sequence[str],
    *,
    whole: bool,
    turned: tuple[str, int | None] = ("", None),
) -> ui.LayoutView:
    """Everything else that can be done with a take, and with the `whole` story if that is theirs.

    A long menu may be turned to a page.
    """
    number = str(take.id)
    parts: list[ui.Item[Any]] = [
        ui.TextDisplay(
            f"### {frame_name(story, frame)} · {plain(take.scene, 120)}\n-# {_which(frame, take)}"
        ),
        # Two a row are as many as a phone has room for.
        ui.ActionRow(AgainButton(take.id), press("recipes", "show", number, _("Recipe"), "📋")),
        ui.ActionRow(
            press(DESK, "tune", number, _("Seed & settings"), "🔢"),
            press("reports", "report", number, _("Report"), "🚩"),
        ),
        ui.ActionRow(press("characters", "keep", number, _("Keep this character"), "🦊")),
        *_models(take, models, "model", _("Draw it with another model"), turned),
    ]
    if whole and len(story.frames) > 1:
        parts += [
            ui.Separator(),
            ui.TextDisplay(f"**{_('The whole story')}**"),
            ui.ActionRow(
                press(DESK, "all", number, _("Reroll all"), "🎲"),
                press(DESK, "tuneall", number, _("Settings for all"), "🔢"),
            ),
            *_models(take, models, "modelall", _("Draw all with another model"), turned),
        ]
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, accent_colour=FOX))
    view.stop()
    return view


def frame_name(story: Story, frame: Frame) -> str:
    """Which of the story's frames it is."""
    if frame.position is None:
        return _("A frame that was taken back")
    return _("Frame {number} of {total}").format(number=frame.position + 1, total=len(story.frames))


def _which(frame: Frame, take: Take) -> str:
    """The take in a few words, so that nobody works on another than they think."""
    number = frame.takes.index(take) + 1
    said = _("take {number} of {total} · seed {seed}")
    return said.format(number=number, total=len(frame.takes), seed=take.recipe.seed)


def _models(
    take: Take, models: Sequence[str], kind: str, placeholder: str, turned: tuple[str, int | None]
) -> list[ui.ActionRow[Any]]:
    """A menu of the other models, if there are any."""
    options = [
        SelectOption(label=model_label(model)[:SHOWN], value=model[-SHOWN:])
        for model in models
        if model != take.recipe.model
    ]
    if not options:
        return []
    setting = f"{kind}.{take.id}"
    page = turned[1] if turned[0] == setting else None
    return paged_menu(DESK, setting, options, page, placeholder=placeholder)
