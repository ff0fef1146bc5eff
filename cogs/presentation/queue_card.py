"""The queue as a member sees it: what is drawn, who waits for what, and where they are themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from cogs.presentation.controls import choice_menu, press
from cogs.presentation.text import duration, plain, shorten
from cogs.presentation.words import _, ngettext
from generator.admission import Allowance
from generator.archive.work import Errand
from generator.queue import Queue, Sketch, Wait

DESK = "queue"

PAGE = 5  # of those who wait; a phone shows no more at once
DRAWN_AT_ONCE = 6  # pictures being drawn that are listed; more, all signs, would not fit into a message
BAR = 10

FOX = discord.Colour(0xE8762D)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks."""

    id: int
    moderates: bool  #: and may stop whatever they see
    allowance: Allowance
    sees: Callable[[Errand], bool]  #: whether they may read what a story is about


def queue_card(queue: Queue, viewer: Viewer, page: int = 0, notice: str = "") -> ui.LayoutView:
    """A page of the queue; a page after the last is the last."""
    pages = max(1, -(-len(queue.waiting) // PAGE))
    page = min(page, pages - 1)
    shown = queue.waiting[page * PAGE : (page + 1) * PAGE]
    parts: list[ui.Item[Any]] = [ui.TextDisplay(_("## 🦊 The queue"))]
    if notice:
        parts.append(ui.TextDisplay(notice))
    parts.append(ui.TextDisplay(_yours(queue, viewer)))
    if queue.drawing or queue.drawing_elsewhere:
        parts += [ui.Separator(), ui.TextDisplay(_drawn_now(queue, viewer))]
    if shown:
        heading = _("**In line**")
        if pages > 1:
            heading += _(" · page {page} of {pages}").format(page=page + 1, pages=pages)
        lines = [heading, *(_waits(place, wait, viewer) for place, wait in enumerate(shown, page * PAGE + 1))]
        parts += [ui.Separator(), ui.TextDisplay("\n".join(lines))]
    if queue.waiting_elsewhere:
        parts.append(ui.TextDisplay(_elsewhere(queue.waiting_elsewhere)))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, *_controls(queue, viewer, shown, page, pages), accent_colour=FOX))
    view.stop()  # its controls find their way without it
    return view


def _yours(queue: Queue, viewer: Viewer) -> str:
    own = [wait for wait in queue.waiting if wait.errand.person.id == viewer.id]
    drawn = any(sketch.errand.person.id == viewer.id for sketch in queue.drawing)
    if own:
        frames = sum(wait.frames for wait in own)
        said = _("**You** have {frames} in line").format(frames=pictures(frames)) + _times(own, frames, drawn)
    elif drawn:
        said = _("**Yours** is being drawn, and nothing of yours waits after it.")
    elif not queue.waiting and not queue.drawing:
        said = _("Nobody is waiting. A story that you tell now begins at once: try `/story tell`.")
    elif queue.newcomer.next:
        said = _("Nothing of yours is in line. A story that you tell now begins in {time}.").format(
            time=duration(queue.newcomer.next)
        )
    else:
        said = _("Nothing of yours is in line. A story that you tell now comes soon.")
    left = viewer.allowance.left_today
    if left is not None:
        said += "\n-# " + ngettext(
            "In these 24 hours you can have {left} more picture.",
            "In these 24 hours you can have {left} more pictures.",
            left,
        ).format(left=left)
    return said


def _times(own: Sequence[Wait], frames: int, drawn: bool) -> str:
    """When the next of so many pictures is begun and the last is done."""
    begins = [wait.outlook.next for wait in own if wait.outlook.next is not None]
    done = [wait.outlook.seconds for wait in own if wait.outlook.seconds is not None]
    if not begins or len(done) < len(own):
        ahead = min(wait.outlook.ahead for wait in own)
        said = ngettext(": {count} before it.", ": {count} before the next of them.", frames)
        return said.format(count=pictures(ahead)) if ahead else "."
    if drawn or min(begins) < 1:
        said = ngettext(": it is drawn in {last}.", ": all of them are drawn in {last}.", frames)
        return said.format(last=duration(max(done)))
    return ngettext(
        ": it begins in {next} and is drawn in {last}.",
        ": the next begins in {next}, all of them are drawn in {last}.",
        frames,
    ).format(next=duration(min(begins)), last=duration(max(done)))


def _drawn_now(queue: Queue, viewer: Viewer) -> str:
    lines = [_("**Being drawn**"), *(_sketch(each, viewer) for each in queue.drawing[:DRAWN_AT_ONCE])]
    if queue.drawing_elsewhere:
        lines.append(
            "🖌️ "
            + ngettext(
                "{count} picture for another server",
                "{count} pictures for other servers",
                queue.drawing_elsewhere,
            ).format(count=queue.drawing_elsewhere)
        )
    return "\n".join(lines)


def _sketch(sketch: Sketch, viewer: Viewer) -> str:
    filled = int(BAR * sketch.progress)
    scene = f"-# {plain(sketch.scene, 60)}\n" if viewer.sees(sketch.errand) else ""
    return (
        f"🖌️ {_title(sketch.errand, viewer)}\n{scene}"
        f"{'▰' * filled}{'▱' * (BAR - filled)} {sketch.progress:.0%}"
    )


def _waits(place: int, wait: Wait, viewer: Viewer) -> str:
    mark = "👉 " if wait.errand.person.id == viewer.id else ""
    facts = [pictures(wait.frames)]
    if wait.outlook.next is not None and wait.outlook.next >= 1:
        facts.append(_("begins in {time}").format(time=duration(wait.outlook.next)))
    else:
        facts.append(
            _("{count} before it").format(count=wait.outlook.ahead) if wait.outlook.ahead else _("next")
        )
    if wait.outlook.seconds is not None:
        facts.append(_("done in {time}").format(time=duration(wait.outlook.seconds)))
    return f"{place}\\. {mark}{_title(wait.errand, viewer)}\n-# {' · '.join(facts)}"


def _title(errand: Errand, viewer: Viewer) -> str:
    subject = plain(errand.subject, 60) if viewer.sees(errand) else _("a story in another channel")
    return f"**{subject}** · {plain(errand.person.name, 30)}"


def _elsewhere(count: int) -> str:
    return "-# " + ngettext(
        "{count} picture waits in another server; servers take turns.",
        "{count} pictures wait in other servers; servers take turns.",
        count,
    ).format(count=count)


def _controls(
    queue: Queue, viewer: Viewer, shown: Sequence[Wait], page: int, pages: int
) -> list[ui.ActionRow[Any]]:
    rows: list[ui.ActionRow[Any]] = []
    if errands := _may_stop(queue, viewer, shown):
        options = [_option(errand) for errand in errands]
        rows.append(choice_menu(DESK, f"stop.{page}", options, placeholder=_("Stop a story …")))
    buttons = [press(DESK, "page", str(page), _("Refresh"), "🔄")]
    if page > 0:
        buttons.insert(0, press(DESK, "page", str(page - 1), None, "◀️"))
    if page < pages - 1:
        buttons.append(press(DESK, "page", str(page + 1), None, "▶️"))
    return [*rows, ui.ActionRow(*buttons)]


def _option(errand: Errand) -> discord.SelectOption:
    return discord.SelectOption(
        label=shorten(errand.subject, 90),
        value=f"{errand.story_id}:{errand.person.id}",
        description=_("{frames} of {name}, not drawn yet").format(
            frames=pictures(len(errand.takes)), name=shorten(errand.person.name, 40)
        ),
    )


def _may_stop(queue: Queue, viewer: Viewer, shown: Sequence[Wait]) -> list[Errand]:
    """All of the viewer's own, and for a moderator whatever is on the page."""
    everything = [sketch.errand for sketch in queue.drawing] + [wait.errand for wait in queue.waiting]
    stoppable = [errand for errand in everything if viewer.id == errand.person.id]
    if viewer.moderates:
        stoppable += [sketch.errand for sketch in queue.drawing] + [wait.errand for wait in shown]
    return list({(errand.story_id, errand.person.id): errand for errand in stoppable}.values())


def pictures(number: int) -> str:
    """``1 picture``, ``2 pictures``."""
    return ngettext("{count} picture", "{count} pictures", number).format(count=number)


def _desk(interaction: discord.Interaction[Any]) -> Any:
    return interaction.client.get_cog("queue")
