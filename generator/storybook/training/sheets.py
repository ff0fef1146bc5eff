"""Pictures side by side, to be looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor


def save_sheet(pictures: Tensor, path: Path, columns: int) -> None:
    """Bytes (n, h, w, 3) as one picture, row by row."""
    n, h, w, _ = pictures.shape
    sheet = np.full((-(-n // columns) * h, columns * w, 3), 255, np.uint8)
    for i, picture in enumerate(pictures.cpu().numpy()):
        top, left = i // columns * h, i % columns * w
        sheet[top : top + h, left : left + w] = picture
    Image.fromarray(sheet).save(path, quality=90)
