"""What a member asked for, before it is known whether it can be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cogs.presentation.modals import Written
from generator.archive.characters import Character
from generator.casting import dressed, starring
from generator.errors import ScriptRefused
from generator.script import read_scenes, read_script
from generator.server import ServerSettings
from generator.settings import Settings
from generator.story import Options, Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A story as it was asked for, read only once it is known that it can be answered."""

    text: str  #: as it was typed
    avoid: str | None = None  #: what no picture should show, as it was typed
    script: Callable[[int], Script]  #: of so many scenes at most
    options: Callable[[], Options]
    character: Character | None = None  #: whose looks the pictures have where nothing else is said

    def looks(self, host: Settings, server: ServerSettings) -> Options:
        """Its options, and a kept character's where it leaves them open."""
        options = self.options()
        return options if self.character is None else dressed(options, self.character.looks, host, server)


def typed(prompt: str, avoid: str | None, options: Callable[[], Options]) -> Wish:
    """A story in one text."""
    return Wish(
        text=prompt,
        avoid=avoid,
        script=lambda most: read_script(prompt, max_scenes=most),
        options=options,
    )


def starring_in(wish: Wish, character: Character) -> Wish:
    """The wish for scenes with a kept character in them."""
    return replace(
        wish,
        script=lambda most: starring(character, wish.text, max_scenes=most),
        character=character,
    )


def filled_in(form: Written, character: Character | None) -> Wish:
    """A story from its form, about a kept character as long as nobody else is named in it."""
    same = character is not None and form.subject.split() == character.looks.subject.split()
    return Wish(
        text=f"{form.subject}:\n{form.scenes}",
        script=lambda most: read_scenes(form.subject, form.scenes, max_scenes=most),
        options=lambda: form.options,
        character=character if same else None,
    )


def as_form(text: str, character: Character | None) -> tuple[str, str]:
    """What a form shows for a text: its subject and a scene a line, or all of it among the scenes."""
    try:
        if character is not None:
            script = starring(character, text, max_scenes=len(text))
        else:
            script = read_script(text, max_scenes=len(text))
    except ScriptRefused:
        subject, found, scenes = text.partition(":\n")
        return (subject, scenes) if found else ("", text)
    return script.subject, "\n".join(script.scenes)
