"""A recipe is told again with the same recipe, by either command; what comes from elsewhere is checked."""

from __future__ import annotations

import shlex
from dataclasses import replace
from time import perf_counter
from typing import Any

import pytest

from generator.__main__ import _options, _parser, _scripts, _settings
from generator.errors import OptionRefused, PromptTooLong
from generator.redraft import reworded
from generator.retelling import adopted, shell_retelling, slash_retelling
from generator.server import ServerSettings
from generator.settings import ModelSettings, Settings
from generator.story import Lora, Options, Recipe, Script, Storyboard, SvrMode
from generator.storyboard import draft

HERE = ServerSettings()
SCENES = tuple(f"in place number {number}" for number in range(12))
TOLD: list[tuple[Script, Options]] = [
    (Script(subject="a red fox", scenes=("in a meadow", "in the snow", "by a river")), Options(seed=7)),
    (Script(subject="a red fox", scenes=SCENES), Options(seed=0, window_length=3, svr=SvrMode.OFF)),
    (Script(subject="a red fox", scenes=SCENES), Options(seed=1)),
    (Script(subject="a fox", scenes=("in snow", "in snow", "at sea")), Options(seed=2, style="watercolor")),
    (Script(subject="雪狐", scenes=("于草地", "in the “snow”; at night")), Options(seed=3, style="photo")),
    (
        Script(subject="it's a fox", scenes=("$HOME sweet", 'a "den"')),
        Options(seed=4, guidance_scale=3.3, identity_strength=0.7, negative_prompt="it's blurry", width=72),
    ),
]


@pytest.mark.parametrize(("script", "options"), TOLD)
def test_every_frame_of_a_story_is_told_again_by_a_line(
    script: Script, options: Options, settings: Settings
) -> None:
    for recipe in draft(script, options, settings).recipes:
        again = slash_retelling(recipe, settings, HERE)
        assert again is not None
        board = draft(again.script, again.options, settings)
        assert board.recipes[again.frame] == recipe


@pytest.mark.parametrize(("script", "options"), TOLD)
def test_every_frame_of_a_story_is_told_again_from_a_shell(
    script: Script, options: Options, settings: Settings
) -> None:
    for recipe in draft(script, options, settings).recipes:
        again = shell_retelling(recipe, settings)
        assert again is not None
        assert command_line_recipes(again.command_line)[again.frame] == recipe


def command_line_recipes(line: str) -> tuple[Recipe, ...]:
    """What the command line would draw, by its own reading, with settings other than those of the tests."""
    start, *words = shlex.split(line.removeprefix("python -m "))
    assert start == "generator"
    arguments = _parser().parse_args(words)
    host = _settings(arguments)
    (script,) = _scripts(arguments, 20)
    return draft(script, _options(arguments), host).recipes


def test_a_remixed_frame_is_told_again_too(settings: Settings) -> None:
    for script, options in TOLD:
        for told in draft(script, options, settings).recipes:
            recipe = reworded(told, "on a roof")
            again = slash_retelling(recipe, settings, HERE)
            assert again is not None
            assert draft(again.script, again.options, settings).recipes[again.frame] == recipe


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 2**33},
        {"model": "somebody/else"},
        {"scheduler": "lcm"},
        {"freeu": True},
        {"prompt": "something else"},
        {"subject": "a fox: red", "prompt": "a fox: red in a meadow in the snow by a river"},
    ],
)
def test_where_no_line_tells_it_again_there_is_none(changes: dict[str, Any], board: Storyboard) -> None:
    recipe = replace(board.recipes[0], **changes)
    assert slash_retelling(recipe, Settings(model=ModelSettings(name="tiny")), HERE) is None


def test_a_picture_from_elsewhere_becomes_a_story_of_one_frame(settings: Settings) -> None:
    told = draft(Script(subject="a fox", scenes=("in snow", "at sea")), Options(style="ink"), settings)
    board = adopted(told.recipes[1], settings, HERE)
    assert (board.subject, board.style, board.scenes) == ("a fox", "ink", ("at sea",))
    assert board.recipes == (told.recipes[1],)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"model": "somebody/else"}, "somebody/else"),
        ({"steps": 150}, "1 to 100"),
        ({"width": 4096}, "1536"),
        ({"seed": 2**33}, "seed"),
        ({"guidance_scale": 90.0}, "guidance"),
        ({"identity_strength": 100.0}, "identity"),
        ({"loras": (Lora(path="/etc/passwd"),)}, "passwd"),
        ({"freeu": True}, "FreeU"),
        ({"scheduler": "none"}, "version"),
        ({"negative_prompt": "x" * 1001}, "version"),
        ({"prompt": "something that no rule has seen"}, "together"),
    ],
)
def test_what_this_host_does_not_draw_is_refused_by_name(
    changes: dict[str, Any], word: str, board: Storyboard, settings: Settings
) -> None:
    with pytest.raises(OptionRefused, match=word):
        adopted(replace(board.recipes[0], **changes), settings, HERE)


def test_a_model_that_the_server_does_not_offer_is_refused_by_name(
    board: Storyboard, settings: Settings
) -> None:
    host = settings.model_copy(update={"model": ModelSettings(name="storybook", others=("tiny",))})
    with pytest.raises(OptionRefused, match=r"tiny.*storybook"):
        adopted(board.recipes[0], host, ServerSettings(models=("storybook",)))


def test_a_prompt_that_clip_would_cut_is_refused(board: Storyboard, settings: Settings) -> None:
    scene = "very " * 80 + "far"
    recipe = replace(board.recipes[0], express=scene, suppress=(), prompt=f"a red fox {scene}")
    with pytest.raises(PromptTooLong):
        adopted(recipe, settings, HERE)


def test_a_picture_that_names_thousands_of_scenes_holds_nobody_up(settings: Settings) -> None:
    (recipe,) = draft(Script(subject="a fox", scenes=("b",)), Options(seed=1), settings).recipes
    crowded = replace(recipe, suppress=("a",) * 15_000, prompt="a fox" + " a" * 15_000 + " c")
    began = perf_counter()
    with pytest.raises(OptionRefused):
        adopted(crowded, settings, HERE)
    assert slash_retelling(crowded, settings, HERE) is None
    assert perf_counter() - began < 1, "the bot answers nobody else meanwhile"
