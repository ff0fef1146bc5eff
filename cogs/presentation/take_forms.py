"""What can be typed about a picture: other words, other settings; and a refusal that brings it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from cogs.presentation.controls import press
from cogs.presentation.forms import Field, Form, brought_back, number, size_hint
from cogs.presentation.text import plain
from cogs.presentation.words import _, say
from generator.errors import OptionRefused, SamefoxError
from generator.settings import LimitSettings
from generator.story import Frame, Recipe, Story, Take
from generator.storyboard import MAX_SEED, bounds, read_size

DESK = "takes"

SCENE = 2000  # characters, many times what CLIP reads; with a refusal they still fit in one message
TITLE = 45  # characters, by Discord

RED = discord.Colour(0xD83C3E)


def remix_form(frame: Frame, take: Take) -> Form:
    """Other words for what a picture shows."""
    return Form(
        desk=DESK,
        name=f"remix_{take.id}",
        page="",
        title=_("Remix frame {number}").format(number=(frame.position or 0) + 1)[:TITLE],
        fields=(
            Field(
                label=_("What does it show?"),
                description=_("The character and the seed stay the same."),
                value=take.scene,
                read=_words,
                long=True,
                length=SCENE,
            ),
        ),
    )


def tune_form(frame: Frame, take: Take, limits: LimitSettings) -> Form:
    """Other settings for one picture."""
    title = _("Frame {number}: seed & settings").format(number=(frame.position or 0) + 1)
    return _settings_form(f"tune_{take.id}", title, [take.recipe], limits)


def tune_all_form(story: Story, take: Take, limits: LimitSettings) -> Form:
    """Other settings for all pictures of a story."""
    recipes = [frame.chosen.recipe for frame in story.frames]
    return _settings_form(f"tuneall_{take.id}", _("All frames: seed & settings"), recipes, limits)


def refusal(form: Form, typed: Sequence[str], reasons: Sequence[SamefoxError]) -> ui.LayoutView:
    """Why nothing is drawn, what was typed, and the button that opens the form with it again."""
    why = "\n".join(f"⚠️ {plain(say(reason), 300)}" for reason in reasons[:5])
    view = ui.LayoutView(timeout=None)
    view.add_item(
        ui.Container(
            ui.TextDisplay("\n".join(filter(None, [why, brought_back(form, typed)]))),
            ui.ActionRow(
                press(form.desk, "correct", form.name, _("Correct it"), "✏️", discord.ButtonStyle.primary)
            ),
            accent_colour=RED,
        )
    )
    view.stop()
    return view


def _settings_form(name: str, title: str, recipes: Sequence[Recipe], limits: LimitSettings) -> Form:
    """Everything about recipes but their words; what is not the same in all of them is left open."""

    def common(field: str) -> str:
        values = {getattr(recipe, field) for recipe in recipes}
        return f"{values.pop():.10g}" if len(values) == 1 else ""

    def numeric(field: str, label: str, *, whole: bool = True) -> Field:
        least, most, _multiple = (0, MAX_SEED, 1) if field == "seed" else bounds(field, limits)
        hint = _("{least} to {most}; empty: {usual}.").format(
            least=f"{least:g}", most=f"{most:.10g}", usual=_("as it is")
        )
        read = number(field, label, least, most, whole=whole)
        return Field(label=label, value=common(field), read=read, description=hint)

    width, height = common("width"), common("height")
    return Form(
        desk=DESK,
        name=name,
        page="",
        title=title[:TITLE],
        fields=(
            numeric("seed", _("Seed")),
            numeric("steps", _("Steps")),
            numeric("guidance_scale", _("Guidance"), whole=False),
            numeric("identity_strength", _("Identity"), whole=False),
            Field(
                label=_("Size"),
                value=f"{width}x{height}" if width and height else "",
                read=_size,
                description=size_hint(limits, _("as it is")),
            ),
        ),
    )


def _words(text: str) -> dict[str, Any]:
    words = " ".join(text.split())
    if not words:
        raise OptionRefused("Please write what the picture should show.")
    return {"scene": words}


def _size(text: str) -> dict[str, Any]:
    return dict(zip(("width", "height"), read_size(text), strict=True)) if text else {}
