"""What is compiled beside, and when pictures are drawn with it."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest
from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel

from generator.diffusion import rig
from generator.diffusion.compiling import Compiled
from generator.diffusion.network import Network
from generator.diffusion.pipeline import Illustrator
from generator.diffusion.plan import Levers, Offload, Plan
from generator.diffusion.tiny import tiny
from generator.diffusion.warming import WARM_STEPS, Warming, signature
from tests.diffusion.smallest import smallest
from tests.diffusion.test_attention import OTHER, SMALL
from tests.diffusion.test_compiling import Counted, broken
from tests.diffusion.test_pipeline import pixels


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    return tmp_path / "compiled"


PLAN = Plan(levers=Levers(compiled=True))
EAGER = Plan()  # what the other process draws in no time


def wait(warming: Warming) -> int:
    """How the other process ended."""
    assert warming._process is not None
    begun = monotonic()
    while warming._process.poll() is None:
        assert monotonic() - begun < 300
        sleep(0.05)
    return warming._process.returncode


def test_what_is_compiled_once_is_ready_for_good(folder: Path) -> None:
    pipe, warming = tiny(), Warming(folder, EAGER)
    assert not warming.ready(pipe, [SMALL])
    assert not warming.ready(pipe, [SMALL]), "it is at it"
    assert not warming.ready(pipe, [SMALL, OTHER]), "one after the other"
    assert wait(warming) == 0
    assert warming.ready(pipe, [SMALL])
    assert warming.ready(pipe, [replace(SMALL, seed=9, steps=50)]), "it is the same code"
    assert Warming(folder, EAGER).ready(pipe, [SMALL])


def test_what_cannot_be_compiled_is_drawn_without_and_not_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_COMPILE_DISABLE", "1")  # to torch, that is a failure
    pipe, warming = tiny(), Warming(folder, PLAN)
    assert not warming.ready(pipe, [SMALL])
    assert wait(warming) == 1
    assert not warming.ready(pipe, [SMALL])
    assert warming._process is None
    assert not Warming(folder, PLAN)._failed, "but the next start tries"


def test_compiled_code_is_told_apart_by_all_that_it_depends_on() -> None:
    pipe = tiny()
    names = {
        signature(pipe, plan, recipes)
        for plan in (
            PLAN,
            replace(PLAN, precision="bf16"),
            Plan(levers=Levers(compiled=True, cached_every=2)),
        )
        for recipes in (
            [SMALL],
            [SMALL, OTHER],
            [replace(SMALL, height=128)],
            [replace(SMALL, negative_prompt="rain")],
            [replace(SMALL, guidance_scale=1.0)],
            [replace(SMALL, identity_strength=1.0)],
            [replace(SMALL, freeu=True)],
        )
    }
    assert len(names) == 21


CHILD = """
import os, time
from pathlib import Path

Path("part").write_bytes(os.read(0, 1 << 16))
Path("part").rename("told")
begun = time.monotonic()
while not Path("end").exists() and time.monotonic() - begun < 60:
    time.sleep(0.01)
Path("end").unlink(missing_ok=True)
"""


class Child:
    """Stands for the process that compiles: it keeps what it is told, and ends when the test says so."""

    def __init__(self, folder: Path) -> None:
        package = folder / "generator" / "diffusion"
        package.mkdir(parents=True)
        for empty in (package.parent, package):
            (empty / "__init__.py").touch()
        self._folder, self._module = folder, package / "warming.py"
        self._module.write_text(CHILD)

    def told(self) -> object:
        """What it was told."""
        begun = monotonic()
        while not (self._folder / "told").exists():
            assert monotonic() - begun < 300
            sleep(0.01)
        return pickle.loads((self._folder / "told").read_bytes())

    def end(self, warming: Warming | None) -> None:
        """Have it compiled."""
        assert warming is not None
        (self._folder / "end").touch()
        assert wait(warming) == 0

    def die_at_once(self) -> None:
        """Listen to nobody from now on."""
        self._module.write_text("import os\nos._exit(1)")


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Child:
    monkeypatch.chdir(tmp_path)  # where Python looks for modules before anywhere else
    return Child(tmp_path)


@pytest.fixture(scope="module")
def pipe() -> StableDiffusionXLPipeline:
    return tiny()


def test_whatever_is_drawn_few_steps_are_compiled_without_recording(
    folder: Path, child: Child, pipe: StableDiffusionXLPipeline
) -> None:
    levers = Levers(compiled=True, cached_every=2)
    beside = Warming(folder, Plan(levers=replace(levers, replayed=True)))
    recipes = [replace(SMALL, steps=50), replace(OTHER, steps=50)]
    beside.ready(pipe, recipes)
    assert child.told() == (Plan(levers=levers), [replace(recipe, steps=WARM_STEPS) for recipe in recipes])
    child.end(beside)
    assert beside.ready(pipe, recipes)


def test_where_there_is_no_room_beside_it_is_compiled_on_the_way(
    folder: Path, child: Child, pipe: StableDiffusionXLPipeline
) -> None:
    beside = Warming(folder, PLAN)
    assert not beside.ready(pipe, [SMALL])
    process = beside._process
    assert process is not None
    assert beside.stop()
    assert process.returncode not in (None, 0), "it was ended, and did not end by itself"
    assert beside.ready(pipe, [SMALL]) and beside.ready(pipe, [SMALL, OTHER])
    assert beside._process is None
    assert not beside.stop(), "there is nothing any more"
    idle = Warming(folder, PLAN)
    assert not idle.stop()
    assert idle.ready(pipe, [SMALL]), "nor is anything begun"


def test_a_process_that_cannot_be_begun_is_not_tried_again(
    folder: Path,
    child: Child,
    pipe: StableDiffusionXLPipeline,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    beside = Warming(folder, PLAN)
    with monkeypatch.context() as without:
        without.setattr(sys, "executable", str(folder / "nothing"))
        assert not beside.ready(pipe, [SMALL])
    assert not beside.ready(pipe, [SMALL])
    assert beside._process is None
    assert caplog.text.count("Compiling could not be begun; drawing goes on without") == 1


def test_a_process_that_dies_before_it_has_listened_is_not_tried_again(
    folder: Path, child: Child, pipe: StableDiffusionXLPipeline
) -> None:
    child.die_at_once()
    beside, long = Warming(folder, PLAN), replace(SMALL, prompt="fox " * 2**16)  # more than a pipe takes
    for _ in range(2):
        assert not beside.ready(pipe, [long])
        assert beside._process is None
    assert not beside.stop()


@pytest.fixture
def graphs(fresh: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Counted]:
    """An illustrator's graphs from now on; nothing is made of them."""
    backends = {"network": Counted(), "decoder": Counted()}

    class CountedNetwork(Network):
        def __init__(self, unet: UNet2DConditionModel, levers: Levers) -> None:
            super().__init__(unet, levers, backends["network"])

    class CountedDecoder(Compiled):
        def __init__(self, function: Callable[..., Any]) -> None:
            super().__init__(function, backends["decoder"])

    monkeypatch.setattr(rig, "Network", CountedNetwork)
    monkeypatch.setattr(rig, "Compiled", CountedDecoder)
    return backends


def test_pictures_are_drawn_compiled_as_soon_as_their_own_code_is_ready(
    folder: Path, child: Child, graphs: dict[str, Counted], tmp_path: Path
) -> None:
    """Not another size or model, nor what is moved about; and the decoder is one graph."""
    smallest().save_pretrained(tmp_path / "model")
    config = copytree(tmp_path / "model", tmp_path / "other") / "vae" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"scaling_factor": 0.5}))
    recipe = replace(SMALL, model=str(tmp_path / "model"), guidance_scale=1.0, steps=1)
    illustrator = Illustrator(PLAN, folder)

    def counts() -> tuple[int, int]:
        return graphs["network"].graphs, graphs["decoder"].graphs

    before = illustrator.draw([recipe])[0]
    assert counts() == (0, 0)
    child.end(illustrator._warming)
    after = illustrator.draw([recipe])[0]
    assert np.abs(pixels(after) - pixels(before)).max() <= 1
    compiled = counts()
    assert compiled[0] > 0 and compiled[1] == 1
    illustrator.draw([replace(recipe, seed=9)])
    illustrator.draw([recipe], plan=Plan(offload=Offload.NETWORKS))
    illustrator.draw([replace(recipe, width=128)])
    illustrator.draw([replace(recipe, model=str(tmp_path / "other"))])
    assert counts() == compiled
    assert not illustrator.gave_up
    assert illustrator.make_room(), "the other size is at it"


def test_an_illustrator_knows_that_its_network_could_not_be_compiled(
    graphs: dict[str, Counted], monkeypatch: pytest.MonkeyPatch
) -> None:
    illustrator = Illustrator(PLAN)
    monkeypatch.setattr(Counted, "__call__", broken)
    illustrator.prepare(SMALL)
    assert not illustrator.gave_up
    illustrator.denoise([SMALL])
    assert illustrator.gave_up
