"""A story in the words it is printed in, and the menu of what can be made of it."""

from __future__ import annotations

import json
from typing import Any

from discord import SelectOption, ui

from cogs.presentation.cards import FOX, view_of
from cogs.presentation.controls import choice_menu
from cogs.presentation.text import plain
from cogs.presentation.words import _, listed, ngettext
from generator.errors import NotFound
from generator.press.book import Book, Kind, Page
from generator.press.metadata import recipe_to_json
from generator.story import Story, Take
from generator.studio import Studio

DESK = "gallery"
NAMED = 6  #: tellers that are named; the others are counted

_MB = 1024 * 1024


async def book_of(studio: Studio, story: Story, channel_id: int) -> tuple[Book, int]:
    """The story as it may be printed for a channel, and how many of its pictures are left out.

    Raises:
        NotFound: there is none of them left.
    """
    pages = []
    several = len({frame.author.id for frame in story.frames}) > 1
    for frame in story.frames:
        picture = await studio.pictures.printable(frame.chosen, channel_id) if frame.chosen.drawn else None
        if picture is not None:
            credit = _("scene by {name}").format(name=frame.author.name) if several else ""
            pages.append(Page(picture=picture, caption=frame.scene, credit=credit))
    if not pages:
        raise NotFound(
            "The pictures of this story are not here any more, so there is nothing to take home; /gallery "
            "has other stories."
        )
    book = Book(
        name=f"samefox-story-{story.id}",
        title=story.subject,
        byline=_("told by {name}").format(name=_tellers(story)),
        date=story.created_at.date().isoformat(),
        pages=tuple(pages),
        colophon=_colophon(story),
        record=_record(story),
    )
    return book, len(story.frames) - len(pages)


def kinds_card(story: Story) -> ui.LayoutView:
    """What can be made of a story."""
    options = [SelectOption(label=label, value=kind, emoji=emoji) for kind, (emoji, label) in kinds().items()]
    return view_of(
        ui.Container(
            ui.TextDisplay(
                f"### {plain(story.subject, 200)}\n"
                + _("What shall I make of this story? Only you will see it, to save or to share.")
            ),
            choice_menu(DESK, f"export.{story.id}", options, placeholder=_("Choose a keepsake")),
            accent_colour=FOX,
        )
    )


def kinds() -> dict[Kind, tuple[str, str]]:
    """Each kind's emoji and name."""
    return {
        Kind.STRIP: ("🎞️", _("Strip: pictures side by side")),
        Kind.GRID: ("🖼️", _("Grid: one sheet with captions")),
        Kind.PDF: ("📕", _("PDF booklet, a picture a page")),
        Kind.GIF: ("✨", _("GIF, plays everywhere")),
        Kind.MP4: ("🎬", _("MP4 film with captions")),
        Kind.ZIP: ("🗜️", _("ZIP: pictures with recipes")),
    }


def size_of(length: int) -> str:
    """So many bytes in words."""
    size = length / _MB
    if size < 0.1:
        return f"{max(1, round(1024 * size))} KB"
    return f"{size:.1f} MB" if size < 10 else f"{size:.0f} MB"


def _tellers(story: Story) -> str:
    people = {story.author.id: story.author.name}
    people |= {frame.author.id: frame.author.name for frame in story.frames}
    names = list(people.values())
    if len(names) <= NAMED:
        return listed(names)
    return _("{names} and {count} others").format(
        names=listed(names[: NAMED - 1]), count=len(names) - NAMED + 1
    )


def _colophon(story: Story) -> tuple[str, ...]:
    """Who told it, what drew it, and how to have it again."""
    takes = [frame.chosen for frame in story.frames]
    recipe = takes[0].recipe
    seeds = {take.recipe.seed: None for take in takes}
    return (
        _("told by {name}").format(name=_tellers(story)),
        _("seed {seed}").format(seed=listed([str(seed) for seed in list(seeds)[:8]])),
        f"{recipe.width} × {recipe.height} · {recipe.scheduler} · "
        + _("{steps} · guidance {guidance} · identity {identity}").format(
            steps=ngettext("{count} step", "{count} steps", recipe.steps).format(count=recipe.steps),
            guidance=f"{recipe.guidance_scale:g}",
            identity=f"{recipe.identity_strength:g}",
        ),
        recipe.model.replace("\\", "/").rsplit("/", 1)[-1],
        _("story {number}").format(number=story.id) + " · Samefox",
    )


def _record(story: Story) -> str:
    """All that decides the story's pictures, as JSON."""
    told = {
        "subject": story.subject,
        "style": story.style,
        "told_at": story.created_at.isoformat(),
        "author": story.author.name,
        "frames": [_frame(frame.chosen, frame.author.name) for frame in story.frames],
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def _frame(take: Take, author: str) -> dict[str, Any]:
    return {"scene": take.scene, "author": author, "recipe": json.loads(recipe_to_json(take.recipe))}
