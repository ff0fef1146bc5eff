"""Whose language is spoken: a member's where only they see it, the server's where everybody does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord

from cogs.presentation.words import speaking

_INTERACTION = "INTERACTION_CREATE"


def answer_in_their_language(client: discord.Client) -> None:
    """Let everything that an interaction sets off speak its member's language.

    Commands, autocompletion, views, dynamic items and modals each go through a task of their own, with a hook
    of its own or none. All of these tasks are made while the event is parsed, and a task keeps the context it
    was made in.
    """
    parsers: dict[str, Callable[[Any], None]] = client._connection.parsers
    parse = parsers[_INTERACTION]

    def parse_in_their_language(data: Any) -> None:
        with speaking(data.get("locale")):
            parse(data)

    parsers[_INTERACTION] = parse_in_their_language
