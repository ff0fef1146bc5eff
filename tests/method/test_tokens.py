"""CLIP's tokens, counted without CLIP."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.method.tokens import BOS, CLIP_FOLDER, CONTEXT_LENGTH, EOS, clip_tokenizer, first_occurrence

GOLDEN = Path(__file__).parents[1] / "golden"

TEXTS = (
    "",
    " ",
    "A photo of a red fox with coat",
    "A  photo\tof\na   RED Fox,with coat!!",
    "红狐写真 佩戴围巾于草地",
    "狐：雪地嬉戏｜村庄边缘临溪",
    "Лиса в шарфе; renard à l'écharpe; zorro ñandú",
    "it's the fox's 2nd day, they'll've 1,234.56 coats",
    "🦊❄️ fox in the snow 👨‍👩‍👧‍👦",
    "e\u0301 and é are one letter",
    "vintage-style poster -- #fox @home (best:1.3) [x] {y} <z>",
    "<|endoftext|> typed by a person <|startoftext|> <|ENDOFTEXT|>",
    "ﬁ ligature, ① digit, ½, Ⅻ, \u200b zero width, \u00a0 hard space",
    "supercalifragilisticexpialidocious " * 9,
)


@pytest.fixture(scope="module")
def reference():
    from transformers import CLIPTokenizer

    return CLIPTokenizer.from_pretrained(CLIP_FOLDER)


def golden_texts() -> list[str]:
    cases = json.loads((GOLDEN / "svr.json").read_text()) + json.loads((GOLDEN / "ipca.json").read_text())
    return [text for case in cases for text in (case["prompt"], case["id_prompt"], *case.get("scenes", ()))]


@pytest.mark.parametrize("text", [*TEXTS, *dict.fromkeys(golden_texts())])
def test_a_text_has_the_tokens_that_transformers_gives_it(text: str, reference) -> None:
    ids = clip_tokenizer().ids(text)
    assert list(ids) == reference(text, add_special_tokens=False).input_ids
    assert clip_tokenizer().count(text) == len(ids)
    padded = reference(text, padding="max_length", max_length=77, truncation=True).input_ids
    assert list(clip_tokenizer().context(text)) == padded


@given(st.text(max_size=60))
def test_any_text_has_the_tokens_that_transformers_gives_it(reference, text: str) -> None:
    assert list(clip_tokenizer().ids(text)) == reference(text, add_special_tokens=False).input_ids


def test_the_golden_prompts_have_the_golden_tokens() -> None:
    for case in json.loads((GOLDEN / "svr.json").read_text()):
        assert list(clip_tokenizer().context(case["prompt"])) == case["input_ids"]


def test_a_context_is_always_full() -> None:
    short, long = clip_tokenizer().context("fox"), clip_tokenizer().context("fox " * 200)
    assert len(short) == len(long) == CONTEXT_LENGTH
    assert short[0] == long[0] == BOS
    assert short[-1] == long[-1] == EOS


def test_a_part_is_found_where_it_first_appears() -> None:
    assert first_occurrence((5, 1, 2, 1, 2), (1, 2)) == range(1, 3)
    assert not first_occurrence((5, 1, 2), (2, 1))
    assert not first_occurrence((5,), (5, 5))


def test_planning_a_story_loads_no_torch() -> None:
    code = (
        "import sys, generator.method.windows, generator.profiles\n"
        "from generator.method.tokens import clip_tokenizer\n"
        "clip_tokenizer().count('fox')\n"
        "print([name for name in ('torch', 'diffusers', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
