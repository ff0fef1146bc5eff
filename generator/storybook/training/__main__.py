"""``python -m generator.storybook.training``: first the autoencoder and the judge, then the painter.

    python -m generator.storybook.training autoencoder --out build/storybook
    python -m generator.storybook.training painter --out build/storybook

Each starts its own illustrators and trains on what they finish while they go on.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL

from generator.evaluation.training import train_judge
from generator.storybook import corpus
from generator.storybook.model import write_pipeline
from generator.storybook.training.autoencoder import encode, reconstruct, store_pictures, train_autoencoder
from generator.storybook.training.painter import Painter, train_painter
from generator.storybook.training.pool import Batch, Pool
from generator.storybook.training.sheets import save_sheet


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("autoencoder", "painter"))
    parser.add_argument("--out", type=Path, required=True, help="where weights, logs and samples go")
    parser.add_argument("--seconds", type=float, help="how long to train (autoencoder 150, painter 480)")
    parser.add_argument("--judge-seconds", type=float, default=75, help="how long the judge trains")
    parser.add_argument("--batch", type=int, help="pictures a step")
    parser.add_argument("--capacity", type=int, help="pictures kept on the device")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 1), help="illustrators")
    parser.add_argument(
        "--vae", type=Path, help="an autoencoder's folder: to go on from, or to paint through"
    )
    parser.add_argument("--start", type=Path, help="a model's folder for the painter to go on from")
    parser.add_argument("--resume", type=Path, help="a file to save the training in, and to take it up from")
    parser.add_argument("--seed", type=int, default=13554)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pictures") as folder:
        first = 0 if arguments.part == "autoencoder" else 1_000_000
        workers = corpus.start(Path(folder), arguments.workers, first, first + 100_000)
        try:
            {"autoencoder": autoencoder, "painter": painter}[arguments.part](arguments, Path(folder))
        finally:
            for worker in workers:
                worker.terminate()


def device() -> torch.device:
    """The GPU, where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autoencoder(arguments: argparse.Namespace, folder: Path) -> None:
    """Train the autoencoder, and the judge after it on the same pictures."""
    out = arguments.out
    pool = Pool(folder, device(), arguments.capacity or 200_000, store_pictures)
    vae = train_autoencoder(
        pool, out, arguments.seconds or 150, arguments.batch or 64, seed=arguments.seed, start=arguments.vae
    )
    some = pool.sample(8)["pictures"]
    save_sheet(torch.cat([some, reconstruct(vae, some)]), out / "autoencoder.jpg", 8)
    pool.take_in(64)
    train_judge(
        pool, vae, out, arguments.judge_seconds, 6 * (arguments.batch or 64), seed=arguments.seed, again=8192
    )
    pool.close()
    vae.to(memory_format=torch.contiguous_format).half().save_pretrained(out / "vae")


def painter(arguments: argparse.Namespace, folder: Path) -> None:
    """Train text encoders and UNet, and lay out the whole pipeline."""
    vae: Any = AutoencoderKL.from_pretrained(
        arguments.vae or arguments.out / "vae", torch_dtype=torch.float32
    )
    vae = vae.to(device()).eval()

    def store(chunk: Batch) -> Batch:
        latents = torch.cat([encode(vae, part) for part in torch.split(chunk["pictures"], 128)])
        kept = {name: chunk[name] for name in ("ids", "segments", "shown")}
        return {"latents": (latents * vae.config.scaling_factor).half(), **kept}

    pool = Pool(folder, device(), arguments.capacity or 600_000, store)

    def lay_out(trained: Painter) -> None:
        spare = AutoencoderKL.from_config(vae.config)
        spare.load_state_dict(vae.state_dict())
        write_pipeline(arguments.out / "weights", {**dict(trained.networks.items()), "vae": spare})

    trained = train_painter(
        pool, arguments.out, arguments.seconds or 480, arguments.batch or 384, seed=arguments.seed,
        resume=arguments.resume, start=arguments.start, on_snapshot=lay_out,
    )  # fmt: skip
    pool.close()
    lay_out(trained)


if __name__ == "__main__":
    main()
