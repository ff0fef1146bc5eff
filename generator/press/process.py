"""A press in a process of its own: ``python -m generator.press.process``.

Printing takes seconds of a processor and a few hundred megabytes, so the bot's process has no part in it. A
book goes in on standard input, a keepsake or an error comes out, and the memory is given back as it ends.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
from pathlib import Path

from generator.errors import SamefoxError
from generator.press.book import Book, Keepsake, Kind, PressFailed

log = logging.getLogger(__name__)

PATIENCE = 300.0  # seconds until a press counts as hung; the longest story takes a fraction of it


def print_apart(book: Book, kind: Kind, limit: int) -> Keepsake:
    """Make a keepsake of at most `limit` bytes in another process; blocks until it is done.

    Raises:
        TooLarge: it cannot be made that small.
        PressFailed: a picture is gone, or the process died.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "generator.press.process"],
            input=pickle.dumps((book, kind, limit)),
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": _path()},
            start_new_session=True,  # a Ctrl-C in the terminal is the bot's to hear
            timeout=PATIENCE,
            check=True,
        )
    except (subprocess.SubprocessError, OSError) as error:
        log.error("The press broke down over %s as %s: %s", book.name, kind, error)
        raise _failed() from error
    answer = pickle.loads(done.stdout)  # noqa: S301 our own
    if isinstance(answer, SamefoxError):
        raise answer
    assert isinstance(answer, Keepsake)
    return answer


def main() -> None:
    """Print one book."""
    logging.basicConfig(format="press: %(levelname)s %(message)s")
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    # Imported here, because it takes a second that the bot's process need not spend.
    from generator.press.export import make

    if hasattr(os, "nice"):
        os.nice(10)  # whoever draws or answers goes first
    book, kind, limit = pickle.load(sys.stdin.buffer)  # noqa: S301 our own
    answer: Keepsake | SamefoxError
    try:
        answer = make(book, kind, limit)
    except SamefoxError as error:
        answer = error
    except OSError as error:
        log.error("%s", error)
        answer = _failed()
    pickle.dump(answer, sys.stdout.buffer)


def _failed() -> PressFailed:
    return PressFailed(
        "This story could not be printed, since something is wrong with its pictures on the host; please "
        "tell the host, whose log says what."
    )


def _path() -> str:
    """The way to this package, which need not be installed."""
    return os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])])


if __name__ == "__main__":
    main()
