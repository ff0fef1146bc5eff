"""Takes a subject and its scenes out of what people type, mostly on phones.

The form is ``subject: scene | scene | scene``. These mean the same:

* the subject on the first line, a scene on each line after it, numbered or bulleted or bare;
* ``Subject: …`` and ``Scenes: …`` as labels;
* no colon at all: the first piece is the subject, because that is also how a list on lines is read.

What separates the scenes is the strongest of these that leaves more than one:

1. ``|``, arrows and line breaks, all alike;
2. numbers counting up from 1, or bullets, after one another (Discord's command field joins pasted lines);
3. semicolons;
4. the full-width comma ``，``;
5. the enumeration comma ``、``.

The last two need a colon before them, or every Chinese sentence would be a list. The half-width comma
never separates: in ``a fox: in the snow, at night`` it belongs to the scene, and nearly always does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from generator.errors import ScriptRefused
from generator.story import Script

MAX_CHARACTERS = 6000  #: a modal's two fields and more; keeps the work of reading bounded

_LINE_BREAK = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_BLANK = re.compile(r"[\t\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]")  # letters that show nothing
_MARKDOWN = re.compile(r"^\s*```\w*\n|`+|\*{2,}", re.MULTILINE)
# A joiner is kept where it shapes what is seen: between emoji, and after Arabic to Mongolian letters.
_JOINING = "\u0600-\u109f\u1780-\u18af"
_EMOJI = "\u2194\u2195\u2600-\u27bf\u2b1b\U0001f000-\U0001faff"
_IDLE_JOINER = re.compile(
    f"(?<![{_JOINING}])\u200c|(?<![{_JOINING}{_EMOJI}\ufe0f])\u200d|(?<=[{_EMOJI}\ufe0f])\u200d(?![{_EMOJI}])"
)
_QUOTES = ('""', "''", "“”", "„“", "‘’", "「」", "『』", "«»", "‹›", "《》")
_OPENING, _CLOSING = (frozenset(characters) for characters in zip(*_QUOTES, strict=True))

_STRONG = re.compile(r"[|｜\n]|[-=–—]{1,3}[>＞]|(?<!\u200d)[→↓⇒⟶➔➜➝➞➡⬇]\ufe0f?")
_SEMICOLON = re.compile(r"[;；]")
_COMMA = re.compile("，")
_ENUMERATION_COMMA = re.compile("、")

# The first three colons separate nothing: a custom emoji's, a time's or a ratio's, an address's.
_COLON = re.compile(r"<a?:\w{1,32}:\d{1,20}>|(?<=\d)[:：](?=\d)|:(?=//)|(?P<colon>[:：])")

_SCENE_WORD = r"(?:scenes?|frames?|panels?|场景|分镜|画面|镜头)"
_SUBJECT_WORD = r"(?:subject|(?:main )?character|protagonist|id[ _]prompt|主题|主体|主角|角色|人物)"
_SUBJECT_LABEL = re.compile(rf"\s*({_SUBJECT_WORD})\s?[:：]", re.IGNORECASE)
_SCENES_LABEL = re.compile(rf"(?:^|(?<=[\s,;.|，；。｜])){_SCENE_WORD}\s?[:：]", re.IGNORECASE | re.MULTILINE)
_LABEL = re.compile(rf"{_SUBJECT_WORD}|{_SCENE_WORD} ?\d*", re.IGNORECASE)

_EDGES = " ,，、;；|｜:：*"  # stand around a piece and are none of it
_BULLET = r"(?:[-–](?!\d)|[—*•·●○◦▪■‣>])"  # a minus belongs to its number
_MARKERS = re.compile(
    rf"""(?: (?:
      {_BULLET} | \#(?!\d)                                    # - scene
    | [(（\[]?(?:\d{{1,2}}|[一二三四五六七八九十]{{1,3}})[.)\]、．）](?!\d)  # 1. scene, (1) scene, 一、scene
    | [①-⑳❶-❿] | \d\ufe0f?\u20e3 | 🔟                         # ① scene
    | {_SCENE_WORD}\ ?[\d一二三四五六七八九十]{{0,3}}\ ?[:：]     # Scene 1: scene
    | 第[\d一二三四五六七八九十]{{1,3}}[幕场格张]\ ?[:：]          # 第一幕：scene
    ) [{_EDGES}]* )+""",
    re.IGNORECASE | re.VERBOSE,
)
_COUNT = re.compile(
    rf"""(?<![\dA-Za-z.]) [(（\[]? (\d{{1,2}}|[一二三四五六七八九十]) [.)\]、．）] (?!\d)
    | ([①-⑳❶-❿]) | (\d)\ufe0f?\u20e3
    | {_SCENE_WORD}\ ?(\d{{1,2}}|[一二三四五六七八九十])\ ?[:：]
    | 第(\d{{1,2}}|[一二三四五六七八九十])[幕场格张]\ ?[:：]""",
    re.IGNORECASE | re.VERBOSE,
)


def read_script(text: str, *, max_scenes: int) -> Script:
    """Return the subject and the scenes that free text asks for.

    The texts in it are in NFC, without line breaks, control characters, or invisible ones that shape
    nothing; ``f"{subject}: {' | '.join(scenes)}"`` reads as the same script. A list without a colon has
    its subject in front (the story's card shows what was understood, and can be cancelled).

    Raises:
        ScriptRefused: there is no subject, there are no scenes, or there is too much of them.

    """
    _refuse_long(len(text))
    text = _clean(text)
    if _is_the_form_itself(text):
        return _script("subject", _split(text.partition(":")[2]), max_scenes)
    subject, scenes = _divide(text)
    return _script(_as_subject(subject), scenes, max_scenes)


def read_scenes(subject: str, scenes: str, *, max_scenes: int) -> Script:
    """Return the script of a form with two fields: the subject, and a scene on each line.

    Scenes in a single line may be separated as in :func:`read_script`, whose promises hold here too.

    Raises:
        ScriptRefused: there is no subject, there are no scenes, or there is too much of them.

    """
    _refuse_long(len(subject) + len(scenes))
    return _script(_as_subject(_clean(subject)), _split(_unlabelled(_clean(scenes))), max_scenes)


def read_beginning(subject: str, scenes: str, *, max_scenes: int) -> Script:
    """Return what a story begins with that grows: its subject, and the scenes if there are some already.

    The subject is read as in :func:`read_script`, since many write the first scene behind it, after a colon;
    that comes before the other scenes.

    Raises:
        ScriptRefused: there is no subject, or there is too much.

    """
    _refuse_long(len(subject) + len(scenes))
    who, first = _divide(_clean(subject))
    found = [scene for scene in (*first, *_split(_unlabelled(_clean(scenes)))) if scene]
    script = _script(_as_subject(who), found or ["…"], max_scenes)
    return script if found else replace(script, scenes=())


def listed_script(subject: str, scenes: Sequence[str], *, max_scenes: int) -> Script:
    """Take a subject and scenes that are told apart already; nothing in them separates.

    Raises:
        ScriptRefused: there is no subject, there are no scenes, or there is too much of them.

    """
    _refuse_long(len(subject) + sum(map(len, scenes)))
    tidy = [_tidy(_clean(scene)) for scene in scenes]
    return _script(_tidy(_clean(subject)), [scene for scene in tidy if scene], max_scenes)


def one_scene(subject: str, text: str) -> str:
    """Take one more scene of a story whose subject is known; nothing in it separates.

    Raises:
        ScriptRefused: there is nothing in it, or too much.

    """
    _refuse_long(len(subject) + len(text))
    if not _tidy(_clean(text)):
        raise ScriptRefused(
            "There is nothing in this scene; please write what happens, like “in the kitchen”."
        )
    (scene,) = listed_script(subject, [" ".join(text.split())], max_scenes=1).scenes
    return scene


def _refuse_long(characters: int) -> None:
    if characters > MAX_CHARACTERS:
        raise ScriptRefused(
            "The text has {characters} characters, and I read at most {limit}; please shorten it.",
            characters=characters,
            limit=MAX_CHARACTERS,
        )


def _script(subject: str, scenes: list[str], max_scenes: int) -> Script:
    """Return a script of tidy texts, or refuse it."""
    if not subject:
        raise ScriptRefused(
            "I found nobody the story is about; please name the subject before a colon, "
            "like “a little white rabbit: in a meadow | in the kitchen”."
        )
    if not scenes:
        start = subject if len(subject) <= 60 else subject[:60].rstrip() + "…"
        raise ScriptRefused(
            "I found the subject “{subject}” but no scenes; please add them after a colon, "
            "like “{subject}: in a meadow | in the kitchen”.",
            subject=start,
        )
    if len(scenes) > max_scenes:
        raise ScriptRefused(
            "The story has {scenes} scenes, and I can draw at most {limit}; please leave out {excess}.",
            scenes=len(scenes),
            limit=max_scenes,
            excess=len(scenes) - max_scenes,
        )
    return Script(subject=subject, scenes=tuple(scenes))


def _clean(text: str) -> str:
    """Return the text in NFC with one kind of line break and nothing in it that cannot be seen."""
    text = _BLANK.sub(" ", _LINE_BREAK.sub("\n", text))
    text = "".join(
        c for c in text if c in "\n\u200c\u200d" or unicodedata.category(c) not in ("Cc", "Cf", "Cs")
    )
    text = _MARKDOWN.sub("", _IDLE_JOINER.sub("", text))
    return _unquote(unicodedata.normalize("NFC", text).strip(), enclosing_only=True)


def _unlabelled(scenes: str) -> str:
    """Return the text of a field for scenes without the label that names it."""
    label = _SCENES_LABEL.match(scenes)
    return scenes[label.end() :] if label else scenes


def _divide(text: str) -> tuple[str, list[str]]:
    """Return the subject, untidy, and the scenes."""
    subject_label = _SUBJECT_LABEL.match(text)
    for label in _SCENES_LABEL.finditer(text):
        starts_line = not text[: label.start()].rpartition("\n")[2].strip()
        if subject_label or starts_line:
            return text[: label.start()], _split(text[label.end() :])
    text = text[subject_label.end() :].strip() if subject_label else text
    if cut := _end_of_subject(text):
        return text[: cut[0]], _split(text[cut[1] :])
    subject, *scenes = _split(text, commas=False) or [""]
    return subject, _split("\n".join(scenes))


def _end_of_subject(text: str) -> tuple[int, int] | None:
    """Return where the subject ends and the scenes begin, if a colon or the number 1 says so."""
    strong = _STRONG.search(text)
    colon = _find_colon(text[: strong.start()] if strong else text)
    counts = _counts(text)
    # The colon of “Scene 1:” is the number's own.
    if counts and text[: counts[0].start()].strip() and (colon is None or colon in range(*counts[0].span())):
        return counts[0].start(), counts[0].start()
    return None if colon is None else (colon, colon + 1)


def _find_colon(text: str) -> int | None:
    return next((match.start() for match in _COLON.finditer(text) if match["colon"]), None)


def _counts(text: str) -> list[re.Match[str]]:
    """Return the markers that count 1, 2, 3, …; none if there is no 2."""
    counts: list[re.Match[str]] = []
    for match in _COUNT.finditer(text):
        number = match[match.lastindex or 0]
        value = int(number) if number.isdecimal() else int(unicodedata.numeric(number))
        if value == len(counts) + 1:
            counts.append(match)
    return counts if len(counts) > 1 else []


def _is_the_form_itself(text: str) -> bool:
    """Whether ``subject: a | b | c`` was typed as the form is written: there the word is the subject."""
    _, label, scenes = text.partition("subject:")
    one_line_list = _find_colon(scenes) is None and "\n" not in scenes and len(_split(scenes)) > 1
    return bool(label) and text.startswith(label) and one_line_list


def _split(text: str, *, commas: bool = True) -> list[str]:
    """Return the tidy scenes, separated by the strongest separator that leaves more than one."""
    separators: list[Callable[[str], list[Any]]] = [
        _STRONG.split,
        _split_counted,
        _split_bulleted,
        _SEMICOLON.split,
    ]
    if commas:
        separators += [_COMMA.split, _ENUMERATION_COMMA.split]
    for split in separators:
        pieces = [piece for piece in split(text) if _tidy(piece)]
        if len(pieces) != 1:
            return [_tidy(piece) for piece in pieces]
        text = pieces[0]
    return [_tidy(text)]


def _split_counted(text: str) -> list[str]:
    starts = [count.start() for count in _counts(text)]
    if not starts or text[: starts[0]].strip():
        return [text]
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def _split_bulleted(text: str) -> list[str]:
    first = re.match(rf"\s*({_BULLET})", text)
    return re.split(rf"(?:^|\s)(?={_BULLET}){re.escape(first[1])}", text) if first else [text]


def _as_subject(text: str) -> str:
    """Return the tidy subject without its label; colons and separators in it become commas."""
    if label := _SUBJECT_LABEL.match(text):
        text = text[label.end() :]
    text = _STRONG.sub(", ", text.strip())
    text = _COLON.sub(lambda match: ", " if match["colon"] else match[0], text)
    text = _tidy(text)
    return "" if _LABEL.fullmatch(text) else text


def _tidy(text: str) -> str:
    """Return the text without markers, quotes and separators around it; empty if nothing can be seen."""
    before = None
    while text != before:
        before = text
        text = _unquote(" ".join(text.split()).strip(_EDGES))
        if markers := _MARKERS.match(text):
            text = text[markers.end() :]
    return text if any(_is_visible(c) for c in text) else ""


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LN" or category in ("So", "Cn")  # Cn: emoji younger than this Python


def _unquote(text: str, *, enclosing_only: bool = False) -> str:
    """Return the text without quotes that enclose all of it, or that miss their other half."""
    if not (text[:1] in _OPENING or text[-1:] in _CLOSING):
        return text
    for pair in _QUOTES:
        opening, closing = pair[0], pair[1]
        opens, closes = text.startswith(opening), text.endswith(closing)
        inner = text[1:-1]
        if opens and closes and len(text) > 1 and opening not in inner and closing not in inner:
            text = inner
        elif opens and closing not in text[1:] and not enclosing_only:
            text = text.lstrip(opening)
        elif closes and opening not in text[:-1] and not enclosing_only:
            text = text.rstrip(closing)
    return text
