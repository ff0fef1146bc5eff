"""``python -m generator`` as the original's users call it."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from generator.__main__ import _asked, _from_recipe, _parser, _settings, _tell_all
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


async def told(capsys: pytest.CaptureFixture[str], out: Path, *line: str) -> list[Path]:
    """The folders of what a command line tells, on the device that the tests share."""
    arguments = _parser().parse_args([*line, "--out", str(out)])
    await _tell_all(*_asked(arguments, _settings(arguments)), arguments)
    return [Path(folder) for folder in capsys.readouterr().out.splitlines()]


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


@pytest.mark.usefixtures("lent")
async def test_hyphens_do_as_well_and_every_combination_of_a_file_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stories = {"combinations": [{"id_prompt": name, "frame_prompt_list": ["a", "b"]} for name in ("x", "y")]}
    (file := tmp_path / "stories.json").write_text(json.dumps(stories))
    line = "--json-path", str(file), "--random-seed", "--save-padding", "a/../b", *FAST
    folders = await told(capsys, tmp_path / "result", *line)
    assert sorted(folders) == sorted((tmp_path / "result").iterdir())
    assert len(folders) == 2
    assert all("_a-b_seed" in folder.name for folder in folders), "no path comes out of a padding"
    assert all((folder / "frame-02.png").exists() for folder in folders)


@pytest.mark.usefixtures("lent")
async def test_a_picture_is_drawn_again_by_its_line_and_by_its_recipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = "a fox, red: in it's den | at night", "--seed", "5", "--style", "ink", *FAST
    (folder,) = await told(capsys, tmp_path, *asked)
    picture = (folder / "frame-02.png").read_bytes()
    found = read(picture)
    assert found is not None
    again = shell_retelling(found[0], Settings())
    assert again is not None
    (tmp_path / "recipe.json").write_text(recipe_to_json(found[0]))
    (tmp_path / "picture.png").write_bytes(picture)
    line = shlex.split(again.command_line.removeprefix("python -m generator "))
    for number, arguments in ((again.frame, line), (0, [f"--recipe={tmp_path / 'picture.png'}"])):
        (folder,) = await told(capsys, tmp_path, *arguments)
        assert (folder / f"frame-{number + 1:02}.png").read_bytes() == picture
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


@pytest.mark.skipif(
    sys.platform == "win32" or signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
    reason="Ctrl-C cannot be sent to another process, or is not heard by those that are started here",
)
@pytest.mark.parametrize(
    ("program", "module"), [(("-m", "generator"), "pydantic"), ((str(ROOT / "bot.py"),), "aiohttp")]
)
def test_ctrl_c_while_it_is_being_imported_ends_it_without_a_word(
    tmp_path: Path, program: tuple[str, ...], module: str
) -> None:
    importing = [sys.executable, "-X", "importtime", *program]
    with subprocess.Popen(importing, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stderr is not None
        assert any(module in line for line in process.stderr), "it is being imported"
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == -signal.SIGINT
    assert "Traceback" not in rest
