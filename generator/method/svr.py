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
    hidden_states: Tensor,
    input_ids: tuple[int, ...],
    express: tuple[int, ...],
    suppress: Sequence[tuple[int, ...]],
    mode: SvrMode,
) -> Tensor:
    """The prompt's embedding with one scene expressed and the others suppressed; the argument stays as it is.

    ``hidden_states`` (77, d) is one text encoder's penultimate layer, ``input_ids`` its 77 tokens, padded
    with EOS whatever that encoder itself pads with; ``express`` and ``suppress`` are the scenes' own tokens,
    without BOS and EOS. The scenes are taken in order, the expressed one last; each sees what the one before
    left.
    """
    if mode is SvrMode.OFF:
        return hidden_states
    # Every scene only mixes rows: the small X·Xᵀ is enough to follow them, and X itself is mixed once. In
    # float64 and on the CPU: Apple's GPU has neither float64 nor the decomposition, and so a seed keeps its
    # meaning on every device.
    x = hidden_states.to("cpu", torch.float64)
    products, mixing = x @ x.T, torch.eye(len(x), dtype=torch.float64)
    told = [(scene, ALPHA_SUPPRESS, BETA_SUPPRESS) for scene in suppress]
    for scene, alpha, beta in [*told, (express, ALPHA_EXPRESS, BETA_EXPRESS)]:
        step = mixing_of(products, input_ids, scene, alpha, beta, mode)
        products, mixing = step @ products @ step.T, step @ mixing
    return (mixing @ x).to(hidden_states)


def mixing_of(
    products: Tensor,
    input_ids: tuple[int, ...],
    scene: tuple[int, ...],
    alpha: float,
    beta: float,
    mode: SvrMode,
) -> Tensor:
    """How one scene's rows are mixed, (77, 77), and the end-of-text rows with them unless ``mode`` says else.

    ``products`` are X·Xᵀ of the embedding X.
    """
    ends = [position for position, token in enumerate(input_ids) if token == EOS]
    rows = list(first_occurrence(input_ids, scene))
    step = torch.eye(len(products), dtype=products.dtype)
    if mode is SvrMode.SVR_EOT:
        step[ends, ends] = END_DAMPING
    else:
        rows += ends
    there = torch.tensor(rows, dtype=torch.long)  # which may be none
    step[there[:, None], there] = reweighting(products[there[:, None], there], alpha, beta)
    return step


def reweighting(products: Tensor, alpha: float, beta: float) -> Tensor:
    """The mixing of rows X (k, d) that replaces every singular value σ by β·σ·exp(−α·σ), (k, k).

    With X = U·σ·V it is U·(β·exp(−α·σ))·Uᵀ, and U and σ² come from ``products``, X·Xᵀ.
    """
    squares, u = torch.linalg.eigh(products)
    factors = beta * torch.exp(-alpha * squares.clamp(min=0).sqrt())
    mixing: Tensor = (u * factors) @ u.T
    return mixing
