"""A picture carries its recipe: what drew it can be read from the PNG alone, years later.

Three text chunks stand before the pixels: ``samefox.recipe`` and ``samefox.engine`` are JSON, and
``parameters`` is the human-readable text that AUTOMATIC1111's web UI began and other tools show.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable
from io import BytesIO
from typing import Annotated, Any

from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo
from pydantic import AfterValidator, ConfigDict, TypeAdapter, ValidationError

from generator.story import Engine, Recipe

RECIPE = "samefox.recipe"
ENGINE = "samefox.engine"
PARAMETERS = "parameters"
RECIPES = "samefox.recipes"  #: of a strip's frames

MAX_HEAD = 128 * 1024  #: bytes of a file that are searched; our chunks are its first
MAX_TEXT = 64 * 1024  #: characters of a chunk; a recipe has about a thousand
_END = b"\0\0\0\0IEND\xaeB`\x82"

#: What a number may be, both ends included: generous to the future, and nothing a device would choke on.
_BOUNDS = {
    "seed": (0, 2**64 - 1),
    "width": (8, 8192),
    "height": (8, 8192),
    "steps": (1, 1000),
    "guidance_scale": (0.0, 100.0),
    "identity_strength": (0.001, 1000.0),
}


def _bounded(recipe: Recipe) -> Recipe:
    for name, (low, high) in _BOUNDS.items():
        value = getattr(recipe, name)
        if not low <= value <= high:
            raise ValueError(f"{name} is {value} and must be from {low} to {high}")
    if recipe.width % 8 or recipe.height % 8:
        raise ValueError(f"the size {recipe.width}×{recipe.height} must be a multiple of 8")
    if not all(math.isfinite(lora.weight) for lora in recipe.loras):
        raise ValueError("a LoRA's weight must be finite")
    return recipe


# Dataclasses have no configuration of their own; inside a tuple they take the adapter's.
_CONFIG = ConfigDict(extra="forbid", strict=True)
_RECIPES = TypeAdapter(tuple[Annotated[Recipe, AfterValidator(_bounded)]], config=_CONFIG)
_STRIPS = TypeAdapter(tuple[Annotated[Recipe, AfterValidator(_bounded)], ...], config=_CONFIG)
_ENGINES = TypeAdapter(tuple[Engine], config=_CONFIG)


def encode(image: Image.Image, recipe: Recipe, engine: Engine) -> bytes:
    """Return the picture as a PNG that carries its recipe; the same input gives the same bytes."""
    texts = PngInfo()
    texts.add_itxt(RECIPE, recipe_to_json(recipe))
    texts.add_itxt(ENGINE, _ENGINES.dump_json((engine,))[1:-1].decode())
    texts.add_itxt(PARAMETERS, _parameters(recipe, engine))
    file = BytesIO()
    # After PNG's filters what repeats stands side by side: looking no further is three to six times as
    # fast, and photographs become smaller by it. The level then has no say.
    image.save(file, "PNG", pnginfo=texts, compress_type=zlib.Z_RLE)
    return file.getvalue()


def read(png: bytes) -> tuple[Recipe, Engine] | None:
    """Return what drew a picture; ``None`` if the file is incomplete or says nothing that can be trusted.

    Pixels are not decoded, and only the file's first 128 KiB are looked at, whoever made it.
    """
    if not png.endswith(_END):
        return None
    try:
        with PngImageFile(BytesIO(png[:MAX_HEAD])) as image:
            texts = image.info
        (engine,) = _ENGINES.validate_json(f"[{_text(texts, ENGINE)}]")
        return recipe_from_json(_text(texts, RECIPE)), engine
    except Exception:  # Pillow meets a broken chunk with whatever its parts raise
        return None


def read_strip(png: bytes) -> tuple[Recipe, ...]:
    """Return what drew each frame of a strip; none if it is no strip or says nothing that can be trusted."""
    if not png.endswith(_END):
        return ()
    try:
        with PngImageFile(BytesIO(png[:MAX_HEAD])) as image:
            return recipes_from_json(_text(image.info, RECIPES))
    except Exception:  # Pillow meets a broken chunk with whatever its parts raise
        return ()


def recipes_to_json(recipes: Iterable[Recipe]) -> str:
    """Return recipes as one line of JSON."""
    return f"[{','.join(map(recipe_to_json, recipes))}]"


def recipes_from_json(text: str) -> tuple[Recipe, ...]:
    """Return the recipes that :func:`recipes_to_json` wrote.

    Raises:
        ValueError: they are none.

    """
    return _STRIPS.validate_json(text)


def _text(texts: dict[str | tuple[int, int], Any], key: str) -> str:
    text = texts[key]
    if len(text) > MAX_TEXT:
        raise ValueError(f"{key} has {len(text)} characters")
    return str(text)


def recipe_to_json(recipe: Recipe) -> str:
    """Return the recipe as one line of JSON, its keys in the order of the dataclass."""
    return _RECIPES.dump_json((recipe,))[1:-1].decode()


def recipe_from_json(text: str) -> Recipe:
    """Return the recipe that :func:`recipe_to_json` wrote, also an older version of it.

    Raises:
        ValueError: it is none; the sentence names a key that is unknown, or else missing or wrong.

    """
    try:
        (recipe,) = _RECIPES.validate_json(f"[{text}]")
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        problem = min(problems, key=lambda problem: problem["type"] != "unexpected_keyword_argument")
        key = ".".join(str(part) for part in problem["loc"][1:])
        raise ValueError(f"This is no recipe: {f'“{key}”: ' if key else ''}{problem['msg']}.") from error
    return recipe


def _parameters(recipe: Recipe, engine: Engine) -> str:
    """Return the recipe as other tools show it: the prompts, then one line of names and values."""
    settings = {
        "Steps": recipe.steps,
        "Sampler": recipe.scheduler,
        "CFG scale": recipe.guidance_scale,
        "Seed": recipe.seed,
        "Size": f"{recipe.width}x{recipe.height}",
        "Model": recipe.model,
        "Version": f"samefox {engine.samefox}",
    }
    negative = [f"Negative prompt: {recipe.negative_prompt}"] if recipe.negative_prompt else []
    return "\n".join(
        [
            recipe.prompt,
            *negative,
            ", ".join(f"{name}: {_quoted(str(value))}" for name, value in settings.items()),
        ]
    )


def _quoted(value: str) -> str:
    """Return the value so that its commas and colons do not end it."""
    return json.dumps(value, ensure_ascii=False) if any(c in value for c in ",:\n") else value
