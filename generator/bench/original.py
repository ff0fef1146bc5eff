"""One-Prompt-One-Story the way the original goes about it: what ours is compared with, in numbers and time.

It shares no code with the rest of the house, and it does what the original does in each call, needed or not:
an extra picture of the subject, whose cross-attention keys and values are kept for every layer and step; then
for each frame attention over the stored ones and its own, all stored but BOS and the subject masked with
``log 0``, in rows of which half are thrown away; a mask made anew in every layer; attention without a fused
kernel; scenes reweighted by a full SVD; one frame after the other.

Source: arXiv 2501.13554, sections 3.2 and 3.3, and what its published code computes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

CONTEXT = 77
END = "<|endoftext|>"

Encoded = tuple[Tensor, Tensor]
"""A prompt as the network takes it: hidden states (1, 77, 2048) and the pooled embedding (1, 1280)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How all frames of a story are drawn."""

    window_length: int
    mode: str  #: of reweighting: ``svr``, ``svr-eot``
    seed: int
    steps: int
    guidance_scale: float  #: above 1; the original ends the program where it is not
    width: int
    height: int


@dataclass(slots=True)
class Memory:
    """What the cross-attention layers know beyond what they are given."""

    pipe: Any
    subject: str
    prompt: str = ""
    step: int = 0
    storing: bool = True
    kept: dict[tuple[int, str], tuple[Tensor, Tensor]] = field(default_factory=dict)


def tell(pipe: Any, subject: str, scenes: Sequence[str], look: Look) -> Iterator[Tensor]:
    """Yield the final latents (1, 4, height / 8, width / 8): first the subject's own picture's, then each
    frame's.
    """
    memory, before = Memory(pipe, subject), dict(pipe.unet.attn_processors)
    pipe.unet.set_attn_processor({name: OriginalAttention(memory, name) for name in before})
    try:
        yield generate(memory, encode(pipe, subject), look)
        memory.storing = False
        for i in range(len(scenes)):
            express, suppress, shown = window(list(scenes), i, look.window_length)
            memory.prompt = " ".join([subject, *shown])
            reweighted = encode(pipe, memory.prompt, suppress, express, look.mode)
            yield generate(memory, reweighted, look)
    finally:
        pipe.unet.set_attn_processor(before)


def window(scenes: list[str], i: int, length: int) -> tuple[str, list[str], list[str]]:
    """Of frame ``i``: the scene it expresses, those it suppresses, and all in the prompt's order."""
    if length >= len(scenes):
        return scenes[i], scenes[:i] + scenes[i + 1 :], scenes
    around = (scenes + scenes)[i : i + length]
    return around[0], around[1:], around


class OriginalAttention:
    """Attention written out, which stores or recalls the keys and values of one cross-attention layer."""

    def __init__(self, memory: Memory, layer: str) -> None:
        self.memory, self.layer = memory, layer

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
    ) -> Tensor:
        """Attend, with two rows: the unconditional one and the conditional one."""
        text = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        q, k, v = (
            projection(x).unflatten(-1, (attn.heads, -1)).transpose(1, 2)
            for projection, x in ((attn.to_q, hidden_states), (attn.to_k, text), (attn.to_v, text))
        )
        out = attend(q, k, v) if encoder_hidden_states is None else self.cross(q, k, v)
        projected: Tensor = attn.to_out[0](out.transpose(1, 2).flatten(2))
        return projected

    def cross(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend to text; q (2, heads, pixels, width), k and v (2, heads, 77, width)."""
        weights(q, k)  # the original keeps a map of attention here, which nothing reads
        key = (self.memory.step, self.layer)
        if self.memory.storing:
            self.memory.kept[key] = (k, v)
            return attend(q, k, v)
        stored_k, stored_v = self.memory.kept[key]
        unconditional = attend(q[[0, 0]], torch.cat([k[:1], stored_k[:1]]), torch.cat([v[:1], stored_v[:1]]))
        k, v = (
            torch.cat([own[1:], stored[1:]], dim=2).repeat(2, 1, 1, 1)
            for own, stored in ((k, stored_k), (v, stored_v))
        )
        conditional = attend(q[[1, 1]], k, v, self.mask(q))
        return torch.cat([unconditional[:1], conditional[:1]])

    def mask(self, q: Tensor) -> Tensor:
        """Ones (2, heads, pixels, 154) for the 77 own tokens, the stored BOS and the stored subject; in the
        first row zeros for what else is stored. The second row is one of those thrown away.
        """
        _, heads, pixels, _ = q.shape
        ones = torch.ones(2, pixels, 2 * CONTEXT, dtype=q.dtype, device=q.device)
        mask = torch.bernoulli(ones)  # a dropout of nothing
        places = find(self.memory.pipe, self.memory.prompt, self.memory.subject)
        seen = torch.tensor([CONTEXT + place for place in places], device=q.device)
        index = torch.arange(2 * CONTEXT, device=q.device)
        mask[0, :, (index > CONTEXT) & ~torch.isin(index, seen)] = 0
        return mask.unsqueeze(1).repeat(1, heads, 1, 1)


def weights(q: Tensor, k: Tensor, mask: Tensor | None = None) -> Tensor:
    """How much each query attends to each key."""
    scores: Tensor = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    if mask is not None:
        scores = scores + torch.log(mask)
    return scores.softmax(-1)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attention (arXiv 1706.03762, equation 1), without a fused kernel."""
    return weights(q, k, mask) @ v


def words(pipe: Any, text: str) -> list[str]:
    """The words CLIP sees, padding included."""
    ids = pipe.tokenizer(text, padding="max_length", max_length=CONTEXT, truncation=True).input_ids
    seen: list[str] = pipe.tokenizer.convert_ids_to_tokens(ids)
    return seen


def find(pipe: Any, prompt: str, part: str) -> list[int]:
    """Where a part's words first stand in a prompt."""
    prompt_words = words(pipe, prompt)
    part_words = [word for word in words(pipe, part) if not word.startswith("<|")]
    for i in range(len(prompt_words)):
        if prompt_words[i : i + len(part_words)] == part_words:
            return list(range(i, i + len(part_words)))
    raise ValueError(part)


@torch.no_grad()
def encode(
    pipe: Any, prompt: str, suppress: Sequence[str] = (), express: str = "", mode: str = "original"
) -> Encoded:
    """A prompt with its scenes reweighted, or as it is in the mode ``original``."""
    parts = []
    for tokenizer, encoder in (
        (pipe.tokenizer, pipe.text_encoder),
        (pipe.tokenizer_2, pipe.text_encoder_2),
    ):
        ids = tokenizer(
            prompt, padding="max_length", max_length=CONTEXT, truncation=True, return_tensors="pt"
        )
        out = encoder(ids.input_ids.to(encoder.device), output_hidden_states=True)
        part = out.hidden_states[-2][0].clone()
        if mode != "original":
            for scene in suppress:
                reweight(pipe, part, prompt, scene, 0.01, 0.05, mode)
            reweight(pipe, part, prompt, express, -0.01, 1.0, mode)
        parts.append(part)
    return torch.cat(parts, dim=-1)[None], out[0]


def reweight(
    pipe: Any, embeds: Tensor, prompt: str, scene: str, alpha: float, beta: float, mode: str
) -> None:
    """Reweight a scene's singular values in embeddings (77, d), in place."""
    positions = find(pipe, prompt, scene)
    ends = [i for i, word in enumerate(words(pipe, prompt)) if word == END]
    if mode == "svr-eot":
        embeds[ends] *= 0.9
    else:
        positions = positions + ends
    u, sigma, vh = torch.linalg.svd(embeds[positions].T.double(), full_matrices=True)
    sigma = sigma * torch.exp(-alpha * sigma) * beta
    embeds[positions] = (u[:, : len(sigma)] @ torch.diag(sigma) @ vh[: len(sigma)]).T.to(embeds.dtype)


@torch.no_grad()
def generate(memory: Memory, encoded: Encoded, look: Look) -> Tensor:
    """Denoise with Euler's steps; between them, latents are in the network's precision."""
    unet = memory.pipe.unet
    sigmas, times = schedule(look.steps)
    hidden, pooled = (torch.cat([torch.zeros_like(part), part]) for part in encoded)
    size = (look.height, look.width)
    time_ids = torch.tensor([[*size, 0, 0, *size]] * 2).to(unet.device, unet.dtype)
    noise = torch.Generator().manual_seed(look.seed)
    x = torch.randn(1, 4, look.height // 8, look.width // 8, generator=noise)
    x = (x * (sigmas[times[0]] ** 2 + 1) ** 0.5).to(unet.device, unet.dtype)
    for step, time in enumerate(times):
        memory.step = step
        sigma = float(sigmas[time])
        following = float(sigmas[times[step + 1]]) if step + 1 < look.steps else 0.0
        predicted: Tensor = unet(
            torch.cat([x, x]) / (sigma**2 + 1) ** 0.5,
            time,
            encoder_hidden_states=hidden,
            added_cond_kwargs={"text_embeds": pooled, "time_ids": time_ids},
            return_dict=False,
        )[0].float()
        predicted = predicted[:1] + look.guidance_scale * (predicted[1:] - predicted[:1])
        x = (x.float() + predicted * (following - sigma)).to(unet.dtype)
    return x


def schedule(steps: int) -> tuple[Tensor, list[int]]:
    """The noise of each of the 1000 trained times, and the times of the steps, from noise to picture."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float32) ** 2
    alphas = torch.cumprod(1 - betas, dim=0)
    return ((1 - alphas) / alphas) ** 0.5, [i * (1000 // steps) + 1 for i in reversed(range(steps))]
