"""What was drawn, as it may be shown: whole, covered or not at all, by itself or side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from generator.archive.archive import Archive
from generator.errors import LimitReached
from generator.moderation.gate import Gate
from generator.moderation.shading import blurred, shade_of
from generator.press.book import Book, Keepsake, Kind
from generator.press.process import print_apart
from generator.press.strip import strip
from generator.server import Shade
from generator.story import Take


class Pictures:
    """The files of drawn takes. A part of the studio."""

    def __init__(self, archive: Archive, folder: Path, gate: Gate) -> None:
        self._archive = archive
        self._folder = folder
        self._gate = gate
        self._press = asyncio.Lock()
        self._customers: set[int] = set()

    def path(self, take: Take) -> Path:
        """The file of a drawn take."""
        assert take.path is not None, "only a drawn take has a file"
        return self._folder / take.path

    async def kept(self, takes: Sequence[Take]) -> tuple[Take, ...]:
        """Those of some drawn takes whose files are there; one that was lost is as good as deleted."""
        return tuple([take for take in takes if await asyncio.to_thread(self.path(take).is_file)])

    async def shade(self, take: Take, channel_id: int | None = None) -> Shade | None:
        """How a take may be shown in a channel, which is its story's if none is given; None is as it is."""
        if take.hidden:
            return Shade.REFUSE
        story = await self._archive.story(take.story_id)
        place = story.channel_id if channel_id is None else channel_id
        chosen = (await self._archive.servers.settings(story.guild_id)).shade
        return shade_of(take.recipe.model, take.verdict, chosen, self._gate.age_restricted(place))

    async def png(self, take: Take, channel_id: int | None = None, *, whole: bool = False) -> bytes:
        """The picture of a drawn take as it may be shown in a channel, which is its story's if none is given.

        Where the `whole` picture can be covered until it is tapped, a spoiler is as it was drawn; inside of a
        strip or a film it is blurred too.
        """
        shade = await self.shade(take, channel_id)
        png = await asyncio.to_thread(self.path(take).read_bytes)
        if shade is None or (whole and shade is Shade.SPOILER):
            return png
        return await asyncio.to_thread(blurred, png)

    async def printable(self, take: Take, channel_id: int) -> Path | bytes | None:
        """What may be printed of a drawn take for a channel: its file, or a blurred PNG, or nothing."""
        shade = await self.shade(take, channel_id)
        if shade is Shade.REFUSE or not await asyncio.to_thread(self.path(take).is_file):
            return None
        return self.path(take) if shade is None else await self.png(take, channel_id)

    @contextmanager
    def at_press(self, person_id: int) -> Iterator[None]:
        """While somebody's keepsake is made; whoever wants ten at once holds nobody else up.

        Raises:
            LimitReached: one of theirs is being made.
        """
        if person_id in self._customers:
            raise LimitReached(
                "Your last keepsake is still being made; please ask for the next one once you have it."
            )
        self._customers.add(person_id)
        try:
            yield
        finally:
            self._customers.discard(person_id)

    async def print(self, book: Book, kind: Kind, limit: int) -> Keepsake:
        """Make a file of at most `limit` bytes to take home, one at a time.

        Raises:
            TooLarge: it cannot be made that small; the sentence names what can.
            PressFailed: something is wrong with a picture.
        """
        async with self._press:
            return await asyncio.to_thread(print_apart, book, kind, limit)

    async def strip(self, takes: tuple[Take, ...], channel_id: int | None = None) -> bytes:
        """Drawn takes side by side, as a PNG that may be shown in a channel, which is their story's."""

        pngs = [await self.png(take, channel_id) for take in takes]
        return await asyncio.to_thread(strip, pngs, [take.scene for take in takes])
