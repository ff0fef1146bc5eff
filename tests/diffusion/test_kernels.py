"""The kernels against PyTorch's own words, interpreted on a processor; and compiled for a Hopper GPU."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from generator.diffusion.fused import plain
from tests.diffusion.wording import word

gating = pytest.importorskip("generator.diffusion.fused.gating", reason="Triton is for Linux and Windows")

ROUNDED = 4e-4  # fp16 has eleven bits
SHARED = 232_448  # bytes of shared memory that a program may have on a Hopper GPU
RESERVED = 1024  # bytes that the GPU itself has of them beside each program


def told(module: str, folder: Path) -> dict[str, list[float]]:
    """What a program prints: names, and a number for each time."""
    ran = subprocess.run(
        [sys.executable, "-m", module],
        env=os.environ | {"TRITON_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    numbers: dict[str, list[float]] = {}
    for line in ran.stdout.splitlines():
        name, number = line.split()
        numbers.setdefault(name, []).append(float(number))
    return numbers


def test_a_kernel_says_what_its_word_says(tmp_path: Path) -> None:
    numbers = told("tests.diffusion.interpreted", tmp_path)
    assert set(map(word, numbers)) == set(plain.__all__)
    assert {name: number for name, (number,) in numbers.items() if not number < ROUNDED} == {}


def test_every_kernel_compiles_for_a_hopper_gpu(tmp_path: Path) -> None:
    """An interpreter takes what the compiler does not; this needs no GPU."""
    shared = told("tests.diffusion.hopper", tmp_path)
    folder = Path(plain.__file__).parent
    kernels = {
        each.name
        for file in folder.glob("*.py")
        for each in ast.parse(file.read_text()).body
        if isinstance(each, ast.FunctionDef) and each.name.endswith("_kernel")
    }
    assert set(shared) == kernels
    assert max(map(max, shared.values())) <= SHARED
    assert max(shared["gated_kernel"]) <= (SHARED + RESERVED) // gating.BESIDE - RESERVED
