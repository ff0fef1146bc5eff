"""A second, deliberately naive One-Prompt-One-Story, the way the original goes about it; only for comparison.

It shares no code with the project: an extra generation of the subject's prompt whose cross-attention keys and
values are kept for every layer and step, then for each frame attention over the stored and its own, all
stored but BOS and the subject masked with ``log 0``; scenes reweighted by a full SVD; Euler's steps written
out.
"""

from __future__ import annotations

import torch
from diffusers import StableDiffusionXLPipeline
from torch import Tensor


class NaiveAttention:
    """Attention written out, which stores or recalls the keys and values of one cross-attention layer."""

    def __init__(self, store: dict, layer: str, state: dict) -> None:
        self.store, self.layer, self.state = store, layer, state

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, temb=None):
        text = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        q, k, v = (
            projection(x).unflatten(-1, (attn.heads, -1)).transpose(1, 2)
            for projection, x in ((attn.to_q, hidden_states), (attn.to_k, text), (attn.to_v, text))
        )
        key = (self.state["step"], self.layer)
        if encoder_hidden_states is None:
            out = self.attend(q, k, v)
        elif self.state["storing"]:
            self.store[key] = (k, v)
            out = self.attend(q, k, v)
        else:
            negative = self.attend(q[:1], k[:1], v[:1])
            stored_k, stored_v = self.store[key]
            k = torch.cat([k[1:], stored_k[1:]], dim=2)
            v = torch.cat([v[1:], stored_v[1:]], dim=2)
            out = torch.cat([negative, self.attend(q[1:], k, v, self.state["mask"])])
        return attn.to_out[0](out.transpose(1, 2).flatten(2))

    @staticmethod
    def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        if mask is not None:
            scores = scores + torch.log(mask)
        return scores.softmax(-1) @ v


def naive_story(
    pipe: StableDiffusionXLPipeline,
    subject: str,
    scenes: list[str],
    *,
    window_length: int,
    mode: str,
    seed: int,
    steps: int,
    guidance_scale: float,
    size: int,
) -> list[Tensor]:
    """The final latents of every frame."""
    store, state = {}, {"step": 0, "storing": True, "mask": None}
    before = pipe.unet.attn_processors
    pipe.unet.set_attn_processor({name: NaiveAttention(store, name, state) for name in before})
    try:
        naive_generate(pipe, state, encode(pipe, subject), seed, steps, guidance_scale, size)
        state["storing"] = False
        frames = []
        for i in range(len(scenes)):
            if window_length >= len(scenes):
                prompt = subject + " " + " ".join(scenes)
                suppress = scenes[:i] + scenes[i + 1 :]
            else:
                around = (scenes + scenes)[i : i + window_length]
                prompt = subject + " " + " ".join(around)
                suppress = around[1:]
            state["mask"] = subject_mask(pipe, prompt, subject)
            embeds = encode(pipe, prompt, suppress, scenes[i], mode)
            frames.append(naive_generate(pipe, state, embeds, seed, steps, guidance_scale, size))
        return frames
    finally:
        pipe.unet.set_attn_processor(before)


def words(pipe, text: str) -> list[str]:
    """The words CLIP sees, padding included."""
    ids = pipe.tokenizer(text, padding="max_length", max_length=77, truncation=True).input_ids
    return pipe.tokenizer.convert_ids_to_tokens(ids)


def find(pipe, prompt: str, part: str) -> list[int]:
    """Where a part's words first stand in a prompt."""
    prompt_words = words(pipe, prompt)
    part_words = [word for word in words(pipe, part) if not word.startswith("<|")]
    for i in range(len(prompt_words)):
        if prompt_words[i : i + len(part_words)] == part_words:
            return list(range(i, i + len(part_words)))
    raise ValueError(part)


def subject_mask(pipe, prompt: str, subject: str) -> Tensor:
    """Ones for the 77 own tokens, the stored BOS and the stored subject; zeros for what else is stored."""
    mask = torch.zeros(154)
    mask[:78] = 1
    for i in find(pipe, prompt, subject):
        mask[77 + i] = 1
    return mask


@torch.no_grad()
def encode(pipe, prompt: str, suppress=(), express=None, mode="original") -> tuple[Tensor, Tensor]:
    parts = []
    for tokenizer, encoder in (
        (pipe.tokenizer, pipe.text_encoder),
        (pipe.tokenizer_2, pipe.text_encoder_2),
    ):
        ids = tokenizer(prompt, padding="max_length", max_length=77, truncation=True, return_tensors="pt")
        out = encoder(ids.input_ids, output_hidden_states=True)
        part = out.hidden_states[-2][0].clone()
        if mode != "original":
            for scene in suppress:
                part = naive_svr(pipe, part, prompt, scene, 0.01, 0.05, mode)
            part = naive_svr(pipe, part, prompt, express, -0.01, 1.0, mode)
        parts.append(part)
    return torch.cat(parts, dim=-1)[None], out[0]


def naive_svr(pipe, embeds: Tensor, prompt: str, scene: str, alpha: float, beta: float, mode: str) -> Tensor:
    embeds = embeds.clone()
    positions = find(pipe, prompt, scene)
    ends = [i for i, word in enumerate(words(pipe, prompt)) if word == "<|endoftext|>"]
    if mode == "svr-eot":
        embeds[ends] = embeds[ends] * 0.9
    else:
        positions = positions + ends
    x = embeds[positions].T.double()
    u, s, vh = torch.linalg.svd(x, full_matrices=True)
    sigma = torch.zeros(x.shape, dtype=torch.float64)
    for i, value in enumerate(s):
        sigma[i, i] = value * torch.exp(-alpha * value) * beta
    embeds[positions] = (u @ sigma @ vh).T.to(embeds.dtype)
    return embeds


@torch.no_grad()
def naive_generate(pipe, state, embeds, seed, steps, guidance_scale, size) -> Tensor:
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float32) ** 2
    alphas = torch.cumprod(1 - betas, dim=0)
    sigmas = ((1 - alphas) / alphas) ** 0.5
    times = [i * (1000 // steps) + 1 for i in reversed(range(steps))]
    hidden, pooled = embeds
    hidden = torch.cat([torch.zeros_like(hidden), hidden])
    pooled = torch.cat([torch.zeros_like(pooled), pooled])
    time_ids = torch.tensor([[size, size, 0, 0, size, size]] * 2, dtype=torch.float32)
    x = torch.randn(1, 4, size // 8, size // 8, generator=torch.Generator().manual_seed(seed))
    x = x * (sigmas[times[0]] ** 2 + 1) ** 0.5
    for step, time in enumerate(times):
        state["step"] = step
        sigma = sigmas[time]
        following = sigmas[times[step + 1]] if step + 1 < steps else torch.tensor(0.0)
        noise = pipe.unet(
            torch.cat([x, x]) / (sigma**2 + 1) ** 0.5,
            time,
            encoder_hidden_states=hidden,
            added_cond_kwargs={"text_embeds": pooled, "time_ids": time_ids},
        ).sample
        noise = noise[:1] + guidance_scale * (noise[1:] - noise[:1])
        x = x + noise * (following - sigma)
    return x
