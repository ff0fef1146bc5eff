"""What people type becomes a subject and its scenes, or a sentence that says what to do."""

from __future__ import annotations

import contextlib
import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generator.errors import ScriptRefused
from generator.script import one_scene, read_beginning, read_scenes, read_script
from generator.story import Script

FOX = "a red fox"
THREE = ("in a meadow", "in the snow", "by a river")
红狐 = "红狐写真"
三景 = ("佩戴围巾于草地", "雪地嬉戏", "村庄边缘临溪")

PIECES = (
    *("a fox", "红狐", "🦊", "👩\u200d🚀", "می\u200cخواهم", "Ö", "a", "5", "…", "12:30", "http://a.b/c"),
    *("subject", "Subject:", "Scenes:", "scene 2:", "主题：", "场景：", "Character", "<:fox:1234567890>"),
    *(":", "：", "|", "｜", "\n", "\r\n", "→", "->", "=>", ";", "；", ",", "，", "、", " ", "\u3000"),
    *("1.", "2.", "3)", "(1)", "①", "②", "一、", "二、", "1️⃣", "- ", "* ", "•", "·", ">", "#"),
    *("`", "```", "**", '"', "'", "“", "”", "‘", "’", "「", "」"),
    *("\u200b", "\u200d", "\u202e", "\u0301", "\x00", "\ud800"),
)
TEXTS = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=24).map("".join))


def written(script: Script) -> str:
    return f"{script.subject}: {' | '.join(script.scenes)}"


@pytest.mark.parametrize(
    "text",
    [
        "a red fox: in a meadow | in the snow | by a river",
        "a red fox:in a meadow|in the snow|by a river",
        "A RED FOX: in a meadow | in the snow | by a river".replace("A RED FOX", FOX),
        "a red fox：in a meadow｜in the snow｜by a river",
        "  a red   fox :\tin a  meadow |  | in the snow || by a river | ",
        "a red fox: | in a meadow | in the snow | by a river |",
        "a red fox: in a meadow → in the snow → by a river",
        "a red fox: in a meadow -> in the snow --> by a river",
        "a red fox: in a meadow => in the snow ➡️ by a river",
        "a red fox: → in a meadow → in the snow → by a river",
        "a red fox: in a meadow; in the snow; by a river;",
        "a red fox: in a meadow；in the snow；by a river。".rstrip("。"),
        "a red fox:\nin a meadow\nin the snow\nby a river",
        "a red fox\nin a meadow\nin the snow\nby a river",
        "a red fox\r\n\r\nin a meadow\r\n\r\nin the snow\r\nby a river\r\n",
        "a red fox\u2028in a meadow\u2028in the snow\u2029by a river",
        "a red fox:\n1. in a meadow\n2. in the snow\n3. by a river",
        "a red fox\n1) in a meadow\n2) in the snow\n3) by a river",
        "a red fox\n(1) in a meadow\n(2) in the snow\n(3) by a river",
        "a red fox\n①in a meadow\n② in the snow\n③ by a river",
        "a red fox\n1️⃣ in a meadow\n2️⃣ in the snow\n3️⃣ by a river",
        "a red fox\n- in a meadow\n- in the snow\n- by a river",
        "a red fox\n-in a meadow\n-in the snow\n-by a river",
        "a red fox\n* in a meadow\n* in the snow\n* by a river",
        "a red fox\n• in a meadow\n• in the snow\n· by a river",
        "a red fox\nin a meadow,\nin the snow,\nby a river",
        "a red fox:\nin a meadow |\nin the snow |\nby a river",
        "a red fox | in a meadow | in the snow | by a river",
        "a red fox → in a meadow → in the snow → by a river",
        "a red fox; in a meadow; in the snow; by a river",
        "1. a red fox\n2. in a meadow\n3. in the snow\n4. by a river",
        "a red fox: 1. in a meadow 2. in the snow 3. by a river",
        "a red fox: 1) in a meadow; 2) in the snow; 3) by a river",
        "a red fox 1. in a meadow 2. in the snow 3. by a river",
        "a red fox: - in a meadow - in the snow - by a river",
        "a red fox: • in a meadow • in the snow • by a river",
        "a red fox: ①in a meadow②in the snow③by a river",
        "Subject: a red fox\nScenes: in a meadow | in the snow | by a river",
        "Subject: a red fox\nScenes:\n1. in a meadow\n2. in the snow\n3. by a river",
        "subject: a red fox scenes: in a meadow | in the snow | by a river",
        "Subject: a red fox, Scenes: in a meadow; in the snow; by a river",
        "**Subject:** a red fox\n\n**Scenes:**\n1. **in a meadow**\n2. in the snow\n3. by a river",
        "Subject:\na red fox\nScenes:\nin a meadow\nin the snow\nby a river",
        "Subject: a red fox\nin a meadow\nin the snow\nby a river",
        "Subject: a red fox | in a meadow | in the snow | by a river",
        "subject: a red fox: in a meadow | in the snow | by a river",
        "Character: a red fox\nScene 1: in a meadow\nScene 2: in the snow\nScene 3: by a river",
        "Subject: a red fox Scene 1: in a meadow Scene 2: in the snow Scene 3: by a river",
        "a red fox\nScenes: in a meadow | in the snow | by a river",
        "# a red fox\n- in a meadow\n- in the snow\n- by a river",
        '"a red fox: in a meadow | in the snow | by a river"',
        "“a red fox: in a meadow | in the snow | by a river”",
        "'a red fox: in a meadow | in the snow | by a river'",
        '"a red fox": "in a meadow" | "in the snow" | "by a river"',
        "「a red fox」：「in a meadow」｜「in the snow」｜「by a river」",
        "`a red fox: in a meadow | in the snow | by a river`",
        "```\na red fox: in a meadow | in the snow | by a river\n```",
        "```txt\na red fox\nin a meadow\nin the snow\nby a river\n```",
        "a \u202ered fox\u202c: in a\u200b meadow | in\x00 the snow | by a\u00a0river\x07",
    ],
)
def test_an_english_story_is_read_however_it_is_typed(text: str) -> None:
    assert read_script(text, max_scenes=20) == Script(subject=FOX, scenes=THREE)


@pytest.mark.parametrize(
    "text",
    [
        "红狐写真：佩戴围巾于草地｜雪地嬉戏｜村庄边缘临溪",
        "红狐写真:佩戴围巾于草地|雪地嬉戏|村庄边缘临溪",
        "红狐写真：佩戴围巾于草地，雪地嬉戏，村庄边缘临溪",
        "红狐写真：佩戴围巾于草地、雪地嬉戏、村庄边缘临溪",
        "红狐写真：佩戴围巾于草地；雪地嬉戏；村庄边缘临溪",
        "红狐写真→佩戴围巾于草地→雪地嬉戏→村庄边缘临溪",
        "红狐写真：一、佩戴围巾于草地 二、雪地嬉戏 三、村庄边缘临溪",
        "红狐写真：1、佩戴围巾于草地2、雪地嬉戏3、村庄边缘临溪",
        "红狐写真：①佩戴围巾于草地②雪地嬉戏③村庄边缘临溪",
        "红狐写真\n一、佩戴围巾于草地\n二、雪地嬉戏\n三、村庄边缘临溪",
        "红狐写真\n（一）佩戴围巾于草地\n（二）雪地嬉戏\n（三）村庄边缘临溪",
        "主题：红狐写真\n场景：佩戴围巾于草地，雪地嬉戏，村庄边缘临溪",
        "主题：红狐写真　场景：佩戴围巾于草地｜雪地嬉戏｜村庄边缘临溪",
        "主题：红狐写真｜佩戴围巾于草地｜雪地嬉戏｜村庄边缘临溪",
        "主角：红狐写真\n第一幕：佩戴围巾于草地\n第二幕：雪地嬉戏\n第三幕：村庄边缘临溪",
        "“红狐写真”：“佩戴围巾于草地”、“雪地嬉戏”、“村庄边缘临溪”",
    ],
)
def test_a_chinese_story_is_read_however_it_is_typed(text: str) -> None:
    assert read_script(text, max_scenes=20) == Script(subject=红狐, scenes=三景)


@pytest.mark.parametrize(
    ("text", "subject", "scenes"),
    [
        ("a fox: in the snow, at night", "a fox", ("in the snow, at night",)),
        ("a fox, red: in the snow, at night | asleep", "a fox, red", ("in the snow, at night", "asleep")),
        ("红狐：在雪地里，夜晚｜在家", "红狐", ("在雪地里，夜晚", "在家")),
        ("红狐：红、白、黑三条围巾，雪地嬉戏", "红狐", ("红、白、黑三条围巾", "雪地嬉戏")),
        ("a fox: eats; sleeps | dreams", "a fox", ("eats; sleeps", "dreams")),
        ("a fox: 1. eats; sleeps\n2. dreams", "a fox", ("eats; sleeps", "dreams")),
        ("a fox: at 12:30 | at 18:45: dinner", "a fox", ("at 12:30", "at 18:45: dinner")),
        ("the 12:30 train: leaves | arrives", "the 12:30 train", ("leaves", "arrives")),
        ("the 12:30 train | leaves | arrives", "the 12:30 train", ("leaves", "arrives")),
        ("a 16:9 photo of a fox: in the snow", "a 16:9 photo of a fox", ("in the snow",)),
        ("like https://a.org/fox.png: in the snow", "like https://a.org/fox.png", ("in the snow",)),
        ("<:fox:123456789012345678> fox: eats | naps", "<:fox:123456789012345678> fox", ("eats", "naps")),
        ("a fox | dinner: soup | night", "a fox", ("dinner: soup", "night")),
        ("a fox: 3 cubs | 1.5 m of snow | -5°C", "a fox", ("3 cubs", "1.5 m of snow", "-5°C")),
        ("🦊: 🌲🌲 | ❄️ | 🏡", "🦊", ("🌲🌲", "❄️", "🏡")),
        ("👩‍🚀: 👨‍👩‍👧 on the moon | 🏳️‍🌈", "👩‍🚀", ("👨‍👩‍👧 on the moon", "🏳️‍🌈")),
        ("🚶‍➡️ fox: 🌲 ➡️ 🏡", "🚶‍➡️ fox", ("🌲", "🏡")),
        ("ثعلب أحمر: في الثلج | في الغابة", "ثعلب أحمر", ("في الثلج", "في الغابة")),
        ("روباه: می\u200cخوابد | می\u200cدود", "روباه", ("می\u200cخوابد", "می\u200cدود")),
        ("赤い狐：雪の中、森の中", "赤い狐", ("雪の中", "森の中")),
        ("लोमड़ी: बर्फ़ में → जंगल में", "लोमड़ी", ("बर्फ़ में", "जंगल में")),
        ("renard cafe\u0301: à Noël | « en été »", "renard café", ("à Noël", "en été")),
        ('a fox: says "hi" | the "great" fox', "a fox", ('says "hi"', 'the "great" fox')),
        ('"Bob" the fox: eats | says "bye"', '"Bob" the fox', ("eats", 'says "bye"')),
        ("a fox: it's late | the cubs' den", "a fox", ("it's late", "the cubs' den")),
        ("subject: a | b | c", "subject", ("a", "b", "c")),
        ("subject: scene | scene | scene", "subject", ("scene", "scene", "scene")),
        ("a portrait\nof: snow\nnight", "a portrait", ("of: snow", "night")),
        ("a diva: behind the scenes: tea | at home", "a diva", ("behind the scenes: tea", "at home")),
        ("a fox: | in the snow | … | --- |", "a fox", ("in the snow",)),
        ("Subject: Fox: the hunter\nScenes: eats | naps", "Fox, the hunter", ("eats", "naps")),
    ],
)
def test_colons_commas_and_quotes_that_belong_to_a_text_stay_in_it(
    text: str, subject: str, scenes: tuple[str, ...]
) -> None:
    assert read_script(text, max_scenes=20) == Script(subject=subject, scenes=scenes)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nobody the story is about"),
        (" \n\u200b\u3164 | : …", "nobody the story is about"),
        (": in the snow | at night", "nobody the story is about"),
        ("scenes: in the snow | at night", "nobody the story is about"),
        ("a red fox", "“a red fox” but no scenes; please add them after a colon, like “a red fox: in"),
        ("a red fox:", "“a red fox” but no scenes"),
        ("a red fox: | | ", "“a red fox” but no scenes"),
        ("Subject: a red fox", "“a red fox” but no scenes"),
        ("红狐在雪地里嬉戏，夜晚回家", "but no scenes"),
        ("a red fox in the snow, at night", "but no scenes"),
        ("a fox: 1 | 2 | 3 | 4 | 5", "has 5 scenes, and I can draw at most 4; please leave out 1"),
        ("a" * 6001, "has 6001 characters, and I read at most 6000"),
    ],
)
def test_what_cannot_be_told_is_refused_with_the_fix(text: str, says: str) -> None:
    with pytest.raises(ScriptRefused, match="please") as refusal:
        read_script(text, max_scenes=4)
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("scenes", "expected"),
    [
        ("in a meadow\nin the snow\nby a river", THREE),
        ("1. in a meadow\n2. in the snow\n\n3. by a river\n", THREE),
        ("in a meadow | in the snow | by a river", THREE),
        ("in a meadow → in the snow → by a river", THREE),
        ("in a meadow; in the snow; by a river", THREE),
        ("in a meadow, alone\nin the snow, at 12:30", ("in a meadow, alone", "in the snow, at 12:30")),
        ("在雪地，夜晚\n在家", ("在雪地，夜晚", "在家")),
        ("Scenes:\nin a meadow\nin the snow\nby a river", THREE),
    ],
)
def test_a_form_reads_one_scene_a_line(scenes: str, expected: tuple[str, ...]) -> None:
    assert read_scenes(" a  red fox ", scenes, max_scenes=20) == Script(subject=FOX, scenes=expected)


@pytest.mark.parametrize(
    ("subject", "scenes", "says"),
    [
        ("", "in the snow", "nobody the story is about"),
        (FOX, " \n ", "but no scenes"),
        (FOX, "a\nb\nc", "has 3 scenes"),
        ("a" * 3000, "b" * 3001, "6001 characters"),
    ],
)
def test_a_form_is_refused_with_the_fix(subject: str, scenes: str, says: str) -> None:
    with pytest.raises(ScriptRefused, match=says):
        read_scenes(subject, scenes, max_scenes=2)


@pytest.mark.parametrize(
    ("subject", "scenes", "expected"),
    [
        (" a  red fox ", "", ()),
        (FOX, "in a meadow | in the snow | by a river", THREE),
        ("a red fox: in a meadow", "in the snow\nby a river", THREE),
        ("a red fox：in a meadow", "Scenes: in the snow; by a river", THREE),
        ("a red fox: in a meadow | in the snow | by a river", "", THREE),
        ("Subject: a red fox", "in a meadow", THREE[:1]),
        ("a red fox:", "", ()),
        ("a red fox", " \n", ()),
    ],
)
def test_a_beginning_has_a_subject_and_the_scenes_that_are_there(
    subject: str, scenes: str, expected: tuple[str, ...]
) -> None:
    assert read_beginning(subject, scenes, max_scenes=3) == Script(subject=FOX, scenes=expected)


@pytest.mark.parametrize(
    ("subject", "scenes", "says"),
    [
        (" : ", "in the snow", "nobody the story is about"),
        ("a fox: a", "b\nc", "has 3 scenes"),
        ("a" * 3000, "b" * 3001, "6001 characters"),
    ],
)
def test_a_beginning_is_refused_with_the_fix(subject: str, scenes: str, says: str) -> None:
    with pytest.raises(ScriptRefused, match=says):
        read_beginning(subject, scenes, max_scenes=2)


@given(TEXTS)
@example("subject: subject: a | b")
@settings(max_examples=200)
def test_any_text_is_a_clean_script_that_reads_as_itself_or_is_refused(text: str) -> None:
    try:
        script = read_script(text, max_scenes=20)
    except ScriptRefused:
        return
    for piece in (script.subject, *script.scenes):
        assert piece == " ".join(piece.split())
        assert unicodedata.is_normalized("NFC", piece)
        assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in piece)
        assert not set(piece) & set("\u200b\u202e\u2066\ufeff|｜\n`")
    assert read_script(written(script), max_scenes=20) == script


@pytest.mark.parametrize("text", ["", " \n ", "**", "\u200b"])
def test_a_scene_with_nothing_in_it_is_said_to_be_empty_and_not_a_story_without_scenes(text: str) -> None:
    with pytest.raises(ScriptRefused, match="nothing in this scene; please write what happens"):
        one_scene(FOX, text)


def test_nothing_separates_in_one_scene() -> None:
    assert one_scene(FOX, " in a meadow |\n in the snow") == "in a meadow | in the snow"


@given(TEXTS, TEXTS)
@settings(max_examples=200)
def test_any_form_is_a_script_that_reads_as_itself_or_is_refused(subject: str, scenes: str) -> None:
    try:
        script = read_scenes(subject, scenes, max_scenes=20)
    except ScriptRefused:
        return
    assert read_script(written(script), max_scenes=20) == script


@pytest.mark.parametrize(
    "piece", [p for p in PIECES if p.isascii() or len(p) < 3] + ["1. 2. ", "①,", '①"', "a 1."]
)
@pytest.mark.parametrize("start", ["", "a fox: ", "Subject: a scenes: "])
def test_no_text_takes_long(start: str, piece: str) -> None:
    text = (start + piece * 6000)[:6000]
    began = time.process_time()
    with contextlib.suppress(ScriptRefused):
        read_script(text, max_scenes=20)
    assert time.process_time() - began < 1
