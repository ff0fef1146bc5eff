"""config.toml, read once and checked as a whole; everything else is handed the frozen result."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from generator.errors import ConfigurationError
from generator.profiles import BUILT_IN, Profile, Scheduler, is_hub_id, profile_of, quick
from generator.story import Lora, SvrMode


def _style_template(template: str) -> str:
    if template.count("{subject}") != 1:
        raise ValueError("must name {subject} exactly once")
    return template


def _device(name: str) -> str:
    kind, _, index = name.partition(":")
    if not (name in ("auto", "cpu", "mps", "cuda") or (kind == "cuda" and index.isdecimal())):
        raise ValueError('must be "auto", "cpu", "mps" or a GPU such as "cuda:0"')
    return name


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or len(set(names)) < len(names):
        raise ValueError("must name at least one device, and each once")
    return names


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("must name each model once")
    return names


def _found(name: str) -> str:
    here = name != "" and Path(name).expanduser().exists()
    if not here and not is_hub_id(name):
        raise ValueError("is neither a file or folder that exists nor a Hub id such as owner/name")
    return name


def _found_or_off(name: str) -> str:
    return name if name == OFF else _found(name)


def _model(name: str) -> str:
    return name if name in BUILT_IN else _found(name)


Steps = Annotated[int, Field(ge=1, le=150)]
GuidanceScale = Annotated[float, Field(ge=0, le=30)]
Side = Annotated[int, Field(ge=64, le=2048, multiple_of=8)]  # pixels; a latent stands for 8 × 8
WindowLength = Annotated[int, Field(ge=1, le=50)]
IdentityStrength = Annotated[float, Field(ge=0.1, le=16)]
Device = Annotated[str, AfterValidator(_device)]
ModelName = Annotated[str, AfterValidator(_model)]
LoraPath = Annotated[str, AfterValidator(_found)]
StyleName = Annotated[str, Field(min_length=1, max_length=40)]
StyleTemplate = Annotated[str, Field(max_length=300), AfterValidator(_style_template)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class LoraSettings(_Section):
    """One LoRA laid over the checkpoint."""

    path: LoraPath
    weight: float = 1.0


class ModelSettings(_Section):
    """Which checkpoint draws, and where."""

    name: ModelName = "storybook"
    others: Annotated[tuple[ModelName, ...], Field(strict=False), AfterValidator(_each_once)] = ()
    loras: Annotated[tuple[LoraSettings, ...], Field(strict=False)] = ()
    freeu: bool = False
    precision: Literal["auto", "fp32", "fp16", "bf16"] = "auto"
    devices: Annotated[tuple[Device, ...], Field(strict=False), AfterValidator(_some)] = ("auto",)

    @property
    def names(self) -> tuple[str, ...]:
        """All models that are offered, the usual one first."""
        return (self.name, *(other for other in self.others if other != self.name))

    @property
    def lora_files(self) -> tuple[Lora, ...]:
        """The LoRAs as a recipe has them."""
        return tuple(Lora(path=lora.path, weight=lora.weight) for lora in self.loras)


class SpeedSettings(_Section):
    """How fast drawing is to be, and at what price; ``None`` follows the preset, or looks at the machine."""

    preset: Literal["auto", "exact", "fast"] = "auto"
    fuse: bool | None = None
    compile: bool | None = None
    replay: bool | None = None
    quantize: Literal["off", "int8", "fp8"] | None = None
    guided_until: Annotated[float, Field(gt=0, le=1)] | None = None
    cached_every: Annotated[int, Field(ge=1, le=5)] | None = None
    memory: Annotated[float, Field(ge=1, strict=False)] | None = None  # GiB
    together: Annotated[int, Field(ge=1, le=64)] | None = None
    offload: Literal["nothing", "networks", "layers"] | None = None


USUAL_SPEED = SpeedSettings()


class StorySettings(_Section):
    """What a story is drawn with when its author does not say; ``None`` follows the model's family."""

    steps: Steps | None = None
    guidance_scale: GuidanceScale | None = None
    scheduler: str | None = None
    width: Side | None = None
    height: Side | None = None
    style: str = "plain"
    negative_prompt: str = Field(default="", max_length=1000)
    window_length: WindowLength = 10
    svr: Annotated[SvrMode, Field(strict=False)] = SvrMode.SVR
    identity_strength: IdentityStrength = 2.0


class LimitSettings(_Section):
    """What one story, and one person, may cost the host."""

    scenes: Annotated[int, Field(ge=1, le=50)] = 20
    waiting: Annotated[int, Field(ge=1)] = 200
    stories_at_once: Annotated[int, Field(ge=1)] | None = 10
    frames_a_day: Annotated[int, Field(ge=1)] | None = None
    server_frames_a_day: Annotated[int, Field(ge=1)] | None = None
    steps: Steps = 100
    side: Side = 1536


OFF = "off"
Languages = Annotated[tuple[str, ...], Field(strict=False)]
Labels = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False, min_length=1)]
Probability = Annotated[float, Field(gt=0, le=1)]


class SafetySettings(_Section):
    """Which model looks at every picture before anybody sees it, and when it objects."""

    model: Annotated[str, AfterValidator(_found_or_off)] = OFF
    unsafe_labels: Labels = ("nsfw",)
    threshold: Probability = 0.7
    strict_threshold: Probability = 0.4

    @model_validator(mode="after")
    def _stricter(self) -> Self:
        if self.strict_threshold > self.threshold:
            raise ValueError("strict_threshold must not be above threshold")
        return self


class TranslationSettings(_Section):
    """Which model turns texts into English, which is what the pictures' models read."""

    model: Annotated[str, AfterValidator(_found_or_off)] = OFF
    languages: Languages = ()
    understood: Languages = ()


class BotSettings(_Section):
    """Where the bot keeps its things, and what it tells its log."""

    data: Path = Field(default=Path("data"), strict=False)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    read_messages: bool = False


_STYLES = {
    "plain": "{subject}",
    "watercolor": "{subject}, soft watercolor painting, gentle washes of colour",
    "picture book": "{subject}, children's picture book illustration",
    "photo": "{subject}, photograph, natural light, 50 mm lens",
    "ink": "{subject}, black ink drawing, fine lines",
    "pixel art": "{subject}, pixel art",
}


class Settings(_Section):
    """The whole of config.toml."""

    model: ModelSettings = ModelSettings()
    speed: SpeedSettings = SpeedSettings()
    story: StorySettings = StorySettings()
    limits: LimitSettings = LimitSettings()
    safety: SafetySettings = SafetySettings()
    translation: TranslationSettings = TranslationSettings()
    bot: BotSettings = BotSettings()
    styles: dict[StyleName, StyleTemplate] = Field(default=_STYLES)

    def at(self, folder: Path) -> Settings:
        """As a file in ``folder`` means them: where the data is, is told from there."""
        return self.model_copy(update={"bot": self.bot.model_copy(update={"data": folder / self.bot.data})})

    def profile(self, model: str) -> Profile:
        """What a model is asked with here, unless somebody wants otherwise."""
        profile = profile_of(model, [lora.path for lora in self.model.loras])
        return quick(profile) if self.speed.preset == "fast" else profile

    @property
    def hurried(self) -> Settings:
        """For slow devices: fewer steps where nobody says how many, unless the host has chosen a preset."""
        if self.speed.preset != "auto":
            return self
        return self.model_copy(update={"speed": self.speed.model_copy(update={"preset": "fast"})})


def read_settings(path: Path) -> Settings:
    """Read and check a configuration file.

    Raises:
        ConfigurationError: it is missing or no TOML, or any key or value in it cannot be used; all of them
            are named, each with its value.
    """
    try:  # some editors begin UTF-8 with a mark
        settings = Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8; please save it with that encoding.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        complaints = "; ".join(complaint(problem) for problem in error.errors())
        raise ConfigurationError(f"{path} cannot be used: {complaints}.") from error
    _check_names(path, settings)
    return settings


def _check_names(path: Path, settings: Settings) -> None:
    """Values which must be the name of something else."""
    styles, schedulers = list(settings.styles), [str(scheduler) for scheduler in Scheduler]
    for key, value, known in (
        ("story.style", settings.story.style, styles),
        ("story.scheduler", settings.story.scheduler or schedulers[0], schedulers),
    ):
        if value not in known:
            raise ConfigurationError(
                f"{path} cannot be used: {key} = {value!r} is none of {', '.join(known)}."
            )


def complaint(problem: Mapping[str, Any]) -> str:
    """One of pydantic's findings as a person would say it: key, value, reason."""
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"there is no setting {key} (it was given {problem['input']!r})"
    if problem["type"] == "model_type":
        return f"{key} = {problem['input']!r}: must be a section, [{key}], with its settings below"
    reason = problem["msg"].removeprefix("Value error, ")
    return f"{key} = {problem['input']!r}: {reason[:1].lower()}{reason[1:]}"
