"""From a recipe back to a story: the words that ask for it again, or a story of its own.

A frame's prompt is its subject and the scenes of its window, in order. So telling just these scenes makes a
story whose window holds all of them, and one of its frames has the same recipe, whatever story it came from.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from generator.errors import OptionRefused, PromptTooLong, Refusal
from generator.method.tokens import clip_tokenizer
from generator.method.windows import TOKEN_LIMIT, fits, joined
from generator.profiles import Scheduler, model_label
from generator.redraft import place_of
from generator.script import MAX_CHARACTERS, listed_script, read_script
from generator.server import ServerSettings
from generator.settings import Settings
from generator.story import Options, Recipe, Script, Storyboard
from generator.storyboard import check, draft

MAX_NEGATIVE = 1000  # characters, as for what members avoid


@dataclass(frozen=True, slots=True, kw_only=True)
class Retelling:
    """A story, one frame of which has a given recipe."""

    script: Script
    options: Options  #: all that a command can say
    frame: int  #: from 0

    @property
    def prompt(self) -> str:
        """The story in one line."""
        return f"{self.script.subject}: {' | '.join(self.script.scenes)}"

    @property
    def command_line(self) -> str:
        """The story for a shell."""
        options = self.options
        words = {
            "id_prompt": self.script.subject,
            "seed": options.seed,
            "style": options.style,
            "steps": options.steps,
            "guidance_scale": options.guidance_scale,
            "size": f"{options.width}x{options.height}",
            "window_length": options.window_length,
            "identity_strength": options.identity_strength,
            "svr": options.svr,
            "model": options.model,
            **({"negative_prompt": options.negative_prompt} if options.negative_prompt else {}),
        }
        # With "=", since a text may begin with a hyphen.
        said = [shlex.quote(f"--{name}={value}") for name, value in words.items()]
        scenes = map(shlex.quote, self.script.scenes)
        return " ".join(["python -m generator", *said, "--frame_prompt_list", *scenes])


def slash_retelling(recipe: Recipe, settings: Settings, server: ServerSettings) -> Retelling | None:
    """What ``/story tell`` draws the recipe with in this server; None where it cannot."""

    def read(script: Script) -> Script:
        prompt = f"{script.subject}: {' | '.join(script.scenes)}"
        return read_script(prompt, max_scenes=settings.limits.scenes)

    return _retelling(recipe, settings, server, read)


def shell_retelling(recipe: Recipe, settings: Settings) -> Retelling | None:
    """What ``python -m generator`` draws the recipe with on this host; None where it cannot."""

    def read(script: Script) -> Script:
        return listed_script(script.subject, script.scenes, max_scenes=settings.limits.scenes)

    model = settings.model.model_copy(update={"name": recipe.model})
    host = settings.model_copy(update={"model": model})
    again = _retelling(recipe, host, ServerSettings(), read)
    if again is not None and any(scene.startswith("-") for scene in again.script.scenes):
        return None  # to a shell's command, that is the next option
    return again


def _retelling(
    recipe: Recipe, settings: Settings, server: ServerSettings, read: Callable[[Script], Script]
) -> Retelling | None:
    """The retelling that, read as it will be read and drafted as it will be, has the recipe."""
    if (window := _window(recipe)) is None:
        return None
    scenes, frame = window
    for style, subject in _undressed(recipe.subject, settings.styles):
        script = Script(subject=subject, scenes=scenes)
        options = _options(recipe, style, len(scenes))
        try:
            board = draft(read(script), options, settings, server)
        except Refusal:
            continue
        if board.scenes == scenes and board.recipes[frame] == recipe:
            return Retelling(script=script, options=options, frame=frame)
    return None


def adopted(recipe: Recipe, settings: Settings, server: ServerSettings) -> Storyboard:
    """A story of one frame with exactly this recipe, wherever it comes from.

    Raises:
        PromptTooLong: the prompt does not fit into CLIP's context.
        OptionRefused: it asks for what is not allowed or not there; the sentence says what.
    """
    check(replace(_options(recipe, None, None), window_length=None), settings, server)
    _check_host(recipe, settings)
    window = _window(recipe)
    if window is None or len(recipe.prompt) + len(recipe.negative_prompt) > MAX_CHARACTERS:
        raise OptionRefused(
            "This recipe does not fit together, so I cannot draw it; you can tell its words as a story of "
            "your own."
        )
    count = clip_tokenizer().count
    if not fits(recipe.subject, window[0], count):
        raise PromptTooLong(recipe.express, count(recipe.prompt), TOKEN_LIMIT)
    style, subject = next(_undressed(recipe.subject, settings.styles), ("", recipe.subject))
    return Storyboard(subject=subject, style=style, scenes=(recipe.express,), recipes=(recipe,))


def _check_host(recipe: Recipe, settings: Settings) -> None:
    """Make sure that the host has all that the recipe names, which may be any file."""
    if recipe.loras != settings.model.lora_files:
        names = [model_label(lora.path) for lora in recipe.loras]
        raise OptionRefused(
            "This picture was drawn with other LoRA files ({names}) than this host has, so it would look "
            "different here.",
            names=names or ["–"],
        )
    if recipe.freeu != settings.model.freeu:
        raise OptionRefused(
            "This picture was drawn with FreeU switched the other way than on this host, so it would look "
            "different here."
        )
    if recipe.scheduler not in list(Scheduler) or len(recipe.negative_prompt) > MAX_NEGATIVE:
        raise OptionRefused("This picture was drawn by a version of Samefox that is not this one.")


def _options(recipe: Recipe, style: str | None, window_length: int | None) -> Options:
    return Options(
        model=recipe.model,
        seed=recipe.seed,
        style=style,
        steps=recipe.steps,
        guidance_scale=recipe.guidance_scale,
        width=recipe.width,
        height=recipe.height,
        window_length=window_length,
        identity_strength=recipe.identity_strength,
        svr=recipe.svr,
        negative_prompt=recipe.negative_prompt or None,  # nothing typed is no option
    )


def _window(recipe: Recipe) -> tuple[tuple[str, ...], int] | None:
    """The scenes of the recipe's prompt in their order, and which of them its picture shows."""
    if len(recipe.suppress) > TOKEN_LIMIT:
        return None  # each is a token at least; a picture from elsewhere may name thousands
    place = place_of(recipe)
    scenes = (*recipe.suppress[:place], recipe.express, *recipe.suppress[place:])
    return (scenes, place) if joined(recipe.subject, scenes) == recipe.prompt else None


def _undressed(subject: str, styles: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each style that the subject may be dressed in, with the bare subject; the most particular first."""
    for style, template in sorted(styles.items(), key=lambda item: -len(item[1])):
        before, after = template.split("{subject}")
        bare = subject.removeprefix(before).removesuffix(after)
        if bare and before + bare + after == subject:
            yield style, bare
