"""The catalogues of translations: ``python -m cogs.presentation.catalogues`` brings them up to date.

Every sentence that people in Discord may read gets an entry in each ``locales/LANGUAGE.po``, entries that
nobody says any more go, and what has no translation yet is named.
"""

from __future__ import annotations

import ast
import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import discord
from babel import Locale
from babel.messages import Catalog, Message
from babel.messages.pofile import read_po, write_po
from discord import app_commands

from bot import EXTENSIONS, Samefox
from cogs.languages import KINDS
from cogs.presentation.words import ENGLISH, LANGUAGES, LOCALES
from generator.archive.database import open_archive
from generator.errors import ConfigurationError, SamefoxError
from generator.settings import Settings
from generator.studio import Studio

ROOT = Path(__file__).parents[2]

#: What only the host reads, in the terminal or the log.
HOSTS_OWN = (
    "cogs/rehearsal/",
    "generator/__main__.py",
    "generator/archive/database.py",
    "generator/bench/",
    "generator/evaluation/",
    "generator/sentence.py",
    "generator/settings.py",
    "generator/storybook/",
)


#: What other tools for catalogues want to know; nothing that changes with each run.
HEADER = """\
# {name}
msgid ""
msgstr ""
"Language: {code}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def up_to_date(language: str) -> Catalog:
    """A language's catalogue with exactly the sentences that are said now, translated as far as they were."""
    path = LOCALES / f"{language}.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=Locale.parse(language, sep="-"))
    present = Catalog()
    for source, message, context in gathered():
        present.add(message, locations=[(source, 0)] if source else [], context=context)
    catalogue.update(present, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def untranslated(catalogue: Catalog) -> list[Message]:
    """The sentences that a catalogue has no translation of."""
    return [message for message in catalogue if message.id and not all(_strings(message))]


def _strings(message: Message) -> Sequence[str | None]:
    """A message's translations, of which plurals have several."""
    return message.string if isinstance(message.string, list | tuple) else [message.string]


def gathered() -> Iterator[tuple[str, str | tuple[str, str], str | None]]:
    """Every sentence, with the file it is in and what tells it apart from one of the same words."""
    texts = asyncio.run(_of_commands())  # first, since it imports every cog with the errors it raises
    names = {error.__name__ for error in _below(SamefoxError)} - {ConfigurationError.__name__}
    for path in sorted([*ROOT.glob("cogs/**/*.py"), *ROOT.glob("generator/**/*.py")]):
        source = path.relative_to(ROOT).as_posix()
        if not source.startswith(HOSTS_OWN):
            heard = names | ({"__init__"} if source == "generator/errors.py" else set())
            for message in said_in(ast.parse(path.read_text(encoding="utf-8")), heard):
                yield source, message, None
    yield from (("", text, kind) for kind, text in texts)
    yield from (("generator/settings.py", style, "style") for style in Settings().styles)


def said_in(tree: ast.AST, errors: set[str]) -> Iterator[str | tuple[str, str]]:
    """The literal templates of one file: of our functions, and of these errors.

    Babel's own extractor does not see into f-strings before Python 3.12.
    """
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        texts = [text.value for text in call.args[:2] if isinstance(text, ast.Constant)]
        if name == "ngettext" and len(texts) == 2:
            yield str(texts[0]), str(texts[1])
        elif texts and (name in ("_", "Sentence", "sentence") or name in errors):
            yield str(texts[0])


def _below(kind: type[SamefoxError]) -> Iterator[type[SamefoxError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _below(each)


class _Listener(app_commands.Translator):
    """Hears what discord.py would have translated."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], None] = {}

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> None:
        """Remember a text."""
        self.texts[KINDS[context.location], string.message] = None


async def _of_commands() -> list[tuple[str, str]]:
    """The kind and the English text of everything that Discord shows of a command."""
    listener = _Listener()
    await payloads(listener)
    return sorted(listener.texts)


async def payloads(translator: app_commands.Translator) -> list[dict[str, Any]]:
    """All commands as Discord would be told of them, by a bot that does nothing else."""
    settings = Settings()
    async with open_archive(None) as archive:
        bot = Samefox(settings, Studio(settings, archive, Path()))
        for extension in EXTENSIONS:
            await bot.load_extension(extension)
        return [await each.get_translated_payload(bot.tree, translator) for each in bot.tree.get_commands()]


def main() -> int:
    """Bring every catalogue up to date; 1 if something is not translated yet."""
    missing = 0
    for language in LANGUAGES.keys() - {ENGLISH}:
        catalogue = up_to_date(language)
        header = HEADER.format(name=LANGUAGES[language], code=language, plurals=catalogue.plural_forms)
        with (LOCALES / f"{language}.po").open("wb") as file:
            file.write(header.encode())
            write_po(file, catalogue, width=100, omit_header=True, include_lineno=False)
        for message in untranslated(catalogue):
            missing += 1
            print(f"{language}: {message.id}")  # noqa: T201
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
