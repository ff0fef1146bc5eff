from __future__ import annotations

from cogs.presentation.doubts import unknown_line
from cogs.presentation.text import count, duration, plain, quote_block, shorten, thread_name


def test_plain_text_keeps_every_letter_and_escapes_every_sign() -> None:
    assert plain("a *fox*, 红狐 🦊") == r"a \*fox\*\, 红狐 🦊"


def test_what_is_too_long_is_cut_and_the_cut_marked() -> None:
    assert shorten("a red fox", 9) == "a red fox"
    assert shorten("a red fox", 7) == "a red…"


def test_a_fence_in_a_quoted_text_does_not_end_it() -> None:
    assert quote_block("a ```b``` c").count("```") == 2


def test_a_thread_is_named_without_mentions_and_within_discords_limit() -> None:
    assert "@everyone" not in thread_name("@everyone")
    assert len(thread_name("@" * 300)) == 100


def test_times_and_numbers_are_said_as_people_say_them() -> None:
    assert [duration(seconds) for seconds in (0.2, 40, 200, 7300)] == [
        *("about 1 s", "about 40 s", "about 3 min", "about 2 h")
    ]
    assert (count(1, "frame"), count(2, "frame")) == ("1 frame", "2 frames")


def test_unknown_words_are_named_and_not_all_of_very_many() -> None:
    assert unknown_line(()) == ""
    assert "*dragon*, *pizza* yet" in unknown_line(("dragon", "pizza"))
    assert "and 2 more" in unknown_line(tuple("abcdefghij"))
