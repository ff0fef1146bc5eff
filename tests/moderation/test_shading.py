from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from generator.moderation.shading import TILES, blurred, shade_of, stronger
from generator.server import Shade
from generator.story import Verdict

SAFE = Verdict(label="nsfw", score=0.1, unsafe=False, doubtful=False)
DOUBTFUL = Verdict(label="nsfw", score=0.5, unsafe=False, doubtful=True)
UNSAFE = Verdict(label="nsfw", score=0.9, unsafe=True, doubtful=True)


@pytest.mark.parametrize("chosen", Shade)
def test_what_is_safe_is_shown_as_it_is(chosen: Shade) -> None:
    for age_restricted in (True, False):
        assert shade_of("a/model", SAFE, chosen, age_restricted) is None
        assert shade_of("storybook", None, chosen, age_restricted) is None


@pytest.mark.parametrize("chosen", Shade)
def test_in_an_age_restricted_channel_the_server_decides_about_what_is_unsafe(chosen: Shade) -> None:
    assert shade_of("a/model", UNSAFE, chosen, True) is chosen
    assert shade_of("a/model", DOUBTFUL, chosen, True) is None
    assert shade_of("a/model", None, chosen, True) is None


@pytest.mark.parametrize("chosen", Shade)
def test_elsewhere_it_is_stricter_and_never_off(chosen: Shade) -> None:
    assert shade_of("a/model", UNSAFE, chosen, False) is (Shade.BLUR if chosen is Shade.SPOILER else chosen)
    assert shade_of("a/model", DOUBTFUL, chosen, False) is chosen


@pytest.mark.parametrize("chosen", Shade)
def test_what_nothing_has_looked_at_is_shown_no_plainer_than_the_server_wants_and_never_refused(
    chosen: Shade,
) -> None:
    shade = shade_of("a/model", None, chosen, False)
    assert shade is (Shade.SPOILER if chosen is Shade.SPOILER else Shade.BLUR)


def test_of_two_shades_the_stronger_shows_less() -> None:
    assert stronger(Shade.REFUSE, Shade.SPOILER) is stronger(Shade.SPOILER, Shade.REFUSE) is Shade.REFUSE


@pytest.mark.parametrize("size", [(256, 256), (640, 64), (3, 200)])
def test_nothing_is_left_of_a_blurred_picture_but_a_few_tiles(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    texts, file = PngImagePlugin.PngInfo(), BytesIO()
    texts.add_itxt("samefox.recipe", "a secret")
    Image.fromarray(noise).save(file, "PNG", pnginfo=texts)
    result = blurred(file.getvalue())
    with Image.open(BytesIO(result)) as picture:
        assert picture.size == size
        colours = picture.getcolors(TILES * TILES)
        assert colours is not None, "at most as many colours as tiles"
    assert b"secret" not in result
