"""``python -m generator.storybook.training``: first the autoencoder and the judge, then the painter.

    python -m generator.storybook.training autoencoder --out build/storybook
    python -m generator.storybook.training painter --out build/storybook --resume build/storybook/painter.pt

Each starts its own illustrators and trains on what they finish while they go on.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from accelerate.utils import set_seed  # type: ignore[import-untyped]
from diffusers import AutoencoderKL

from generator.evaluation.training import train_judge
from generator.storybook import corpus
from generator.storybook.model import write_pipeline
from generator.storybook.training.autoencoder import (
    encode,
    quick,
    reconstruct,
    store_pictures,
    train_autoencoder,
)
from generator.storybook.training.course import Course
from generator.storybook.training.painter import Painter, Training
from generator.storybook.training.pool import Batch, Pool
from generator.storybook.training.samples import draw_samples
from generator.storybook.training.sheets import save_sheet

AGAIN = 24_576
"""Pictures that the judge sees through the autoencoder too."""

PARTS = {"autoencoder": ("labelled", 0), "painter": ("captioned", 1_000_000)}
"""What each part's illustrators draw, and their first seed."""


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("autoencoder", "painter"))
    parser.add_argument("--out", type=Path, required=True, help="where weights, logs and samples go")
    parser.add_argument("--seconds", type=float, help="how long to train (autoencoder 150, painter 1200)")
    parser.add_argument("--judge-seconds", type=float, default=75, help="how long the judge trains")
    parser.add_argument("--batch", type=int, help="pictures a step")
    parser.add_argument(
        "--capacity", type=int, help="pictures kept on the device (autoencoder 200000, painter 400000)"
    )
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 1), help="illustrators")
    parser.add_argument(
        "--vae", type=Path, help="an autoencoder's folder: to go on from, or to paint through"
    )
    parser.add_argument("--judge", type=Path, help="who reads the samples (default: the one in --out)")
    parser.add_argument("--start", type=Path, help="a model's folder for the painter to go on from")
    parser.add_argument("--resume", type=Path, help="a file to save the training in, and to take it up from")
    parser.add_argument("--seed", type=int, default=13554)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    # Its attention's gradient is no number for some sizes once logits are large: pytorch issue 196678.
    torch.backends.cuda.enable_cudnn_sdp(False)
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pictures") as folder:
        {"autoencoder": autoencoder, "painter": painter}[arguments.part](arguments, Path(folder))


@contextmanager
def illustrators(arguments: argparse.Namespace, folder: Path) -> Iterator[None]:
    """This part's illustrators, at work on a folder."""
    kind, first = PARTS[arguments.part]
    seeds = range(first, first - (-arguments.capacity // corpus.CHUNK))
    workers = corpus.start(folder, arguments.workers, kind, seeds)
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()


def device() -> torch.device:
    """The GPU, where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autoencoder(arguments: argparse.Namespace, folder: Path) -> None:
    """Train the autoencoder, and the judge after it on the same pictures."""
    out, batch, seed = arguments.out, arguments.batch or 64, arguments.seed
    arguments.capacity = arguments.capacity or 200_000
    with (
        illustrators(arguments, folder),
        closing(Pool(folder, device(), arguments.capacity, store_pictures)) as pool,
    ):
        vae = train_autoencoder(pool, out, arguments.seconds or 150, batch, seed=seed, start=arguments.vae)
        pool.take_in(64)
    fast = quick(vae)
    vae.to(memory_format=torch.contiguous_format).half().save_pretrained(out / "vae")
    some = pool.sample(8)["pictures"]
    save_sheet(torch.cat([some, reconstruct(fast, some)]), out / "autoencoder.jpg", 8)
    train_judge(pool, fast, out, arguments.judge_seconds, 6 * batch, seed=seed, again=AGAIN)


def painter(arguments: argparse.Namespace, folder: Path) -> None:
    """Train text encoders and UNet, and lay out the whole pipeline."""
    set_seed(arguments.seed)
    arguments.capacity = arguments.capacity or 400_000
    with illustrators(arguments, folder):  # who draw while the painter gets ready
        paint(arguments, folder, arguments.batch or 256)


def paint(arguments: argparse.Namespace, folder: Path, batch: int) -> None:
    """The painter's part, beside its illustrators.

    It may be started beside the autoencoder: it gets ready, and then waits for it.
    """
    start = Painter.of(arguments.start) if arguments.start else Painter.fresh()
    training = Training(Accelerator(), start, example(batch))
    vae: Any = AutoencoderKL.from_pretrained(
        arrived(arguments.vae or arguments.out / "vae"), torch_dtype=torch.float32
    )
    fast = quick(vae.to(device(), memory_format=torch.channels_last).eval())

    def store(chunk: Batch) -> Batch:
        latents = torch.cat([encode(fast, part) for part in torch.split(chunk["pictures"], 128)])
        kept = {name: chunk[name] for name in ("ids", "segments", "shown")}
        return {"latents": (latents * vae.config.scaling_factor).half(), **kept}

    def lay_out(trained: Painter) -> dict[str, float]:
        spare = AutoencoderKL.from_config(vae.config)
        spare.load_state_dict(vae.state_dict())
        networks = {**dict(trained.networks.items()), "vae": spare}
        numbers = draw_samples(networks, judge, arguments.out / "samples.jpg", device())
        write_pipeline(arguments.out / "weights", networks)
        return numbers

    judge = arguments.judge or arguments.out / "judge.safetensors"
    # Not before now: nothing may touch the device beside a step that is being captured.
    with closing(Pool(folder, device(), arguments.capacity, store)) as pool:
        pool.wait_for(8 * batch)
        seconds = arguments.seconds or 1200
        course = Course(training, pool, arguments.out, seconds, saved=arguments.resume, on_snapshot=lay_out)
        course.run(batch)


def example(batch: int) -> Batch:
    """A batch of the right shape, to get ready with."""
    few = corpus.draw_captioned(0, 8)
    rows = {name: torch.from_numpy(few[name]).to(device()) for name in ("ids", "segments", "shown")}
    chosen = torch.arange(batch, device=device()) % 8
    latents = torch.zeros(batch, 4, 32, 32, dtype=torch.float16, device=device())
    return {"latents": latents, **{name: values[chosen] for name, values in rows.items()}}


def arrived(folder: Path) -> Path:
    """A network's folder, once its weights are there."""
    while not (folder / "diffusion_pytorch_model.safetensors").is_file():
        time.sleep(0.5)
    return folder


if __name__ == "__main__":
    main()
