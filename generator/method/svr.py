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
    for scene in suppress:
        hidden_states = reweight_scene(hidden_states, input_ids, scene, ALPHA_SUPPRESS, BETA_SUPPRESS, mode)
    return reweight_scene(hidden_states, input_ids, express, ALPHA_EXPRESS, BETA_EXPRESS, mode)


def reweight_scene(
    hidden_states: Tensor,
    input_ids: tuple[int, ...],
    scene: tuple[int, ...],
    alpha: float,
    beta: float,
    mode: SvrMode,
) -> Tensor:
    """``hidden_states`` (77, d) with one scene's rows reweighted, its end-of-text rows as ``mode`` has it."""
    ends = [position for position, token in enumerate(input_ids) if token == EOS]
    rows = list(first_occurrence(input_ids, scene))
    reweighted = hidden_states.clone()
    if mode is SvrMode.SVR_EOT:
        reweighted[ends] *= END_DAMPING
    else:
        rows += ends
    reweighted[rows] = reweight(reweighted[rows], alpha, beta)
    return reweighted


def reweight(rows: Tensor, alpha: float, beta: float) -> Tensor:
    """``rows`` (k, d) with every singular value σ replaced by β·σ·exp(−α·σ).

    With X = U·σ·V, that is U·(β·exp(−α·σ))·Uᵀ·X, and U and σ² come from the small X·Xᵀ, at a fifth of the
    decomposition's price. In float64 and on the CPU: Apple's GPU has neither float64 nor the decomposition,
    and so a seed keeps its meaning on every device.
    """
    x = rows.to("cpu", torch.float64)
    squares, u = torch.linalg.eigh(x @ x.T)
    factors = beta * torch.exp(-alpha * squares.clamp(min=0).sqrt())
    reweighted: Tensor = (u * factors) @ (u.T @ x)
    return reweighted.to(rows)
