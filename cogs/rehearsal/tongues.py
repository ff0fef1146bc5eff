"""The seam to simcord's interactions: it would have everybody's Discord, and every server, in English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from simcord import interactions
from simcord.backend import Backend


@contextmanager
def own_languages(locales: Mapping[str, str]) -> Iterator[None]:
    """Let the people named here use Discord in their own language, and each server be in its own."""
    make = interactions.base_payload

    def payload(backend: Backend, *, user_id: int, guild_id: int | None, **about: Any) -> Any:
        record, payload = make(backend, user_id=user_id, guild_id=guild_id, **about)
        payload["locale"] = locales.get(backend.get_user(user_id).name, payload["locale"])
        if guild_id is not None:
            payload["guild_locale"] = backend.get_guild(guild_id).preferred_locale
        return record, payload

    interactions.base_payload = payload
    try:
        yield
    finally:
        interactions.base_payload = make
