"""``python -m generator`` as the original's users call it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from generator.__main__ import _from_recipe
from generator.press.metadata import read, recipe_to_json
from generator.retelling import shell_retelling
from generator.settings import Settings

ROOT = Path(__file__).parents[1]
FAST = ("--model", "tiny", "--size", "64", "--steps", "2")


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "generator", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=900,
        check=False,
    )


def test_the_originals_command_works_as_written(tmp_path: Path) -> None:
    scenes = ["佩戴围巾于草地", "雪地嬉戏，傍晚；夜", "walks a -> b"]  # each is one, whatever is in it
    ended = run(
        *("--id_prompt", "红狐写真", "--frame_prompt_list", *scenes, "--window_length", "2"),
        *("--seed", "42", "--save_padding", "狐物语", *FAST),
        cwd=tmp_path,
    )
    assert ended.returncode == 0, ended.stderr
    folder = tmp_path / ended.stdout.strip()
    assert folder.name.endswith("_狐物语_seed42")
    assert sorted(file.name for file in folder.iterdir()) == [
        *("frame-01.png", "frame-02.png", "frame-03.png"),
        *("story.json", "story.png"),
    ]
    told = json.loads((folder / "story.json").read_text(encoding="utf-8"))
    assert told["scenes"] == scenes
    assert told["frames"][0]["scene"] == scenes[0]
    picture = read((folder / "frame-02.png").read_bytes())
    assert picture is not None
    assert (picture[0].express, picture[0].suppress) == (scenes[1], (scenes[2],))
    assert told["frames"][1]["recipe"]["prompt"] == picture[0].prompt
    assert "6/6" in ended.stderr, "the progress bar counts steps"
    assert "Traceback" not in ended.stderr


def test_hyphens_do_as_well_and_every_combination_of_a_file_is_told(tmp_path: Path) -> None:
    stories = {"combinations": [{"id_prompt": name, "frame_prompt_list": ["a", "b"]} for name in ("x", "y")]}
    (tmp_path / "stories.json").write_text(json.dumps(stories))
    ended = run(
        "--json-path", "stories.json", "--random-seed", "--save-padding", "a/../b", *FAST, cwd=tmp_path
    )
    assert ended.returncode == 0, ended.stderr
    folders = sorted((tmp_path / "result").iterdir())
    assert len(folders) == 2
    assert all("_a-b_seed" in folder.name for folder in folders), "no path comes out of a padding"
    assert all((folder / "frame-02.png").exists() for folder in folders)


def test_a_picture_is_drawn_again_by_its_line_and_by_its_recipe(tmp_path: Path) -> None:
    told = run("a fox, red: in it's den | at night", "--seed", "5", "--style", "ink", *FAST, cwd=tmp_path)
    picture = (tmp_path / told.stdout.strip() / "frame-02.png").read_bytes()
    found = read(picture)
    assert found is not None
    again = shell_retelling(found[0], Settings())
    assert again is not None
    (tmp_path / "recipe.json").write_text(recipe_to_json(found[0]))
    (tmp_path / "picture.png").write_bytes(picture)
    line = shlex.split(again.command_line.removeprefix("python -m generator "))
    for number, arguments in ((again.frame, line), (0, ["--recipe=picture.png"])):
        ended = run(*arguments, cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr
        assert (tmp_path / ended.stdout.strip() / f"frame-{number + 1:02}.png").read_bytes() == picture
    written, drawn = (_from_recipe(tmp_path / name, Settings()) for name in ("recipe.json", "picture.png"))
    assert written == drawn


@pytest.mark.parametrize(
    ("arguments", "part", "status"),
    [
        ((), "no story to tell", 1),
        (("nonsense",), "no scenes", 1),
        (("a: b", "--size", "65"), "multiple of 8", 1),
        (("a: b", "--style", "cubist"), "no style", 1),
        (("a: b", "--device", "gpu"), "'gpu': must be", 2),
        (("a: b", "--config", "nowhere.toml"), "cannot be read", 2),
        (("--json_path", "nowhere.json"), "cannot be read", 2),
        (("--recipe", "nowhere.json"), "cannot be read", 2),
        (("--recipe", __file__), "holds no recipe", 2),
        (("a: b", "--model", "/no/such/model", *FAST[2:]), "neither a file", 2),
        (("a: b", "--model", "nobody/nothing", *FAST[2:]), "nobody/nothing", 1),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], part: str, status: int
) -> None:
    ended = run(*arguments, cwd=tmp_path)
    assert ended.returncode == status
    assert part in ended.stderr
    assert "Traceback" not in ended.stderr
