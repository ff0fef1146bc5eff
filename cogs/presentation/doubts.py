"""What an author should know of words that no picture will follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cogs.presentation.text import plain
from cogs.presentation.words import _, listed
from generator.story import Storyboard

if TYPE_CHECKING:
    from generator.studio import Studio


def doubts(studio: Studio, board: Storyboard) -> str:
    """What an author should know of words that no picture will follow: a line of its own, or nothing."""
    if not board.recipes:
        return ""
    if not studio.interpreter.follows(board):
        return "\n" + _("-# My pictures follow English words; in English, they show more of what you mean.")
    return unknown_line(studio.interpreter.unknown_words(board))


def unknown_line(words: Sequence[str]) -> str:
    """What to say of words that the picture book does not know: a line of its own, or nothing."""
    if not words:
        return ""
    named = listed([f"*{plain(word, 30)}*" for word in words[:8]])
    if len(words) > 8:
        named = _("{words} and {count} more").format(words=named, count=len(words) - 8)
    line = _("-# My picture book does not know {words} yet, so its pictures do without.")
    return "\n" + line.format(words=named)
