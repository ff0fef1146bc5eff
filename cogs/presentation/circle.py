"""What everybody sees of a story told together: card, buttons that follow the frames, poll, recap."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import discord
from discord import ui

from cogs.presentation.cards import (
    FOX,
    GREY,
    NAME_LENGTH,
    picture,
    scene_lines,
    status,
    view_of,
)
from cogs.presentation.controls import Press, press
from cogs.presentation.forms import Field, Form
from cogs.presentation.text import fitting, plain, shorten
from cogs.presentation.words import _, listed, ngettext, say, style_label
from generator.execution.forecast import Outlook
from generator.story import Frame, Person, Stepped, Story
from generator.together.circle import Circle, Mode, Phase, Proposal

DESK = "circle"

SCENE = 1000  # characters; many times what CLIP reads
ANSWER = 55  # characters of a poll's answer, by Discord
TITLE = 45  # characters of a form's title, by Discord
CREDITED = 20  # writers by name


def circle_card(
    story: Story, circle: Circle, outlook: Outlook, step: Stepped | None = None, strip: str | None = None
) -> ui.LayoutView:
    """The card in the channel: whose story it is, whose turn, the scenes so far, and the buttons."""
    heading = f"## 🦊 {plain(story.subject, 200)}\n-# {_together(story, circle)}"
    parts: list[ui.Item[Any]] = [ui.TextDisplay(heading)]
    if scenes := scene_lines(story):
        parts.append(ui.TextDisplay(scenes))
    if strip is not None:
        parts.append(ui.MediaGallery(picture(strip, story.subject)))
    if story.pending:
        parts.append(ui.TextDisplay(status(story, outlook, step)))
    parts += [
        ui.Separator(visible=False),
        ui.TextDisplay(_now(circle, story.thread_id)),
        _buttons(circle, on_card=True),
    ]
    return view_of(ui.Container(*parts, accent_colour=GREY if circle.closed else FOX))


def prompt_card(story: Story, circle: Circle, *, reading: bool) -> ui.LayoutView:
    """The message at the end of the thread: what comes next, and where to press."""
    lines = [*_underway(story), _now(circle), *_proposals(circle)]
    if circle.news is not None:
        lines.insert(0, f"-# {plain(say(circle.news), 300)}")
    if not story.frames:
        about = _("A story about **{subject}** that you tell together.")
        lines.insert(0, about.format(subject=plain(story.subject, 200)))
    if circle.phase is Phase.WRITING:
        lines.append(f"-# {_how(circle, reading)}")
    parts: list[ui.Item[Any]] = [ui.TextDisplay("\n".join(lines)), _buttons(circle)]
    return view_of(ui.Container(*parts, accent_colour=FOX))


def recap_card(story: Story, circle: Circle, filename: str) -> ui.LayoutView:
    """The end: all frames side by side, the story as it was written, and who wrote it."""
    parts: list[ui.Item[Any]] = [
        ui.TextDisplay(f"## 📖 {plain(story.subject, 200)}"),
        ui.MediaGallery(picture(filename, story.subject)),
        ui.TextDisplay(fitting(partial(_retold, story), 300, 2200)),
        ui.Separator(),
        ui.TextDisplay(f"{_credits(story)}\n-# {_recap_facts(story)}"),
        _buttons(circle, on_card=True),
    ]
    return view_of(ui.Container(*parts, accent_colour=FOX))


def prelude_card(
    story: Story, carried: Sequence[Frame], continues_id: int | None, filename: str | None
) -> ui.LayoutView:
    """What happened in the earlier story, at the beginning of the thread; its pictures may all be gone."""
    told = [(frame.takes[0].scene, frame.author) for frame in carried]
    scenes = fitting(partial(_by_whom, told), 120, 3500) if told else _("Its scenes have been deleted.")
    lines = [_("### So far"), scenes]
    if continues_id is not None:
        lines.append(_("-# continues story {number}").format(number=continues_id))
    return view_of(
        ui.Container(
            *([ui.MediaGallery(picture(filename, story.subject))] if filename else []),
            ui.TextDisplay("\n".join(lines)),
            accent_colour=FOX,
        )
    )


def poll_of(circle: Circle) -> discord.Poll:
    """Discord's own poll about the proposals; it is ended when the circle's time is over."""
    hours = min(max(1, -(-circle.minutes // 60)), 32 * 24)
    poll = discord.Poll(question=_("What happens next?"), duration=timedelta(hours=hours))
    for proposal in circle.proposals:
        poll.add_answer(text=answer_of(proposal))
    return poll


def answer_of(proposal: Proposal) -> str:
    """A proposal as the poll has it."""
    return shorten(proposal.scene, ANSWER)


def scene_form(circle: Circle, words: str = "") -> Form:
    """Where a scene is written, perhaps beginning with `words`."""
    proposing = circle.mode is Mode.VOTE
    return Form(
        desk=DESK,
        name=f"scene_{circle.story_id}",
        page="",
        title=(_("Propose a scene") if proposing else _("Add a scene"))[:TITLE],
        fields=(
            Field(
                label=_("What happens next?"),
                description=_("Your last scene was taken back; these are its words.")
                if words
                else _("One scene: it becomes one picture."),
                value=words,
                read=lambda text: {"scene": text},
                placeholder=_("playing in the snow"),
                long=True,
                length=SCENE,
            ),
        ),
    )


def mode_name(mode: Mode) -> str:
    """What a mode is called."""
    return {
        Mode.OPEN: _("Anyone, any time"),
        Mode.TURNS: _("Taking turns"),
        Mode.VOTE: _("Put to the vote"),
    }[mode]


def mode_sense(mode: Mode) -> str:
    """What a mode means."""
    return {
        Mode.OPEN: _("Whoever has an idea adds the next scene."),
        Mode.TURNS: _("Those who joined write one after the other."),
        Mode.VOTE: _("Several are proposed, and a poll decides."),
    }[mode]


def lasting(minutes: int) -> str:
    """A time limit in words."""
    if minutes % (24 * 60) == 0:
        days = minutes // (24 * 60)
        return ngettext("{count} day", "{count} days", days).format(count=days)
    if minutes % 60 == 0:
        return ngettext("{count} hour", "{count} hours", minutes // 60).format(count=minutes // 60)
    return ngettext("{count} minute", "{count} minutes", minutes).format(count=minutes)


def name_of(person: Person) -> str:
    """A person's name, which calls nobody."""
    return plain(person.name, NAME_LENGTH)


# -- parts ----------------------------------------------------------------------------------------------


def _together(story: Story, circle: Circle) -> str:
    facts = [
        _("{name}’s story, told together").format(name=name_of(circle.owner)),
        *([] if circle.closed else [mode_name(circle.mode)]),
        *_look(story),
    ]
    return " · ".join(facts)


def _look(story: Story) -> list[str]:
    style = [] if story.style == "plain" else [plain(style_label(story.style), NAME_LENGTH)]
    return [*style, _("story {number}").format(number=story.id)]


def _now(circle: Circle, thread_id: int | None = None) -> str:
    """What the circle waits for, and until when; with `thread_id`, as it is said outside of the thread."""
    if circle.phase is Phase.CLOSED:
        return _("### 🔒 The story is closed.")
    if circle.phase is Phase.VOTING and thread_id is not None:
        said = _("### 🗳 Vote in {thread}!{until}")
        return said.format(thread=f"<#{thread_id}>", until=_until(circle.deadline))
    if circle.phase is Phase.VOTING:
        return _("### 🗳 Vote in the poll above!{until}").format(until=_until(circle.deadline))
    if circle.phase is Phase.COUNTING:
        return _("### 🗳 The votes are being counted …")
    if circle.mode is Mode.VOTE:
        if circle.proposals:
            return _("### 🗳 Propose the next scene{until}").format(until=_until(circle.deadline))
        return _("### 🗳 Propose the next scene")
    if circle.turn is not None:
        said = _("### ✍️ {name}’s turn{until}")
        return said.format(name=name_of(circle.turn), until=_until(circle.deadline)) + _queue(circle)
    return _("### ✍️ What happens next?")


def _underway(story: Story) -> list[str]:
    """The scenes whose pictures are still to come, so that nobody wonders where theirs is."""
    coming = [frame for frame in story.frames if frame.takes[-1].pending and not frame.pages]
    lines = [
        f"-# 🖌️ {plain(frame.scene, 60)} · *{plain(frame.author.name, NAME_LENGTH // 2)}*" for frame in coming
    ]
    return [*lines[:3], *(["-# …"] if len(lines) > 3 else [])]


def _until(deadline: datetime | None) -> str:
    """Discord counts down by itself."""
    if deadline is None:
        return ""
    return "\n-# ⏳ " + _("time is over {when}").format(when=discord.utils.format_dt(deadline, "R"))


def _queue(circle: Circle) -> str:
    """Who is next, as many as fit in a line."""
    names: list[str] = []
    person = circle.turn
    while person is not None and len(names) < min(4, len(circle.members) - 1):
        person = circle.after(person)
        if person is not None:
            names.append(plain(person.name, NAME_LENGTH // 2))
    if not names:
        return ""
    more = len(circle.members) - 1 - len(names)
    return "\n-# " + _("then {names}").format(names=listed([*names, *(["…"] if more else [])]))


def _proposals(circle: Circle) -> list[str]:
    if circle.phase not in (Phase.WRITING, Phase.VOTING):
        return []
    proposed = [(proposal.scene, proposal.author) for proposal in circle.proposals]
    return [fitting(partial(_by_whom, proposed), 150, 1800)] if proposed else []


def _by_whom(scenes: Sequence[tuple[str, Person]], length: int) -> str:
    """Scenes and who wrote them, a line each."""
    return "\n".join(
        f"{number}\\. {plain(scene, length)} · *{plain(author.name, NAME_LENGTH // 2)}*"
        for number, (scene, author) in enumerate(scenes, 1)
    )


def _how(circle: Circle, reading: bool) -> str:
    """How to add a scene, besides the button."""
    if reading:
        return _("Press ✍️, or just write it here. Begin with // to chat.")
    return _("Press ✍️, or use /scene add.")


def manage_id(story_id: int, *, on_card: bool = False) -> str:
    """The custom id of a Manage button, by which the card and the prompt are recognised."""
    return f"samefox:{DESK}:press:manage:{_managed(story_id, on_card)}"


def _managed(story_id: int, on_card: bool) -> str:
    return f"{story_id}.card" if on_card else str(story_id)


def _buttons(circle: Circle, *, on_card: bool = False) -> ui.ActionRow[Any]:
    """At most four, so that a phone shows them in one row or two."""
    what = str(circle.story_id)
    write = press(
        DESK,
        "add",
        what,
        _("Propose a scene") if circle.mode is Mode.VOTE else _("Add a scene"),
        "✍️",
        discord.ButtonStyle.success,
    )
    buttons: list[Press] = []
    if circle.phase is Phase.WRITING:
        buttons.append(write)
        if circle.mode is Mode.TURNS:
            buttons.append(press(DESK, "join", what, _("Join"), "🙋", discord.ButtonStyle.primary))
            if circle.turn is not None and len(circle.members) > 1:
                # It names whose turn it skips, which may be over by the time it is pressed.
                buttons.append(press(DESK, "skip", f"{what}.{circle.turn.id}", _("Skip"), "⏭️"))
        if len(circle.proposals) > 0:
            buttons.append(press(DESK, "vote", what, _("Vote now"), "🗳️", discord.ButtonStyle.primary))
    buttons.append(press(DESK, "manage", _managed(circle.story_id, on_card), _("Manage"), "⚙️"))
    return ui.ActionRow(*buttons)


def _retold(story: Story, length: int) -> str:
    """The whole text."""
    return "\n".join(
        f"{number}\\. {plain(frame.scene, length)}" for number, frame in enumerate(story.frames, 1)
    )


def _credits(story: Story) -> str:
    """Who wrote which scenes, in the order of their first."""
    return fitting(partial(_credit_lines, story), NAME_LENGTH, 1000)


def _credit_lines(story: Story, length: int) -> str:
    written: dict[int, list[int]] = {}
    names: dict[int, str] = {}
    for number, frame in enumerate(story.frames, 1):
        written.setdefault(frame.author.id, []).append(number)
        names[frame.author.id] = plain(frame.author.name, length)
    lines = [f"✍️ **{names[each]}** · {_numbers(numbers)}" for each, numbers in written.items()]
    more = len(lines) - CREDITED
    return "\n".join([*lines[:CREDITED], *([_("… and {count} more").format(count=more)] if more > 0 else [])])


def _numbers(numbers: list[int]) -> str:
    said = ngettext("scene {numbers}", "scenes {numbers}", len(numbers))
    return said.format(numbers=listed([str(number) for number in numbers]))


def _recap_facts(story: Story) -> str:
    writers = len({frame.author.id for frame in story.frames})
    told = ngettext("told by {count} person", "told by {count} people", writers).format(count=writers)
    seed = _("seed {seed}").format(seed=story.frames[0].chosen.recipe.seed)
    return " · ".join([told, seed, *_look(story)])
