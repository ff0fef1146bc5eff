"""From a machine, and what its host has chosen, to a plan; every choice with its reason in a line."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

from generator.diffusion.devices import Machine, limit, look
from generator.diffusion.footprint import SMALL, Footprint, footprint_of, peak
from generator.diffusion.plan import EXACT, Levers, Offload, Plan, Quantization
from generator.errors import ConfigurationError
from generator.profiles import QUICK_STEPS
from generator.settings import SpeedSettings

log = logging.getLogger(__name__)

AMPERE = (8, 0)  # from here on, GPUs multiply in bf16 and int8 as fast as in fp16, and compiling pays
ADA = (8, 9)  # and in fp8

MOST_TOGETHER = 8  # more were no faster, and whoever waits for the first waits for all

SPARE = 0.3  # GiB that the allocator loses between what it has handed out
EASE = 0.85  # of the free memory: more at once is a gain of some percent, running out of memory a loss

FAST = Levers(quantized=Quantization.FP8, guided_until=0.6, cached_every=3)

LEAST = {Quantization.INT8: (AMPERE, "an Ampere"), Quantization.FP8: (ADA, "an Ada or Hopper")}
"""Which GPUs multiply in which numbers."""


def plan_for(device: str, precision: str, speed: SpeedSettings, models: Sequence[str] = ()) -> Plan:
    """What suits a device for drawing with ``models``, unless its host has chosen otherwise; says why.

    Raises ``ConfigurationError`` where this machine has no such device, or what was chosen cannot work.
    """
    machine = look(device)
    plan = plan_on(machine, precision, speed, models)
    if speed.memory is not None:
        limit(machine, speed.memory)
    log.info("%s", plan.explained)
    return plan


def plan_on(machine: Machine, precision: str, speed: SpeedSettings, models: Sequence[str] = ()) -> Plan:
    """As `plan_for`; ``precision`` is one of the settings', ``models`` are all when none is named."""
    model = footprint_of(models)
    start = precise(Plan(device=machine.device, reasons=(described(machine),)), machine, precision)
    if speed.memory is not None:
        start = because(start, f"at most {speed.memory:.3g} GiB, as speed.memory says")
        machine = replace(machine, free=min(machine.free, speed.memory))
    plan = fused(start, machine, speed, model) or written(start, machine, speed, model)
    return paced(hastened(overlapping(plan, machine, model), machine, speed, model), machine, speed, model)


def written(start: Plan, machine: Machine, speed: SpeedSettings, model: Footprint) -> Plan:
    """What is on the device at a time, and in which numbers, of a network as it is written, or compiled."""
    plan = fitted(approximate(start, machine, speed, model), machine, speed, model)
    chosen = speed.quantize is None and plan.levers.quantized is not Quantization.OFF
    if chosen and not fits(plan, machine, model):
        speed = speed.model_copy(update={"quantize": "off"})
        plan = fitted(approximate(start, machine, speed, model), machine, speed, model)
    return plan


def fused(start: Plan, machine: Machine, speed: SpeedSettings, model: Footprint) -> Plan | None:
    """The plan with fused blocks, if kernels of our own are for this machine and all of it has room there.

    Raises ``ConfigurationError`` where that was asked for and cannot be.
    """
    reason = cannot_fuse(start, machine, speed, model)
    if reason is None:
        levers = replace(start.levers, fused=True)
        plan = fitted(
            approximate(replace(start, levers=levers), machine, speed, model), machine, speed, model
        )
        if fits(plan, machine, model) and not plan.tiled:
            return plan
        whole = replace(plan, tiled=False, together=speed.together or 1)
        reason = f"{peak(whole, model) + SPARE:.1f} GiB are needed, and there are {machine.free:.1f}"
    if speed.fuse:
        raise ConfigurationError(f"speed.fuse = true cannot be followed here: {reason}.")
    return None


def cannot_fuse(plan: Plan, machine: Machine, speed: SpeedSettings, model: Footprint) -> str | None:
    """Why blocks are not fused, whatever memory there is."""
    if not machine.fuses:
        return "the kernels are for Hopper GPUs, such as the H100, and need Triton and a compiler for C"
    if plan.precision == "fp32":
        return "the kernels are for bf16 and fp16"
    if speed.offload in ("networks", "layers"):
        return "what is moved about cannot be fused"
    if speed.quantize not in (None, "off"):
        return f"matrices in {speed.quantize} are for compiled blocks"
    if speed.fuse:
        return None
    if speed.fuse is False or speed.compile:
        return "its host has chosen otherwise"
    return "little would be gained" if model is SMALL else None


def described(machine: Machine) -> str:
    """A device in half a line."""
    name = machine.name or f"{machine.cores} cores"
    return f"{machine.device}, {name} with {machine.total:.0f} GiB, {machine.free:.1f} of them free"


def because(plan: Plan, reason: str, **choices: object) -> Plan:
    """The plan with some choices, and their reason."""
    return replace(plan, reasons=(*plan.reasons, reason), **choices)  # type: ignore[arg-type]


def precise(plan: Plan, machine: Machine, precision: str) -> Plan:
    """In which numbers the networks compute."""
    if precision != "auto":
        return because(plan, f"{precision}, as precision says", precision=precision)
    if machine.kind == "cpu":
        return because(plan, "fp32, which a processor is best at", precision="fp32")
    if machine.kind == "cuda" and machine.capability >= AMPERE:
        return because(plan, "bf16, which is fast here and never overflows", precision="bf16")
    reason = "fp16, as bf16 needs an Ampere or newer GPU" if machine.kind == "cuda" else "fp16, fast here"
    return because(plan, f"{reason}; the decoder, where fp16 overflows, in fp32", precision="fp16")


def approximate(plan: Plan, machine: Machine, speed: SpeedSettings, model: Footprint) -> Plan:
    """The levers that change the picture."""
    preset = FAST if speed.preset == "fast" else EXACT
    until = preset.guided_until if speed.guided_until is None else speed.guided_until
    every = preset.cached_every if speed.cached_every is None else speed.cached_every
    levers = replace(plan.levers, guided_until=until, cached_every=every)
    plan = because(plan, levers.words, levers=levers) if levers != plan.levers else plan
    if speed.quantize is not None:
        check_quantized(Quantization(speed.quantize), machine, speed)
        return quantized(plan, Quantization(speed.quantize), "as speed.quantize says")
    if speed.preset != "fast" or machine.kind != "cuda" or machine.capability < AMPERE or model is SMALL:
        return plan
    if speed.offload in ("networks", "layers"):
        return because(plan, "not quantized, as not all of it stays there")
    if not machine.quantizes:
        return because(plan, "not quantized, which is only for NVIDIA's GPUs")
    if plan.levers.fused:
        return because(plan, "not quantized, as fused blocks are faster without")
    finest = Quantization.FP8 if machine.capability >= ADA else Quantization.INT8
    return quantized(plan, finest, "which is faster, and takes half of the memory")


def quantized(plan: Plan, quantization: Quantization, reason: str) -> Plan:
    """The plan with large matrices in other numbers."""
    if quantization is Quantization.OFF:
        return plan
    levers = replace(plan.levers, quantized=quantization)
    return because(plan, f"matrices in {quantization}, {reason}", levers=levers)


def check_quantized(wanted: Quantization, machine: Machine, speed: SpeedSettings) -> None:
    """Refuse what the host has asked for and this machine cannot do."""
    if wanted is Quantization.OFF:
        return
    least, name = LEAST[wanted]
    if not machine.quantizes or machine.capability < least:
        reason = f"needs {name} GPU of NVIDIA's or a newer one, and {described(machine)} is none"
    elif speed.offload in ("networks", "layers"):
        reason = f'does not go together with speed.offload = "{speed.offload}"'
    else:
        return
    raise ConfigurationError(f'speed.quantize = "{wanted}" {reason}; delete the line, and auto decides.')


def fitted(plan: Plan, machine: Machine, speed: SpeedSettings, model: Footprint) -> Plan:
    """What is on the device at a time, and how many pictures: the first way that there is memory for."""
    rungs = list(ways(plan, machine, speed))
    whole = peak(rungs[0], model)
    plan = next((rung for rung in rungs if fits(rung, machine, model)), rungs[-1])
    plan = replace(plan, pinned=machine.ram > 1.5 * (model.text_encoders + model.unet))
    plan = moved(plan, speed, whole)
    if plan.tiled:
        plan = because(plan, f"decoded in tiles, whose seams change the picture a little{also(plan, whole)}")
    if not fits(plan, machine, model):
        needed = f"{peak(plan, model):.1f} GiB needed for 1024 × 1024, so that smaller pictures are advised"
        plan = because(plan, needed)
    return gathered(plan, machine, speed, model)


def fits(plan: Plan, machine: Machine, model: Footprint) -> bool:
    """Whether there is memory for it."""
    return peak(plan, model) <= machine.free - SPARE


def ways(plan: Plan, machine: Machine, speed: SpeedSettings) -> Iterator[Plan]:
    """The ways to have a model on the device; what costs less is first, and what changes the picture last."""
    plan = replace(plan, together=speed.together or 1)
    if machine.kind != "cuda" or plan.levers.quantized is not Quantization.OFF or plan.levers.fused:
        offloads = [Offload.NOTHING]  # elsewhere there is no other memory; what is changed was there before
    elif speed.offload is not None:
        offloads = [Offload(speed.offload)]
    else:
        offloads = [Offload.NOTHING, Offload.NETWORKS, Offload.LAYERS]
    yield from (replace(plan, offload=offload) for offload in offloads)
    yield replace(plan, offload=offloads[-1], tiled=True)


def moved(plan: Plan, speed: SpeedSettings, whole: float) -> Plan:
    """The plan with the reason for its offloading."""
    if plan.offload is Offload.NOTHING:
        return plan
    if plan.levers.cached_every > 1:
        levers = replace(plan.levers, cached_every=1)
        plan = because(plan, "nothing remembered after all, as not all of it stays there", levers=levers)
    what = {Offload.NETWORKS: "one network at a time on it", Offload.LAYERS: "its layers streamed to it"}
    reason = "as speed.offload says" if speed.offload is not None else f"as all at once need {whole:.1f} GiB"
    plan = because(plan, f"{what[plan.offload]}, {reason}")
    return plan if plan.pinned else because(plan, "slowly, as little ordinary memory is free")


def also(plan: Plan, whole: float) -> str:
    """The reason for tiles, where it has not been said."""
    return f", as a whole picture needs {whole:.1f} GiB" if plan.offload is Offload.NOTHING else ""


def gathered(plan: Plan, machine: Machine, speed: SpeedSettings, model: Footprint) -> Plan:
    """How many pictures at once."""
    if speed.together is not None:
        return because(plan, f"{pictures(plan.together)}, as speed.together says")
    if machine.kind != "cuda":
        return because(plan, f"{pictures(1)}, as more gain little here")
    together = MOST_TOGETHER
    while together > 1 and peak(replace(plan, together=together), model) > EASE * machine.free:
        together //= 2
    if together == MOST_TOGETHER:
        return because(plan, f"up to {pictures(together)}, which is faster", together=together)
    more = peak(replace(plan, together=2 * together), model)
    reason = f"{pictures(together)}, as {2 * together} need {more:.1f} GiB"
    return because(plan, reason, together=together)


def overlapping(plan: Plan, machine: Machine, model: Footprint) -> Plan:
    """Whether pictures are decoded while the next ones are drawn, which only CUDA has streams for."""
    beside = replace(plan, beside=True)
    if machine.kind != "cuda" or plan.offload is not Offload.NOTHING:
        return plan
    if peak(beside, model) > EASE * machine.free:
        return plan
    return because(beside, "decoded while the next ones are drawn")


def pictures(count: int) -> str:
    """A number of pictures in words."""
    return "one picture at a time" if count == 1 else f"{count} pictures at once"


def hastened(plan: Plan, machine: Machine, speed: SpeedSettings, model: Footprint) -> Plan:
    """How the networks' blocks are computed: fused, compiled, or as they are written."""
    if not plan.levers.fused:
        return compiled(plan, machine, speed, model)
    return replayed(because(plan, "blocks fused by kernels made for it"), machine, speed, model)


def compiled(plan: Plan, machine: Machine, speed: SpeedSettings, model: Footprint) -> Plan:
    """Whether blocks are compiled."""
    if speed.compile is False:
        return plan
    if reason := cannot_compile(plan, machine):
        if speed.compile:
            raise ConfigurationError(f"speed.compile = true cannot be followed here: {reason}.")
        return because(plan, f"not compiled, as {reason}")
    if speed.compile is None and (machine.kind != "cuda" or machine.capability < AMPERE or model is SMALL):
        return because(plan, "not compiled, as little would be gained")
    reason = "as speed.compile says" if speed.compile else "which takes minutes, once a machine"
    plan = because(plan, f"compiled, {reason}", levers=replace(plan.levers, compiled=True))
    return replayed(plan, machine, speed, model)


def replayed(plan: Plan, machine: Machine, speed: SpeedSettings, model: Footprint) -> Plan:
    """Whether a step's orders are recorded, which keeps the memory between them."""
    if machine.kind != "cuda" or speed.replay is False:
        return plan
    again = (model.workspace + model.picture * plan.together) * (2 if plan.precision == "fp32" else 1)
    if speed.replay is None and peak(plan, model) + again > EASE * machine.free:
        return plan
    return because(plan, "each step's orders recorded", levers=replace(plan.levers, replayed=True))


def paced(plan: Plan, machine: Machine, speed: SpeedSettings, model: Footprint) -> Plan:
    """Whether a picture takes so long that fewer steps are wise."""
    quick_enough = machine.kind == "cuda" and machine.capability >= AMPERE
    if speed.preset != "auto" or model is SMALL or (quick_enough and plan.offload is not Offload.LAYERS):
        return plan
    reason = f"{QUICK_STEPS} steps at most where nobody says how many, as this is slow"
    return because(plan, reason, slow=True)


def cannot_compile(plan: Plan, machine: Machine) -> str | None:
    """What makes compiling impossible."""
    if machine.kind == "mps":
        return "Metal is not compiled for"
    if plan.offload is not Offload.NOTHING:
        return "what is moved about cannot be"
    return None if machine.compiles else "Triton or a compiler for C is missing"
