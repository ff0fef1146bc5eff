"""The messages a story consists of, each a function of the story as the archive knows it.

All are Components V2 (at most 40 components and 4000 characters a message), so every list is cut to fit.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import ui

from cogs.presentation.buttons import AgainButton, CancelButton, RerollButton
from cogs.presentation.text import count, duration, plain
from cogs.presentation.words import _, say
from generator.story import Stepped, Story, Take, TakeState
from generator.studio import Outlook

FOX = discord.Colour(0xE8762D)
GREY = discord.Colour(0x80848E)
RED = discord.Colour(0xD83C3E)

_MARKS = {
    TakeState.QUEUED: "▫️",
    TakeState.DRAWING: "🖌️",
    TakeState.DRAWN: "✅",
    TakeState.FAILED: "⚠️",
    TakeState.CANCELLED: "✖️",
}

SCENES_SHOWN = 20
SCENE_LENGTH = 120  # characters of a scene on the card, before escaping


def story_card(
    story: Story, outlook: Outlook, step: Stepped | None = None, strip: str | None = None
) -> ui.LayoutView:
    """The card in the channel: what the story is, and how it stands.

    `step` is the last denoising step heard of, `strip` the name of an attached picture of the whole story.
    """
    parts: list[ui.Item[Any]] = [
        ui.TextDisplay(f"## 🦊 {plain(story.subject, 200)}\n{_scenes(story)}"),
        ui.Separator(visible=False),
    ]
    if strip is not None:
        parts.append(ui.MediaGallery(_picture(strip, story.subject)))
    parts.append(ui.TextDisplay(f"{_status(story, outlook, step)}\n-# {_colophon(story)}"))
    if story.pending:
        parts.append(ui.ActionRow(CancelButton(story.id)))
    return _view(ui.Container(*parts, accent_colour=FOX if _going_well(story) else GREY))


def frame_card(story: Story, take: Take, filename: str) -> ui.LayoutView:
    """A drawn frame: its picture, its scene, what it was drawn with, and the buttons to draw it again."""
    recipe = take.recipe
    title = f"**{take.frame + 1} of {len(story.scenes)}** · {plain(take.scene)}"
    if take.parent_id is not None:
        title += f"\n-# another take, asked for by {plain(take.author.name, 40)}"
    facts = f"-# seed {recipe.seed} · {count(recipe.steps, 'step')} · {recipe.width} × {recipe.height}"
    return _view(
        ui.Container(
            ui.TextDisplay(title),
            ui.MediaGallery(_picture(filename, f"{story.subject}: {take.scene}")),
            ui.TextDisplay(facts),
            ui.ActionRow(RerollButton(take.id), AgainButton(take.id)),
            accent_colour=FOX,
        )
    )


def failure_card(story: Story, take: Take) -> ui.LayoutView:
    """A frame that could not be drawn, and the button to try it again."""
    failure = say(take.failure) if take.failure is not None else _("It could not be drawn.")
    return _view(
        ui.Container(
            ui.TextDisplay(
                f"⚠️ **{take.frame + 1} of {len(story.scenes)}** · {plain(take.scene)}\n{plain(failure, 500)}"
            ),
            ui.ActionRow(AgainButton(take.id, label="Try again")),
            accent_colour=RED,
        )
    )


def strip_card(story: Story, filename: str) -> ui.LayoutView:
    """All frames side by side, at the end of the thread."""
    return _view(
        ui.Container(
            ui.TextDisplay(f"### {plain(story.subject, 200)}"),
            ui.MediaGallery(_picture(filename, story.subject)),
            ui.TextDisplay(f"-# {_colophon(story)}"),
            accent_colour=FOX,
        )
    )


def _view(container: ui.Container[Any]) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    # All its buttons are dynamic items, which find their way without it: nothing needs to be kept in memory.
    view.stop()
    return view


def _picture(filename: str, description: str) -> discord.MediaGalleryItem:
    return discord.MediaGalleryItem(f"attachment://{filename}", description=description[:256])


def _scenes(story: Story) -> str:
    """One line a scene, with a mark of how its picture stands."""
    takes = story.frames
    length = SCENE_LENGTH if len(takes) <= 8 else SCENE_LENGTH // 2
    lines = [
        f"{_MARKS[take.state]} {take.frame + 1}\\. {plain(take.scene, length)}"
        for take in takes[:SCENES_SHOWN]
    ]
    if len(takes) > SCENES_SHOWN:
        lines.append(f"… and {len(takes) - SCENES_SHOWN} more")
    return "\n".join(lines)


def _status(story: Story, outlook: Outlook, step: Stepped | None) -> str:
    takes = story.frames
    drawn = sum(take.state is TakeState.DRAWN for take in takes)
    if not story.pending:
        return _ending(story, drawn)
    drawing = next((take for take in story.takes if take.state is TakeState.DRAWING), None)
    if drawing is None:
        line = f"⏳ In line: {count(outlook.ahead, 'picture')} first" if outlook.ahead else "⏳ Next in line"
        return line + _remaining(outlook, None)
    if drawing.parent_id is not None:
        line = f"🎲 Drawing frame {drawing.frame + 1} again"
    else:
        line = f"🖌️ Drawing frame {drawing.frame + 1} of {len(takes)}"
    if step is not None and step.take_id == drawing.id:
        line += f" · step {step.step} of {step.steps}"
    else:
        step = None
    return f"{line}{_remaining(outlook, step)}\n{_bar(story, step)}"


def _remaining(outlook: Outlook, step: Stepped | None) -> str:
    """The time left, from what pictures of this shape took lately."""
    if outlook.seconds is None:
        return ""
    drawn_part = outlook.seconds_per_frame * step.step / step.steps if step is not None else 0.0
    return f" · {duration(outlook.seconds - drawn_part)} left"


def _bar(story: Story, step: Stepped | None, width: int = 12) -> str:
    """Progress through the whole story, a part of a frame included."""
    done = sum(not take.pending for take in story.takes) + (step.step / step.steps if step else 0)
    filled = int(width * done / len(story.takes))
    return "▰" * filled + "▱" * (width - filled)


def _ending(story: Story, drawn: int) -> str:
    total = len(story.scenes)
    if story.cancelled:
        return f"✖️ Stopped after {count(drawn, 'frame')} of {total}."
    if drawn == total:
        return f"📖 Told in {count(total, 'frame')}; the pictures are in the thread."
    return f"⚠️ Told with {drawn} of {total} frames; the thread says what happened to the others."


def _going_well(story: Story) -> bool:
    return not story.cancelled and all(take.state is not TakeState.FAILED for take in story.frames)


def _colophon(story: Story) -> str:
    seed = story.frames[0].recipe.seed
    style = "" if story.style == "plain" else f" · {plain(story.style, 40)}"
    return f"told by {plain(story.author.name, 40)} · seed {seed}{style} · story {story.id}"
