"""The one place where a person and their words are let in, or told why not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from generator.archive.archive import Archive
from generator.errors import Banned
from generator.moderation.rules import check_text
from generator.story import Recipe, Story

EVERYWHERE = 0
"""In the place of a channel for what is seen in all channels of a server, of which none is age-restricted."""

SHORT = 500
"""Characters that are looked at in a few milliseconds, and so are not worth a thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is asked for, and where it will be seen."""

    channel_id: int
    text: str
    avoided: str = ""  #: what the pictures should not show


def words(channel_id: int, *texts: str, recipes: Iterable[Recipe] = ()) -> Words:
    """All words of a request: as a member typed them, and as the pictures' model will read them."""
    recipes = list(recipes)
    # The whole prompt, since a recipe from elsewhere may suppress what it says not at all.
    lines = [*texts, *(recipe.prompt for recipe in recipes)]
    return Words(
        channel_id=channel_id,
        text="\n".join(dict.fromkeys(lines)),
        avoided="\n".join({recipe.negative_prompt for recipe in recipes}),
    )


def chosen_recipes(story: Story) -> list[Recipe]:
    """What a story's pictures were drawn from: where its words were translated, these have the English."""
    return [frame.chosen.recipe for frame in story.frames]


def nowhere(channel_id: int) -> bool:
    """What is not known to be age-restricted is not."""
    return False


class Gate:
    """Asked by everything that puts work in line, and by whatever shows a member's words."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.age_restricted: Callable[[int], bool] = nowhere
        """Whether a channel is; whoever knows the channels sets it."""

    async def check_person(self, guild_id: int, person_id: int) -> None:
        """Make sure that a server's moderators have not excluded somebody.

        Raises:
            Banned: they have; the sentence says why.
        """
        ban = await self._archive.moderation.ban_of(guild_id, person_id)
        if ban is None:
            return
        if not ban.reason:
            raise Banned(
                "The moderators of this server have excluded you from my stories. If you think that is a "
                "mistake, please ask one of them."
            )
        raise Banned(
            "The moderators of this server have excluded you from my stories: “{reason}”. If you think that "
            "is a mistake, please ask one of them.",
            reason=ban.reason,
        )

    async def check_words(self, guild_id: int, asked: Words) -> None:
        """Make sure that words may be drawn and shown in their channel.

        Raises:
            TextRefused: they may not; the sentence says why.
        """
        server = await self._archive.servers.settings(guild_id)
        adults = self.age_restricted(asked.channel_id)
        if len(asked.text) + len(asked.avoided) <= SHORT:
            check_text(asked.text, server, adults, avoided=asked.avoided)
        else:
            await asyncio.to_thread(check_text, asked.text, server, adults, avoided=asked.avoided)
