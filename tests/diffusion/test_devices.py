"""What this machine can draw on."""

from __future__ import annotations

import os

import pytest
import torch

from generator.diffusion.devices import find_devices, is_lost, is_out_of_memory, look, runs_on
from generator.errors import ConfigurationError


def test_the_processor_is_always_there_and_is_looked_at() -> None:
    machine = look("cpu")
    assert (machine.device, machine.kind, machine.name, machine.capability) == ("cpu", "cpu", "", (0, 0))
    assert 0 < machine.free <= machine.total < 10_000
    assert machine.ram == pytest.approx(machine.free, rel=0.2)
    assert machine.cores == os.cpu_count()


def test_a_device_that_is_not_there_is_an_error_in_words() -> None:
    for device in ("cuda:99", "toaster"):
        with pytest.raises(ConfigurationError, match=f"cannot draw on {device}; auto finds what it has"):
            look(device)


def test_auto_is_what_there_is_and_a_name_is_itself() -> None:
    assert find_devices("cuda:3") == ["cuda:3"]
    found = find_devices("auto")
    assert found == [str(look(name).device) for name in found]


@pytest.mark.parametrize(
    ("capability", "known", "expected"),
    [
        ((9, 0), ["sm_75", "sm_80", "sm_90a", "compute_90"], True),
        ((12, 0), ["sm_75", "sm_90"], True),  # by the code for older ones
        ((6, 1), ["sm_75", "sm_120"], False),
        ((11, 0), ["gfx1100"], True),
        ((11, 0), [], True),
    ],
)
def test_gpus_that_this_torch_has_left_behind_are_known(
    capability: tuple[int, int], known: list[str], expected: bool
) -> None:
    assert runs_on(capability, known) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), True),
        (torch.AcceleratorError("CUDA error: out of memory"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("can't allocate memory"), False),
    ],
)
def test_a_failed_allocation_is_told_from_other_errors(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) is expected
    assert not is_lost(error)


def test_a_device_that_answers_nothing_any_more_is_lost() -> None:
    assert is_lost(torch.AcceleratorError("CUDA error: an illegal memory access was encountered"))
