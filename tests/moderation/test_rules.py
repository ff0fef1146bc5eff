from __future__ import annotations

from importlib import resources
from time import perf_counter

import pytest

from generator.errors import OptionRefused, TextRefused
from generator.moderation import defaults
from generator.moderation.rules import MAX_PATTERNS, check_rule, check_rules, check_text
from generator.server import ServerSettings
from generator.storybook.vocabulary import known_words

NONE = ServerSettings()


def refusal(text: str, *rules: str, adult: bool = False, avoided: str = "") -> str | None:
    """The sentence that a text is refused with."""
    try:
        check_text(text, ServerSettings(refused_words=rules), adult, avoided=avoided)
    except TextRefused as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    "text",
    [
        "a nude woman", "NUDE", "a n u d e woman", "a n.u.d.e woman", "n-u-d-e", "nu\u200bde", "n\u00adude",
        "nüdé",
        "ｎｕｄｅ", "𝓷𝓾𝓭𝓮", "🅽🆄🅳🅴", "ɴᴜᴅᴇ", "nuuuude", "nud3", "nudеs", "n*u*d*e", "nu_de", "p0rn",
        "pоrn",
        "s3xy fox", "$exy fox", "a fox: s e x", "hand\u00a0job", "blow\njob s e x", "裸体",
        "裸 体 的女人", "ヌード",
        "a beheaded fox", "a severed\thead",
    ],
)  # fmt: skip
def test_what_is_not_for_everybody_is_found_however_it_is_spelt(text: str) -> None:
    said = refusal(text)
    assert said is not None
    assert "age-restricted channel" in said
    assert refusal(text, adult=True) is None


INNOCENT = """
Scunthorpe Penistone Clitheroe Essex Sussex Middlesex Shitake analysis analogue assassin bass grass class
cocktail cockatoo peacock cockpit Hancock shuttlecock dickens Dickinson document cucumber accumulate
circumvent scum
title entitled constitution competition Titicaca titanium button buttress basement therapist grape
grapes drape scrape rapeseed sextant sextet sexton bisect Pakistan swallow swank spick-and-span arsenic
glass mass passage embarrass cassette canal banal analyst Uranus manuscript nugget denude minute continued
Moby Dick a cock crowing on a farm a donkey an ass a breast of chicken robin redbreast a booby on a rock
a blue tit and two great tits a pussy willow a naked mole rat the naked eye cum laude Al Gore a horny toad
a field of oilseed rape rape blossoms a gun-metal sky a bloody mary blood orange blood moon a skeleton
hot dogs wild boars stripes on a zebra a strip of land hooker's green a pirate kills time a knife a sword
a sixty-nine-year-old man a 4K photo 3d 1980s 5 apples 8 x 8 a b c x-ray t-shirt up-to-date
""".strip().splitlines()


@pytest.mark.parametrize("line", INNOCENT)
def test_innocent_words_that_contain_others_are_not_refused(line: str) -> None:
    assert refusal(line) is None


@pytest.mark.parametrize(
    "text", ["叫做爱丽丝的狐狸", "两性花在中性土壤里", "a girl called Anna", "12 years old, a boy", "裸麦"]
)
def test_innocent_texts_are_not_refused(text: str) -> None:
    assert refusal(text) is None


def test_of_all_the_words_that_clip_knows_only_the_listed_ones_are_refused() -> None:
    merges = resources.files("generator.method").joinpath("clip/merges.txt").read_text(encoding="utf-8")
    words = {
        line.replace(" ", "").removesuffix("</w>") for line in merges.splitlines() if line.endswith("</w>")
    }
    listed = defaults.SEXUAL | defaults.GORE | defaults.NEVER
    refused = {word for word in words if word.isascii() and word.isalpha() and refusal(word)}
    assert len(words) > 20_000
    assert {word for word in refused if word not in listed and word.removesuffix("s") not in listed} == set()
    assert {"nude", "naked", "gore"} <= refused


@pytest.mark.parametrize(
    "text",
    [
        "a naked girl", "a schoolboy: having sex", "a 12 year old: topless", "aged 9, nude", "a teen: porn",
        "16yo in lingerie, erotic", "t0ddler, nud3", "一个裸体的女孩", "15岁, 裸体", "child porn",
        "c h i l d p o r n",         "jailbait", "a loli, hentai", "ロリ ヌード",
    ],
)  # fmt: skip
def test_children_are_never_drawn_in_a_sexual_way_in_whatever_channel(text: str) -> None:
    assert "I never draw" in (refusal(text, adult=True) or "")


def test_a_scene_and_the_subject_count_together() -> None:
    assert refusal("a little girl\nby a river\nnaked in a bath", adult=True)
    assert refusal("a woman of 25 years\nnaked in a bath", adult=True) is None


def test_what_is_to_be_avoided_is_read_the_other_way_round() -> None:
    assert refusal("a woman", avoided="nude, naked, gore") is None
    assert "avoid" in (refusal("a woman", avoided="clothes") or "")
    assert refusal("a woman", avoided="clothes", adult=True) is None
    assert "never" in (refusal("a girl", avoided="clothing", adult=True) or "")


def test_a_servers_own_words_are_refused_in_every_channel_and_named() -> None:
    said = refusal("a p1neapple pizza", "pineapple", adult=True)
    assert said is not None
    assert "“pineapple”" in said
    assert "say it in another way" in said
    assert refusal("two Pineapples", "pineapple")
    assert refusal("a pine apple", "pineapple") is None
    assert refusal("the old king dies", "old king")
    assert refusal("old\nking", "old king") is None, "a phrase does not go on in another scene"
    assert refusal("吃菠萝披萨", "菠萝")


def test_a_servers_own_patterns_are_searched_in_what_is_typed_and_what_is_heard() -> None:
    assert "“P1ZZA-12”" in (refusal("a P1ZZA-12", r"/p.zza-\d+/") or "")
    assert refusal("a ｐｉｚｚａ", "/piz+a/")
    assert refusal("a pi\u200bzza", "/piz+a/")
    assert refusal("a pie", "/piz+a/") is None


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        ("x" * 101, "too long"), ("!!!", "needs letters"), ("/(/", "no regular expression"),
        (r"/(a)\1/", "invalid escape"),
        ("/(?=a)/", "invalid perl operator"), ("/a*/", "every text"), ("/a{1001}/", "no regular expression"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_work_is_refused_with_a_reason(
    rule: str, part: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(OptionRefused, match=part):
        check_rule(rule)
    assert capfd.readouterr() == ("", "")


def test_rules_are_bounded_in_number() -> None:
    check_rules(["fox", "/f.x/"])
    with pytest.raises(OptionRefused, match="1 too many"):
        check_rules([f"/f{number}/" for number in range(MAX_PATTERNS + 1)])
    with pytest.raises(OptionRefused, match="1 too many"):
        check_rules([f"fox{number}" for number in range(201)])


@pytest.mark.parametrize(
    "text", ["a " * 3000, "a" * 6000, "a-" * 3000, "a@1" * 2000, "1 " * 3000, "é" * 6000]
)
def test_no_text_and_no_pattern_takes_long(text: str) -> None:
    rules = tuple(f"/(a+a+)+b{number}|((a|aa)+)+$|(.*){{20}}c/" for number in range(MAX_PATTERNS - 1))
    check_rules(rules)
    begun = perf_counter()
    refusal(text, *rules)
    assert perf_counter() - begun < 3.0, "seconds; a backtracking engine would need years"


def test_the_picture_book_can_be_asked_for_all_that_it_knows() -> None:
    assert [word for word in sorted(known_words()) if refusal(word)] == []
