"""What is not compiled yet is compiled in a process of its own, while pictures are drawn without.

Compiling is minutes of Python; in this process it would hold the lock that giving orders to the device needs,
and drawing would be several times as slow. What it finds lies in a folder beside the data: once a machine.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import diffusers
import torch
from diffusers import StableDiffusionXLPipeline

from generator.diffusion.compiling import keep_compiled
from generator.diffusion.plan import Plan
from generator.story import Recipe

log = logging.getLogger(__name__)

ROOM = 1.2  # times the memory that this process has needed must be free for another that draws the same

WARM_STEPS = 12
"""In so many steps, the levers that depend on the step have been in all their states."""


class Warming:
    """Knows what is compiled, and sees to what is not."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        """What is compiled is kept in ``folder``, see `keep_compiled`."""
        keep_compiled(folder)
        self._folder, self._plan = folder, plan
        self._process: subprocess.Popen[bytes] | None = None
        self._compiling: str | None = None
        self._failed: set[str] = set()
        self._beside = True  # whether there is room for another process

    def ready(self, pipe: StableDiffusionXLPipeline, recipes: Sequence[Recipe]) -> bool:
        """Whether recipes may be drawn compiled now: it was done before, or there is no room to do it beside.

        Else it is begun; what has failed stays as it is.
        """
        name = signature(pipe, self._plan, recipes)
        self._look()
        if (self._folder / name).exists():
            return True
        if name in self._failed or self._process is not None:
            return False
        if not self._has_room():
            return True
        self._begin(name, recipes)
        return False

    def stop(self) -> bool:
        """End what is compiled beside, and begin no more; False if nothing was."""
        self._beside = False
        if self._process is None:
            return False
        log.info("There is not enough memory to compile beside; it is done on the way")
        self._end()
        return True

    def _end(self) -> None:
        """Have no process, whatever it does."""
        process, self._process, self._compiling = self._process, None, None
        if process is None:
            return
        assert process.stdin is not None
        process.kill()
        process.wait()
        with suppress(OSError):  # what it has not heard
            process.stdin.close()

    def _look(self) -> None:
        """See what has become of the process."""
        if self._process is None or self._process.poll() is None:
            return
        assert self._compiling is not None
        name, status = self._compiling, self._process.returncode
        self._end()
        if status == 0:
            (self._folder / name).touch()
            log.info("Compiled; from now on it is drawn with at full speed")
        else:
            log.warning("Compiling failed, see above; drawing goes on without")
            self._failed.add(name)

    def _begin(self, name: str, recipes: Sequence[Recipe]) -> None:
        log.info("Compiling for %d pictures at once of %d × %d", len(recipes), *size(recipes))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "generator.diffusion.warming"],
                stdin=subprocess.PIPE,
                stdout=sys.stderr,
            )
            assert self._process.stdin is not None
            self._process.stdin.write(pickle.dumps((alone(self._plan), list(map(short, recipes)))))
            self._process.stdin.flush()  # and is not closed: its end is ours
        except OSError:  # such as too little memory for another process
            log.warning("Compiling could not be begun; drawing goes on without", exc_info=True)
            self._failed.add(name)
            self._end()
            return
        self._compiling = name

    def _has_room(self) -> bool:
        if not self._beside or not self._plan.device.startswith("cuda"):
            return self._beside
        if torch.cuda.get_per_process_memory_fraction(self._plan.device) < 1:
            return False  # the host has others in mind, who would have to make room for it
        free, _ = torch.cuda.mem_get_info(self._plan.device)
        return free > ROOM * torch.cuda.max_memory_reserved(self._plan.device)


def alone(plan: Plan) -> Plan:
    """The plan without what compiling does not need."""
    return replace(plan, levers=replace(plan.levers, replayed=False))


def short(recipe: Recipe) -> Recipe:
    """The recipe in as many steps as it takes to meet all that is to be compiled."""
    return replace(recipe, steps=WARM_STEPS)


def size(recipes: Sequence[Recipe]) -> tuple[int, int]:
    """Their width and height."""
    return recipes[0].width, recipes[0].height


def signature(pipe: StableDiffusionXLPipeline, plan: Plan, recipes: Sequence[Recipe]) -> str:
    """A name for all that compiled code depends on; models of one architecture share it."""
    device = torch.device(plan.device)
    parts: list[Any] = [
        torch.__version__,
        diffusers.__version__,
        plan.device,  # of two GPUs alike, each has its own
        torch.cuda.get_device_name(device) if device.type == "cuda" else "",
        plan.precision,
        repr(alone(plan).levers),
        [{k: v for k, v in net.config.items() if not k.startswith("_")} for net in (pipe.unet, pipe.vae)],
        [len(recipes), *size(recipes), recipes[0].freeu, recipes[0].guidance_scale > 1],
        [any(recipe.negative_prompt for recipe in recipes)],
        [all(recipe.identity_strength == 1 for recipe in recipes)],
    ]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]


def main() -> None:
    """Draw what is asked for on standard input, compiled, for nobody; end when whoever asked has ended."""
    plan, recipes = pickle.load(sys.stdin.buffer)  # noqa: S301 our own
    Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(5)
    from generator.diffusion.pipeline import Illustrator

    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    illustrator = Illustrator(plan)
    illustrator.draw(recipes)
    sys.exit(1 if illustrator.gave_up else 0)


if __name__ == "__main__":
    main()
