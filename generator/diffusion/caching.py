"""Deep features are remembered between steps, since they change little (DeepCache, arXiv 2312.00858).

The network is a U: what lies below its outermost down and up block is most of its work, and what comes up
from there is much alike in steps that follow each other. So in some steps only the outermost blocks are
computed.
"""

from __future__ import annotations

from typing import Any

from diffusers import UNet2DConditionModel
from torch import Tensor


def is_full(step: int, steps: int, every: int) -> bool:
    """Whether all of the network is computed in a step, counted from 0: every so often, and in the last."""
    return step % every == 0 or step == steps - 1


def evaluate(
    unet: UNet2DConditionModel,
    sample: Tensor,
    timestep: Tensor,
    told: dict[str, Any],
    deep: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """The network's prediction, and what came up into its last block; ``deep`` is that of an earlier step.

    ``told`` are the rest of the network's arguments. Without ``deep`` it is what the network itself computes.
    """
    embedding = embed_time(unet, sample, timestep, told)
    inner = {name: told[name] for name in ("encoder_hidden_states", "cross_attention_kwargs")}
    sample = unet.conv_in(sample)
    first, *below = unet.down_blocks
    hidden, passed = call(first, inner, hidden_states=sample, temb=embedding)
    skipped = [sample, *passed]
    *above, last = unet.up_blocks
    if deep is None:
        deep = dive(unet, below, above, inner, hidden, embedding, skipped)
    over = tuple(skipped[: len(last.resnets)])
    sample = call(last, inner, hidden_states=deep, temb=embedding, res_hidden_states_tuple=over)
    return unet.conv_out(unet.conv_act(unet.conv_norm_out(sample))), deep


def dive(
    unet: UNet2DConditionModel,
    below: list[Any],
    above: list[Any],
    inner: dict[str, Any],
    hidden: Tensor,
    embedding: Tensor,
    skipped: list[Tensor],
) -> Tensor:
    """What the blocks between the first and the last make of ``hidden``; ``skipped`` go across."""
    skipped = list(skipped)
    for block in below:
        hidden, passed = call(block, inner, hidden_states=hidden, temb=embedding)
        skipped += passed
    hidden = call(unet.mid_block, inner, hidden_states=hidden, temb=embedding)
    for block in above:
        over = tuple(skipped[-len(block.resnets) :])
        del skipped[-len(block.resnets) :]
        hidden = call(
            block,
            inner,
            hidden_states=hidden,
            temb=embedding,
            res_hidden_states_tuple=over,
            upsample_size=skipped[-1].shape[2:],  # sizes need not be multiples of the U's depth
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
