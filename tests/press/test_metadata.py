"""A PNG tells what drew it, and no file, however it was made, does harm by being asked."""

from __future__ import annotations

import dataclasses
import json
import pickle
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from generator.press.metadata import (
    ENGINE,
    PARAMETERS,
    RECIPE,
    RECIPES,
    encode,
    read,
    read_strip,
    recipe_from_json,
    recipe_to_json,
)
from generator.press.strip import strip
from generator.story import Engine, Lora, Recipe, SvrMode

FULL = Recipe(
    model="stabilityai/stable-diffusion-xl-base-1.0",
    loras=(Lora(path="ink.safetensors", weight=0.8),),
    freeu=True,
    subject="红狐写真 🦊",
    express="雪地嬉戏",
    suppress=("佩戴围巾于草地", 'says "hi", twice'),
    prompt="红狐写真 🦊 雪地嬉戏 佩戴围巾于草地",
    negative_prompt="blurry, text",
    seed=2**64 - 1,
    width=1024,
    height=768,
    steps=50,
    guidance_scale=5.5,
    scheduler="euler",
    svr=SvrMode.SVR_EOT,
    identity_strength=1.75,
)
PLAIN = Recipe(
    model="tiny", subject="a fox", express="in snow", suppress=(), prompt="a fox in snow",
    seed=0, width=64, height=64, steps=4, guidance_scale=1.0, scheduler="euler",
)  # fmt: skip
MACHINE = Engine(
    device="cuda:0",
    precision="fp16",
    samefox="0.1.0",
    torch="2.13.0",
    diffusers="0.42.1",
    transformers="5.23.0",
)
IMAGE = Image.linear_gradient("L").convert("RGB")
PNG = encode(IMAGE, FULL, MACHINE)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def text(key: str, value: str | bytes) -> bytes:
    value = value.encode() if isinstance(value, str) else value
    return chunk(b"iTXt", key.encode() + b"\0\0\0\0\0" + value)


def compressed(key: str, value: bytes) -> bytes:
    return chunk(b"zTXt", key.encode() + b"\0\0" + zlib.compress(value, 9))


def png(*chunks: bytes, size: tuple[int, int] = (1, 1)) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0\0\0"))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + pixels + chunk(b"IEND", b"")


ENGINE_TEXT = text(ENGINE, json.dumps(dataclasses.asdict(MACHINE)))


def changed(**changes: Any) -> str:
    return json.dumps(json.loads(recipe_to_json(FULL)) | changes)


@pytest.mark.parametrize("recipe", [FULL, PLAIN])
def test_what_was_written_is_read(recipe: Recipe) -> None:
    data = encode(IMAGE, recipe, MACHINE)
    assert read(data) == (recipe, MACHINE)
    assert pickle.loads(pickle.dumps(read(data))) == (recipe, MACHINE)
    assert Image.open(BytesIO(data)).tobytes() == IMAGE.tobytes()


def test_the_same_picture_is_the_same_bytes_in_another_process_and_later() -> None:
    code = (
        "import sys; from PIL import Image; from generator.press.metadata import encode, read\n"
        "image = Image.linear_gradient('L').convert('RGB')\n"
        "sys.stdout.buffer.write(encode(image, *read(sys.stdin.buffer.read())))"
    )
    time.sleep(1.1)
    again = subprocess.run([sys.executable, "-c", code], input=PNG, capture_output=True, check=True)
    assert again.stdout == PNG


def test_other_tools_are_told_in_their_own_words() -> None:
    image = Image.open(BytesIO(PNG))
    assert image.info[PARAMETERS] == (
        "红狐写真 🦊 雪地嬉戏 佩戴围巾于草地\n"
        "Negative prompt: blurry, text\n"
        "Steps: 50, Sampler: euler, CFG scale: 5.5, Seed: 18446744073709551615, Size: 1024x768, "
        "Model: stabilityai/stable-diffusion-xl-base-1.0, Version: samefox 0.1.0"
    )


def test_a_model_with_a_comma_in_its_name_stays_one_value() -> None:
    recipe = dataclasses.replace(PLAIN, model="fox, final: v2.safetensors")
    image = Image.open(BytesIO(encode(IMAGE, recipe, MACHINE)))
    assert 'Model: "fox, final: v2.safetensors", Version' in image.info[PARAMETERS]
    assert "Negative prompt" not in image.info[PARAMETERS]


def test_a_recipe_is_one_line_of_json_in_the_order_of_its_fields() -> None:
    line = recipe_to_json(FULL)
    assert list(json.loads(line)) == [field.name for field in dataclasses.fields(Recipe)]
    assert "\n" not in line
    assert "红狐写真" in line
    assert recipe_from_json(line) == FULL


def test_a_recipe_from_before_a_field_existed_takes_its_default() -> None:
    older = json.loads(recipe_to_json(PLAIN))
    for key in ("loras", "freeu", "negative_prompt", "svr", "identity_strength"):
        del older[key]
    assert recipe_from_json(json.dumps(older)) == PLAIN


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (changed(colour="red"), "“colour”"),
        (json.dumps({"colour": "red"}), "“colour”"),
        (changed(loras=[{"path": "a", "wheight": 1.0}]), "“loras.0.wheight”"),
        (changed(seed=-1), "seed is -1"),
        (changed(seed=2**64), "seed is 18446744073709551616"),
        (changed(seed="1"), "“seed”"),
        (changed(seed=True), "“seed”"),
        (changed(seed=None), "“seed”"),
        (changed(steps=10**9), "steps is 1000000000"),
        (changed(steps=1.5), "“steps”"),
        (changed(width=10**6), "width is 1000000"),
        (changed(height=100), "1024×100 must be a multiple of 8"),
        (changed(guidance_scale=float("nan")), "guidance_scale is nan"),
        (changed(identity_strength=0.0), "identity_strength is 0.0"),
        (changed(identity_strength=float("inf")), "identity_strength is inf"),
        (changed(loras=[{"path": "a", "weight": float("inf")}]), "weight must be finite"),
        (changed(svr="magic"), "“svr”"),
        (changed(suppress="abc"), "“suppress”"),
        ("{}", "“model”: Field required"),
        ("", "no recipe"),
        ("null", "no recipe"),
        (f"{recipe_to_json(PLAIN)},{recipe_to_json(PLAIN)}", "no recipe"),
        ("[" * 100_000, "no recipe"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused_by_name(line: str, says: str) -> None:
    with pytest.raises(ValueError, match="This is no recipe: ") as refusal:
        recipe_from_json(line)
    assert says in str(refusal.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"\x89PNG\r\n\x1a\n",
        png(),
        png(text(RECIPE, recipe_to_json(FULL))),
        png(ENGINE_TEXT),
        png(ENGINE_TEXT, text(RECIPE, "{")),
        png(ENGINE_TEXT, text(RECIPE, b"\xff\xfe")),
        png(ENGINE_TEXT, text(RECIPE, changed(colour="red"))),
        png(ENGINE_TEXT, text(RECIPE, changed(width=10**9))),
        png(ENGINE_TEXT, text(RECIPE, "[" * 50_000)),
        png(ENGINE_TEXT, text(RECIPE, changed(prompt="a" * 70_000))),
        png(text(ENGINE, '{"device": 1}'), text(RECIPE, recipe_to_json(FULL))),
        png(text("samefox.other", "a" * 200_000), ENGINE_TEXT, text(RECIPE, recipe_to_json(FULL))),
        png(ENGINE_TEXT, chunk(b"tEXt", b""), chunk(b"iTXt", b"\0"), chunk(b"zTXt", b"a\0\1b")),
        png(ENGINE_TEXT, chunk(b"iCCP", b"")),
        png(ENGINE_TEXT, chunk(b"acTL", b"1"), chunk(b"fcTL", b""), text(RECIPE, recipe_to_json(FULL))),
        png(ENGINE_TEXT, compressed(RECIPE, b"a" * 50_000_000)),
        png(*[compressed(f"k{n}", b"a" * 1_000_000) for n in range(120)]),
        PNG[:-1],
        PNG[:200] + PNG[-12:],
        PNG.replace("雪地".encode(), "草地".encode()),
    ],
)  # fmt: skip
def test_what_is_not_ours_or_not_whole_is_none_at_little_cost(data: bytes) -> None:
    tracemalloc.start()
    began = time.process_time()
    assert read(data) is None
    assert time.process_time() - began < 1
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


def test_a_picture_of_impossible_size_is_read_without_its_pixels() -> None:
    data = png(ENGINE_TEXT, text(RECIPE, recipe_to_json(FULL)), size=(2**31 - 1, 2**31 - 1))
    assert read(data) == (FULL, MACHINE)


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=8))
@settings(max_examples=300)
def test_a_damaged_file_says_the_truth_or_nothing(at: int, damage: bytes) -> None:
    assert read(PNG[:at] + damage + PNG[at + len(damage) :]) in (None, (FULL, MACHINE))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"acTL", b"eXIf", b"abcd"]), st.binary()
        )
    )
)
@settings(max_examples=300)
def test_any_chunks_are_read_without_an_error(chunks: list[tuple[bytes, bytes]]) -> None:
    assert read(png(*(chunk(kind, data) for kind, data in chunks))) is None


def test_a_strip_says_how_each_of_its_frames_was_drawn() -> None:
    other = dataclasses.replace(PLAIN, seed=8)
    drawn = strip([encode(IMAGE, recipe, MACHINE) for recipe in (PLAIN, other)])
    assert read_strip(drawn) == (PLAIN, other)
    assert read(drawn) is None, "it is no frame"
    assert read_strip(PNG) == ()
    assert read_strip(drawn[:-1]) == ()
    assert read_strip(png(text(RECIPES, "[1]"))) == ()
    assert read_strip(png(compressed(RECIPES, b" " * 10_000_000))) == ()
    assert read_strip(strip([png(), png()])) == (), "frames without a recipe make a strip without one"
