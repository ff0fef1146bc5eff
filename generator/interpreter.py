"""Stories in other languages than the pictures' model understands, and words that it does not know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from generator.language import foreign_language, in_latin_letters
from generator.profiles import STORYBOOK
from generator.settings import OFF, Settings
from generator.story import Script, Storyboard
from generator.storybook.vocabulary import unknown_words

Translate = Callable[[Sequence[str], str], Awaitable[tuple[str, ...]]]
"""Given texts and their language, the texts in English; raises ``NotTranslated``."""


class Interpreter:
    """Knows what the pictures' model can be told, and has the rest translated. A part of the studio."""

    def __init__(self, settings: Settings, translate: Translate) -> None:
        self._settings = settings
        self._translate = translate

    def translates(self, script: Script, locale: str | None = None) -> bool:
        """Whether `translate` would have something to do, which takes seconds."""
        return self._translated_from(script, locale) is not None

    async def translate(self, script: Script, locale: str | None = None) -> Script:
        """A script in English, as far as it is in another language, by its letters or its writer's `locale`.

        What is English, or understood by the pictures' model, stays as it is; without a translator all does.

        Raises:
            NotTranslated: it could not be; the sentence says what to do.
        """
        language = self._translated_from(script, locale)
        if language is None:
            return script
        texts = (script.subject, *script.scenes)
        foreign = [text for text in texts if foreign_language(text, locale)]
        english = dict(zip(foreign, await self._translate(foreign, language), strict=True))
        subject, *scenes = (english.get(text) or text for text in texts)
        return replace(script, subject=subject, scenes=tuple(scenes))

    async def english(self, text: str, locale: str | None = None) -> str:
        """A single text as the pictures' model is told it.

        Raises:
            NotTranslated: it could not be translated; the sentence says what to do.
        """
        return (await self.translate(Script(subject=text, scenes=()), locale)).subject

    def follows(self, board: Storyboard) -> bool:
        """Whether the pictures' model can read what it will be told."""
        text = _told(board)
        settings = self._settings.translation
        return in_latin_letters(text) or (foreign_language(text) or "") in settings.understood

    def _translated_from(self, script: Script, locale: str | None) -> str | None:
        """The language that a script is to be translated from, if there is one that can be."""
        settings = self._settings.translation
        language = foreign_language("\n".join((script.subject, *script.scenes)), locale)
        if language is None or settings.model == OFF or language in settings.understood:
            return None
        return language if not settings.languages or language in settings.languages else None

    def unknown_words(self, board: Storyboard) -> tuple[str, ...]:
        """The words that the pictures will do without; only of our own model is it known what it knows."""
        if board.recipes[0].model != STORYBOOK:
            return ()
        of_style = unknown_words(self._settings.styles.get(board.style, "").replace("{subject}", ""))
        return tuple(word for word in unknown_words(_told(board)) if word not in of_style)


def _told(board: Storyboard) -> str:
    """All that the pictures' model is told of a story."""
    return "\n".join((board.recipes[0].subject, *(recipe.express for recipe in board.recipes)))
