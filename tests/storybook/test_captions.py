import numpy as np
import pytest

from generator.method.tokens import BOS, CONTEXT_LENGTH, EOS, clip_tokenizer
from generator.storybook.attributes import draw_attributes, draw_scenery, draw_subject, draw_traits
from generator.storybook.captions import held_out, write_prompt
from generator.storybook.corpus import END, draw_four, labels_of, tokenize
from generator.storybook.vocabulary import EXAMPLES, unknown_words


def test_what_the_illustrator_writes_holds_no_word_the_book_does_not_know() -> None:
    rng = np.random.default_rng(5)
    for _ in range(300):
        picture = draw_four(rng)[0]
        prompt = write_prompt(rng, picture, (draw_scenery(rng),))
        assert unknown_words(prompt.text) == ()


def test_unknown_words_are_named_once_and_in_order() -> None:
    text = "A dragon and the foxes' dragon walked to Paris, wearing pyjamas at night"
    assert unknown_words(text) == ("dragon", "paris", "pyjamas")


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("thi blu fox in a dres by the lak, laks", ("thi", "blu", "dres", "lak", "laks")),
        ("he dances, danced and is dancing by lakes, riding and hiking", ("hiking",)),
        ("🍕🍕 | a ☃️ | 👩🏽\u200d🚀 in 🇫🇷 I Б", ("🍕", "☃️", "👩🏽\u200d🚀", "🇫🇷")),
        ("→ 7 × ★", ("★",)),
    ],
)
def test_half_a_word_and_an_emoji_are_unknown_and_endings_are_not(
    text: str, unknown: tuple[str, ...]
) -> None:
    assert unknown_words(text) == unknown


def test_the_examples_are_known() -> None:
    assert unknown_words(" ".join(EXAMPLES)) == ()


def test_what_is_kept_for_evaluation_is_never_drawn_for_training() -> None:
    rng = np.random.default_rng(6)
    assert any(held_out(draw_subject(rng)) for _ in range(200))
    assert not any(held_out(picture.subject) for _ in range(200) for picture in draw_four(rng))


def test_a_prompt_of_many_scenes_keeps_the_one_that_is_shown_and_fits_the_context() -> None:
    rng, tokens = np.random.default_rng(7), clip_tokenizer()
    for _ in range(100):
        picture = draw_attributes(rng, draw_subject(rng), draw_traits(rng), "storybook")
        prompt = write_prompt(rng, picture, tuple(draw_scenery(rng) for _ in range(9)))
        ids, segments, shown = tokenize(prompt, tokens)
        assert len(ids) == len(segments) == CONTEXT_LENGTH
        assert ids[0] == BOS and ids[segments.index(END)] == EOS
        if prompt.scenes:
            kept = [token for token, segment in zip(ids, segments, strict=True) if segment == shown]
            assert tuple(kept) == tokens.ids(prompt.scenes[prompt.shown])


def test_labels_say_what_the_picture_shows() -> None:
    picture = draw_four(np.random.default_rng(8))[0]
    assert len(labels_of(picture)) == 15
