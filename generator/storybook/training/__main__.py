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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from generator.storybook.training.painter import Painter, Training, train_painter
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
    parser.add_argument("--seconds", type=float, help="how long to train (autoencoder 150, painter 970)")
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
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pictures") as folder:
        {"autoencoder": autoencoder, "painter": painter}[arguments.part](arguments, Path(folder))


@contextmanager
def illustrated(
    arguments: argparse.Namespace, folder: Path, store: Callable[[Batch], Batch]
) -> Iterator[Pool]:
    """A pool that this part's illustrators fill."""
    kind, first = PARTS[arguments.part]
    seeds = range(first, first - (-arguments.capacity // corpus.CHUNK))
    workers = corpus.start(folder, arguments.workers, kind, seeds)
    pool = Pool(folder, device(), arguments.capacity, store)
    try:
        yield pool
    finally:
        pool.close()
        for worker in workers:
            worker.terminate()


def device() -> torch.device:
    """The GPU, where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autoencoder(arguments: argparse.Namespace, folder: Path) -> None:
    """Train the autoencoder, and the judge after it on the same pictures."""
    out, batch, seed = arguments.out, arguments.batch or 64, arguments.seed
    arguments.capacity = arguments.capacity or 200_000
    with illustrated(arguments, folder, store_pictures) as pool:
        vae = train_autoencoder(pool, out, arguments.seconds or 150, batch, seed=seed, start=arguments.vae)
        pool.take_in(64)
    fast = quick(vae)
    vae.to(memory_format=torch.contiguous_format).half().save_pretrained(out / "vae")
    some = pool.sample(8)["pictures"]
    save_sheet(torch.cat([some, reconstruct(fast, some)]), out / "autoencoder.jpg", 8)
    train_judge(pool, fast, out, arguments.judge_seconds, 6 * batch, seed=seed, again=AGAIN)


def painter(arguments: argparse.Namespace, folder: Path) -> None:
    """Train text encoders and UNet, and lay out the whole pipeline.

    It may be started beside the autoencoder: it gets ready, and then waits for it.
    """
    set_seed(arguments.seed)
    batch = arguments.batch or 256
    arguments.capacity = arguments.capacity or 400_000
    training = Training(Accelerator(), arguments.start, example(batch))
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
    with illustrated(arguments, folder, store) as pool:
        pool.wait_for(8 * batch)
        train_painter(
            training, pool, arguments.out, arguments.seconds or 970, batch, resume=arguments.resume,
            on_snapshot=lay_out,
        )  # fmt: skip


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
