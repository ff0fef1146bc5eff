"""A kept character in a new story: who it is about, and what it looks like unless somebody says otherwise."""

from __future__ import annotations

import re
from dataclasses import replace

from generator.archive.characters import LONGEST, Character, Looks, name_key
from generator.errors import ScriptRefused
from generator.script import read_scenes, read_script
from generator.server import ServerSettings
from generator.settings import Settings
from generator.story import Options, Script, Story, Take

_ARTICLE = re.compile(r"(?:an?|the|one)\s+", re.IGNORECASE)


def looks_of(story: Story, take: Take) -> Looks:
    """What makes a story's character look as it does in a take."""
    return Looks(
        subject=story.subject,
        style=story.style,
        model=take.recipe.model,
        seed=take.recipe.seed,
        take_id=take.id,
    )


def starring(character: Character, text: str, *, max_scenes: int) -> Script:
    """A script of scenes that a character is in; before a colon, it may be named once more.

    Raises:
        ScriptRefused: there are no scenes, or too many.
    """
    try:
        script = read_script(text, max_scenes=max_scenes)
        named = name_key(script.subject) in (name_key(character.name), name_key(character.looks.subject))
    except ScriptRefused:
        named = False
    if not named:
        script = read_scenes(character.name, text, max_scenes=max_scenes)
    return replace(script, subject=character.looks.subject)


def dressed(options: Options, looks: Looks, host: Settings, server: ServerSettings) -> Options:
    """The options with a character's looks where they leave that open, as far as they are offered here."""
    return replace(
        options,
        style=options.style or _offered(looks.style, server.offered_styles(host)),
        model=options.model or _offered(looks.model, server.offered_models(host)),
        seed=looks.seed if options.seed is None else options.seed,
    )


def _offered(wanted: str, offered: tuple[str, ...]) -> str | None:
    return wanted if wanted in offered else None


def suggested_name(subject: str) -> str:
    """A name for somebody, from what they are."""
    words = _ARTICLE.sub("", subject, count=1).split(",")[0].split()
    name = ""
    for word in words:
        if len(name) + 1 + len(word) > LONGEST:
            break
        name = f"{name} {word}".strip()
    return name[:1].upper() + name[1:]
