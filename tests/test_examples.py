"""Whatever the product gives as an example is drawn well by the model that comes with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cogs.presentation.modals import story_form
from cogs.story import StoryCog
from cogs.together import TogetherCog
from generator.errors import ScriptRefused
from generator.script import Script, read_script
from generator.storybook.vocabulary import EXAMPLES, unknown_words

ROOT = Path(__file__).parents[1]
KNOWN = {part.strip() for text in EXAMPLES for part in re.split(r"[:|]", text)}


def parts(script: Script) -> set[str]:
    return {script.subject, *script.scenes}


def test_the_commands_hints_are_of_stories_that_the_picture_book_draws_well() -> None:
    (prompt,) = (each for each in StoryCog.tell.parameters if each.name == "prompt")
    assert str(prompt.description).partition("scenes: ")[2] in EXAMPLES
    scenes = TogetherCog.together.__discord_app_commands_param_description__["scenes"]
    assert {each.strip() for each in str(scenes).partition(": ")[2].split("|")} <= KNOWN


def test_so_are_those_in_the_form_and_in_a_refusal() -> None:
    labels: Any = story_form().children
    subject, scenes = (label.component.placeholder for label in labels)
    assert f"{subject}: {' | '.join(scenes.splitlines())}" in EXAMPLES
    with pytest.raises(ScriptRefused) as refused:
        read_script(": in the snow", max_scenes=5)
    (example,) = re.findall("“(.+)”", str(refused.value))
    assert parts(read_script(example, max_scenes=5)) <= KNOWN


@pytest.mark.parametrize("file", ["README.md", "generator/__main__.py"])
def test_so_are_those_in_what_is_read_before(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    told = re.findall(
        r"/story tell prompt: (\w.*\|.*)|(?:--once|generator|as in) \"([^\"\n]+: [^\"\n]+)\"", text
    )
    examples = [first or second for first, second in told]
    assert len(examples) >= 2
    assert {example: unknown_words(example) for example in examples} == dict.fromkeys(examples, ())
