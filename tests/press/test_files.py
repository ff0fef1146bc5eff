"""Files are whole or absent, and pictures fit where they are posted."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import pytest
from PIL import ExifTags, Image, PngImagePlugin

from generator.press.files import JPEG_SIDE, fit, save
from generator.press.metadata import PARAMETERS

OLD, NEW = b"old" * 3_000_000, b"new" * 3_000_000

SAVE_FOREVER = """
import sys
from pathlib import Path
from generator.press.files import save
while True:
    for data in (b"old", b"new"):
        save(Path(sys.argv[1]), data * 3_000_000)
        print("saved", flush=True)
"""


def noise(width: int, height: int, parameters: str = "") -> bytes:
    """A PNG that compresses badly."""
    texts = PngImagePlugin.PngInfo()
    if parameters:
        texts.add_itxt(PARAMETERS, parameters)
    pixels = random.Random(7).randbytes(width * height * 3)
    file = BytesIO()
    Image.frombytes("RGB", (width, height), pixels).save(file, "PNG", pnginfo=texts, compress_level=1)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def test_a_saved_file_holds_the_data_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "frame.png"
    save(path, b"first")
    save(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


def test_a_process_killed_while_saving_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "frame.png"
    for delay in (0.0, 0.004, 0.011, 0.017, 0.023):
        child = subprocess.Popen([sys.executable, "-c", SAVE_FOREVER, path], stdout=subprocess.PIPE)
        assert child.stdout
        with child.stdout:
            child.stdout.readline()
            time.sleep(delay)
            child.send_signal(signal.SIGKILL)
            child.wait()
        assert path.read_bytes() in (OLD, NEW)


def test_data_reach_the_disk_before_the_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "frame.png"
    synced: list[tuple[str, bool]] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        what = "folder" if os.path.sameopenfile(descriptor, folder) else "file"
        synced.append((what, path.exists()))
        fsync(descriptor)

    folder = os.open(tmp_path, os.O_RDONLY)
    monkeypatch.setattr(os, "fsync", watched)
    save(path, b"data")
    os.close(folder)
    assert synced == [("file", False), ("folder", True)]


def test_a_file_that_cannot_be_put_in_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        save(tmp_path / "taken", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_png_that_fits_is_left_as_it_is() -> None:
    png = noise(8, 8)
    assert fit(png, len(png)) == (png, "png")


def test_quality_goes_before_size() -> None:
    png = noise(128, 128)
    data, ending = fit(png, len(png) - 1)
    assert ending == "jpg"
    assert len(data) < len(png)
    assert opened(data).format == "JPEG"
    assert opened(data).size == (128, 128)


def test_size_goes_down_in_proportion_until_the_picture_fits() -> None:
    data, ending = fit(noise(256, 128), 5000)
    width, height = opened(data).size
    assert ending == "jpg"
    assert len(data) <= 5000
    assert width / height == pytest.approx(2, rel=0.1)
    assert 30 < width < 256


def test_a_row_wider_than_jpeg_can_hold_is_scaled() -> None:
    data, ending = fit(noise(JPEG_SIDE + 100, 8), 1_300_000)
    assert ending == "jpg"
    assert opened(data).width == JPEG_SIDE


def test_the_parameters_go_along_where_other_tools_read_them() -> None:
    png = noise(64, 64, "红狐 in the snow\nSteps: 4")
    data, _ = fit(png, len(png) - 1)
    comment = opened(data).getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment]
    assert comment == b"UNICODE\0" + "红狐 in the snow\nSteps: 4".encode("utf-16-be")


def test_a_limit_below_any_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="no picture fits in 10 bytes"):
        fit(noise(8, 8), 10)
