"""CLIP's byte-pair tokens without CLIP: what fits in a prompt is counted where no model is loaded."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE

BOS = 49406
EOS = 49407

CONTEXT_LENGTH = 77
"""Tokens CLIP sees at once, BOS and EOS included."""

CLIP_FOLDER = Path(__file__).parent / "clip"
"""OpenAI's ``vocab.json`` and ``merges.txt``, laid out as transformers reads a tokenizer."""

# What CLIP calls a word: a control token, an English contraction's tail, letters, one digit, other signs.
WORD = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


class ClipTokenizer:
    """Turns text into the token ids that SDXL's two text encoders see."""

    def __init__(self, folder: Path = CLIP_FOLDER) -> None:
        self._bpe = Tokenizer(
            BPE.from_file(
                str(folder / "vocab.json"),
                str(folder / "merges.txt"),
                end_of_word_suffix="</w>",
                unk_token="<|endoftext|>",  # noqa: S106  a token of text
            )
        )
        self._bpe.normalizer = normalizers.Sequence(
            [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
        )
        self._bpe.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(WORD), behavior="removed", invert=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False),
            ]
        )
        # A person may type a control token; CLIP's own tokenizer obeys it, so the count has to.
        control = [AddedToken(text, special=True) for text in ("<|startoftext|>", "<|endoftext|>")]
        self._bpe.add_special_tokens(control)

    def ids(self, text: str) -> tuple[int, ...]:
        """The text's token ids, without BOS and EOS."""
        return tuple(self._bpe.encode(text, add_special_tokens=False).ids)

    def count(self, text: str) -> int:
        """How many tokens the text takes, without BOS and EOS."""
        return len(self.ids(text))

    def context(self, text: str) -> tuple[int, ...]:
        """The ``CONTEXT_LENGTH`` ids an encoder sees: BOS, the text cut to fit, EOS to the end."""
        ids = (BOS, *self.ids(text)[: CONTEXT_LENGTH - 2])
        return ids + (EOS,) * (CONTEXT_LENGTH - len(ids))


@cache
def clip_tokenizer() -> ClipTokenizer:
    """The tokenizer, read once a process."""
    return ClipTokenizer()


def first_occurrence(ids: tuple[int, ...], part: tuple[int, ...]) -> range:
    """The positions of ``part`` where it first appears in ``ids``; empty where it does not appear."""
    for start in range(len(ids) - len(part) + 1):
        if ids[start : start + len(part)] == part:
            return range(start, start + len(part))
    return range(0)
