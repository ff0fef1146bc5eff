"""What a step's time is spent on, by what the device itself has recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from generator.bench import where as found_where
from generator.bench.__main__ import recipe
from generator.bench.methods import methods
from generator.bench.stage import Stage
from generator.bench.where import KINDS, kind_of, spent, where
from generator.diffusion.plan import Plan
from generator.diffusion.tiny import TINY

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("nvjet_tst_128x256_64x4_2x1_v_bz_coopA_bias_TNN", "matrices"),
        ("sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize128x128x64_cublas", "matrices"),
        ("triton_tem_fused_addmm_gelu_mul_3", "matrices"),
        ("aten::addmm", "matrices"),
        ("sm90_xmma_fprop_implicit_gemm_bf16bf16_nhwckrsc_nhwc_cudnn", "convolutions"),
        ("void cudnn::engines_precompiled::nchwToNhwcKernel<__nv_bfloat16>", "convolutions"),
        ("void pytorch_flash::flash_fwd_kernel<Flash_fwd_kernel_traits<64, 128>>", "attention"),
        ("aten::_scaled_dot_product_flash_attention_for_cpu", "attention"),
        ("triton_red_fused_convolution_native_group_norm_silu_7", "norms"),
        ("triton_poi_fused_addmm_convolution_gelu_mul_12", "elementwise"),
        ("Memcpy DtoD (Device -> Device)", "elementwise"),
        ("aten::mul", "elementwise"),
    ],
)
def test_a_kernels_name_tells_what_it_does(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_what_is_computed_is_found_under_its_kind() -> None:
    rows, weights = torch.randn(400, 400), torch.randn(400, 400)
    found = spent(lambda: [rows @ weights for _ in range(20)], CPU)
    assert max(KINDS, key=lambda kind: found.kinds[kind]) == "matrices"
    assert found.orders >= 20 and found.clock > 0


def test_every_method_has_a_row_and_a_failure_does_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found_where, "WARM_STEPS", 2)
    look = recipe(2, 64)
    stage = Stage(TINY, tmp_path, CPU, look, "fp32")
    eager = next(method for method in methods(CPU, "fp32", look) if method.name == "eager-1")
    found, failed = where(stage, [eager, replace(eager, plan=Plan(device="cuda:99"))]).splitlines()[2:]
    numbers = [float(cell) for cell in found.split("|")[3:-1]]
    assert len(numbers) == 4 + len(KINDS)
    assert numbers[-2] > 0, "orders are counted; milliseconds are differences, which noise may turn"
    assert failed.startswith("| exact, eager | 1 | ") and not failed.split("|")[4].strip()
