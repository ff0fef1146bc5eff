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
from cogs.presentation.catalogues import payloads, said_in, untranslated, up_to_date
from cogs.presentation.words import ENGLISH, LANGUAGES, LOCALES, say, speaking
from generator.errors import PromptTooLong

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
