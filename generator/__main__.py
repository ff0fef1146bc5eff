"""``python -m generator``: tell stories from the command line, into a folder.

The options bear the names of the original's ``main.py``, with underscores or hyphens.
"""

from __future__ import annotations

from generator import interrupting

if __name__ == "__main__":
    interrupting.ends()

import argparse
import asyncio
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict, ValidationError
from tqdm import tqdm

from generator.errors import ConfigurationError, DrawingError, SamefoxError, ScriptRefused
from generator.press import files
from generator.press.metadata import read, recipe_from_json, recipe_to_json
from generator.retelling import adopted
from generator.script import listed_script, read_script
from generator.server import ServerSettings
from generator.settings import Settings, complaint, read_settings
from generator.story import Options, Person, Script, Stepped, Story, Storyboard, SvrMode
from generator.storyboard import draft, new_seed, read_size
from generator.studio import Studio, open_studio

NOBODY = Person(id=0, name="command line")
SEED = 42  # the original's

Drafts = Callable[[Settings], list[Storyboard]]
"""The stories, as settings have them drawn."""


class Combination(BaseModel):
    """One story of the original's JSON file."""

    model_config = ConfigDict(extra="ignore")

    id_prompt: str
    frame_prompt_list: list[str]


class Combinations(BaseModel):
    """The original's JSON file."""

    model_config = ConfigDict(extra="ignore")

    combinations: list[Combination]


def main() -> int:
    """Run the command line; its exit status."""
    # What transformers has to say while it is imported concerns models that are not used here.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    if sys.argv[1:2] == ["evaluate"]:
        from generator.evaluation.__main__ import main as evaluate  # torch is for those alone who ask for it

        return _heard(evaluate, sys.argv[2:])
    if sys.argv[1:2] == ["bench"]:
        from generator.bench.__main__ import main as bench

        return _heard(bench, sys.argv[2:])
    return _heard(tell, sys.argv[1:])


def _heard(command: Callable[[Sequence[str]], int], words: Sequence[str]) -> int:
    """Run one of the commands, which Ctrl-C ends."""
    try:
        interrupting.is_heard()
        return command(words)
    except KeyboardInterrupt:
        return 130  # as shells count an interrupted program


def tell(words: Sequence[str]) -> int:
    """Tell the stories that a command line asks for; the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    arguments = _parser().parse_args(words)
    try:
        settings, drafts = _asked(arguments, _settings(arguments))
        drafts(settings)  # all are checked before the first is drawn
        asyncio.run(_tell_all(settings, drafts, arguments))
    except SamefoxError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, ConfigurationError) else 1
    return 0


def _asked(arguments: argparse.Namespace, settings: Settings) -> tuple[Settings, Drafts]:
    """What is to be told, and settings with the model that it names."""
    if arguments.recipe is not None:
        settings, board = _from_recipe(arguments.recipe, settings)
        return settings, lambda _: [board]
    options, scripts = _options(arguments), list(_scripts(arguments, settings.limits.scenes))
    return settings, lambda settings: [draft(script, options, settings) for script in scripts]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m generator", description="Tell a story in pictures of one character."
    )

    def option(name: str, **settings: object) -> None:
        names = {f"--{name}", f"--{name.replace('_', '-')}"}
        parser.add_argument(*sorted(names), dest=name, **settings)  # type: ignore[arg-type]

    parser.add_argument("text", nargs="?", help='the story, as in "a yellow duck: in a meadow | underwater"')
    option("id_prompt", help="who the story is about")
    option("frame_prompt_list", nargs="+", metavar="SCENE", help="its scenes")
    option("json_path", type=Path, help='a file with {"combinations": [{"id_prompt", "frame_prompt_list"}]}')
    option("recipe", type=Path, help="exactly this picture: a recipe as JSON, or a PNG that has one")
    option("seed", type=int, default=SEED, help="default: %(default)s")
    option("random_seed", action="store_true", help="a new seed, which the folder's name tells")
    option("style", help="a name from config.toml's styles")
    option("steps", type=int, help="denoising steps; default: what the model wants")
    option("guidance_scale", type=float, help="default: what the model wants")
    option("size", help="width x height in pixels, such as 1024x768; default: what the model wants")
    option("window_length", type=int, help="how many scenes share a prompt at most; default: 10")
    option("identity_strength", type=float, help="1 is none, 2 is the paper's and the default")
    option("svr", choices=[str(mode) for mode in SvrMode], help="default: svr")
    option("negative_prompt", help="what no picture should show")
    option("model", help='"tiny", a Hub id, a folder or a .safetensors file; default: config.toml\'s')
    option("precision", choices=["auto", "fp32", "fp16", "bf16"], help="default: config.toml's")
    option("device", help="such as cuda:0, mps or cpu; default: config.toml's")
    option("out", type=Path, default=Path("result"), help="where the story's folder goes; default: result")
    option("save_padding", default="story", help="a word in the folder's name; default: %(default)s")
    config = Path(__file__).parent.with_name("config.toml")
    option("config", type=Path, default=config if config.exists() else None, help="default: config.toml")
    return parser


def _settings(arguments: argparse.Namespace) -> Settings:
    config: Path | None = arguments.config
    settings = read_settings(config).at(config.parent) if config is not None else Settings()
    chosen = {"name": arguments.model, "precision": arguments.precision}
    if arguments.device is not None:
        chosen["devices"] = [arguments.device]
    chosen = {name: value for name, value in chosen.items() if value is not None}
    try:
        model = type(settings.model).model_validate(settings.model.model_dump() | chosen)
    except ValidationError as error:
        reasons = "; ".join(complaint(problem) for problem in error.errors())
        raise ConfigurationError(f"This cannot be used: {reasons}.") from error
    return settings.model_copy(update={"model": model})


def _options(arguments: argparse.Namespace) -> Options:
    width, height = read_size(arguments.size) if arguments.size else (None, None)
    return Options(
        seed=new_seed() if arguments.random_seed else arguments.seed,
        style=arguments.style,
        steps=arguments.steps,
        guidance_scale=arguments.guidance_scale,
        width=width,
        height=height,
        window_length=arguments.window_length,
        identity_strength=arguments.identity_strength,
        svr=SvrMode(arguments.svr) if arguments.svr else None,
        negative_prompt=arguments.negative_prompt,
    )


def _scripts(arguments: argparse.Namespace, max_scenes: int) -> Iterator[Script]:
    """The stories asked for, in whichever of the three forms."""
    if arguments.json_path is not None:
        for combination in _read_json(arguments.json_path):
            yield listed_script(combination.id_prompt, combination.frame_prompt_list, max_scenes=max_scenes)
    elif arguments.id_prompt is not None and arguments.frame_prompt_list is not None:
        yield listed_script(arguments.id_prompt, arguments.frame_prompt_list, max_scenes=max_scenes)
    elif arguments.text is not None and arguments.id_prompt is None:
        yield read_script(arguments.text, max_scenes=max_scenes)
    else:
        raise ScriptRefused(
            "There is no story to tell; please give one, as in "
            'python -m generator "a yellow duck: in a meadow | underwater", or both --id_prompt and '
            "--frame_prompt_list, or --json_path."
        )


def _read_json(path: Path) -> list[Combination]:
    try:
        return Combinations.model_validate_json(path.read_text(encoding="utf-8")).combinations
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f'{path} is not {{"combinations": [{{"id_prompt": "…", "frame_prompt_list": ["…"]}}]}}.'
        ) from error


def _from_recipe(path: Path, settings: Settings) -> tuple[Settings, Storyboard]:
    """A story of one frame with exactly the recipe in a file, and settings with the model that it names."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        found = read(data)
        recipe = found[0] if found else recipe_from_json(data.decode())
    except ValueError as error:  # UnicodeDecodeError is one
        raise ConfigurationError(f"{path} holds no recipe: neither a PNG of ours nor its JSON.") from error
    model = settings.model.model_copy(update={"name": recipe.model})
    settings = settings.model_copy(update={"model": model})
    return settings, adopted(recipe, settings, ServerSettings())


async def _tell_all(settings: Settings, drafts: Drafts, arguments: argparse.Namespace) -> None:
    with TemporaryDirectory(prefix="samefox-") as folder:
        async with open_studio(settings, Path(folder), remember=False) as studio:
            studio.gate.age_restricted = lambda _: True  # nobody but the host sees these pictures
            await studio.look()
            for board in drafts(studio.settings):
                target = _new_folder(arguments.out, arguments.save_padding, board.recipes[0].seed)
                await _tell(studio, board, target)
                print(target)  # noqa: T201


async def _tell(studio: Studio, board: Storyboard, folder: Path) -> None:
    """Draw all frames behind a progress bar, which counts denoising steps, and save each as it is drawn.

    Raises:
        DrawingError: frames could not be drawn; the others are saved all the same.
    """
    total = sum(recipe.steps for recipe in board.recipes)
    with studio.watch() as events, tqdm(total=total, unit="step", desc=board.subject[:30]) as bar:
        story = await studio.tell(board, NOBODY)
        steps: dict[int, int] = {}
        async for event in events:
            if isinstance(event, Stepped):
                steps[event.take_id] = event.step
                bar.update(sum(steps.values()) - bar.n)
                continue
            story = await studio.archive.story(story.id)
            await asyncio.to_thread(_save_frames, studio, story, folder)
            if not story.pending:
                break
    failures = [
        f"Frame {number} could not be drawn. {frame.chosen.failure}"
        for number, frame in enumerate(story.frames, 1)
        if frame.chosen.failure
    ]
    if failures:
        raise DrawingError(failures[0])
    files.save(folder / "story.png", await studio.pictures.strip(story.pictures))


def _new_folder(out: Path, padding: str, seed: int) -> Path:
    """A folder of its own for each story, however many are told in a second."""
    word = re.sub(r"[^\w-]+", "-", padding).strip("-") or "story"
    name = f"{datetime.now().astimezone():%Y-%m-%d_%H-%M-%S}_{word[:60]}_seed{seed}"
    for number in range(1, 10_000):
        folder = out / (name if number == 1 else f"{name}_{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise SamefoxError(f"The folder {folder} cannot be made: {error.strerror}.") from error
        return folder
    raise SamefoxError(f"{out} is full of stories of this second; please choose another --out.")


def _save_frames(studio: Studio, story: Story, folder: Path) -> None:
    """Save the frames drawn so far, and what is known of them in ``story.json``."""
    frames = []
    for number, frame in enumerate(story.frames, 1):
        take = frame.chosen
        if not take.drawn:
            continue
        name = f"frame-{number:02}.png"
        if not (folder / name).exists():
            files.save(folder / name, studio.pictures.path(take).read_bytes())
        frames.append({"file": name, "scene": take.scene, "recipe": json.loads(recipe_to_json(take.recipe))})
    told = {"subject": story.subject, "style": story.style, "scenes": story.scenes, "frames": frames}
    files.save(folder / "story.json", json.dumps(told, ensure_ascii=False, indent=2).encode())


if __name__ == "__main__":
    sys.exit(main())
