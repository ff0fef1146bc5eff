"""The simulated Discord, kept on disk: after a kill it is as the bot last heard of it.

simcord holds its Discord in memory and its time stands still until a test moves it. A rehearsal needs the
opposite: time that passes by itself, a world that outlives the process, and nothing that grows without
bound. Everything the bot does to Discord goes through one function, ``simcord.http.router.dispatch``; that
is where the world is saved, before the bot learns that its request succeeded.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import simcord
from simcord._clock import Clock
from simcord.backend import Backend
from simcord.backend.cdn import CdnStore
from simcord.http import router

log = logging.getLogger(__name__)

#: How long Discord remembers the nonce of a message ("the past few minutes").
NONCE_MEMORY = timedelta(minutes=5)

#: What belongs to the process and not to the world.
_PASSING = frozenset({"clock", "cdn", "subscribers", "http_requests", "transcript", "faults"})

_DISCORD_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)


class WallClock(Clock):
    """Real time in place of simcord's, never earlier than what the world has already seen."""

    def __init__(self, seen: datetime) -> None:
        self._seen = seen
        self._start = time.perf_counter()  # simcord replaces time.monotonic by this very clock

    @property
    def elapsed(self) -> float:  # type: ignore[override]
        """Seconds since the process began: what simcord measures timers by."""
        return time.perf_counter() - self._start

    def now(self) -> datetime:
        """The present; it never goes back."""
        self._seen = max(self._seen, datetime.now(UTC))
        return self._seen

    def advance(self, seconds: float) -> None:
        """Do nothing: time passes by itself."""


class _Files:
    """A file each, in place of the dictionary of simcord's CDN; a complete file or none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def _path(self, url: str) -> Path:
        return self._folder / hashlib.sha256(url.encode()).hexdigest()

    def __setitem__(self, url: str, content: bytes) -> None:
        _write_whole(self._path(url), content)

    def get(self, url: str) -> bytes | None:
        try:
            return self._path(url).read_bytes()
        except FileNotFoundError:
            return None


class World:
    """A Discord in a folder: restored if it was there, else empty.

    Args:
        folder: holds ``discord.pickle`` and the uploaded files; created if missing.
    """

    def __init__(self, folder: Path) -> None:
        cdn = CdnStore()
        cdn._blobs = _Files(folder / "files")  # type: ignore[assignment]
        self._path = folder / "discord.pickle"
        #: Channel and nonce of each recent message, to its id and time.
        self._nonces: dict[tuple[int, str], tuple[int, datetime]] = {}
        self.saves = 0  #: Grows with every change.
        state = self._read()
        self.clock = WallClock(state.pop("seen", _DISCORD_EPOCH))
        self._nonces = state.pop("nonces", {})
        self.backend = Backend(clock=self.clock)
        vars(self.backend).update(state, cdn=cdn, http_requests=deque(maxlen=0), transcript=deque(maxlen=0))

    def _read(self) -> dict[str, Any]:
        try:
            header, _, content = self._path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return {}
        try:
            if header == _header():
                return dict(pickle.loads(content))  # noqa: S301 - our own file, beside our own archive
            reason = f"was kept by {header.decode(errors='replace')[:60]}, and this is {_header().decode()}"
        except Exception as error:  # a torn pickle raises anything
            reason = f"cannot be read ({error})"
        aside = self._path.with_suffix(f".{datetime.now(UTC):%Y%m%d-%H%M%S}.aside")
        self._path.rename(aside)
        log.warning("The rehearsal's Discord %s; it lies aside as %s and a new one begins.", reason, aside)
        return {}

    def save(self) -> None:
        """Write everything but the uploaded files, which are on disk already."""
        self._forget()
        state = {name: value for name, value in vars(self.backend).items() if name not in _PASSING}
        state |= {"seen": self.clock.now(), "nonces": self._nonces}
        _write_whole(self._path, _header() + b"\n" + pickle.dumps(state, pickle.HIGHEST_PROTOCOL))
        self.saves += 1

    def _forget(self) -> None:
        """Drop what nothing can ask for any more: expired interactions and nonces, ids of the past."""
        backend, now = self.backend, self.clock.now()
        earliest = int((now - _DISCORD_EPOCH - timedelta(seconds=1)) / timedelta(milliseconds=1)) << 22
        backend._reserved_ids = {each for each in backend._reserved_ids if each > earliest}
        backend._sequences.clear()
        expired = [
            each for each in backend.interactions.values() if (each.expires_at or "") < now.isoformat()
        ]
        for interaction in expired:
            del backend.interactions[interaction.id], backend.interaction_tokens[interaction.token]
        self._nonces = {key: kept for key, kept in self._nonces.items() if now - kept[1] < NONCE_MEMORY}

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Save the world before each answer to the bot, and honour the nonces of its messages."""
        dispatch = router.dispatch

        def through(backend: Backend, method: str, path: str, **request: Any) -> Any:
            if backend is not self.backend or method == "GET":
                return dispatch(backend, method, path, **request)
            key = _nonce(method, path, request.get("json"))
            if key and (twin := self._existing(key)):
                return dispatch(backend, "GET", f"{path}/{twin}", **{**request, "json": None, "files": []})
            answer = dispatch(backend, method, path, **request)
            if key:
                self._nonces[key] = (int(answer["id"]), self.clock.now())
            self.save()
            return answer

        router.dispatch = through
        try:
            yield
        finally:
            router.dispatch = dispatch
            self.save()

    def _existing(self, key: tuple[int, str]) -> int | None:
        """The message of this nonce, if Discord still remembers it."""
        message, at = self._nonces.get(key, (0, _DISCORD_EPOCH))
        known = message in self.backend.messages.get(key[0], {}) and self.clock.now() - at < NONCE_MEMORY
        return message if known else None


def _nonce(method: str, path: str, body: Any) -> tuple[int, str] | None:
    """Channel and nonce of a request that posts a message which must not be posted twice."""
    match method, path.strip("/").split("/"), body:
        case "POST", ["channels", channel, "messages"], {"nonce": nonce, "enforce_nonce": True}:
            return int(channel), str(nonce)
    return None


def _header() -> bytes:
    return f"Samefox 2, simcord {simcord.__version__}".encode()


def _write_whole(path: Path, content: bytes) -> None:
    aside = path.with_name(path.name + ".part")
    aside.write_bytes(content)
    os.replace(aside, path)  # noqa: PTH105 - the atomic one
