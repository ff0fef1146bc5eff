"""Deep features are remembered between steps, since they change little (DeepCache, arXiv 2312.00858).

The network is a U: what lies below its outer levels is most of its work, and what comes up from there is much
alike in steps that follow each other. So in some steps only the outer levels are computed.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Any

from diffusers import UNet2DConditionModel
from torch import Tensor

OUTER = 2
"""Levels that are computed in every step. What lies deeper is 69 % of SDXL's work; with one level it would be
93 %, but the picture book's pictures changed half as much again."""


SETTLED = 0.35
"""The share of the steps in which a picture finds what is where; all of the network is computed in them."""


def is_full(step: int, steps: int, every: int) -> bool:
    """Whether all of the network is computed in a step, counted from 0: at first, every so often, at last."""
    since = step - ceil(SETTLED * steps)
    return since < 0 or since % every == every - 1 or step == steps - 1


def evaluate(
    unet: UNet2DConditionModel,
    sample: Tensor,
    timestep: Tensor,
    told: dict[str, Any],
    deep: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """The network's prediction, and what came up into its outer blocks; ``deep`` is that of an earlier step.

    ``told`` are the rest of the network's arguments. Without ``deep`` it is what the network itself computes.
    """
    embedding = embed_time(unet, sample, timestep, told)
    inner = {name: told[name] for name in ("encoder_hidden_states", "cross_attention_kwargs")}
    hidden = unet.conv_in(sample)
    hidden, skipped = descend(unet.down_blocks[:OUTER], inner, hidden, embedding, [hidden])
    above, last = unet.up_blocks[:-OUTER], unet.up_blocks[-OUTER:]
    if deep is None:
        hidden, all_skipped = descend(unet.down_blocks[OUTER:], inner, hidden, embedding, skipped)
        hidden = call(unet.mid_block, inner, hidden_states=hidden, temb=embedding)
        deep = ascend(above, inner, hidden, embedding, all_skipped)
    outermost = skipped[: sum(len(block.resnets) for block in last)]
    hidden = ascend(last, inner, deep.clone(), embedding, outermost)  # FreeU changes it in place
    return unet.conv_out(unet.conv_act(unet.conv_norm_out(hidden))), deep


def descend(
    blocks: Iterable[Any], inner: dict[str, Any], hidden: Tensor, embedding: Tensor, skipped: list[Tensor]
) -> tuple[Tensor, list[Tensor]]:
    """What goes down from some blocks, and all that goes across so far."""
    skipped = list(skipped)
    for block in blocks:
        hidden, passed = call(block, inner, hidden_states=hidden, temb=embedding)
        skipped += passed
    return hidden, skipped


def ascend(
    blocks: Iterable[Any], inner: dict[str, Any], hidden: Tensor, embedding: Tensor, skipped: list[Tensor]
) -> Tensor:
    """What comes up from some blocks, each of which takes the last of what went across."""
    skipped = list(skipped)
    for block in blocks:
        over = tuple(skipped[-len(block.resnets) :])
        del skipped[-len(block.resnets) :]
        hidden = call(
            block,
            inner,
            hidden_states=hidden,
            temb=embedding,
            res_hidden_states_tuple=over,
            # Sizes need not be multiples of the U's depth.
            upsample_size=skipped[-1].shape[2:] if skipped else None,
        )
    return hidden


def call(block: Any, inner: dict[str, Any], **arguments: Any) -> Any:
    """A block with its own arguments, and those which only blocks with attention take."""
    return block(**arguments, **(inner if getattr(block, "has_cross_attention", False) else {}))


def embed_time(unet: UNet2DConditionModel, sample: Tensor, timestep: Tensor, told: dict[str, Any]) -> Tensor:
    """The embedding of the time, and of what SDXL is told beside the text."""
    time = unet.get_time_embed(sample=sample, timestep=timestep)
    embedding: Tensor = unet.time_embedding(time, told["timestep_cond"])
    beside: Tensor = unet.get_aug_embed(
        emb=embedding,
        encoder_hidden_states=told["encoder_hidden_states"],
        added_cond_kwargs=told["added_cond_kwargs"],
    )
    return embedding + beside
