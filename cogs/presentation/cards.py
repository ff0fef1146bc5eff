"""The messages a story consists of, each a function of the story as the archive knows it.

All are Components V2 (at most 40 components and 4000 characters a message), so every list is cut to fit.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import discord
from discord import ui

from cogs.presentation.buttons import AgainButton, CancelButton, ChooseButton, PageButton, RerollButton
from cogs.presentation.controls import press
from cogs.presentation.text import duration, fitting, plain
from cogs.presentation.words import _, ngettext, say, style_label
from generator.execution.forecast import Outlook
from generator.server import Shade
from generator.story import Frame, Stepped, Story, Take, TakeState

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
SCENES_ROOM = 2400  # characters of all of them
SCENE_LENGTH = 120  # characters of a scene on the card, before escaping
NAME_LENGTH = 40


def story_card(
    story: Story, outlook: Outlook, step: Stepped | None = None, strip: str | None = None
) -> ui.LayoutView:
    """The card in the channel: what the story is, and how it stands.

    `step` is the last denoising step heard of, `strip` the name of an attached picture of the whole story.
    """
    parts: list[ui.Item[Any]] = [
        ui.TextDisplay(f"## 🦊 {plain(story.subject, 200)}\n{scene_lines(story)}"),
        ui.Separator(visible=False),
    ]
    if strip is not None:
        parts.append(ui.MediaGallery(picture(strip, story.subject)))
    parts.append(ui.TextDisplay(f"{status(story, outlook, step)}\n-# {_colophon(story)}"))
    if story.pending:
        parts.append(ui.ActionRow(CancelButton(story.id)))
    return view_of(ui.Container(*parts, accent_colour=FOX if _going_well(story) else GREY))


def frame_card(story: Story, frame: Frame, filename: str, shade: Shade | None = None) -> ui.LayoutView:
    """A frame with a picture: the take it is turned to, what that was drawn with, and what can be done."""
    take = frame.shown
    shown = picture(filename, f"{story.subject}: {take.scene}")
    shown.spoiler = shade is Shade.SPOILER
    parts: list[ui.Item[Any]] = [
        ui.TextDisplay("\n".join([_title(story, frame), *_credits(story, frame)])),
        ui.MediaGallery(shown),
        ui.TextDisplay("\n".join([*_shaded(shade), f"-# {_facts(take)}", *_news(frame)])),
        *_controls(frame),
    ]
    return view_of(ui.Container(*parts, accent_colour=FOX))


def covered_card(story: Story, frame: Frame) -> ui.LayoutView:
    """A frame whose picture is not shown, and what can be done about it."""
    take = frame.shown
    if take.hidden:
        reason = _("🙈 A moderator has hidden this picture. You can have it drawn again.")
    else:
        reason = _(
            "🙈 This picture is not shown, because my safety model objects to it. Draw it again with "
            "*Reroll*, or say it in other words with *Remix*."
        )
    title = "\n".join([_title(story, frame), *_credits(story, frame)])
    return view_of(
        ui.Container(
            ui.TextDisplay(f"{title}\n{reason}"),
            ui.TextDisplay("\n".join([f"-# {_facts(take)}", *_news(frame)])),
            *_controls(frame),
            accent_colour=GREY,
        )
    )


def _shaded(shade: Shade | None) -> list[str]:
    """Why a picture is not to be seen as it was drawn."""
    if shade is Shade.SPOILER:
        return [_("-# 🙈 This may not be for everybody; tap it to see it.")]
    if shade is Shade.BLUR:
        return [_("-# 🙈 Blurred, because my safety model objects to it; *Reroll* or *Remix* may help.")]
    return []


def _controls(frame: Frame) -> list[ui.Item[Any]]:
    """What can be done with the take that a frame's message is turned to."""
    take_id = frame.shown.id
    row = ui.ActionRow[Any](
        RerollButton(take_id),
        press("takes", "remix", str(take_id), _("Remix"), "✏️"),
        press("takes", "more", str(take_id), _("More")),
    )
    return [_pages(frame), row] if len(frame.pages) > 1 else [row]


def failure_card(story: Story, frame: Frame) -> ui.LayoutView:
    """A frame without a picture, and the button to try it again."""
    take = frame.takes[-1]
    reason = _failure(take) if take.failure else _("This picture was deleted.")
    return view_of(
        ui.Container(
            ui.TextDisplay(f"{_title(story, frame)}\n⚠️ {reason}"),
            ui.ActionRow(AgainButton(take.id, label=_("Try again"))),
            accent_colour=RED,
        )
    )


def strip_card(story: Story, filename: str) -> ui.LayoutView:
    """All frames side by side, at the end of the thread."""
    return view_of(
        ui.Container(
            ui.TextDisplay(f"### {plain(story.subject, 200)}"),
            ui.MediaGallery(picture(filename, story.subject)),
            ui.TextDisplay(f"-# {_colophon(story)}"),
            accent_colour=FOX,
        )
    )


def view_of(container: ui.Container[Any]) -> ui.LayoutView:
    """A message of one container, whose buttons are all dynamic items."""
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    # All its buttons are dynamic items, which find their way without it: nothing needs to be kept in memory.
    view.stop()
    return view


def picture(filename: str, description: str) -> discord.MediaGalleryItem:
    """An attached picture, with words for those who cannot see it."""
    return discord.MediaGalleryItem(f"attachment://{filename}", description=description[:256])


# -- a frame --------------------------------------------------------------------------------------------


def _title(story: Story, frame: Frame) -> str:
    number = (frame.position or 0) + 1
    # Where scenes are still to come, how many there are would change all messages with each.
    place = (
        _("Scene {number}").format(number=number)
        if _shared(story)
        else _("{number} of {total}").format(number=number, total=len(story.frames))
    )
    return f"**{place}** · {plain(frame.shown.scene)}"


def _credits(story: Story, frame: Frame) -> list[str]:
    """Whose scene and whose take it is, where that is not the story's author."""
    lines = []
    if _shared(story):
        lines.append(_("-# scene by {name}").format(name=plain(frame.author.name, NAME_LENGTH)))
    if frame.shown.author.id != frame.author.id:
        name = plain(frame.shown.author.name, NAME_LENGTH)
        lines.append(_("-# this take was asked for by {name}").format(name=name))
    return lines


def _facts(take: Take) -> str:
    recipe = take.recipe
    steps = ngettext("{count} step", "{count} steps", recipe.steps).format(count=recipe.steps)
    return _("seed {seed} · {steps} · {width} × {height}").format(
        seed=recipe.seed, steps=steps, width=recipe.width, height=recipe.height
    )


def _news(frame: Frame) -> list[str]:
    """What is happening to the frame besides what it shows."""
    newest = frame.takes[-1]
    if newest.pending:
        name = plain(newest.author.name, NAME_LENGTH)
        return [_("-# 🎲 Another take is on its way, asked for by {name}").format(name=name)]
    if newest.state is TakeState.FAILED:
        return [f"-# ⚠️ {_failure(newest)}"]
    return []


def _failure(take: Take) -> str:
    return plain(say(take.failure), 500) if take.failure else ""


def _pages(frame: Frame) -> ui.ActionRow[Any]:
    """The buttons that turn to the frame's other takes, around in a circle."""
    pages = frame.pages
    page = next(number for number, take in enumerate(pages) if take.id == frame.shown.id)
    back, forth = pages[page - 1], pages[(page + 1) % len(pages)]
    return ui.ActionRow(
        PageButton(back.id, forth=False),
        ui.Button(label=f"{page + 1}/{len(pages)}", disabled=True, custom_id=f"samefox:pages:{frame.id}"),
        PageButton(forth.id, forth=True),
        ChooseButton(frame.shown.id, chosen=frame.shown.id == frame.chosen.id),
    )


# -- the whole story ------------------------------------------------------------------------------------


def scene_lines(story: Story) -> str:
    """One line a scene, with a mark of how its picture stands."""
    longest = SCENE_LENGTH if len(story.frames) <= 8 else SCENE_LENGTH // 2
    return fitting(partial(_scene_lines, story), longest, SCENES_ROOM)


def _scene_lines(story: Story, length: int) -> str:
    lines = [
        f"{_MARKS[frame.chosen.state]} {number}\\. {plain(frame.scene, length)}{_by(story, frame)}"
        for number, frame in enumerate(story.frames[:SCENES_SHOWN], 1)
    ]
    if len(story.frames) > SCENES_SHOWN:
        lines.append(_("… and {count} more").format(count=len(story.frames) - SCENES_SHOWN))
    return "\n".join(lines)


def _by(story: Story, frame: Frame) -> str:
    return f" · *{plain(frame.author.name, NAME_LENGTH // 2)}*" if _shared(story) else ""


def _shared(story: Story) -> bool:
    """Whether it is worth saying whose scene is whose."""
    return story.growing or any(frame.author.id != story.author.id for frame in story.frames)


def status(story: Story, outlook: Outlook, step: Stepped | None) -> str:
    """How a story stands: in line, being drawn, told."""
    if not story.pending:
        return _ending(story)
    drawing = next((take for take in story.takes if take.state is TakeState.DRAWING), None)
    if drawing is None:
        return _in_line(outlook) + _remaining(outlook)
    number = (story.frame_of(drawing.id).position or 0) + 1
    if drawing.parent_id is not None:
        line = _("🎲 Drawing frame {number} again").format(number=number)
    else:
        line = _("🖌️ Drawing frame {number} of {total}").format(number=number, total=len(story.frames))
    if step is not None and step.take_id == drawing.id:
        line += _(" · step {step} of {steps}").format(step=step.step, steps=step.steps)
    else:
        step = None
    return f"{line}{_remaining(outlook)}\n{_bar(story, step)}"


def _in_line(outlook: Outlook) -> str:
    if not outlook.ahead:
        return _("⏳ Next in line")
    return ngettext(
        "⏳ In line: {count} picture first", "⏳ In line: {count} pictures first", outlook.ahead
    ).format(count=outlook.ahead)


def _remaining(outlook: Outlook) -> str:
    """The time left, from what pictures of this shape took lately."""
    if outlook.seconds is None:
        return ""
    return _(" · {time} left").format(time=duration(outlook.seconds))


def _bar(story: Story, step: Stepped | None, width: int = 12) -> str:
    """Progress through the whole story, a part of a frame included."""
    done = sum(not take.pending for take in story.takes) + (step.step / step.steps if step else 0)
    filled = int(width * done / len(story.takes))
    return "▰" * filled + "▱" * (width - filled)


def _ending(story: Story) -> str:
    drawn, total = len(story.pictures), len(story.frames)
    if story.cancelled:
        return ngettext(
            "✖️ Stopped after {count} frame of {total}.", "✖️ Stopped after {count} frames of {total}.", drawn
        ).format(count=drawn, total=total)
    if drawn == total:
        return ngettext(
            "📖 Told in {count} frame; the picture is in the thread.",
            "📖 Told in {count} frames; the pictures are in the thread.",
            total,
        ).format(count=total)
    return ngettext(
        "⚠️ Told with {drawn} of {total} frame; the thread says what happened to it.",
        "⚠️ Told with {drawn} of {total} frames; the thread says what happened to the others.",
        total,
    ).format(drawn=drawn, total=total)


def _going_well(story: Story) -> bool:
    return not story.cancelled and all(frame.chosen.state is not TakeState.FAILED for frame in story.frames)


def _colophon(story: Story) -> str:
    facts = [
        _("told by {name}").format(name=plain(story.author.name, NAME_LENGTH)),
        _("seed {seed}").format(seed=story.frames[0].chosen.recipe.seed),
        *([] if story.style == "plain" else [plain(style_label(story.style), NAME_LENGTH)]),
        _("story {number}").format(number=story.id),
    ]
    return " · ".join(facts)
