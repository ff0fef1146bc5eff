"""The drawing process: ``python -m generator.execution.worker DEVICE PRECISION LOG_LEVEL``.

Commands come in on standard input, replies go out on standard output (see `executor`), log lines on standard
error. The main thread draws; another reads, so that a cancellation is heard between two steps. The end of
standard input means that the bot is gone: there is nothing here worth keeping, so the process just ends.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from queue import SimpleQueue
from threading import Event, Lock, Thread
from time import perf_counter
from typing import TYPE_CHECKING, BinaryIO

from generator.errors import DrawingCancelled, ModelError, OutOfMemory, SamefoxError
from generator.execution.executor import (
    HEADER,
    Cancel,
    Command,
    Draw,
    Drawn,
    Failed,
    Failure,
    Loading,
    Prepare,
    Ready,
    Reply,
    Step,
    pack,
)
from generator.press.metadata import encode
from generator.sentence import Sentence
from generator.story import OnStep, Picture, Recipe

if TYPE_CHECKING:
    from generator.diffusion.pipeline import Illustrator

log = logging.getLogger(__name__)

REPORT_INTERVAL = 60.0  # seconds between two words while a checkpoint is loaded

_FAILURES = {
    DrawingCancelled: Failure.CANCELLED,
    OutOfMemory: Failure.MEMORY,
    ModelError: Failure.MODEL,
}

Send = Callable[[Reply], None]


class Inbox:
    """The commands as they come in, read by a thread of its own."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._commands: SimpleQueue[Prepare | Draw] = SimpleQueue()
        self._cancelled: set[int] = set()  # written by the reading thread alone; adding to a set is atomic
        Thread(target=self._read, name="inbox", daemon=True).start()

    def next(self) -> Prepare | Draw:
        """Wait for something to do."""
        return self._commands.get()

    def cancelled(self, take_id: int) -> bool:
        """Whether this take is not wanted any more."""
        return take_id in self._cancelled

    def _read(self) -> None:
        while header := self._stream.read(HEADER.size):
            command: Command = pickle.loads(self._stream.read(*HEADER.unpack(header)))  # noqa: S301 our own
            if isinstance(command, Cancel):
                self._cancelled.add(command.take_id)
            else:
                self._commands.put(command)
        os._exit(0)


def main() -> None:
    """Serve one device until the bot is gone."""
    logging.basicConfig(level=sys.argv[3], format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)  # meant for the bot, with whom this process ends
    if hasattr(os, "nice"):
        os.nice(5)  # where the processor draws, the bot must still answer within its three seconds
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    # Whatever a library prints must not end up between two replies.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    inbox = Inbox(os.fdopen(os.dup(sys.stdin.fileno()), "rb"))

    from generator.diffusion.devices import find_devices
    from generator.diffusion.pipeline import Illustrator

    sending = Lock()

    def send(reply: Reply) -> None:
        message = memoryview(pack(reply))
        with sending:
            while message:
                message = message[replies.write(message) :]

    device, *siblings = find_devices(sys.argv[1])
    try:
        illustrator = Illustrator(device, sys.argv[2])
    except SamefoxError as error:
        send(Failed(take_id=0, failure=Failure.MODEL, sentence=error.sentence))
        return
    send(Ready(device=device, siblings=tuple(siblings)))
    while True:
        serve(inbox.next(), illustrator, inbox.cancelled, send)


def serve(
    command: Prepare | Draw, illustrator: Illustrator, cancelled: Callable[[int], bool], send: Send
) -> None:
    """Do one thing, and say how it went."""
    if isinstance(command, Draw):
        send(draw(command, illustrator, cancelled, send))
        return
    try:
        prepare(illustrator, command.recipe, send)
    except SamefoxError as error:
        log.error("%s", error)  # the first frame will run into it again, and tell its author


def prepare(illustrator: Illustrator, recipe: Recipe, send: Send) -> None:
    """Load a recipe's checkpoint, saying now and then that it goes on."""
    done = Event()

    def report() -> None:
        while not done.wait(REPORT_INTERVAL):
            send(Loading())

    Thread(target=report, name="loading", daemon=True).start()
    try:
        illustrator.prepare(recipe)
    finally:
        done.set()


def draw(
    command: Draw, illustrator: Illustrator, cancelled: Callable[[int], bool], send: Send
) -> Drawn | Failed:
    """Draw a frame; whatever goes wrong becomes a sentence that can be sent."""
    take_id = command.take_id

    def on_step(step: int, steps: int) -> None:
        if cancelled(take_id):
            raise DrawingCancelled("Stopped.")
        send(Step(take_id=take_id, step=step, steps=steps))

    try:
        prepare(illustrator, command.recipe, send)
        return Drawn(take_id=take_id, picture=paint(illustrator, command.recipe, on_step))
    except SamefoxError as error:
        failure = _FAILURES.get(type(error), Failure.DRAWING)
        return Failed(take_id=take_id, failure=failure, sentence=error.sentence)
    except Exception as error:
        from generator.diffusion.devices import is_lost

        log.exception("Take %d could not be drawn", take_id)
        if is_lost(error):
            os._exit(1)  # the bot starts a fresh process
        sentence = Sentence(
            "The picture could not be drawn, because of an error that the host's log explains."
        )
        return Failed(take_id=take_id, failure=Failure.DRAWING, sentence=sentence)


def paint(illustrator: Illustrator, recipe: Recipe, on_step: OnStep) -> Picture:
    """Draw a recipe and encode it, a second time in lean mode if the device's memory did not suffice."""
    started = perf_counter()
    image = None
    try:
        (image,) = illustrator.draw([recipe], on_step)
    except OutOfMemory as error:
        log.warning("%s It is tried again in lean mode.", error)
    lean = image is None
    if image is None:  # not in the handler, where the exception still holds on to the first try's tensors
        (image,) = illustrator.draw([recipe], on_step, lean=True)
    engine = replace(illustrator.engine, lean=lean)
    png = encode(image, recipe, engine)
    return Picture(png=png, seconds=perf_counter() - started, engine=engine)


if __name__ == "__main__":
    main()
