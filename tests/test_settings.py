from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from generator.errors import ConfigurationError
from generator.settings import Settings, read_settings

ROOT = Path(__file__).parents[1]


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path)


def test_the_shipped_file_says_exactly_what_would_hold_without_it() -> None:
    assert read_settings(ROOT / "config.toml") == Settings()


def test_every_setting_is_named_in_the_shipped_file() -> None:
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    for name, section in Settings.model_fields.items():
        for key in getattr(section.annotation, "model_fields", {}):
            assert f"\n{key} = " in text or f"\n# {key} = " in text, f"{name}.{key} is missing"


def test_the_data_is_where_the_file_says_wherever_the_bot_is_started(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    assert Settings().at(elsewhere).bot.data == elsewhere / "data"
    assert read(tmp_path, f"[bot]\ndata = '{tmp_path}'").at(elsewhere).bot.data == tmp_path


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[story]\nsteps = 'many'", ["story.steps", "'many'"]),
        ("[story]\nsteps = 0", ["story.steps", "0"]),
        ("[story]\nwidth = 1001", ["story.width", "1001", "multiple of 8"]),
        ("[story]\nsvr = 'sometimes'", ["story.svr", "'sometimes'"]),
        ("[story]\nstyle = 'cubist'", ["story.style", "'cubist'", "watercolor"]),
        ("[story]\nscheduler = 'magic'", ["story.scheduler", "'magic'", "euler"]),
        ("[story]\nstpes = 5", ["story.stpes", "5", "no setting"]),
        ("[modle]\nname = 'tiny'", ["modle", "no setting"]),
        ("[model]\ndevices = ['gpu']", ["model.devices", "'gpu'"]),
        ("[model]\ndevices = []", ["model.devices", "at least one"]),
        ("[model]\ndevices = ['cpu', 'cpu']", ["model.devices", "each once"]),
        ("[model]\nname = 'tny'", ["model.name", "'tny'", "Hub id"]),
        ("[model]\nname = ''", ["model.name", "''", "Hub id"]),
        ("[model]\nname = './tny.safetensors'", ["model.name", "'./tny.safetensors'", "Hub id"]),
        ("model = 'tiny'", ["model = 'tiny'", "section", "[model]"]),
        ("[model]\nothers = ['tny']", ["model.others", "'tny'", "Hub id"]),
        ("[model]\nothers = ['tiny', 'tiny']", ["model.others", "once"]),
        ("[model]\nloras = [{ path = 'no/such/lora' }]", ["model.loras", "no/such/lora"]),
        ("[model]\nprecision = 'fp8'", ["model.precision", "'fp8'"]),
        ("[styles]\nplain = 'no place for it'", ["styles.plain", "{subject}"]),
        ("[story\n", ["not valid TOML"]),
    ],
)
def test_what_cannot_be_used_is_refused_by_key_and_value(tmp_path: Path, text: str, parts: list[str]) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read(tmp_path, text)
    for part in parts:
        assert part in str(refusal.value)


def test_all_complaints_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"story\.steps.*model\.precision|model\.precision.*story\.steps"
    ):
        read(tmp_path, "[story]\nsteps = 0\n[model]\nprecision = 'fp8'")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml cannot be read"):
        read_settings(tmp_path / "nowhere.toml")


def test_a_file_that_is_not_utf_8_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes("[model] # größer".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="is not UTF-8; please save it"):
        read_settings(tmp_path / "config.toml")


def test_utf_8_may_begin_with_a_mark_as_some_editors_write_it(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[model]\nname = 'tiny'\n", encoding="utf-8-sig")
    assert read_settings(tmp_path / "config.toml").model.name == "tiny"


def test_a_model_at_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "mine.safetensors").touch()
    assert read(tmp_path, "[model]\nname = '~/mine.safetensors'").model.name == "~/mine.safetensors"


def run_bot(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "bot.py"), *arguments],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", **environment},
        timeout=900,
        check=False,
    )


def test_without_a_token_the_bot_says_how_to_get_one_and_ends_with_2() -> None:
    ended = run_bot()
    assert ended.returncode == 2
    for part in ("DISCORD_TOKEN", "developers/applications", "scope=bot+applications.commands", "--rehearse"):
        assert part in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert "Traceback" not in ended.stderr


def test_a_bad_configuration_ends_the_bot_with_2_before_anything_starts(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[story]\nsteps = 'many'\n[bot]\ndata = 'here'\n")
    ended = run_bot("--config", str(path), DISCORD_TOKEN="x")
    assert ended.returncode == 2
    assert "story.steps" in ended.stderr
    assert "'many'" in ended.stderr
    assert not (tmp_path / "here").exists()
