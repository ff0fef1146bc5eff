from __future__ import annotations

import pytest

from generator.language import foreign_language, in_latin_letters


@pytest.mark.parametrize(
    ("text", "locale", "language"),
    [
        ("一只红狐", None, "zh"),
        ("一隻紅狐", "zh-TW", "zh-TW"),
        ("一只红狐 called Bob", "en-US", "zh"),
        ("赤いキツネが雪の中", None, "ja"),
        ("赤狐", "ja", "ja"),
        ("빨간 여우", None, "ko"),
        ("рыжая лиса", None, "ru"),
        ("рудий лис їсть", None, "uk"),
        ("червена лисица", "bg", "bg"),
        ("een rode vos in de sneeuw", "nl", "nl"),
        ("ein roter Fuchs im Schnee", "de", "de"),
        ("un renard roux dans un pré", "fr", "fr"),
        ("una volpe rossa in un prato", "it", "it"),
        ("un zorro rojo a la orilla del río", "es-ES", "es"),
    ],
)
def test_a_text_that_is_not_english_has_a_language(text: str, locale: str | None, language: str) -> None:
    assert foreign_language(text, locale) == language


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("a red fox in the snow", None),
        ("a red fox", "en-GB"),
        ("a red fox", "de"),
        ("a red fox playing with his friends", "es-ES"),
        ("ein roter Fuchs", None),
        ("Zoë at a café", "en-US"),
        ("12 – 13!", "fr"),
        ("", "zh-CN"),
    ],
)
def test_what_may_be_english_is_left_as_it_is(text: str, locale: str | None) -> None:
    assert foreign_language(text, locale) is None


def test_letters_that_an_english_model_never_met_are_told_apart() -> None:
    assert in_latin_letters("Zoë – 3 cafés 🦊")
    assert not in_latin_letters("a 狐")
