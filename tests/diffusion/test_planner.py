"""What suits which machine, and what a host may choose instead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generator.diffusion.devices import HOPPER, Machine
from generator.diffusion.footprint import SDXL, peak
from generator.diffusion.plan import EXACT, Offload, Plan, Quantization
from generator.diffusion.planner import SPARE, plan_for, plan_on
from generator.errors import ConfigurationError
from generator.settings import SpeedSettings

NOTHING, NETWORKS, LAYERS = Offload.NOTHING, Offload.NETWORKS, Offload.LAYERS


def gpu(name: str, capability: tuple[int, int], total: float, free: float, ram: float = 28.0) -> Machine:
    return Machine(
        device="cuda:0", name=name, capability=capability, total=total, free=free, ram=ram, cores=8,
        compiles=True, quantizes=True, fuses=capability == HOPPER,
    )  # fmt: skip


H200 = gpu("NVIDIA H200", (9, 0), 139.8, 139.0)
RTX_4090 = gpu("NVIDIA GeForce RTX 4090", (8, 9), 23.6, 22.8)
TESLA_T4 = gpu("Tesla T4", (7, 5), 14.6, 14.4)
RTX_3060 = gpu("NVIDIA GeForce RTX 3060", (8, 6), 11.7, 11.2)
RTX_4060 = gpu("NVIDIA GeForce RTX 4060", (8, 9), 7.8, 7.4)
RTX_2080 = gpu("NVIDIA GeForce RTX 2080", (7, 5), 7.8, 7.4)
RTX_3050 = gpu("NVIDIA GeForce RTX 3050", (8, 6), 5.8, 5.4)
GTX_1050 = gpu("NVIDIA GeForce GTX 1050 Ti", (6, 1), 4.0, 3.6)
GPUS = [H200, RTX_4090, TESLA_T4, RTX_3060, RTX_4060, RTX_2080, RTX_3050, GTX_1050]
MAC = Machine(device="mps", name="Apple's GPU", total=21.3, free=20.0, ram=24.0, cores=10)
LAPTOP = Machine(total=15.5, free=11.0, ram=11.0, cores=4)
MACHINES = [*GPUS, MAC, LAPTOP]


def name(machine: Machine) -> str:
    return machine.name or machine.device


def auto(machine: Machine, *models: str, **speed: object) -> Plan:
    return plan_on(machine, "auto", SpeedSettings(**speed), models)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("machine", "precision", "offload", "tiled", "together", "compiled"),
    [
        (H200, "bf16", NOTHING, False, 8, False),
        (RTX_4090, "bf16", NOTHING, False, 8, True),
        (TESLA_T4, "fp16", NOTHING, False, 2, False),
        (RTX_3060, "bf16", NOTHING, False, 1, True),
        (RTX_4060, "bf16", NETWORKS, False, 1, False),
        (RTX_2080, "fp16", NETWORKS, False, 1, False),
        (RTX_3050, "bf16", LAYERS, False, 2, False),
        (GTX_1050, "fp16", LAYERS, True, 1, False),
        (MAC, "fp16", NOTHING, False, 1, False),
        (LAPTOP, "fp32", NOTHING, True, 1, False),
    ],
    ids=[name(machine) for machine in MACHINES],
)
def test_a_machine_gets_what_suits_it(
    machine: Machine, precision: str, offload: Offload, tiled: bool, together: int, compiled: bool
) -> None:
    plan = auto(machine)
    assert (plan.device, plan.precision, plan.offload, plan.tiled) == (
        machine.device,
        precision,
        offload,
        tiled,
    )
    assert plan.beside == (machine is H200)
    hopper = machine is H200
    levers = replace(EXACT, fused=hopper, compiled=compiled, replayed=hopper)
    assert (plan.together, plan.levers) == (together, levers)


@pytest.mark.parametrize("machine", MACHINES, ids=name)
@pytest.mark.parametrize("preset", ["exact", "fast"])
def test_there_is_memory_for_every_plan_or_it_says_that_there_is_not(machine: Machine, preset: str) -> None:
    plan = auto(machine, preset=preset)
    assert (peak(plan, SDXL) <= machine.free - SPARE) != ("smaller pictures are advised" in plan.explained)
    assert plan.explained.startswith(f"{machine.device}, {machine.name or '4 cores'} with")


@pytest.mark.parametrize(
    ("size", "ampere", "older"),
    [
        (24, (NOTHING, False, 8), (NOTHING, False, 8)),
        (16, (NOTHING, False, 4), (NOTHING, False, 4)),
        (12, (NOTHING, False, 1), (NETWORKS, False, 2)),
        (10, (NETWORKS, False, 1), (NETWORKS, False, 1)),
        (8, (NETWORKS, False, 1), (NETWORKS, False, 1)),
        (6, (LAYERS, False, 2), (LAYERS, True, 2)),
        (4, (LAYERS, False, 1), (LAYERS, True, 1)),
    ],
)
def test_gpus_of_each_size_are_used_as_the_readme_says(
    size: int, ampere: tuple[object, ...], older: tuple[object, ...]
) -> None:
    for capability, expected in (((8, 6), ampere), ((7, 5), older)):
        plan = auto(gpu("GPU", capability, total=0.98 * size, free=0.94 * size))
        assert (plan.offload, plan.tiled, plan.together) == expected


def test_what_was_chosen_is_said_in_one_line_with_its_reasons() -> None:
    assert auto(RTX_3060).explained == (
        "cuda:0, NVIDIA GeForce RTX 3060 with 12 GiB, 11.2 of them free: bf16, which is fast here and never "
        "overflows; one picture at a time, as 2 need 9.8 GiB; compiled, which takes minutes, once a machine"
    )
    assert auto(GTX_1050).explained == (
        "cuda:0, NVIDIA GeForce GTX 1050 Ti with 4 GiB, 3.6 of them free: fp16, as bf16 needs an Ampere or "
        "newer GPU; the decoder, where fp16 overflows, in fp32; its layers streamed to it, as all at once "
        "need 12.0 GiB; decoded in tiles, whose seams change the picture a little; one picture at a time, as "
        "2 need 3.8 GiB; not compiled, as what is moved about cannot be; 20 steps at most where nobody says "
        "how many, as this is slow"
    )


@pytest.mark.parametrize(
    ("machine", "quantized", "offload"),
    [
        (H200, Quantization.OFF, NOTHING),
        (replace(H200, fuses=False), Quantization.FP8, NOTHING),
        (RTX_4060, Quantization.FP8, NOTHING),
        (RTX_3060, Quantization.INT8, NOTHING),
        (RTX_3050, Quantization.OFF, LAYERS),
        (TESLA_T4, Quantization.OFF, NOTHING),
        (MAC, Quantization.OFF, NOTHING),
        (replace(H200, quantizes=False, fuses=False), Quantization.OFF, NOTHING),
    ],
)
def test_in_a_hurry_matrices_are_in_what_the_gpu_multiplies_fastest(
    machine: Machine, quantized: Quantization, offload: Offload
) -> None:
    plan = auto(machine, preset="fast")
    assert (plan.levers.quantized, plan.offload) == (quantized, offload)
    assert plan.levers.guided_until < 1


def test_what_is_moved_about_remembers_nothing_between_steps() -> None:
    assert auto(RTX_3050, cached_every=3).levers.cached_every == 1
    assert "nothing remembered after all" in auto(RTX_3050, cached_every=3).explained
    assert auto(H200, cached_every=3).levers.cached_every == 3


@pytest.mark.parametrize("machine", MACHINES, ids=name)
def test_a_host_who_chooses_everything_gets_everything(machine: Machine) -> None:
    speed = SpeedSettings(
        preset="fast", fuse=False, compile=False, quantize="off", guided_until=1.0, cached_every=2,
        together=3, offload="nothing",
    )  # fmt: skip
    plan = plan_on(machine, "fp16", speed)
    assert (plan.precision, plan.together, plan.offload) == ("fp16", 3, NOTHING)
    assert plan.levers == replace(EXACT, cached_every=2)


@pytest.mark.parametrize(
    ("memory", "offload", "together"),
    [(24.0, NOTHING, 8), (12.0, NOTHING, 1), (7.5, NETWORKS, 1), (4.0, LAYERS, 1)],
)
def test_a_host_who_lends_only_some_of_a_gpus_memory_is_not_asked_for_more(
    memory: float, offload: Offload, together: int
) -> None:
    plan = auto(H200, memory=memory)
    assert (plan.offload, plan.tiled, plan.together) == (offload, False, together)
    assert peak(plan, SDXL) <= memory - SPARE
    assert f"at most {memory:.3g} GiB, as speed.memory says" in plan.explained


def test_offloading_that_was_asked_for_is_done_on_any_gpu_and_nowhere_else() -> None:
    for offload in (NETWORKS, LAYERS):
        assert auto(H200, offload=str(offload)).offload is offload
        for elsewhere in (MAC, LAPTOP):
            assert auto(elsewhere, offload=str(offload)).offload is NOTHING


@pytest.mark.parametrize(
    ("machine", "speed", "words"),
    [
        (RTX_3060, {"quantize": "fp8"}, ['speed.quantize = "fp8"', "an Ada or Hopper", "RTX 3060"]),
        (TESLA_T4, {"quantize": "int8"}, ['speed.quantize = "int8"', "an Ampere", "Tesla T4"]),
        (LAPTOP, {"quantize": "int8"}, ['speed.quantize = "int8"', "GPU", "cpu, 4 cores"]),
        (replace(H200, quantizes=False), {"quantize": "fp8"}, ["speed.quantize", "of NVIDIA's"]),
        (H200, {"quantize": "fp8", "offload": "layers"}, ["speed.quantize", 'speed.offload = "layers"']),
        (H200, {"compile": True, "offload": "layers"}, ["speed.compile = true", "moved about"]),
        (replace(H200, compiles=False), {"compile": True}, ["speed.compile = true", "Triton", "compiler"]),
        (RTX_4090, {"fuse": True}, ["speed.fuse = true", "Hopper"]),
        (H200, {"fuse": True, "quantize": "fp8"}, ["speed.fuse = true", "fp8"]),
        (H200, {"fuse": True, "offload": "networks"}, ["speed.fuse = true", "moved about"]),
        (H200, {"fuse": True, "memory": 9}, ["speed.fuse = true", "10.6 GiB", "9.0"]),
        (MAC, {"compile": True}, ["speed.compile = true", "Metal"]),
    ],
)
def test_what_cannot_work_here_is_refused_by_its_key(
    machine: Machine, speed: dict[str, object], words: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        auto(machine, **speed)
    for word in words:
        assert word in str(refusal.value)
    assert str(refusal.value).count(". ") == 0


def test_a_processor_compiles_when_it_is_told_to() -> None:
    assert not auto(replace(LAPTOP, compiles=True)).levers.compiled
    assert auto(replace(LAPTOP, compiles=True), compile=True).levers.compiled


def test_orders_are_recorded_where_a_gpu_compiles_and_has_memory_for_it_or_its_host_says_so() -> None:
    assert auto(H200).levers == replace(EXACT, fused=True, replayed=True)
    assert not auto(H200, replay=False).levers.replayed
    assert not auto(H200, memory=12).levers.replayed
    assert auto(H200, memory=12, replay=True).levers.replayed
    compiles = replace(LAPTOP, compiles=True)
    neither = {"compile": False, "fuse": False}
    for machine, speed in ((H200, neither), (RTX_3050, {}), (compiles, {"compile": True})):
        assert not auto(machine, replay=True, **speed).levers.replayed


def test_a_gpu_that_the_kernels_are_for_is_drawn_on_with_them_unless_its_host_says_otherwise() -> None:
    assert "blocks fused by kernels made for it" in auto(H200).explained
    for speed in ({"fuse": False}, {"compile": True}, {"quantize": "fp8"}):
        levers = auto(H200, **speed).levers
        assert levers.compiled and not levers.fused
    assert auto(H200, fuse=True, compile=True).levers.fused
    assert auto(H200, fuse=True, compile=True, preset="fast").levers.fused
    assert auto(H200, "storybook", fuse=True).levers.fused
    assert not auto(H200, "storybook").levers.fused
    fp32 = plan_on(H200, "fp32", SpeedSettings())
    assert fp32.levers.compiled and not fp32.levers.fused


@pytest.mark.parametrize("preset", ["exact", "fast"])
def test_more_memory_never_means_that_less_is_fused(preset: str) -> None:
    plans = [auto(H200, memory=quarters / 4, preset=preset) for quarters in range(16, 128)]
    fuses = [plan.levers.fused for plan in plans]
    assert fuses == sorted(fuses)
    assert fuses[4 * 11 - 16]  # GiB
    for plan in plans:
        assert plan.levers.fused == ("blocks fused by kernels made for it" in plan.explained)
        said = "not quantized, as fused blocks are faster without" in plan.explained
        assert said == (plan.levers.fused and preset == "fast")
    together = [plan.together for plan in plans if plan.levers.fused]
    assert together == sorted(together) and set(together) == {1, 2, 4, 8}


@pytest.mark.parametrize("machine", MACHINES, ids=name)
def test_where_a_picture_takes_long_fewer_steps_are_wise_and_it_says_so(machine: Machine) -> None:
    slow = machine not in (H200, RTX_4090, RTX_3060, RTX_4060)
    plan = auto(machine)
    assert plan.slow is slow
    assert ("20 steps at most where nobody says how many" in plan.explained) is slow
    for preset in ("exact", "fast"):
        assert not auto(machine, preset=preset).slow
    assert not auto(machine, "storybook").slow


@pytest.mark.parametrize("machine", MACHINES, ids=name)
def test_the_picture_book_is_small_enough_for_every_machine(machine: Machine) -> None:
    plan = auto(machine, "storybook", "tiny")
    assert (plan.offload, plan.tiled, plan.levers) == (NOTHING, False, EXACT)
    assert auto(machine, "storybook", "someone/sdxl") == auto(machine)


def test_where_little_ordinary_memory_is_free_nothing_is_pinned() -> None:
    assert auto(RTX_3050).pinned
    plan = auto(replace(RTX_3050, ram=7.0))
    assert not plan.pinned
    assert "slowly" in plan.explained


def test_this_machines_processor_is_looked_at_and_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        plan = plan_for("cpu", "auto", SpeedSettings(), ["tiny"])
    assert (plan.device, plan.precision, plan.together) == ("cpu", "fp32", 1)
    assert caplog.messages == [plan.explained]
    assert plan.explained.startswith("cpu, ")
