"""How the judge learns: from the illustrator's pictures, as drawn and as the autoencoder gives them back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from accelerate.utils import set_seed  # type: ignore[import-untyped]
from torch import Tensor
from torch.nn import functional

from generator.evaluation.judge import HEADS, IDENTITY, JudgeNetwork, save_judge
from generator.storybook.training.autoencoder import reconstruct, to_unit
from generator.storybook.training.clock import Clock, Ledger
from generator.storybook.training.half import Halved
from generator.storybook.training.pool import Pool

PEAK_RATE = 1.5e-3
TEMPERATURE = 0.1
HELD_OUT = 4096
"""Pictures never trained on; the last to arrive."""


def halved(pictures: Tensor) -> Tensor:
    """Bytes (n, 256, 256, 3) to what the judge sees, (n, 3, 128, 128)."""
    return functional.avg_pool2d(to_unit(pictures), 2)


def identity_loss(identities: Tensor) -> Tensor:
    """InfoNCE (arXiv 1807.03748) over neighbours 2k and 2k + 1, who are the same; all others are not."""
    scores = identities @ identities.T / TEMPERATURE
    scores.fill_diagonal_(-1e4)
    rows = torch.arange(len(scores), device=scores.device)
    return functional.cross_entropy(scores, rows ^ 1)


def fours(pool_size: int, count: int, device: torch.device) -> Tensor:
    """Indices of ``count`` fours: two looks of one description, two pictures of each."""
    first = torch.randint(pool_size // 4, (count, 1), device=device) * 4
    return (first + torch.arange(4, device=device)).flatten()


@torch.no_grad()
def reconstructions(vae: Any, pictures: Tensor) -> Tensor:
    """All of them through the autoencoder."""
    return torch.cat([reconstruct(vae, part) for part in torch.split(pictures, 128)])


def train_judge(
    pool: Pool, vae: Any, out: Path, seconds: float, batch: int, *, seed: int, again: int
) -> JudgeNetwork:
    """Train for some seconds, save, and state the accuracy on pictures held out.

    ``again`` pictures are seen a second way, reconstructed, since that is what a drawn picture is like.
    """
    set_seed(seed)
    accelerator = Accelerator()
    device = accelerator.device
    size = pool.size - HELD_OUT if pool.size > 2 * HELD_OUT else pool.size // 8 * 4
    seen_again = reconstructions(vae, pool.all("pictures")[: min(again, size) // 4 * 4])
    network = JudgeNetwork().to(device)
    half = Halved(network)
    optimizer = accelerator.prepare(torch.optim.AdamW(half.weights, PEAK_RATE, weight_decay=1e-2))
    clock, ledger, step = Clock(seconds), Ledger(out / "judge.jsonl"), 0
    while not clock.over:
        chosen = fours(size, batch // 4, device)
        rows = pool.batch(chosen)
        pictures = rows["pictures"].clone()
        second = (chosen < len(seen_again)) & (torch.rand(len(chosen), device=device) < 0.7)
        pictures[second] = seen_again[chosen[second]]
        view = halved(pictures)
        view = view * torch.empty(len(view), 1, 1, 1, device=device).uniform_(0.94, 1.06)
        view = view + 0.03 * torch.randn_like(view)
        for group in optimizer.param_groups:
            group["lr"] = clock.rate(PEAK_RATE, step)
        logits, identities = network(view.to(half.dtype, memory_format=torch.channels_last))
        labels = rows["labels"]
        loss = sum(
            functional.cross_entropy(logits[name].float(), labels[:, i]) for i, name in enumerate(HEADS)
        )
        loss = loss + identity_loss(identities.float())
        accelerator.backward(loss)
        half.collect()
        accelerator.clip_grad_norm_(half.weights, 5.0)
        optimizer.step()
        half.spread()
        if step % 100 == 0:
            ledger.write(step=step, seconds=clock.elapsed, loss=loss.item())
        step += 1
    half.restore(network)
    ledger.write(step=step, pictures=size, **accuracy(network, pool, vae, size))
    save_judge(network, out / "judge.safetensors")
    return network


@torch.no_grad()
def accuracy(network: JudgeNetwork, pool: Pool, vae: Any, first: int) -> dict[str, float]:
    """The share read rightly of pictures from ``first`` on, as drawn and reconstructed, and who is who."""
    network.eval()
    numbers: dict[str, float] = {}
    held = pool.batch(torch.arange(first, pool.size // 4 * 4, device=pool.all("labels").device))
    for kind, pictures in (("", held["pictures"]), ("again_", reconstructions(vae, held["pictures"][:1024]))):
        outputs = [network(halved(part)) for part in torch.split(pictures, 128)]
        for i, name in enumerate(HEADS):
            guesses = torch.cat([logits[name] for logits, _ in outputs]).argmax(1)
            numbers[kind + name] = float((guesses == held["labels"][: len(guesses), i]).float().mean())
        who = torch.cat([identity for _, identity in outputs]).view(-1, 4, IDENTITY)
        same = (who[:, 0] * who[:, 1]).sum(1)
        numbers[kind + "distance_same"] = float((1 - same).mean())
        numbers[kind + "distance_alike"] = float((1 - (who[:, 0] * who[:, 2]).sum(1)).mean())
        numbers[kind + "distance_other"] = float((1 - (who[:-1, 0] * who[1:, 0]).sum(1)).mean())
    return numbers
