"""The pictures in a message, and their recipes; whatever the pictures are, reading them is harmless."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import discord
from discord import ui

from generator.errors import SamefoxError
from generator.press import metadata
from generator.story import Engine, Recipe

MAX_BYTES = 30 * 1024 * 1024  # of a picture; ours have a few millions
HOSTS = ("cdn.discordapp.com", "media.discordapp.net")
"""Where else than among a message's attachments pictures are fetched from: Discord's own servers."""
PATIENCE = aiohttp.ClientTimeout(total=30)

_PNG = b"\x89PNG\r\n\x1a\n"


class NoRecipe(SamefoxError):
    """A picture says nothing of how it was drawn."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A picture somebody posted."""

    name: str
    url: str
    size: int | None = None  #: bytes; None where Discord does not say

    @property
    def stem(self) -> str:
        """Its name without the ending."""
        return PurePosixPath(self.name).stem


def attached(attachment: discord.Attachment) -> Posted:
    """A picture that was attached."""
    return Posted(attachment.filename, attachment.url, attachment.size)


def pictures(message: discord.Message) -> list[Posted]:
    """Every picture of a message: attached, in its components, linked, or in what it forwards."""
    found = {_address(each.url): each for part in (message, *message.message_snapshots) for each in _in(part)}
    return list(found.values())


def _in(part: Any) -> Iterator[Posted]:
    """What a message, or one that it forwards, shows; attachments last, since of these the size is known."""
    for embed in part.embeds:
        for media in (embed.image, embed.thumbnail):
            if media.url:
                yield _linked(media.url)
    for media in _media(part.components):
        yield _linked(media.url)
    for attachment in part.attachments:
        if (attachment.content_type or "").startswith("image/"):
            yield attached(attachment)


def _media(components: list[Any]) -> Iterator[Any]:
    """The pictures among components, in whatever they are nested."""
    for component in components:
        yield from _media(getattr(component, "children", []))
        yield from (item.media for item in getattr(component, "items", []))
        if (accessory := getattr(component, "accessory", None)) is not None:
            yield from _media([accessory])
        if isinstance(component, discord.ThumbnailComponent):
            yield component.media


def _linked(url: str) -> Posted:
    return Posted(PurePosixPath(urlsplit(url).path).name, url)


def _address(url: str) -> str:
    """An address without its signature, which Discord renews."""
    parts = urlsplit(url)
    return f"{parts.path}" if parts.hostname in HOSTS else f"{parts.hostname}{parts.path}"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a picture says of how it was drawn."""

    recipes: tuple[Recipe, ...]  #: of a strip, each of its frames'
    engine: Engine | None  #: None for a strip


async def origin_of(client: discord.Client, picture: Posted) -> Origin:
    """What drew a picture.

    Raises:
        NoRecipe: it does not say, or cannot be read; the sentence says why.
    """
    if not picture.name.lower().endswith(".png"):
        raise NoRecipe(
            "“{name}” is no PNG, so it cannot hold a recipe: a picture that was too large, or went through "
            "another app, is turned into a JPEG or WebP. Please use the PNG as I posted it.",
            name=picture.name[:80],
        )
    _check_size(picture.name, picture.size or 0)
    png = await _download(client, picture)
    found = await asyncio.to_thread(_read, png)
    if not found.recipes:
        raise NoRecipe(
            "There is no recipe in “{name}”: it is not one of my pictures, or an app has taken it out, as "
            "screenshots and photo apps do. The PNG as I posted it has one.",
            name=picture.name[:80],
        )
    return found


def _read(png: bytes) -> Origin:
    if not png.startswith(_PNG):
        return Origin((), None)
    found = metadata.read(png)
    return Origin((found[0],), found[1]) if found else Origin(metadata.read_strip(png), None)


def _check_size(name: str, size: int) -> None:
    if size > MAX_BYTES:
        raise NoRecipe(
            "“{name}” is too large for me: I read pictures of up to {limit} MB.",
            name=name[:80],
            limit=MAX_BYTES // 1024**2,
        )


async def _download(client: discord.Client, picture: Posted) -> bytes:
    """The bytes of a picture, never more than `MAX_BYTES`."""
    lost = NoRecipe("“{name}” cannot be fetched any more; please post it again.", name=picture.name[:80])
    try:
        if picture.size is not None:
            return await client.http.get_from_cdn(picture.url)
        if urlsplit(picture.url).hostname not in HOSTS:
            raise NoRecipe(
                "“{name}” is on another website; please save it and give it to me with /story from-image.",
                name=picture.name[:80],
            )
        return await _stream(picture)
    except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
        raise lost from error


async def _stream(picture: Posted) -> bytes:
    """Fetch what may be of any size, and give up on what is too large."""
    async with (
        aiohttp.ClientSession(timeout=PATIENCE) as session,
        session.get(picture.url, allow_redirects=False, raise_for_status=True) as response,
    ):
        _check_size(picture.name, response.content_length or 0)
        parts: list[bytes] = []
        async for part in response.content.iter_chunked(64 * 1024):
            parts.append(part)
            _check_size(picture.name, sum(map(len, parts)))
        return b"".join(parts)


def files(message: discord.Message | None) -> dict[str, str]:
    """The addresses of a message's files by their names; Discord leaves out those that components show."""
    if message is None:
        return {}
    found = {attachment.filename: attachment.url for attachment in message.attachments}
    for item in ui.LayoutView.from_message(message).walk_children():
        if isinstance(item, ui.File):
            found[PurePosixPath(urlsplit(item.media.url).path).name] = item.media.url
    return found
