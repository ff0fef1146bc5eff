from __future__ import annotations

import pytest

from generator.archive.characters import Character, Looks
from generator.casting import dressed, starring, suggested_name
from generator.errors import ScriptRefused
from generator.server import ServerSettings
from generator.settings import ModelSettings, Settings
from generator.story import Options
from tests.conftest import ANN

LOOKS = Looks(subject="a red fox: with a scarf", style="ink", model="tiny", seed=7, take_id=None)
RUSTY = Character(id=1, owner=ANN, guild_id=None, name="Rusty", looks=LOOKS)


@pytest.mark.parametrize(
    "text",
    [
        "in a meadow | in the snow",
        "in a meadow\nin the snow",
        "Rusty: in a meadow | in the snow",
        "RUSTY： in a meadow → in the snow",
        "1. in a meadow 2. in the snow",
    ],
)
def test_only_the_scenes_need_to_be_written(text: str) -> None:
    script = starring(RUSTY, text, max_scenes=9)
    assert script.subject == LOOKS.subject
    assert script.scenes == ("in a meadow", "in the snow")


def test_another_colon_belongs_to_the_scene() -> None:
    assert starring(RUSTY, "at 9: breakfast", max_scenes=9).scenes == ("at 9: breakfast",)


@pytest.mark.parametrize("text", ["", "a | b | c"])
def test_what_has_no_scenes_or_too_many_is_refused(text: str) -> None:
    with pytest.raises(ScriptRefused):
        starring(RUSTY, text, max_scenes=2)


def test_what_the_author_says_comes_before_the_looks() -> None:
    host = Settings(model=ModelSettings(name="storybook", others=("tiny",)))
    asked = Options(seed=0, style="photo", steps=3)
    assert dressed(asked, LOOKS, host, ServerSettings()) == Options(
        seed=0, style="photo", steps=3, model="tiny"
    )
    assert dressed(Options(), LOOKS, host, ServerSettings()) == Options(seed=7, style="ink", model="tiny")


def test_looks_that_are_not_offered_here_are_left_out() -> None:
    host = Settings(model=ModelSettings(name="storybook"))
    assert dressed(Options(), LOOKS, host, ServerSettings(styles=("photo",))) == Options(seed=7)


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("a red fox", "Red fox"),
        ("An owl, wearing a hat", "Owl"),
        ("雪狐", "雪狐"),
        ("a " + "very " * 20 + "small fox", ("very " * 8).strip().capitalize()),
        ("x" * 60, ""),
    ],
)
def test_a_name_is_suggested(subject: str, name: str) -> None:
    assert suggested_name(subject) == name
