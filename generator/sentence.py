"""A sentence for a person: its template and values, so that it can still be said in another language."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Sentence:
    """English with named fields, and what goes into them; ``str()`` of it is the English sentence."""

    template: str
    #: Texts, numbers, sequences of texts that are listed, and further sentences.
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.said(lambda template: template, ", ".join)

    def said(self, translate: Callable[[str], str], listed: Callable[[Sequence[str]], str]) -> str:
        """The sentence, after `translate` has found its template's translation and `listed` joined lists."""

        def shown(value: Any) -> Any:
            if isinstance(value, Sentence):
                return value.said(translate, listed)
            return listed(value) if isinstance(value, list | tuple) else value

        template = translate(self.template)
        if not self.values:  # then braces in it are braces
            return template
        return template.format(**{name: shown(value) for name, value in self.values.items()})

    def kept(self) -> str:
        """The sentence as text, from which `read` makes it again."""
        return json.dumps(_plain(self), ensure_ascii=False)

    @classmethod
    def read(cls, text: str) -> Self:
        """What `kept` made into text; any other text is a sentence without values."""
        try:
            kept = json.loads(text)
            return cls(kept["template"], {name: _alive(value) for name, value in kept["values"].items()})
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls(text)


def _plain(value: Any) -> Any:
    if isinstance(value, Sentence):
        values = {name: _plain(each) for name, each in value.values.items()}
        return {"template": value.template, "values": values}
    return value if isinstance(value, str | int | float | list | tuple) else str(value)


def _alive(value: Any) -> Any:
    if isinstance(value, dict):
        return Sentence(value["template"], {name: _alive(each) for name, each in value["values"].items()})
    return value
