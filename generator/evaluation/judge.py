"""The judge: reads from a picture what a caption could have said, and who is in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from generator.storybook.corpus import LABELS, TRAITS

FILE = Path(__file__).parent / "judge.safetensors"
SIDE = 128
"""Pixels the judge looks at, in both directions."""

IDENTITY = 64
"""Numbers that tell who it is."""

HEADS: dict[str, int] = {name: len(options) for name, options in LABELS.items()} | TRAITS


class Residual(nn.Module):
    """Two convolutions beside a shortcut; halves the picture."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(before, after, 3, stride=2, padding=1)
        self.two = nn.Conv2d(after, after, 3, padding=1)
        self.skip = nn.Conv2d(before, after, 1, stride=2)
        self.norms = nn.ModuleList([nn.GroupNorm(8, after), nn.GroupNorm(8, after)])

    def forward(self, x: Tensor) -> Tensor:
        """(n, before, h, w) to (n, after, h / 2, w / 2)."""
        y = functional.silu(self.norms[0](self.one(x)))
        return functional.silu(self.norms[1](self.two(y)) + self.skip(x))


class JudgeNetwork(nn.Module):
    """A small residual network with a head for each attribute and one for identity."""

    def __init__(self) -> None:
        super().__init__()
        widths = (16, 32, 64, 96, 128)
        self.stem = nn.Conv2d(3, widths[0], 3, padding=1)
        pairs = zip(widths, (*widths[1:], 128), strict=True)
        self.blocks = nn.Sequential(*(Residual(a, b) for a, b in pairs))
        flat = 128 * (SIDE // 32) ** 2
        self.trunk = nn.Linear(flat, 192)
        self.heads = nn.ModuleDict({name: nn.Linear(192, count) for name, count in HEADS.items()})
        self.identity = nn.Linear(192, IDENTITY)

    def forward(self, pictures: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Pictures (n, 3, 128, 128) from -1 to 1, to logits by attribute and unit identities (n, 64)."""
        features = self.blocks(functional.silu(self.stem(pictures))).flatten(1)
        features = functional.silu(self.trunk(features))
        return {name: head(features) for name, head in self.heads.items()}, functional.normalize(
            self.identity(features)
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge reads from a picture."""

    attributes: dict[str, str]  #: by the names of ``corpus.LABELS``
    identity: tuple[float, ...]  #: of length 1


class Judge:
    """The trained network with the words for what it sees."""

    def __init__(self, file: Path = FILE, device: str = "cpu") -> None:
        self._network = JudgeNetwork().to(device).eval()
        self._network.load_state_dict({k: v.float() for k, v in load_file(file, device=device).items()})
        self._device = device

    @torch.inference_mode()
    def read(self, pictures: list[Image.Image]) -> list[Verdict]:
        """A verdict for each picture, whatever its size."""
        verdicts: list[Verdict] = []
        for start in range(0, len(pictures), 64):
            logits, identities = self._network(as_input(pictures[start : start + 64]).to(self._device))
            best = {name: logits[name].argmax(1).tolist() for name in LABELS}
            for row, identity in enumerate(identities.tolist()):
                attributes = {name: options[best[name][row]] for name, options in LABELS.items()}
                verdicts.append(Verdict(attributes, tuple(identity)))
        return verdicts


def as_input(pictures: list[Image.Image]) -> Tensor:
    """Pictures as the network takes them, (n, 3, 128, 128)."""
    small = [picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX) for picture in pictures]
    values = torch.from_numpy(np.stack([np.asarray(picture) for picture in small]))
    return values.permute(0, 3, 1, 2).float() / 127.5 - 1


def save_judge(network: JudgeNetwork, file: Path) -> None:
    """The weights, in half precision."""
    save_file({k: v.detach().half().cpu().contiguous() for k, v in network.state_dict().items()}, file)
