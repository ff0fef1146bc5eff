"""How a picture is shown that may not be for everybody."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from generator.profiles import BUILT_IN
from generator.server import Shade
from generator.story import Verdict

TILES = 8
"""Into how many tiles the longer side of a blurred picture falls; no shape survives it."""

_STRENGTH = (Shade.SPOILER, Shade.BLUR, Shade.REFUSE)


def shade_of(model: str, verdict: Verdict | None, chosen: Shade, age_restricted: bool) -> Shade | None:
    """How a picture is shown; None is as it is.

    In an age-restricted channel, what is unsafe is shown as the server has `chosen`. Elsewhere the same goes
    for what is merely doubtful; what is unsafe cannot be looked at there at all. What nothing has looked at
    is covered or, where the server has chosen more than that, blurred: refused, no picture at all would be
    left on a host without a safety model. A built-in model cannot draw anything unsafe.
    """
    if verdict is None:
        if age_restricted or model in BUILT_IN:
            return None
        return Shade.SPOILER if chosen is Shade.SPOILER else Shade.BLUR
    if verdict.unsafe:
        return chosen if age_restricted else stronger(chosen, Shade.BLUR)
    return chosen if verdict.doubtful and not age_restricted else None


def stronger(one: Shade, other: Shade) -> Shade:
    """The one of two that shows less."""
    return max(one, other, key=_STRENGTH.index)


def blurred(png: bytes) -> bytes:
    """A picture of the same size in which nothing can be recognised, without what is said in the file."""
    with Image.open(BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    scale = TILES / max(picture.size)
    small = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    # Each tile is the mean of its pixels, so that nothing finer is left to be brought back.
    tiles = picture.resize(small, Image.Resampling.BOX)
    file = BytesIO()
    tiles.resize(picture.size, Image.Resampling.NEAREST).save(file, "PNG")
    return file.getvalue()
