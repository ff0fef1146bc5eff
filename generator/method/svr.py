"""Singular-value reweighting: one scene of the prompt speaks up, the others fall silent.

One-Prompt-One-Story (arXiv 2501.13554), "SVR". The singular values of a scene's embedding hold what it says;
damping them quiets the scene, raising them makes it heard. The constants are the original code's; the paper
prints its two betas swapped.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from generator.method.tokens import EOS, first_occurrence
from generator.story import SvrMode

ALPHA_SUPPRESS, BETA_SUPPRESS = 0.01, 0.05
ALPHA_EXPRESS, BETA_EXPRESS = -0.01, 1.0

END_DAMPING = 0.9
"""What mode ``svr-eot`` multiplies the end-of-text rows with, once a scene."""


def svr(
    encoded: Sequence[Tensor],
    input_ids: tuple[int, ...],
    express: tuple[int, ...],
    suppress: Sequence[tuple[int, ...]],
    mode: SvrMode,
) -> list[Tensor]:
    """The prompt's embeddings with one scene expressed and the others suppressed; the arguments stay.

    ``encoded`` are the text encoders' penultimate layers, (77, d) each, which know nothing of each other;
    ``input_ids`` the 77 tokens, padded with EOS whatever an encoder itself pads with; ``express`` and
    ``suppress`` the scenes' own tokens, without BOS and EOS. The scenes are taken in order, the expressed one
    last; each sees what the one before left.
    """
    if mode is SvrMode.OFF:
        return list(encoded)
    # Every scene only mixes rows: the small X·Xᵀ is enough to follow them, and X itself is mixed once. In
    # float64 and on the CPU: Apple's GPU has neither float64 nor the decomposition, and so a seed keeps its
    # meaning on every device.
    rows = [part.to("cpu", torch.float64) for part in encoded]
    products = torch.stack([x @ x.T for x in rows])
    mixing = torch.eye(len(input_ids), dtype=torch.float64).repeat(len(rows), 1, 1)
    ends = torch.tensor([position for position, token in enumerate(input_ids) if token == EOS])
    told = [(scene, ALPHA_SUPPRESS, BETA_SUPPRESS) for scene in suppress]
    for scene, alpha, beta in [*told, (express, ALPHA_EXPRESS, BETA_EXPRESS)]:
        there = torch.tensor(first_occurrence(input_ids, scene), dtype=torch.long)  # which may be none
        if mode is SvrMode.SVR_EOT:
            _mix(products, mixing, ends, END_DAMPING * torch.eye(len(ends), dtype=torch.float64))
        else:
            there = torch.cat([there, ends])
        _mix(products, mixing, there, reweighting(products[:, there[:, None], there], alpha, beta))
    return [(mixed @ x).to(part) for mixed, x, part in zip(mixing, rows, encoded, strict=True)]


def _mix(products: Tensor, mixing: Tensor, rows: Tensor, step: Tensor) -> None:
    """Mix some rows of X by ``step`` (k, k), as its ``products`` X·Xᵀ and what was ``mixing`` it see it."""
    products[:, rows] = step @ products[:, rows]
    products[:, :, rows] = products[:, :, rows] @ step.mT
    mixing[:, rows] = step @ mixing[:, rows]


def reweighting(products: Tensor, alpha: float, beta: float) -> Tensor:
    """The mixing of rows X (…, k, d) that replaces every singular value σ by β·σ·exp(−α·σ), (…, k, k).

    With X = U·σ·V it is U·(β·exp(−α·σ))·Uᵀ, and U and σ² come from ``products``, X·Xᵀ.
    """
    squares, u = torch.linalg.eigh(products)
    factors = beta * torch.exp(-alpha * squares.clamp(min=0).sqrt())
    mixing: Tensor = (u * factors[..., None, :]) @ u.mT
    return mixing
