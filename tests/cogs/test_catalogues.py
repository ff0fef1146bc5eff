"""Everything that people in Discord read has a translation, and every translation is read."""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import Iterator
from string import Formatter
from typing import Any

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po

from cogs.languages import CommandTranslator
from cogs.presentation.catalogues import (
    HOSTS_OWN,
    ROOT,
    gathered,
    payloads,
    said_in,
    untranslated,
    up_to_date,
)
from cogs.presentation.words import ENGLISH, LANGUAGES, LOCALES, say, speaking
from generator.errors import ConfigurationError, PromptTooLong, SamefoxError

TRANSLATED = sorted(LANGUAGES.keys() - {ENGLISH})


def stored(language: str) -> Catalog:
    with (LOCALES / f"{language}.po").open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module", params=TRANSLATED)
def kept(request: pytest.FixtureRequest) -> Catalog:
    """A catalogue as it lies in the repository."""
    return stored(request.param)


def keys(catalogue: Catalog) -> set[tuple[Any, Any]]:
    return {(message.context, message.id) for message in catalogue if message.id}


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_sentence_is_missing_and_none_is_stale(language: str) -> None:
    """If not: run ``python -m cogs.presentation.catalogues`` and translate what it names."""
    said, present = keys(up_to_date(language)), keys(stored(language))
    assert said - present == set(), "said, but not in the catalogue"
    assert present - said == set(), "in the catalogue, but not said any more"


def test_sentences_are_found_wherever_they_are_said() -> None:
    code = """f"**{_('In a sum')}**" + ngettext("{n} one", "{n} many", n)
raise NotFound("Gone is " "{name}.", name=Sentence("somebody"))"""
    expected = ["In a sum", ("{n} one", "{n} many"), "Gone is {name}.", "somebody"]
    assert list(said_in(ast.parse(code), {"NotFound"})) == expected


def test_every_sentence_is_written_where_it_is_said() -> None:
    """A template that comes out of a variable is in no catalogue, and reaches everybody in English."""
    own = {ConfigurationError, PromptTooLong}  # read by the host; with a template of its own
    names = {error.__name__ for error in set(every(SamefoxError)) - own} | {"Sentence"}
    given = ("generator/errors.py", "generator/diffusion/checkpoints.py")  # theirs come from their callers
    for path in [*ROOT.glob("cogs/**/*.py"), *ROOT.glob("generator/**/*.py")]:
        source = path.relative_to(ROOT).as_posix()
        if source.startswith(HOSTS_OWN) or source in given:
            continue
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in names and call.args:
                assert isinstance(call.args[0], ast.Constant), f"{source}:{call.lineno}"


def test_nothing_is_counted_in_one_form_alone() -> None:
    """“1 pictures” is said of one picture where there is but one form."""
    counted = re.compile(r"\{\w+\}( \w+)? (pictures|frames|steps|scenes|votes|stories|characters|people)\b")
    told = [text for source, text, _kind in gathered() if source.startswith("cogs/")]
    assert [text for text in told if isinstance(text, str) and counted.search(text)] == []


def test_there_is_one_kind_of_apostrophe() -> None:
    texts = [text for _source, text, _kind in gathered()]
    said = [each for text in texts for each in ([text] if isinstance(text, str) else text)]
    assert [each for each in said if re.search(r"[\w}]'\w|s' ", each)] == []


def every(kind: type[SamefoxError]) -> Iterator[type[SamefoxError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from every(each)


def test_no_sentence_is_untranslated_or_doubtful(kept: Catalog) -> None:
    assert [message.id for message in untranslated(kept)] == []
    assert [message.id for message in kept if message.id and message.fuzzy] == []


def fields(template: str) -> set[str]:
    return {name for _text, name, _format, _conversion in Formatter().parse(template) if name is not None}


def pairs(kept: Catalog) -> Iterator[tuple[str, str]]:
    """Each English template beside its translation."""
    for message in kept:
        if isinstance(message.id, str):
            forms = [message.string] if message.id else []
        else:  # of two plural forms, the second is for many
            forms = list(message.string)
        yield from (
            (message.id if isinstance(message.id, str) else message.id[1], form) for form in forms if form
        )


def test_a_translation_has_the_fields_of_its_sentence(kept: Catalog) -> None:
    for english, translated in pairs(kept):
        assert fields(translated) == fields(english), english


def test_a_translation_has_the_markup_of_its_sentence(kept: Catalog) -> None:
    for english, translated in pairs(kept):
        for markup in ("-# ", "**", "\n", "`", "#", "*", "<", ">"):
            assert translated.count(markup) == english.count(markup), (english, markup)


def test_an_error_from_below_the_cogs_is_said_in_chinese() -> None:
    with speaking("zh-CN"):
        assert say(PromptTooLong("在雪地里", 90, 75)).startswith("主角加上场景“在雪地里”共有 90")
    assert say(PromptTooLong("in the snow", 90, 75)).startswith("The subject and the scene “in the snow”")


# -- what Discord itself shows ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def commands() -> list[dict[str, Any]]:
    """All commands as they are sent to Discord."""

    return asyncio.run(payloads(CommandTranslator()))


def levels(commands: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The commands, then the options or subcommands of each, and so on."""
    yield commands
    for command in commands:
        yield from levels(command.get("options", []))


def test_a_command_is_described_in_a_sentence_and_an_option_in_a_phrase(
    commands: list[dict[str, Any]],
) -> None:
    for level in levels(commands):
        for each in level:
            kinds = [option["type"] for option in each.get("options", [])]
            if "description" not in each or {1, 2} & set(kinds):  # of groups, nobody sees it
                continue
            sentence = each.get("type", 1) == 1
            for said in (each["description"], *each["description_localizations"].values()):
                assert (said[-1] in ".。") == sentence, said


@pytest.mark.parametrize("language", TRANSLATED)
def test_names_of_commands_and_options_keep_discords_rules(
    language: str, commands: list[dict[str, Any]]
) -> None:
    for level in levels(commands):
        names = [(each["name_localizations"][language], each.get("type", 1)) for each in level]
        assert len(set(names)) == len(names), f"two of the same name: {names}"
        for each in level:
            name = each["name_localizations"][language]
            if "description" in each:  # a context menu has none, and may have any name
                assert re.fullmatch(r"[-_'\w]{1,32}", name), name
                assert name == name.lower(), name
                assert len(each["description_localizations"][language]) <= 100, each["description"]
            assert 1 <= len(name) <= 32, name
            for choice in each.get("choices", []):
                assert 1 <= len(choice.get("name_localizations", {}).get(language, choice["name"])) <= 100
