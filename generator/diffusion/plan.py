"""How a device draws: what suits the machine, and what its host has chosen to be faster."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import torch

from generator.diffusion.devices import best_precision, usable
from generator.settings import SpeedSettings


class Offload(StrEnum):
    """What of a model is on the device while it draws."""

    NOTHING = "nothing"  #: everything stays there
    NETWORKS = "networks"  #: one network at a time
    LAYERS = "layers"  #: of a network, some layers at a time


class Quantization(StrEnum):
    """What the network's large matrices are multiplied in."""

    OFF = "off"
    INT8 = "int8"
    FP8 = "fp8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Levers:
    """What makes drawing faster. The first changes nothing but rounding, the others the picture a little."""

    compiled: bool = False
    quantized: Quantization = Quantization.OFF
    guided_until: float = 1.0  #: the share of the steps that are guided; later ones have one branch
    cached_every: int = 1  #: the deep layers are computed in every so many steps, and remembered between


EXACT = Levers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one device draws; made once, when its process starts."""

    device: str = "cpu"
    precision: str = "fp32"
    together: int = 1  #: how many pictures of 1024 × 1024 are drawn at once at most
    offload: Offload = Offload.NOTHING
    tiled: bool = False  #: decoded piece by piece, which takes less memory
    levers: Levers = EXACT
    reasons: tuple[str, ...] = ()  #: why, a line each, for the host


def plan_for(device: str, precision: str, speed: SpeedSettings) -> Plan:
    """What suits a device, unless the host has chosen otherwise; ``auto`` leaves it to the machine.

    Raises ``ConfigurationError`` where this machine has no such device.
    """
    found: torch.device = usable(device)
    return Plan(device=str(found), precision=best_precision(found) if precision == "auto" else precision)
