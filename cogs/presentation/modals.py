"""The form a story is written in, and a refusal that brings back what was written; both outlive a restart.

What they need to know is in the form's id, or stands in the refusal, from where it is read again.
"""

from __future__ import annotations

import asyncio
import io
import re
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp
import discord
from discord import ui
from discord.utils import MISSING
from pydantic import TypeAdapter, ValidationError

from cogs.presentation.controls import press
from cogs.presentation.text import quote_block
from cogs.presentation.words import _
from generator.story import Options

SUBJECT, SCENES = 1000, 4000  # characters
PATIENCE = 1.5  # seconds; a form must be opened within three

_ID = re.compile(r"samefox:write:(?P<character>\d+):(?P<style>.*)", re.DOTALL)
_OPTION = re.compile(r"`(\w+): ([^`]*)`")
_BLOCK = re.compile(r"```\n(.*)\n```", re.DOTALL)
_OPTIONS = TypeAdapter(Options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A form that was sent."""

    subject: str
    scenes: str
    options: Options
    character_id: int  #: who it was opened for; 0 for nobody


def story_form(
    subject: str = "",
    scenes: str = "",
    *,
    style: str | None = None,
    character_id: int = 0,
    hint: str | None = None,
) -> ui.Modal:
    """A subject, and one scene a line; with a hint at where these can be found."""
    form = ui.Modal(title=_("Write a story"), custom_id=f"samefox:write:{character_id}:{style or ''}")
    form.add_item(
        ui.Label(
            text=_("Who is it about?"),
            description=_("This stays the same in every picture."),
            component=ui.TextInput(
                custom_id="subject",
                placeholder=_("a little white rabbit"),
                default=subject[:SUBJECT] or None,
                max_length=SUBJECT,
            ),
        )
    )
    form.add_item(
        ui.Label(
            text=_("What happens?"),
            description=hint or _("One scene a line."),
            component=ui.TextInput(
                custom_id="scenes",
                style=discord.TextStyle.paragraph,
                placeholder=_("in a meadow\nin the kitchen\nin the desert"),
                default=scenes[:SCENES] or None,
                max_length=SCENES,
            ),
        )
    )
    form.stop()  # whoever listens to interactions reads it; nothing needs to be kept in memory
    return form


def written(interaction: discord.Interaction[Any]) -> Written | None:
    """The form, if it was sent."""
    data: Any = interaction.data
    if interaction.type is not discord.InteractionType.modal_submit:
        return None
    if not (named := _ID.fullmatch(data["custom_id"])):
        return None
    typed = {part["component"]["custom_id"]: str(part["component"]["value"]) for part in data["components"]}
    kept = _options(interaction.message)
    return Written(
        subject=typed["subject"],
        scenes=typed["scenes"],
        options=kept if kept is not None else Options(style=named["style"] or None),
        character_id=int(named["character"]),
    )


def returned(reason: str, text: str, options: Options | None) -> tuple[str, discord.File]:
    """A refusal that brings a text back, or a file where it is too long; and, to go on with, its options."""
    chosen = {name: value for name, value in asdict(options or Options()).items() if value is not None}
    listed = " ".join(f"`{name}: {_inline(value)}`" for name, value in chosen.items())
    block = quote_block(text)
    whole = "\n".join([reason, block, *([listed] if listed else [])])
    if len(whole) < 2000:  # characters, of a message
        return whole, MISSING
    rest = "\n".join([reason, *([listed] if listed else [])])
    return rest[:1999], discord.File(io.BytesIO(text.encode()), "your-story.txt")


def _inline(value: object) -> str:
    """A value that does not end the code it stands in."""
    return str(value).replace("`", "'")


def correct_button(character_id: int = 0) -> ui.View:
    """The button under a refusal that opens the form with what was written."""
    view = ui.View(timeout=None)
    button = press(
        "StoryCog", "correct", str(character_id), _("Correct it"), "✏️", discord.ButtonStyle.primary
    )
    view.add_item(button)
    view.stop()
    return view


async def returned_text(client: discord.Client, message: discord.Message | None) -> str | None:
    """What `returned` brought back on this message; None if Discord does not give the file in time."""
    if message is None:
        return ""
    if message.attachments:
        try:
            async with asyncio.timeout(PATIENCE):
                return (await client.http.get_from_cdn(message.attachments[0].url)).decode()
        except (TimeoutError, aiohttp.ClientError, discord.HTTPException):
            return None
    found = _BLOCK.search(message.content)
    return found[1].replace("\u200b", "") if found else ""


def _options(message: discord.Message | None) -> Options | None:
    """The options that stand on a refusal; None if it is none."""
    text = message.content if message is not None else ""
    chosen = dict(_OPTION.findall(text.rpartition("```")[2]))
    try:
        return _OPTIONS.validate_python(chosen) if chosen else None
    except ValidationError:
        return None
