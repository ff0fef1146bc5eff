"""The drawing process: ``python -m generator.execution.worker DEVICE PRECISION LOG_LEVEL``.

Commands come in on standard input, replies go out on standard output (see `executor`), log lines on standard
error. The main thread draws (see `easel`), others finish what is drawn (see `darkroom`). One reads, so that a
cancellation is heard between two steps, and one translates, so that a text does not wait for a picture. The
end of standard input means that the bot is gone: nothing here is worth keeping, so the process just ends.
"""

from __future__ import annotations

import gc
import logging
import os
import pickle
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, BinaryIO

from generator.errors import NotTranslated, SamefoxError
from generator.execution.executor import (
    HEADER,
    Cancel,
    Draw,
    Prepare,
    Ready,
    Reply,
    Translate,
    Translated,
    Unready,
    Untranslated,
    pack,
)
from generator.sentence import Sentence
from generator.settings import SafetySettings

if TYPE_CHECKING:
    from generator.diffusion.safety import Inspector
    from generator.diffusion.translation import Translator
    from generator.execution.easel import Easel

log = logging.getLogger(__name__)

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
    give_way(5)
    send = sender()
    inbox = Inbox(os.fdopen(os.dup(sys.stdin.fileno()), "rb"))
    gc.disable()  # what is imported stays, and looking through it again and again takes a second
    try:
        easel, ready = set_up(inbox, send)
    except SamefoxError as error:
        send(Unready(sentence=error.sentence))
        return
    gc.freeze()
    gc.enable()
    send(ready)
    if inbox.equipment.translator is not None:
        arguments = inbox.equipment.translator, inbox, send
        Thread(target=interpret, args=arguments, name="interpreter", daemon=True).start()
    while True:
        match inbox.next():
            case Prepare(recipe=recipe):
                easel.prepare(recipe)
            case Draw(recipes=recipes):
                easel.draw(recipes)


def give_way(steps: int) -> None:
    """Let everybody else have the processor first, the bot above all: by so many steps of niceness."""
    if hasattr(os, "nice"):
        niceness = os.nice(steps)
        with suppress(OSError):  # Linux may hold it within a session only, and this one has its own
            Path("/proc/self/autogroup").write_text(str(niceness))


def sender() -> Send:
    """What sends replies on standard output, from any thread; what is printed goes to standard error."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    # Whatever a library prints must not end up between two replies.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sending = Lock()

    def send(reply: Reply) -> None:
        message = memoryview(pack(reply))
        with sending:
            while message:
                message = message[replies.write(message) :]

    return send


def set_up(inbox: Inbox, send: Send) -> tuple[Easel, Ready]:
    """All that draws on this device, and the devices that were found.

    Raises:
        ConfigurationError: there is no such device.
        ModelError: the safety model cannot be loaded.
    """
    from generator.diffusion.devices import find_devices
    from generator.diffusion.pipeline import Illustrator
    from generator.diffusion.planner import plan_for
    from generator.execution.easel import Easel, reporting

    device, *siblings = find_devices(sys.argv[1])
    if device == "cpu":
        give_way(5)  # drawing takes all of the processor, and the bot must answer within three seconds
    equipment = inbox.equipment
    plan = plan_for(device, sys.argv[2], equipment.speed, equipment.models)
    illustrator = Illustrator(plan, Path(equipment.compiled) if equipment.compiled else None)
    with reporting(send):
        inspector = equip(equipment.safety, device)
    easel = Easel(illustrator, inspector, inbox.cancelled, send)
    return easel, Ready(device=device, siblings=tuple(siblings), slow=plan.slow)


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


if __name__ == "__main__":
    main()
