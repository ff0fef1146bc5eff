"""``python -m tests.diffusion.hopper`` compiles the kernels for a Hopper GPU, without one.

Each is called as fused blocks call it, and its name and bytes of shared memory are printed.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
import triton
from torch import Tensor
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton.runtime.jit import JITFunction
from triton.tools.tensor_descriptor import TensorDescriptor

from generator.diffusion.fused import gating, kernels, listening, norms, tiling
from tests.diffusion.wording import CASES, Numbers, word

HOPPER = GPUTarget("cuda", 90, 32)
KINDS = {torch.bfloat16: "bf16", torch.float32: "fp32"}
ALIGNED = [["tt.divisibility", 16]]


class Compiling:
    """Stands in a kernel's place, and compiles it for what it is told."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel

    def __getitem__(self, grid: object) -> Callable[..., None]:
        return self._compile

    def _compile(self, *told: Any, **options: int) -> None:
        signature: dict[str, str] = {}
        constants: dict[tuple[int, ...], Any] = {}
        attributes: dict[tuple[int, ...], Any] = {}
        for place, (parameter, value) in enumerate(zip(self._kernel.params, told, strict=True)):
            kind = kind_of(value)
            if parameter.is_constexpr or kind is None:
                signature[parameter.name], constants[place,] = "constexpr", value
                continue
            signature[parameter.name] = kind
            if isinstance(value, Tensor) or (isinstance(value, int) and value % 16 == 0):
                attributes[place,] = ALIGNED
        source = ASTSource(self._kernel, signature, constants, attributes)
        made = triton.compile(source, target=HOPPER, options=options)
        print(self._kernel.__name__, made.metadata.shared)


def kind_of(value: Any) -> str | None:
    """The type of an argument as Triton writes it; none of what is compiled in."""
    if isinstance(value, Tensor):
        return "*" + KINDS[value.dtype]
    if isinstance(value, TensorDescriptor):
        return f"tensordesc<{KINDS[value.base.dtype]}{list(value.block_shape)}>"
    if value is None or value == 1:
        return None
    return "i32" if isinstance(value, int) else "fp32"


def stand_in(module: ModuleType) -> None:
    """Have the module's kernels compiled where they are called."""
    for name, kernel in list(vars(module).items()):
        if isinstance(kernel, JITFunction) and name.endswith("_kernel"):
            setattr(module, name, Compiling(kernel))


if __name__ == "__main__":
    gating.processors = lambda device: 132
    for module in (gating, listening, norms, tiling):
        stand_in(module)
    for case, told in CASES.items():
        getattr(kernels, word(case))(*told(Numbers(torch.bfloat16)))
