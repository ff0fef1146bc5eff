from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tokenizers import AddedToken
from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

from generator.diffusion import translation
from generator.diffusion.translation import Translator
from generator.errors import ModelError, NotTranslated
from tests.models import ENGLISH, build_classifier, build_translator


@pytest.fixture(scope="module")
def translator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Translator]:
    yield Translator(str(build_translator(tmp_path_factory.mktemp("translator"))))


def test_several_texts_are_translated_together(translator: Translator) -> None:
    assert translator.translate(list(ENGLISH), "zh") == tuple(ENGLISH.values())


def test_a_text_beyond_what_a_picture_can_follow_is_refused(translator: Translator) -> None:
    with pytest.raises(NotTranslated, match=r"“在河边在河边.*too long"):
        translator.translate(["一只红狐", "在河边" * 100], "zh")


def test_what_takes_too_long_is_refused(translator: Translator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "MAX_SECONDS", 0.001)
    with pytest.raises(NotTranslated, match="shorten it, or write in English"):
        translator.translate(["一只红狐"], "zh")


def test_nllb_is_told_both_languages(tmp_path: Path) -> None:
    letters = ["<s>", "<pad>", "</s>", "<unk>", "a", "b", "eng_Latn", "zho_Hans"]
    tokenizer = NllbTokenizer(vocab={letter: i for i, letter in enumerate(letters)}, merges=[])
    tokenizer.add_special_tokens(
        {"additional_special_tokens": [AddedToken("eng_Latn"), AddedToken("zho_Hans")]}
    )
    tokenizer.save_pretrained(tmp_path)
    M2M100ForConditionalGeneration(
        M2M100Config(
            vocab_size=len(tokenizer), d_model=16, encoder_layers=1, decoder_layers=1,
            encoder_attention_heads=2, decoder_attention_heads=2,
            encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=256,
        )
    ).save_pretrained(tmp_path)  # fmt: skip
    translator = Translator(str(tmp_path))
    asked = translator._prepare("zh")
    assert asked == {"forced_bos_token_id": translator._tokenizer.convert_tokens_to_ids("eng_Latn")}
    assert translator._tokenizer("a").tokens()[0] == "zho_Hans"
    assert len(translator.translate(["a"], "zh")) == 1
    with pytest.raises(NotTranslated, match="does not know this language"):
        translator.translate(["a"], "tlh")


def test_a_model_that_does_not_translate_is_refused_by_its_kind(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a vit model"):
        Translator(str(build_classifier(tmp_path)))


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded"):
        Translator(str(tmp_path))
