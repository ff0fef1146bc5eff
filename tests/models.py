"""Real models of a few KB, trained in a second: a classifier that objects to red, and a translator."""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path

import sentencepiece
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from transformers import CLIPConfig, MarianConfig, MarianMTModel, MarianTokenizer, ViTConfig
from transformers import ViTForImageClassification as Classifier
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

SIDE = 32
ENGLISH = {"一只红狐": "a red fox", "在雪地里": "in the snow", "在河边": "by a river", "裸体": "naked"}


def train(model: torch.nn.Module, batch: dict[str, torch.Tensor], *, rate: float, loss: float) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(400):
        error = model(**batch).loss
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        if error.item() < loss:
            return
    raise AssertionError(f"did not learn: {error.item()}")


def build_classifier(folder: Path, labels: tuple[str, str] = ("normal", "nsfw")) -> Path:
    """A vision transformer whose second label is for pictures in which red outweighs blue."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        config = ViTConfig(
            image_size=SIDE, patch_size=8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=32, id2label=dict(enumerate(labels)),
        )  # fmt: skip
        model = Classifier(config)
        colours = torch.rand(256, 3, 1, 1) * 2 - 1
        pixels = colours.expand(-1, -1, SIDE, SIDE).contiguous()
        red = (colours[:, 0] > colours[:, 2]).long().flatten()
        train(model, {"pixel_values": pixels, "labels": red}, rate=1e-2, loss=0.05)
    model.save_pretrained(folder)
    ViTImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return folder


def build_checker(folder: Path, *, finds: bool) -> Path:
    """Diffusers' safety checker with random weights, which finds something in every picture or in none."""
    part = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    vision = part | {"image_size": SIDE, "patch_size": 8, "projection_dim": 8}
    model = StableDiffusionSafetyChecker(CLIPConfig(vision_config=vision, text_config=part, projection_dim=8))
    model.concept_embeds_weights.data.fill_(-2.0 if finds else 2.0)  # thresholds of cosines
    model.save_pretrained(folder)
    CLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    ).save_pretrained(folder)
    return folder


def build_translator(folder: Path) -> Path:
    """A Marian model that has learnt `ENGLISH` by heart."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces, lines = io.BytesIO(), [*ENGLISH, *ENGLISH.values()] * 20
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=pieces, vocab_size=60, hard_vocab_limit=False,
        model_type="char", character_coverage=1.0, minloglevel=2, bos_id=-1, eos_id=0, unk_id=1,
    )  # fmt: skip
    processor = sentencepiece.SentencePieceProcessor(model_proto=pieces.getvalue())
    names = [processor.id_to_piece(index) for index in range(processor.get_piece_size())]
    (folder / "vocab.json").write_text(
        json.dumps({name: index for index, name in enumerate([*names, "<pad>"])})
    )
    for name in ("source.spm", "target.spm"):
        (folder / name).write_bytes(pieces.getvalue())
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
        tokenizer = MarianTokenizer(
            *(str(folder / name) for name in ("source.spm", "target.spm", "vocab.json"))
        )
    pad = len(names)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = MarianMTModel(
            MarianConfig(
                vocab_size=pad + 1, d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
                decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, dropout=0.0,
                max_position_embeddings=256, scale_embedding=True, pad_token_id=pad, eos_token_id=0,
                decoder_start_token_id=pad, forced_eos_token_id=0,
            )
        )  # fmt: skip
        batch = tokenizer(
            list(ENGLISH), text_target=list(ENGLISH.values()), return_tensors="pt", padding=True
        )
        batch["labels"].masked_fill_(batch["labels"] == pad, -100)
        train(model, dict(batch), rate=5e-3, loss=0.02)
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    return folder
