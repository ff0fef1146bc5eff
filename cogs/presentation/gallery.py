"""What the gallery shows: a story a page, and a story that is shown again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import discord
from discord import SelectOption, ui

from cogs.presentation.cards import FOX, GREY, NAME_LENGTH, picture, view_of
from cogs.presentation.controls import choice_menu, press
from cogs.presentation.text import plain, shorten
from cogs.presentation.words import _, ngettext
from generator.archive.gallery import COUNTED, Filter, Hearts, Leaf
from generator.story import Story

DESK = "gallery"
SCENES = 280  # characters of all scenes together, before escaping
MENU = 25  # options of a menu, by Discord


def leaf_card(
    story: Story, leaf: Leaf, hearts: Hearts, wanted: Filter, filter_id: int, filename: str | None
) -> ui.LayoutView:
    """A page of the gallery, for the person who turns it."""
    gone = filename is None
    # Two rows, since five buttons do not fit beside one another on a phone.
    rows = (
        ui.ActionRow[Any](
            _turn("newer", "◀", filter_id, leaf.newer_id),
            _turn("older", "▶", filter_id, leaf.older_id),
            _heart(story, hearts, f"page.{filter_id}"),
        ),
        ui.ActionRow[Any](
            press(DESK, "show", str(story.id), _("Show here"), "📢", disabled=gone),
            press(DESK, "export", str(story.id), _("Export"), "📦", disabled=gone),
        ),
    )
    note = "\n".join(filter(None, (filter_line(wanted), _place(leaf))))
    notes = [ui.TextDisplay[Any](note)] if note else []
    return view_of(ui.Container(*_page(story, filename), *notes, *rows, accent_colour=FOX))


def empty_card(wanted: Filter) -> ui.LayoutView:
    """A gallery without a page."""
    if wanted == Filter():
        text = _("🖼️ No story has been told to its end here yet. `/story tell` begins the first.")
    elif wanted == Filter(favourites_of=wanted.favourites_of):
        text = _("🖼️ You have no favourites here yet. Press ❤️ under a story in `/gallery` to keep it here.")
    else:
        text = _("🖼️ No finished story passes this filter. `/gallery` without options shows all of them.")
    notes = [note] if (note := filter_line(wanted)) else []
    return view_of(ui.Container(ui.TextDisplay("\n".join([text, *notes])), accent_colour=GREY))


def shown_card(story: Story, hearts: Hearts, filename: str | None) -> ui.LayoutView:
    """A story that was shown again, or posted in the gallery's channel: for everybody, for good."""
    row = ui.ActionRow[Any](_heart(story, hearts, "card"))
    if filename is not None:
        row.add_item(press(DESK, "export", str(story.id), _("Export"), "📦"))
    if story.thread_id is not None:
        row.add_item(ui.Button(label=_("Thread"), url=_thread(story)))
    return view_of(ui.Container(*_page(story, filename), *_frames(story), row, accent_colour=FOX))


def filename_of(message: discord.Message | None) -> str | None:
    """What the picture on one of these cards is called."""
    if message is None:
        return None
    for item in ui.LayoutView.from_message(message).walk_children():
        if isinstance(item, ui.MediaGallery) and item.items:
            return PurePosixPath(urlsplit(item.items[0].media.url).path).name
    return None


def filter_line(wanted: Filter) -> str:
    """What is looked at, in a small line; nothing if it is everything."""
    parts = []
    if wanted.favourites_of is not None:
        parts.append(_("your favourites"))
    if wanted.author_id is not None:
        parts.append(_("told by {name}").format(name=f"<@{wanted.author_id}>"))
    if wanted.words:
        parts.append(_("about “{words}”").format(words=plain(wanted.words, 60)))
    if wanted.since is not None and wanted.since == wanted.until:
        parts.append(_day(wanted.since))
    elif wanted.since is not None or wanted.until is not None:
        parts.append(" – ".join(_day(each) if each else "…" for each in (wanted.since, wanted.until)))
    return f"-# 🔎 {' · '.join(parts)}" if parts else ""


def _day(day: str) -> str:
    """A day, ``YYYY-MM-DD``, as everybody’s own Discord writes it; its noon is on it nearly everywhere."""
    return discord.utils.format_dt(datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC), "D")


def _place(leaf: Leaf) -> str:
    """Where this page is among all of them, in a small line; nothing far behind the newest."""
    if leaf.newer is None or leaf.older is None or leaf.newer >= COUNTED:
        return ""
    place, count = leaf.newer + 1, leaf.newer + 1 + leaf.older
    said = _("{place} of {count}")
    if leaf.older >= COUNTED:
        said, count = _("{place} of more than {count}"), COUNTED
    return f"-# {said.format(place=place, count=count)}"


def _page(story: Story, filename: str | None) -> list[ui.Item[Any]]:
    """The title, the picture, and what happens."""
    frames = ngettext("{count} frame", "{count} frames", len(story.frames)).format(count=len(story.frames))
    facts = [
        _("told by {name}").format(name=plain(story.author.name, NAME_LENGTH)),
        discord.utils.format_dt(story.created_at, "D"),
        frames,
        _("story {number}").format(number=story.id),
    ]
    shown: ui.Item[Any] = ui.TextDisplay(_("🙈 The pictures of this story are not here any more."))
    if filename is not None:
        shown = ui.MediaGallery(picture(filename, f"{story.subject}: {' · '.join(story.scenes)}"))
    return [
        ui.TextDisplay(f"### {plain(story.subject, 200)}\n-# {' · '.join(facts)}"),
        shown,
        ui.TextDisplay(plain(" · ".join(story.scenes), SCENES) or "…"),
    ]


def _heart(story: Story, hearts: Hearts, where: str) -> ui.Item[Any]:
    """The button that makes a story a favourite; `where` says what is shown anew once it is pressed."""
    style = discord.ButtonStyle.success if hearts.mine else discord.ButtonStyle.secondary
    return press(DESK, "heart", f"{story.id}.{where}", str(hearts.number), "❤️", style)


def _turn(verb: str, label: str, filter_id: int, story_id: int | None) -> ui.Item[Any]:
    return press(DESK, verb, f"{filter_id}.{story_id or 0}", label, disabled=story_id is None)


def _frames(story: Story) -> list[ui.Item[Any]]:
    """Menus of the story's pictures, each of as many as Discord lets a menu have."""
    options = [
        SelectOption(label=shorten(f"{number}. {frame.scene}", 100), value=str(frame.id))
        for number, frame in enumerate(story.frames, 1)
        if frame.chosen.drawn
    ]
    return [
        choice_menu(
            DESK,
            f"frame.{story.id}.{start}",
            options[start : start + MENU],
            placeholder=_("Show one of its pictures"),
        )
        for start in range(0, min(len(options), 2 * MENU), MENU)
    ]


def _thread(story: Story) -> str:
    return f"https://discord.com/channels/{story.guild_id}/{story.thread_id}"
