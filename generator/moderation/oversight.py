"""What moderators may do, and what everybody may do to what is theirs. A wing of the studio's one door.

The archive is written first, then what follows from it is done: drawing stops, files go, and whoever watches
takes the messages away. What a killed process left is finished at the next start.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from PIL import Image

from generator.archive.archive import Archive
from generator.moderation.values import Outcome, Posting, Report
from generator.press import files, metadata
from generator.story import Changed, Event, Person, Recipe

_OURS = re.compile(r"\d+-[0-9a-f]+\.png|\.[0-9a-f]{16}\.partial")
"""What pictures, copies of them, and parts of them are called."""


class Oversight:
    """Bans, hidden and deleted pictures, deleted stories, and members who want to be forgotten."""

    def __init__(
        self,
        archive: Archive,
        folder: Path,
        *,
        stop: Callable[[Sequence[int]], None],
        announce: Callable[[Event], None],
    ) -> None:
        self._archive = archive
        self._folder = folder
        self._stop = stop
        self._announce = announce

    async def ban(self, guild_id: int, person: Person, by: Person, reason: str) -> int:
        """Exclude a member in a server and stop what is drawn for them; how many pictures that were."""
        await self._archive.moderation.ban(guild_id, person, by, reason)
        return await self._stop_all_of(guild_id, person.id)

    async def _stop_all_of(self, guild_id: int, person_id: int) -> int:
        stories = await self._archive.moderation.pending_stories(guild_id, person_id)
        stopped = await self._archive.moderation.cancel_takes(guild_id, person_id)
        self._stop(stopped)
        self._tell(stories)
        return len(stopped)

    async def hide(self, take_id: int, by: Person, *, hidden: bool = True) -> None:
        """Let a picture be shown nowhere, or again.

        Raises:
            NotFound: there is no such picture.
        """
        await self._archive.moderation.hide(take_id, by, hidden=hidden)
        self._tell(await self._archive.moderation.stories_with(take_id))

    async def delete_picture(self, take_id: int, by: Person) -> None:
        """Delete a picture and its file.

        Raises:
            NotFound: there is no such picture.
        """
        await self._archive.moderation.delete_picture(take_id, by)
        await self.sweep()
        self._tell(await self._archive.moderation.stories_with(take_id))

    async def handle(self, report: Report, by: Person, outcome: Outcome) -> bool:
        """Do what a moderator decided about a report; False if somebody was faster.

        Raises:
            NotFound: the picture is gone.
        """
        if not await self._archive.moderation.handle(report.id, by, outcome):
            return False
        take = await self._archive.take(report.take_id)
        if outcome is Outcome.DELETED:
            await self.sweep()
        if outcome is Outcome.BANNED:
            await self._stop_all_of(report.guild_id, take.author.id)
        self._tell(await self._archive.moderation.stories_with(take.id))
        return True

    async def delete_story(self, story_id: int, by: Person) -> None:
        """Delete a story with its pictures, also where later stories took them along.

        There, an author takes away what they wrote themselves, a moderator everything.

        Raises:
            NotFound: there is none with this number.
        """
        story = await self._archive.story(story_id)
        whose = story.author.id if by.id == story.author.id else None
        heirs = await self._archive.oblivion.heirs(story_id, whose)
        self._stop(await self._archive.oblivion.delete_story(story_id, whose))
        if by.id != story.author.id:
            await self._archive.moderation.note(
                story.guild_id, by, "delete story", story.author.id, story.subject
            )
        await self.sweep()
        self._tell([story_id, *heirs])

    async def orphaned(self, story_id: int, postings: Sequence[Posting]) -> None:
        """Take away what was posted of a story while it was deleted, and perhaps not noted before."""
        if postings:
            await self._archive.oblivion.leave(postings)
            self._tell([story_id])

    async def forget(self, person_id: int) -> None:
        """Delete all of a member's own, in every server, and take their part out of what is others'."""
        own = await self._archive.oblivion.own_stories(person_id)
        shared, stopped = await self._archive.oblivion.forget(person_id)
        self._stop(stopped)
        await self.sweep()
        self._tell([*own, *shared])

    async def sweep(self) -> None:
        """Remove the files of what was deleted, and its words from the files that stay."""
        for remnant in await self._archive.oblivion.remains():
            if remnant.kind == "words" and remnant.path is not None:
                recipe = await self._archive.oblivion.recipe_of(remnant.path)
                if recipe is not None:
                    await asyncio.to_thread(_rewrite, self._folder / remnant.path, recipe)
            elif remnant.path is not None:
                await asyncio.to_thread((self._folder / remnant.path).unlink, missing_ok=True)
            if remnant.kind in ("file", "words"):
                await self._archive.oblivion.removed(remnant)

    async def tidy(self) -> None:
        """Remove the pictures that a killed process kept or copied, but did not write down.

        Only before anything is drawn or copied. An archive that knows no picture at all may be a new one in
        the place of one that was lost; then all stay.
        """
        known = await self._archive.oblivion.files()
        if known:
            await asyncio.to_thread(_tidy, self._folder / "pictures", known)

    def _tell(self, story_ids: Sequence[int]) -> None:
        for story_id in story_ids:
            self._announce(Changed(story_id=story_id))


def _tidy(folder: Path, known: Collection[str]) -> None:
    """Remove the files in a folder that are called as pictures are, and are none of those that are known."""
    for path in folder.iterdir():
        if _OURS.fullmatch(path.name) and path.name not in known:
            with suppress(OSError):  # it takes room, and is no reason not to begin
                path.unlink()


def _rewrite(path: Path, recipe: Recipe) -> None:
    """Let a picture's file tell this recipe, and leave its pixels as they are."""
    png = path.read_bytes() if path.is_file() else b""
    found = metadata.read(png)
    if found is None:
        return
    with Image.open(BytesIO(png)) as image:
        image.load()
        files.save(path, metadata.encode(image, recipe, found[1]))
