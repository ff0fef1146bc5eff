"""A picture's recipe for people: what it was drawn with, and how to have it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import SelectOption, ui

from cogs.presentation.controls import MENU, choice_menu, press
from cogs.presentation.menu import frame_name
from cogs.presentation.text import plain, quote_block, shorten
from cogs.presentation.words import _, listed, ngettext, pgettext, say
from generator.errors import SamefoxError
from generator.profiles import model_label
from generator.retelling import Retelling
from generator.story import Engine, Frame, Recipe, Story, Take

DESK = "recipes"
FILE = "recipe.json"
STRIP_FILE = "recipes.json"
LORAS = 5  # that are named; a picture from elsewhere may say that it had any number
LINE = 1000  # characters of a line to copy; a longer one finds no place beside the rest
BY_FILE = f"python -m generator --recipe {FILE}"

FOX = discord.Colour(0xE8762D)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where a picture comes from."""

    heading: str
    recipe: Recipe
    engine: Engine | None  #: None once the picture is deleted
    history: str = ""  #: which take it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How to have the picture again."""

    slash: Retelling | None
    shell: Retelling | None
    here: bool = False  #: whether a button draws it
    refused: SamefoxError | None = None  #: why it cannot be drawn here


def recipe_card(account: Account, ways: Ways) -> ui.LayoutView:
    """The recipe, the lines to copy, and the file; with a button for a picture from elsewhere."""
    view = ui.LayoutView(timeout=None)
    view.add_item(
        ui.Container(
            ui.TextDisplay(f"### 📋 {account.heading}\n{_words(account.recipe)}"),
            ui.TextDisplay("\n".join(f"-# {line}" for line in _facts(account))),
            ui.Separator(),
            *_again(ways),
            accent_colour=FOX,
        )
    )
    view.add_item(ui.File(f"attachment://{FILE}"))
    view.stop()
    return view


def take_heading(story: Story, frame: Frame, take: Take) -> str:
    """Which picture it is."""
    return f"{frame_name(story, frame)} · {plain(take.scene, 120)}"


def take_history(frame: Frame, take: Take) -> str:
    """Which take it is, and which it came from."""
    numbers = {each.id: number for number, each in enumerate(frame.takes, 1)}
    line = _("take {number} of {total}").format(number=numbers[take.id], total=len(numbers))
    if take.parent_id in numbers:
        line += " · " + _("drawn again from take {number}").format(number=numbers[take.parent_id])
    return line + " · " + _("asked for by {name}").format(name=plain(take.author.name, 40))


def frames_card(story: Story) -> ui.LayoutView:
    """Which of a story's pictures is meant."""
    scenes = [(frame.scene, str(frame.chosen.id)) for frame in story.frames]
    return _which(plain(story.subject, 200), scenes, f"frame.{story.id}")


def strip_card(name: str, recipes: Sequence[Recipe]) -> ui.LayoutView:
    """Which of the pictures in a strip from elsewhere is meant; `STRIP_FILE` goes with it."""
    view = _which(name, [(recipe.express, str(number)) for number, recipe in enumerate(recipes)], "strip")
    return view.add_item(ui.File(f"attachment://{STRIP_FILE}"))


def _which(heading: str, scenes: Sequence[tuple[str, str]], setting: str) -> ui.LayoutView:
    options = [
        SelectOption(label=shorten(f"{number}. {scene}", 100), value=value)
        for number, (scene, value) in enumerate(scenes[:MENU], 1)
    ]
    question = _("Each picture of a story has a recipe of its own. Which one?")
    view = ui.LayoutView(timeout=None)
    view.add_item(
        ui.Container(
            ui.TextDisplay(f"### 📋 {heading}\n{question}"),
            choice_menu(DESK, setting, options, placeholder=_("Choose a picture")),
            accent_colour=FOX,
        )
    )
    view.stop()
    return view


def _words(recipe: Recipe) -> str:
    lines = [
        _("**Who** {subject}").format(subject=plain(recipe.subject, 300)),
        _("**Scene** {scene}").format(scene=plain(recipe.express, 300)),
    ]
    if recipe.suppress:
        others = listed([f"*{plain(scene, 60)}*" for scene in recipe.suppress[:10]])
        lines.append(_("**Other scenes** {scenes}").format(scenes=others))
    if recipe.negative_prompt:
        lines.append(_("**Avoided** {words}").format(words=plain(recipe.negative_prompt, 200)))
    lines.append(_("**Seed** {seed}").format(seed=f"`{recipe.seed}`"))
    return "\n".join(lines)


def _facts(account: Account) -> list[str]:
    recipe, engine = account.recipe, account.engine
    steps = ngettext("{count} step", "{count} steps", recipe.steps).format(count=recipe.steps)
    numbers = _("{steps} · guidance {guidance} · identity {identity} · {width} × {height}").format(
        steps=steps,
        guidance=_short(recipe.guidance_scale),
        identity=_short(recipe.identity_strength),
        width=recipe.width,
        height=recipe.height,
    )
    how = [model_label(recipe.model), *(model_label(lora.path) for lora in recipe.loras[:LORAS])]
    how += [recipe.scheduler, str(recipe.svr), *(["FreeU"] if recipe.freeu else [])]
    lines = [numbers, " · ".join(plain(part, 60) for part in how)]
    if engine is not None:
        lines.append(
            _("drawn by Samefox {version} on {device}, {precision}").format(
                version=plain(engine.samefox, 30),
                device=plain(engine.device, 30),
                precision=plain(engine.precision, 10),
            )
        )
    return [*lines, account.history] if account.history else lines


def _again(ways: Ways) -> list[ui.Item[Any]]:
    """How to have it again: by a button, by a command, without Discord."""
    items: list[ui.Item[Any]] = []
    if ways.here:
        button = press(DESK, "draw", "here", _("Draw it here"), "🎨", discord.ButtonStyle.primary)
        items.append(ui.ActionRow(button))
    elif ways.refused is not None:
        items.append(ui.TextDisplay(f"⚠️ {plain(say(ways.refused), 400)}"))
    if ways.refused is None or ways.slash is not None:
        items.append(ui.TextDisplay(_by_command(ways.slash)))
    line = ways.shell.command_line if ways.shell is not None else ""
    shell = line if 0 < len(line) <= LINE else BY_FILE
    items.append(ui.TextDisplay(f"**{_('Without Discord')}**\n{quote_block(shell)}"))
    return items


def _by_command(again: Retelling | None) -> str:
    heading = f"**{_('The same picture again')}**"
    line = slash_line(again) if again is not None else ""
    if again is None or len(line) > LINE:
        return f"{heading}\n" + _(
            "No single command draws exactly this picture here. /story from-image with the picture does, and "
            "so does the file below."
        )
    number, total = again.frame + 1, len(again.script.scenes)
    hint = _("-# Copy this and send it; picture {number} of {total} will be this one.")
    if total == 1:
        hint = _("-# Copy this and send it.")
    return f"{heading}\n{hint.format(number=number, total=total)}\n{quote_block(line)}"


def slash_line(again: Retelling) -> str:
    """The command that tells a story again, with all that it may say, in the reader's language."""
    options = again.options
    values: Sequence[tuple[str, object]] = [
        ("prompt", again.prompt),
        ("seed", options.seed),
        ("style", options.style),
        ("steps", options.steps),
        ("guidance", _short(options.guidance_scale or 0.0)),
        ("size", f"{options.width}x{options.height}"),
        ("window", options.window_length),
        ("identity", _short(options.identity_strength or 0.0)),
        ("svr", options.svr),
        ("model", model_label(options.model or "")),
        *([("avoid", options.negative_prompt)] if options.negative_prompt else []),
    ]
    command = f"/{pgettext('command', 'story')} {pgettext('command', 'tell')}"
    return " ".join([command, *(f"{pgettext('option', name)}:{value}" for name, value in values)])


def _short(number: float) -> str:
    """A number as it is typed, and exactly it."""
    return repr(number).removesuffix(".0")
