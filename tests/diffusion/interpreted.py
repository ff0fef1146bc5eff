"""``python -m tests.diffusion.interpreted`` says each case with the kernels, interpreted on a processor.

Prints how far each is from the same word in PyTorch. A process of its own, since Triton must be told to
interpret before it is imported.
"""

from __future__ import annotations

import os

os.environ["TRITON_INTERPRET"] = "1"

import torch

from generator.diffusion.fused import gating, kernels
from tests.diffusion.wording import CASES, Numbers, distance

if __name__ == "__main__":
    torch.manual_seed(0)
    gating.processors = lambda device: 5
    for case in CASES:
        print(case, distance(case, kernels, Numbers(torch.float16)))
