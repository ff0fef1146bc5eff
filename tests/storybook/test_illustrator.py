from dataclasses import replace

import numpy as np

from generator.storybook.attributes import (
    ACTIVITIES,
    CHARACTERS,
    PLACES,
    STYLES,
    TIMES,
    WEAR,
    WEATHERS,
    Attributes,
    Scenery,
    draw_attributes,
    draw_subject,
    draw_traits,
)
from generator.storybook.illustrator import illustrate


def some_picture(seed: int = 1, style: str = "storybook") -> Attributes:
    rng = np.random.default_rng(seed)
    return draw_attributes(rng, draw_subject(rng), draw_traits(rng), style)


def difference(one: Attributes, other: Attributes) -> float:
    a, b = (np.asarray(illustrate(picture), np.float64) for picture in (one, other))
    return float(np.abs(a - b).mean())


def test_the_book_is_as_rich_as_it_says() -> None:
    assert len(CHARACTERS) >= 16
    assert len(PLACES) + len(WEATHERS) + len(TIMES) + len(ACTIVITIES) >= 30
    assert len(STYLES) >= 4


def test_equal_attributes_are_equal_pictures_of_256_pixels() -> None:
    assert difference(some_picture(), some_picture()) == 0
    assert illustrate(some_picture()).size == (256, 256)


def test_every_place_activity_style_and_thing_to_wear_can_be_drawn_and_shows() -> None:
    base = replace(
        some_picture(3), scenery=Scenery(place="meadow", weather="clear", time="day", activity="standing")
    )
    bare = replace(base, subject=replace(base.subject, wear="nothing", wear_colour="none"))
    others = [replace(bare, style=style) for style in STYLES[1:]]
    others += [replace(bare, scenery=replace(bare.scenery, place=place)) for place in PLACES[1:]]
    others += [replace(bare, scenery=replace(bare.scenery, activity=name)) for name in ACTIVITIES[1:]]
    others += [replace(bare, scenery=replace(bare.scenery, weather=name)) for name in WEATHERS[1:]]
    others += [replace(bare, scenery=replace(bare.scenery, time=name)) for name in TIMES[1:]]
    others += [
        replace(bare, subject=replace(bare.subject, wear=name, wear_colour="blue")) for name in WEAR[1:]
    ]
    assert all(difference(bare, other) > 0.1 for other in others)


def test_what_no_caption_says_tells_one_character_from_the_next() -> None:
    picture = replace(
        some_picture(4), scenery=Scenery(place="meadow", weather="clear", time="day", activity="ball")
    )
    picture = replace(picture, subject=replace(picture.subject, character="cat", colour="grey"))
    for trait, value in (("pattern", 2), ("eyes", 1), ("shade", 0.9), ("build", 0.85)):
        other = replace(picture, traits=replace(picture.traits, **{trait: value}))
        plain = replace(
            picture, traits=replace(picture.traits, **{trait: {"pattern": 0, "eyes": 0}.get(trait, 1.1)})
        )
        assert difference(plain, other) > 0.02, trait
