"""Ctrl-C while a program is still being imported ends it without a word; after that, the program hears it."""

from __future__ import annotations

import signal


def ends() -> None:
    """From now on, Ctrl-C ends the process, unless whoever started it wanted it not to hear of it at all."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def is_heard() -> None:
    """From now on, Ctrl-C is a ``KeyboardInterrupt`` again."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
