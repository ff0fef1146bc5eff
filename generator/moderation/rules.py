"""Which texts are refused: a built-in list, and a server's own words and patterns.

Texts are compared as they sound to a reader and not as they are spelt: without case, accents, full-width or
invisible letters, with look-alikes, digits for letters and spaced-out letters undone. Words match as whole
words, so that nobody in Scunthorpe is refused; only scripts without spaces are searched inside. Patterns are
RE2's, whose time grows with the text and nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import re2

from generator.errors import OptionRefused, TextRefused
from generator.moderation.defaults import GORE, INNOCENT, NEVER, SEXUAL, UNDRESSING, YOUNG

if TYPE_CHECKING:
    from generator.server import ServerSettings

MAX_RULE = 100  # characters of a server's word or pattern
MAX_RULES = 200
MAX_PATTERNS = 50  # the slowest 50 take about 0.1 s on the longest text
ADULT = 18  # years

_INVISIBLE = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\u115f\u1160\u3164\uffa0\u2800]"
)
"""Accents, variation selectors and blank letters; format characters are found by their category."""

_LOOKALIKES = str.maketrans("аеорсухіѕјкмтнвԁɡαορτικυχε", "aeopcyxisjkmthbdgaoptikuxe")
"""Cyrillic and Greek letters that pass for Latin ones in a word that has Latin ones too."""

_SHAPES = str.maketrans("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz") | {
    start + letter: chr(ord("a") + letter)
    for start in (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)  # squared, circled and flag letters
    for letter in range(26)
}
"""Letters that Unicode keeps apart, though they are nothing but A to Z in another shape."""

_SIGNS = "@$!|€£+"
_LEET = ("4@", "a"), ("3€", "e"), ("0", "o"), ("5$", "s"), ("7+", "t"), ("8", "b"), ("9", "g"), ("£", "l")
_DIGITS = tuple(
    str.maketrans({sign: letter for signs, letter in (*_LEET, ("1!|", one)) for sign in signs})
    for one in "il"
)
"""Two ways to read digits and signs as letters: a 1 may be an i or an l."""

_TOKEN = re.compile(rf"(?:[^\W_]|[{re.escape(_SIGNS)}])+")
_CHAIN = re.compile(rf"(?<![^\W_]){_TOKEN.pattern}+(?:[-_.*~'’·]{_TOKEN.pattern}+)+")  # possessive: linear
_SPACELESS = re.compile("[\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_AGE = re.compile(
    r"\b(\d{1,2})\s*-?\s*(?:years?|yrs?|y\s*/?\s*o)\b|\baged?\s*:?\s*(\d{1,2})\b|(\d{1,2})\s*[岁歲才]"
)


def check_text(text: str, server: ServerSettings, age_restricted: bool, *, avoided: str = "") -> None:
    """Make sure that a text may be drawn and shown; `avoided` is what its pictures should not show.

    Raises:
        TextRefused: it may not; the sentence names the word and says what to do.
    """
    reading = _Reading(text)
    _check_always(reading, avoided)
    for rule in server.refused_words:
        if found := _broken(rule, text, reading):
            raise TextRefused(
                "The moderators of this server do not want “{found}” in stories (their rule is “{rule}”); "
                "please say it in another way.",
                found=found,
                rule=rule,
            )
    if age_restricted:
        return
    if found := reading.find(SEXUAL) or reading.find(GORE):
        raise TextRefused(
            "“{found}” is nothing that I draw where everybody may look; please leave it out, or tell this "
            "story in an age-restricted channel.",
            found=found,
        )
    if found := _Reading(avoided).find(UNDRESSING):
        raise TextRefused(
            "“{found}” cannot be avoided where everybody may look; please leave it out of what to avoid.",
            found=found,
        )


def _check_always(reading: _Reading, avoided: str) -> None:
    """What is refused in every place of every server."""
    if found := reading.find(NEVER):
        raise TextRefused("I never draw “{found}”; please tell another story.", found=found)
    young = reading.find(YOUNG) or reading.age()
    sexual = reading.find(SEXUAL) or (_Reading(avoided).find(UNDRESSING) if young else None)
    if young and sexual:
        raise TextRefused(
            "I never draw anybody who may be a child together with “{sexual}”; please leave it out. If you "
            "mean an adult, say woman or man where you say “{young}”.",
            sexual=sexual,
            young=young,
        )


def check_rules(rules: Sequence[str]) -> None:
    """Make sure that a server's words and /patterns/ can all be looked for in the time that there is.

    Raises:
        OptionRefused: they cannot; the sentence says why.
    """
    patterns = sum(_pattern_of(rule) is not None for rule in rules)
    for number, most in ((len(rules), MAX_RULES), (patterns, MAX_PATTERNS)):
        if number > most:
            raise OptionRefused(
                "A server can have {rules} rules, {patterns} of them /patterns/; that is {number} too many.",
                rules=MAX_RULES,
                patterns=MAX_PATTERNS,
                number=number - most,
            )
    for rule in rules:
        check_rule(rule)


def check_rule(rule: str) -> None:
    """Make sure that a server's word or /pattern/ can be looked for.

    Raises:
        OptionRefused: it cannot; the sentence says why.
    """
    if len(rule) > MAX_RULE:
        raise OptionRefused(
            "“{rule}…” is too long for a rule; please use at most {most} characters.",
            rule=rule[:30],
            most=MAX_RULE,
        )
    pattern = _pattern_of(rule)
    if pattern is None:
        if not any(letter.isalnum() for letter in fold(rule)):
            raise OptionRefused("A rule needs letters or digits; “{rule}” has none.", rule=rule)
        return
    try:
        compiled = _compiled(pattern)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise OptionRefused(
            "“{rule}” is no regular expression that I can use: {reason}. Without the slashes it is a word.",
            rule=rule,
            reason=reason,
        ) from error
    if compiled.search("") is not None:
        raise OptionRefused("The pattern {rule} would refuse every text; please make it narrower.", rule=rule)


def fold(text: str) -> str:
    """A text as a reader hears it: lower case, without accents, full-width or invisible letters."""
    letters = unicodedata.normalize("NFKD", text.translate(_SHAPES))
    heard = "".join(c for c in _INVISIBLE.sub("", letters) if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFC", heard).casefold()


class _Reading:
    """A text taken apart once, to be searched for many words."""

    def __init__(self, text: str) -> None:
        folded = fold(text)
        self._folded = folded
        lines = [_without_innocent(_words(line)) for line in folded.splitlines()]
        self._lines = [[_variants(word) for word in words] for words in lines]
        self._single = {variant for line in self._lines for variants in line for variant in variants}
        for line in folded.splitlines():
            self._single.update(_joined(line))
        compact = re.sub(r"[\W_]+", "", folded)
        for phrase in _innocent_inside():
            compact = compact.replace(phrase, " ")
        self._compact = compact

    def find(self, terms: Collection[str]) -> str | None:
        """The first of these words or phrases that is in the text, as it stands in the list."""
        words, phrases, inside = _sorted(frozenset(terms))
        if hit := next((words[word] for word in self._single if word in words), None):
            return hit
        if hit := next((term for folded, term in inside if folded in self._compact), None):
            return hit
        likely = (pair for pair in phrases if self._single.issuperset(pair[0]))
        return next((term for phrase, term in likely if self._has(phrase)), None)

    def age(self) -> str | None:
        """The words that tell an age below `ADULT`."""
        for found in _AGE.finditer(self._folded):
            if int(next(filter(None, found.groups()))) < ADULT:
                return found[0]
        return None

    def _has(self, phrase: tuple[str, ...]) -> bool:
        return any(
            all(word in variants for word, variants in zip(phrase, line[start:], strict=False))
            for line in self._lines
            for start in range(len(line) - len(phrase) + 1)
            if phrase[0] in line[start]
        )


def _words(line: str) -> list[str]:
    return _TOKEN.findall(line)


@lru_cache(maxsize=4096)
def _variants(token: str) -> frozenset[str]:
    """The ways in which one word may be meant."""
    bare = token.strip(_SIGNS)
    ways = {token, bare}
    if any("a" <= letter <= "z" for letter in token):
        ways |= {way.translate(_LOOKALIKES) for way in tuple(ways)}
        ways |= {way.translate(digits) for way in tuple(ways) for digits in _DIGITS}
    for length in (1, 2):  # soooo: three of a kind are one or two that are drawn out
        ways |= {re.sub(r"(.)\1{2,}", r"\1" * length, way) for way in tuple(ways)}
    ways |= {way.removesuffix("s") for way in tuple(ways) if len(way) > 3}
    return frozenset(filter(None, ways))


def _joined(line: str) -> Iterator[str]:
    """Words that are spaced out, with one stray letter before or after, or that have signs inside."""
    letters: list[str] = []
    for token in [*_words(line), "end of line"]:
        if len(token) == 1:
            letters.append(token)
            continue
        if len(letters) > 2:
            word = "".join(letters)
            for part in (word, word[1:], word[:-1]):
                yield from _variants(part)
        letters = []
    for chain in _CHAIN.findall(line):
        yield from _variants("".join(_words(chain)))


def _without_innocent(words: list[str]) -> list[str]:
    """A line without the phrases that mean no harm."""
    text = f" {' '.join(words)} "
    for phrase in INNOCENT:
        text = text.replace(f" {phrase} ", " / ")
    return text.split()


@cache
def _innocent_inside() -> tuple[str, ...]:
    return tuple(fold(phrase) for phrase in INNOCENT if _SPACELESS.search(phrase))


@lru_cache(maxsize=256)
def _sorted(
    terms: frozenset[str],
) -> tuple[dict[str, str], list[tuple[tuple[str, ...], str]], list[tuple[str, str]]]:
    """Terms by how they are looked for: whole words, phrases, and parts of texts that have no spaces."""
    words: dict[str, str] = {}
    phrases, inside = [], []
    for term in sorted(terms):
        folded = fold(term)
        parts = tuple(_words(folded))
        if _SPACELESS.search(folded):
            inside.append((re.sub(r"[\W_]+", "", folded), term))
        elif len(parts) == 1:
            words[parts[0]] = term
        elif parts:
            phrases.append((parts, term))
    return words, phrases, inside


def _broken(rule: str, text: str, reading: _Reading) -> str | None:
    """What in a text breaks a server's rule; a pattern sees the text as it was typed and as it is heard."""
    pattern = _pattern_of(rule)
    if pattern is None:
        return reading.find((rule,))
    try:
        compiled = _compiled(pattern)
    except re2.error:
        return None  # kept by an older version; the panel refuses such a pattern
    found = (
        compiled.search(each) for each in _unique((text, unicodedata.normalize("NFKC", text), fold(text)))
    )
    return next((str(match[0])[:60] for match in found if match is not None), None)


def _unique(texts: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(texts)


def _pattern_of(rule: str) -> str | None:
    return rule[1:-1] if len(rule) > 2 and rule.startswith("/") and rule.endswith("/") else None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 1 << 20  # bytes
    return re2.compile(pattern, options)
