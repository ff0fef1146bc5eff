"""simcord's previews, one for each channel that somebody looks at.

A preview serves one channel at an address with a secret, and redraws it when it is told to. simcord wants one
preview at a time, makes a new Markdown parser for every line of text it draws, and starts a process for every
picture and film whenever a page opens; none of it can be afforded here, so all of it is put right.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import av
import simcord
from simcord.preview import _markdown, _media

from .meadow import Meadow
from .world import World

MEDIA = 64 << 20  #: bytes of pictures and films that are kept as a page shows them


class ChannelPreview:
    """The preview of one channel or thread."""

    def __init__(self, preview: simcord.Preview, world: World) -> None:
        self._preview, self._world = preview, world
        self._drawn: dict[str, int] = {}  # each open page, to the state of the world it shows
        self.address, self.secret = preview.url.partition("/#")[0], urlsplit(preview.url).fragment
        self.viewers = {str(viewer.id) for viewer in preview.viewers}  #: the ids of those it may be drawn for

    def redraw(self, page_id: str) -> None:
        """Draw an open page again if anything has happened since.

        Only the page that asks: a click is refused if its page was drawn again since it was last looked at.
        """
        page = self._preview._pages.get(page_id)
        if page is not None and self._drawn.get(page_id) != self._world.saves:
            self._drawn[page_id] = self._world.saves
            self._preview._advance_presentation_time()
            self._preview._publish(page, reason="refresh")

    def keep_form(self, page_id: str) -> None:
        """Let an open form be sent although the message with its button is gone, as Discord does.

        simcord gives that message to the bot along with the form, and declines where there is none.
        """
        page = self._preview._pages.get(page_id)
        if page is None or page.modal is None:
            return
        opened = page.modal._interaction
        if opened.source_message_id not in self._world.backend.messages.get(opened.channel_id, {}):
            opened.source_message_id = None  # as of a form that a command opened


class Previews:
    """All previews of a rehearsal; the environment closes them when it shuts down."""

    def __init__(self, env: simcord.Env, meadow: Meadow, world: World) -> None:
        self._env, self._meadow, self._world = env, meadow, world
        self._open: dict[int, ChannelPreview] = {}
        #: Held by whoever makes simcord do something: a second thing at a time is an error to it.
        self.turn = asyncio.Lock()

    async def of(self, channel_id: int) -> ChannelPreview:
        """The preview of a channel or thread; raises ``KeyError`` if there is no such channel."""
        channel = self._meadow.channel(channel_id)
        if channel_id not in self._open:
            async with self.turn:
                if channel_id not in self._open:  # another request may have been first
                    self._open[channel_id] = await self._new(channel)
        return self._open[channel_id]

    async def _new(self, channel: simcord.ChannelHandle) -> ChannelPreview:
        preview = self._env.preview(channel, viewers=self._meadow.readers(channel), layout="channel")
        await preview.__aenter__()
        self._env._preview = None  # so that it allows the next one
        return ChannelPreview(preview, self._world)


@contextmanager
def kept_parsers() -> Iterator[None]:
    """Keep Markdown parsers: making one takes longer than all else in drawing a message."""
    make, kept = _markdown._markdown_parser, {}

    def parser(policy: Any, context: Any) -> Any:
        key = json.dumps([policy, context], sort_keys=True, default=repr)
        if key not in kept:
            kept[key] = make(policy, context)
        return kept[key]

    _markdown._markdown_parser = parser
    try:
        yield
    finally:
        _markdown._markdown_parser = make


@contextmanager
def kept_media() -> Iterator[None]:
    """Keep pictures and films as a page shows them: for each page that opened, all of them were made anew.

    What is too much for simcord's queue waits, where simcord would show nothing in its place.
    """
    validate, room = _media.MediaWorker.validate, asyncio.Semaphore(_media.MAX_QUEUE)
    kept: OrderedDict[tuple[str, float | None], _media.MediaInfo] = OrderedDict()

    async def found(
        worker: _media.MediaWorker, key: str, blob: bytes, *, media_time: float | None = None
    ) -> _media.MediaInfo:
        info = kept.get((key, media_time))
        if info is None:
            async with room:
                if blob[4:8] == b"ftyp":
                    info = await asyncio.to_thread(_film, blob)
                else:
                    info = await validate(worker, key, blob, media_time=media_time)
        kept[key, media_time] = info
        kept.move_to_end((key, media_time))
        while sum(map(_size, kept.values())) > MEDIA:
            kept.popitem(last=False)
        return info

    _media.MediaWorker.validate = found  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        _media.MediaWorker.validate = validate  # type: ignore[method-assign]


def _film(mp4: bytes) -> _media.MediaInfo:
    """A film as it is, for browsers play it: to make another of it takes simcord longer than it waits."""
    try:
        with av.open(BytesIO(mp4), "r") as film:
            stream = film.streams.video[0]
            first = next(film.decode(stream)).to_image()  # type: ignore[no-untyped-call]
            seconds, frames = (film.duration or 0) / av.time_base, stream.frames
    except (av.FFmpegError, IndexError, StopIteration) as error:
        raise _media.MediaError(str(error)) from error
    first.save(poster := BytesIO(), "PNG")
    return _media.MediaInfo(
        format="mp4", width=first.width, height=first.height, frames=frames, decoded_bytes=0, normalized=mp4,
        content_type="video/mp4", kind="video", duration=seconds, poster=poster.getvalue(),
    )  # fmt: skip


def _size(info: _media.MediaInfo) -> int:
    return sum(len(part or b"") for part in (info.normalized, info.capture, info.poster))
