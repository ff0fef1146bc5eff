"""The drawing process: ``python -m generator.execution.worker DEVICE PRECISION LOG_LEVEL``.

Commands come in on standard input, replies go out on standard output (see `executor`), log lines on standard
error. The main thread draws; another reads, so that a cancellation is heard between two steps; a third
translates, so that a text does not wait for a picture. The end of standard input means that the bot is gone:
there is nothing here worth keeping, so the process just ends.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from queue import SimpleQueue
from threading import Event, Lock, Thread
from time import perf_counter
from typing import TYPE_CHECKING, Any, BinaryIO

from generator.errors import DrawingCancelled, ModelError, NotTranslated, OutOfMemory, SamefoxError
from generator.execution.executor import (
    HEADER,
    Cancel,
    Draw,
    Drawn,
    Failed,
    Failure,
    Loading,
    Prepare,
    Ready,
    Reply,
    Step,
    Translate,
    Translated,
    Untranslated,
    pack,
)
from generator.press.metadata import encode
from generator.sentence import Sentence
from generator.settings import SafetySettings
from generator.story import OnStep, Picture, Recipe

if TYPE_CHECKING:
    from generator.diffusion.pipeline import Illustrator
    from generator.diffusion.safety import Inspector
    from generator.diffusion.translation import Translator

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
        self._texts: SimpleQueue[Translate] = SimpleQueue()
        self._cancelled: set[int] = set()  # written by the reading thread alone; adding to a set is atomic
        self.equipment = self._receive()
        Thread(target=self._read, name="inbox", daemon=True).start()

    def next(self) -> Prepare | Draw:
        """Wait for something to do."""
        return self._commands.get()

    def next_texts(self) -> Translate:
        """Wait for something to translate."""
        return self._texts.get()

    def cancelled(self, take_id: int) -> bool:
        """Whether this take is not wanted any more."""
        return take_id in self._cancelled

    def _read(self) -> None:
        while True:
            match self._receive():
                case Cancel(take_id=take_id):
                    self._cancelled.add(take_id)
                case Translate() as texts:
                    self._texts.put(texts)
                case command:
                    self._commands.put(command)

    def _receive(self) -> Any:
        header = self._stream.read(HEADER.size)
        if len(header) < HEADER.size:
            os._exit(0)
        return pickle.loads(self._stream.read(*HEADER.unpack(header)))  # noqa: S301 our own


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
    from generator.diffusion.plan import plan_for

    sending = Lock()

    def send(reply: Reply) -> None:
        message = memoryview(pack(reply))
        with sending:
            while message:
                message = message[replies.write(message) :]

    device, *siblings = find_devices(sys.argv[1])
    equipment = inbox.equipment
    try:
        illustrator = Illustrator(plan_for(device, sys.argv[2], equipment.speed))
        with reporting(send):
            inspector = equip(equipment.safety, device)
    except SamefoxError as error:
        send(Failed(take_id=0, failure=Failure.MODEL, sentence=error.sentence))
        return
    send(Ready(device=device, siblings=tuple(siblings)))
    if equipment.translator is not None:
        Thread(
            target=interpret, args=(equipment.translator, inbox, send), name="interpreter", daemon=True
        ).start()
    while True:
        serve(inbox.next(), illustrator, inspector, inbox.cancelled, send)


def equip(safety: SafetySettings | None, device: str) -> Inspector | None:
    """What looks at every picture; where it is wanted and cannot be had, nothing may be drawn.

    Raises ``ModelError``.
    """
    if safety is None:
        return None
    from generator.diffusion.safety import Inspector

    return Inspector(safety, device)


def interpret(name: str, inbox: Inbox, send: Send) -> None:
    """Translate for as long as the process lives; without its model, say so each time."""
    from generator.diffusion.translation import Translator

    translator: Translator | None = None
    try:
        translator = Translator(name)
    except Exception as error:
        log.error("%s Texts are not translated.", error)
    while True:
        send(translated(inbox.next_texts(), translator))


def translated(command: Translate, translator: Translator | None) -> Translated | Untranslated:
    """Translate texts; whatever goes wrong becomes a sentence that can be sent."""
    try:
        if translator is None:
            raise NotTranslated("The translator does not work at the moment; please write in English.")
        texts = translator.translate(command.texts, command.language)
        return Translated(request_id=command.request_id, texts=texts)
    except NotTranslated as error:
        return Untranslated(request_id=command.request_id, sentence=error.sentence)
    except Exception:
        log.exception("A text could not be translated")
        sentence = Sentence("Your text could not be translated; please write in English.")
        return Untranslated(request_id=command.request_id, sentence=sentence)


def serve(
    command: Prepare | Draw,
    illustrator: Illustrator,
    inspector: Inspector | None,
    cancelled: Callable[[int], bool],
    send: Send,
) -> None:
    """Do one thing, and say how it went."""
    if isinstance(command, Draw):
        send(draw(command, illustrator, inspector, cancelled, send))
        return
    try:
        prepare(illustrator, command.recipe, send)
    except SamefoxError as error:
        log.error("%s", error)  # the first frame will run into it again, and tell its author


def prepare(illustrator: Illustrator, recipe: Recipe, send: Send) -> None:
    """Load a recipe's checkpoint."""
    with reporting(send):
        illustrator.prepare(recipe)


@contextmanager
def reporting(send: Send) -> Iterator[None]:
    """Say now and then that what takes long goes on."""
    done = Event()

    def report() -> None:
        while not done.wait(REPORT_INTERVAL):
            send(Loading())

    Thread(target=report, name="loading", daemon=True).start()
    try:
        yield
    finally:
        done.set()


def draw(
    command: Draw,
    illustrator: Illustrator,
    inspector: Inspector | None,
    cancelled: Callable[[int], bool],
    send: Send,
) -> Drawn | Failed:
    """Draw a frame; whatever goes wrong becomes a sentence that can be sent."""
    take_id = command.take_id

    def on_step(step: int, steps: int) -> None:
        if cancelled(take_id):
            raise DrawingCancelled("Stopped.")
        send(Step(take_id=take_id, step=step, steps=steps))

    try:
        prepare(illustrator, command.recipe, send)
        return Drawn(take_id=take_id, picture=paint(illustrator, inspector, command.recipe, on_step))
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


def paint(illustrator: Illustrator, inspector: Inspector | None, recipe: Recipe, on_step: OnStep) -> Picture:
    """Draw a recipe, leaner each time that memory does not suffice; judge and encode the picture."""
    started = perf_counter()
    plan, image = illustrator.plan, None
    while image is None:  # not in the handler, where the exception still holds on to the first try's tensors
        try:
            (image,) = illustrator.draw([recipe], on_step, plan)
        except OutOfMemory as error:
            leaner = plan.leaner()
            if leaner is None:
                raise
            log.warning("%s It is tried again in lean mode.", error)
            plan = leaner
    engine = replace(illustrator.engine, lean=plan.tiled)
    verdict = inspector.look(image) if inspector is not None else None
    png = encode(image, recipe, engine)
    return Picture(png=png, seconds=perf_counter() - started, engine=engine, verdict=verdict)


if __name__ == "__main__":
    main()
