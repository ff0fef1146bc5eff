"""Captioned pictures in bulk: processes that draw chunk after chunk into a folder, for a training to take."""

from __future__ import annotations

import os
import time
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.method.tokens import CONTEXT_LENGTH, ClipTokenizer, clip_tokenizer
from generator.storybook.attributes import (
    ACTIVITIES,
    CHARACTERS,
    COLOURS,
    PLACES,
    STYLES,
    TIMES,
    WEAR,
    WEAR_COLOURS,
    WEATHERS,
    Attributes,
    Scenery,
    Subject,
    choose,
    draw_attributes,
    draw_scenery,
    draw_subject,
    draw_traits,
)
from generator.storybook.captions import Prompt, held_out, write_prompt
from generator.storybook.illustrator import illustrate
from generator.storybook.leaning import draw_look

CHUNK = 256
"""Pictures in a file."""

WAITING = 160
"""Chunks that may lie in the folder, 50 MB each, before the illustrators pause."""

VARIANTS = 6
"""Captions of a picture, which tell of the same scenes in other words."""

ALONE = 0.4
"""The share of pictures whose captions tell of one scene; the others mention up to five more."""

SUBJECT, END = 0, -1
"""Segments of a prompt; its scenes are 1, 2 and so on."""

LABELS: dict[str, tuple[str, ...]] = {
    "character": CHARACTERS, "colour": COLOURS, "wear": WEAR, "wear_colour": WEAR_COLOURS, "place": PLACES,
    "weather": WEATHERS, "time": TIMES, "activity": ACTIVITIES, "style": STYLES,
}  # fmt: skip
"""What a caption may say and a judge reads back."""

TRAITS = {"ears": 3, "tail": 3, "pattern": 4, "eyes": 3, "iris": 4, "skin": 4}
"""What no caption says, and how many kinds there are of each."""

Array = NDArray[Any]


def labels_of(picture: Attributes) -> list[int]:
    """The attributes as numbers, in the order of ``LABELS`` and then ``TRAITS``."""
    values = {
        name: getattr(picture.subject, name, None) or getattr(picture.scenery, name, None) for name in LABELS
    }
    values["style"] = picture.style
    said = [options.index(str(values[name])) for name, options in LABELS.items()]
    return said + [getattr(picture.traits, name) for name in TRAITS]


def tokenize(prompt: Prompt, tokens: ClipTokenizer) -> tuple[tuple[int, ...], list[int], int]:
    """Ids and segments of a prompt, and the segment shown; the last scenes go where not all fit."""
    scenes, shown = list(prompt.scenes), prompt.shown
    parts = [tokens.ids(prompt.subject), *(tokens.ids(scene) for scene in scenes)]
    while sum(map(len, parts)) > CONTEXT_LENGTH - 2 and len(parts) > 2:
        drop = len(parts) - 1 if shown != len(parts) - 2 else 1
        shown -= drop <= shown
        del parts[drop]
    segments = [SUBJECT] + [number for number, part in enumerate(parts) for _ in part]
    segments = segments[: CONTEXT_LENGTH - 1]
    segments += [END] * (CONTEXT_LENGTH - len(segments))
    ids = [token for part in parts for token in part]
    return with_ends(ids), segments, shown + 1 if len(parts) > 1 else 0


def with_ends(ids: list[int]) -> tuple[int, ...]:
    """The ids an encoder sees: BOS, what fits, EOS to the end."""
    from generator.method.tokens import BOS, EOS

    cut = (BOS, *ids[: CONTEXT_LENGTH - 2])
    return cut + (EOS,) * (CONTEXT_LENGTH - len(cut))


def captions_of(
    rng: np.random.Generator, picture: Attributes, others: tuple[Scenery, ...], tokens: ClipTokenizer
) -> list[tuple[tuple[int, ...], list[int], int]]:
    """Several captions of a picture, tokenized."""
    return [tokenize(write_prompt(rng, picture, others), tokens) for _ in range(VARIANTS)]


def draw_new(rng: np.random.Generator) -> tuple[Subject, str]:
    """Somebody who is not kept for evaluation, and a style."""
    subject = draw_subject(rng)
    while held_out(subject):
        subject = draw_subject(rng)
    return subject, "storybook" if rng.random() < 0.35 else choose(rng, STYLES[1:])


def draw_four(rng: np.random.Generator) -> list[Attributes]:
    """Two who fit one description, each in two scenes: so a judge learns whether it is the same one."""
    subject, style = draw_new(rng)
    looks = [draw_traits(rng), draw_traits(rng)]
    return [draw_attributes(rng, subject, look, style) for look in looks for _ in range(2)]


def draw_told(rng: np.random.Generator) -> tuple[Attributes, tuple[Scenery, ...]]:
    """Somebody in one of the scenes that a story tells of, and the others; looks lean with all of them."""
    subject, style = draw_new(rng)
    count = 1 if rng.random() < ALONE else int(rng.integers(2, 7))
    shown, *others = (draw_scenery(rng) for _ in range(count))
    look = draw_look(rng, (shown, *others))
    return draw_attributes(rng, subject, look, style, shown), tuple(others)


def draw_labelled(seed: int, count: int = CHUNK) -> dict[str, Array]:
    """Pictures (n, 256, 256, 3), in fours, their labels (n, 15) and where the heads are (n, 3)."""
    rng = np.random.default_rng(seed)
    pictures = [picture for _ in range(count // 4) for picture in draw_four(rng)]
    return {
        "pictures": np.stack([np.asarray(illustrate(picture)) for picture in pictures]),
        "labels": np.array([labels_of(picture) for picture in pictures], np.int64),
        "heads": np.array([head_of(picture) for picture in pictures], np.float32),
    }


def head_of(picture: Attributes) -> tuple[float, float, float]:
    """The middle of the head, and its radius, in pixels."""
    return picture.x, 232 - 0.68 * picture.size, 0.36 * picture.size


def draw_captioned(seed: int, count: int = CHUNK) -> dict[str, Array]:
    """Pictures (n, 256, 256, 3) and captions (n, 6, 77) from a seed."""
    rng, tokens = np.random.default_rng(seed), clip_tokenizer()
    told = [draw_told(rng) for _ in range(count)]
    captions = [captions_of(rng, picture, others, tokens) for picture, others in told]
    return {
        "pictures": np.stack([np.asarray(illustrate(picture)) for picture, _ in told]),
        "ids": np.array([[ids for ids, _, _ in row] for row in captions], np.int32),
        "segments": np.array([[segments for _, segments, _ in row] for row in captions], np.int8),
        "shown": np.array([[shown for _, _, shown in row] for row in captions], np.int8),
    }


DRAW = {"labelled": draw_labelled, "captioned": draw_captioned}
"""What a chunk may hold: what autoencoder and judge learn from, and what the painter does."""


def fill(folder: Path, kind: str, seeds: range) -> None:
    """Draw a chunk for each seed into a folder; a file is complete when it has its name."""
    os.nice(10)  # a network that waits for its compiler goes first
    for seed in seeds:
        while sum(1 for _ in folder.glob("*.npz")) >= WAITING:
            time.sleep(0.2)
        path = folder / f"{seed:06d}.npz"
        aside = folder / f"{seed:06d}.part"
        with aside.open("wb") as file:
            np.savez(file, **DRAW[kind](seed))  # type: ignore[arg-type]
        aside.rename(path)


def start(folder: Path, workers: int, kind: str, seeds: range) -> list[BaseProcess]:
    """Processes that fill a folder with a chunk for each seed."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    context = get_context("spawn")
    processes = [
        context.Process(target=fill, args=(folder, kind, seeds[number::workers]), daemon=True)
        for number in range(workers)
    ]
    for process in processes:
        process.start()
    return list(processes)


def take(folder: Path) -> dict[str, Array] | None:
    """The next complete chunk, taken out of the folder; ``None`` while there is none."""
    path = min(folder.glob("*.npz"), default=None)
    if path is None:
        return None
    with np.load(path) as chunk:
        arrays = dict(chunk)
    path.unlink()
    return arrays
