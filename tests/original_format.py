"""Writes an SDXL pipeline the way Stability AI published it: one file, every tensor under its first name."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline
from safetensors.torch import save_file
from torch import Tensor

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
EMBEDDINGS = {
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}
CLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def save_original(pipe: StableDiffusionXLPipeline, path: Path) -> None:
    """Write the whole pipeline into one ``.safetensors`` file."""
    tensors = {
        **{f"model.diffusion_model.{unet(n)}": t for n, t in pipe.unet.state_dict().items()},
        **{f"first_stage_model.{vae(n)}": vae_tensor(n, t) for n, t in pipe.vae.state_dict().items()},
        **{
            f"conditioner.embedders.0.transformer.text_model.{n.removeprefix('text_model.')}": t
            for n, t in pipe.text_encoder.state_dict().items()
        },
        **{
            f"conditioner.embedders.1.model.{n}": t
            for n, t in open_clip(pipe.text_encoder_2.state_dict()).items()
        },
    }
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)


def unet(name: str) -> str:
    for ours, theirs in EMBEDDINGS.items():
        if name.startswith(ours):
            return name.replace(ours, theirs)
    if found := re.match(r"(down|up)_blocks\.(\d)\.(resnets|attentions)\.(\d)\.(.*)", name):
        way, block, kind, layer, rest = found.groups()
        place = 3 * int(block) + int(layer)
        stem = f"input_blocks.{place + 1}" if way == "down" else f"output_blocks.{place}"
        return f"{stem}.0.{resnet(rest)}" if kind == "resnets" else f"{stem}.1.{rest}"
    if found := re.match(r"down_blocks\.(\d)\.downsamplers\.0\.conv\.(.*)", name):
        return f"input_blocks.{3 * int(found[1]) + 3}.0.op.{found[2]}"
    if found := re.match(r"up_blocks\.(\d)\.upsamplers\.0\.conv\.(.*)", name):
        return f"output_blocks.{3 * int(found[1]) + 2}.2.conv.{found[2]}"
    if found := re.match(r"mid_block\.resnets\.(\d)\.(.*)", name):
        return f"middle_block.{2 * int(found[1])}.{resnet(found[2])}"
    return name.replace("mid_block.attentions.0", "middle_block.1")


def resnet(name: str) -> str:
    part, ending = name.rsplit(".", 1)
    return f"{RESNET[part]}.{ending}"


def vae(name: str) -> str:
    name = re.sub(r"up_blocks\.(\d)", lambda found: f"up.{3 - int(found[1])}", name)
    for ours, theirs in (
        (r"down_blocks\.(\d)", r"down.\1"),
        (r"mid_block\.resnets\.0", "mid.block_1"),
        (r"mid_block\.resnets\.1", "mid.block_2"),
        (r"mid_block\.attentions\.0", "mid.attn_1"),
        (r"resnets\.(\d)", r"block.\1"),
        (r"(down|up)samplers\.0", r"\1sample"),
        ("conv_shortcut", "nin_shortcut"),
        ("conv_norm_out", "norm_out"),
        ("group_norm", "norm"),
        (r"to_([qkv])\.", r"\1."),
        (r"to_out\.0", "proj_out"),
    ):
        name = re.sub(ours, theirs, name)
    return name


def vae_tensor(name: str, tensor: Tensor) -> Tensor:
    """The original's attention is made of 1 × 1 convolutions."""
    return tensor[..., None, None] if re.search(r"to_.*weight", name) else tensor


def open_clip(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    tensors = {name.removeprefix("text_model."): tensor for name, tensor in tensors.items()}
    out = {
        "token_embedding.weight": tensors["embeddings.token_embedding.weight"],
        "positional_embedding": tensors["embeddings.position_embedding.weight"],
        "ln_final.weight": tensors["final_layer_norm.weight"],
        "ln_final.bias": tensors["final_layer_norm.bias"],
        "text_projection": tensors["text_projection.weight"].T,
    }
    for name, tensor in tensors.items():
        if not (found := re.match(r"encoder\.layers\.(\d+)\.(.*)\.(weight|bias)", name)):
            continue
        layer, part, ending = found.groups()
        stem = f"transformer.resblocks.{layer}"
        if part in CLIP:
            out[f"{stem}.{CLIP[part]}.{ending}"] = tensor
        elif part == "self_attn.q_proj":
            parts = [tensors[name.replace("q_proj", which)] for which in ("q_proj", "k_proj", "v_proj")]
            out[f"{stem}.attn.in_proj_{ending}"] = torch.cat(parts)
    return out
