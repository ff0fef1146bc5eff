"""How a device draws, as a value; and the leaner ways to turn to when memory does not suffice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from generator.shape import Shape

SMALL_AT_ONCE = 64  # however small they are: who waits for the first of them waits for all


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
    """What makes drawing faster. The first three change nothing but rounding, the others the picture too."""

    fused: bool = False  #: blocks take fewer passes over the same numbers, in kernels of our own
    compiled: bool = False  #: blocks are compiled for each number of pictures, unless they are fused
    replayed: bool = False  #: a GPU repeats a step's orders as they were recorded, which takes more memory
    quantized: Quantization = Quantization.OFF
    guided_until: float = 1.0  #: the share of the steps that are guided; later ones have one branch
    cached_every: int = 1  #: once a picture has settled, deep layers are computed in every so many steps

    @property
    def words(self) -> str:
        """What changes the picture a little, for its recipe; nothing where nothing does."""
        said = [] if self.quantized is Quantization.OFF else [f"matrices in {self.quantized}"]
        if self.guided_until < 1:
            said.append(f"guided in the first {self.guided_until:.0%} of the steps")
        if self.cached_every > 1:
            said.append(f"deep layers in one of {self.cached_every} steps")
        return ", ".join(said)


EXACT = Levers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one device draws; made once, when its process starts."""

    device: str = "cpu"
    precision: str = "fp32"
    together: int = 1  #: how many pictures of 1024 × 1024 are drawn at once at most
    offload: Offload = Offload.NOTHING
    tiled: bool = False  #: decoded piece by piece, which takes less memory and changes the pixels a little
    beside: bool = False  #: decoded while the next ones are drawn; then all stays on the device
    pinned: bool = True  #: what is not on the device is kept where it can be fetched quickly
    levers: Levers = EXACT
    slow: bool = False  #: fewer steps are wise where nobody says how many
    reasons: tuple[str, ...] = ()  #: the device, then each choice, in words for the host

    def room(self, shape: Shape) -> int:
        """How many pictures of a shape may be drawn at once; a processor has nothing to gain by it."""
        if self.device == "cpu":
            return self.together
        pictures = self.together * 1024**2 / (shape.width * shape.height) * (1 if shape.guided else 2)
        return min(max(1, int(pictures)), max(SMALL_AT_ONCE, self.together))

    def at_once(self, waiting: int, shape: Shape) -> int:
        """How many of so many waiting pictures of a shape are drawn next, together.

        Compiled, a power of two: each number is compiled by itself, which takes minutes.
        """
        most = min(waiting, self.room(shape))
        return 1 << most.bit_length() - 1 if self.levers.compiled else most

    def leaner(self) -> Plan | None:
        """The plan to try when memory did not suffice, or None when there is nothing left to save.

        What leaves the pixels as they are comes first, and what costs least of it.
        """
        if self.beside:
            return replace(self, beside=False)
        if self.levers.replayed:
            return replace(self, levers=replace(self.levers, replayed=False))
        if self.together > 1:
            return replace(self, together=self.together // 2)
        movable = self.device.startswith("cuda")  # elsewhere, there is no other memory to go to
        if movable and self.offload is Offload.NOTHING:
            levers = replace(self.levers, fused=False, compiled=False, cached_every=1)
            return replace(self, offload=Offload.NETWORKS, levers=levers)
        if not self.tiled:
            return replace(self, tiled=True)
        if movable and self.offload is Offload.NETWORKS:
            return replace(self, offload=Offload.LAYERS)
        return None

    def __str__(self) -> str:
        """How it draws, without the reasons."""
        offload = {Offload.NETWORKS: "one network there at a time", Offload.LAYERS: "layers streamed to it"}
        at_once = "one picture at a time" if self.together == 1 else f"{self.together} pictures at once"
        words = [
            self.precision,
            at_once,
            offload.get(self.offload),
            "decoded in tiles" if self.tiled else None,
        ]
        return f"{self.device}: {', '.join(filter(None, words))}"

    @property
    def explained(self) -> str:
        """The reasons in one line."""
        device, *choices = self.reasons
        return f"{device}: {'; '.join(choices)}"


class Plans:
    """A device's plan, and the leaner ones for shapes that turned out to have no room."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._learnt: dict[Shape, Plan] = {}

    def of(self, shape: Shape) -> Plan:
        """How pictures of this shape are drawn."""
        return self._learnt.get(shape, self._plan)

    def learn(self, shape: Shape) -> Plan | None:
        """The next leaner plan for a shape that ran out of memory, from now on its own; None is the end."""
        leaner = self.of(shape).leaner()
        if leaner is not None:
            self._learnt[shape] = leaner
        return leaner
