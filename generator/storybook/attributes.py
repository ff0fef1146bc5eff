"""What a picture shows: what its caption may say, and what it leaves to chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the bot's process asks for words alone
    import numpy as np

ANIMALS = (
    "fox", "cat", "dog", "rabbit", "bear", "panda", "mouse", "owl", "penguin", "duck",
    "frog", "pig", "elephant", "lion", "hedgehog", "monkey",
)  # fmt: skip
PEOPLE = ("girl", "boy", "wizard", "robot")
CHARACTERS = ANIMALS + PEOPLE

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "grey", "white", "black")

WEAR = (
    "nothing", "scarf", "hat", "bow tie", "glasses", "crown", "cape", "backpack", "balloon", "umbrella",
    "basket",
)  # fmt: skip
WEAR_COLOURS = ("none", "red", "orange", "yellow", "green", "blue", "purple", "pink")

PLACES = (
    "meadow", "forest", "park", "beach", "sea", "mountains", "desert", "city", "village", "castle", "garden",
    "farm", "lake", "cave", "jungle", "kitchen", "bedroom", "library", "space", "underwater",
)  # fmt: skip
INDOORS = ("kitchen", "bedroom", "library")
WITHOUT_SKY = ("cave", "space", "underwater")

WEATHERS = ("clear", "rain", "snow", "storm", "rainbow")
TIMES = ("day", "sunset", "night")
ACTIVITIES = (
    "standing", "reading", "sleeping", "eating", "fishing", "kite", "ball", "dancing", "painting", "guitar",
    "cycling", "tea", "watering", "cooking",
)  # fmt: skip
STYLES = ("storybook", "watercolor", "ink", "crayon", "paper", "pixel")

NATURAL = {
    "fox": ("orange", "red"), "cat": ("grey", "orange", "black", "white"),
    "dog": ("brown", "yellow", "white"),
    "rabbit": ("white", "grey", "brown"), "bear": ("brown", "black"), "panda": ("black",),
    "mouse": ("grey", "brown", "white"), "owl": ("brown", "grey"), "penguin": ("black", "blue"),
    "duck": ("yellow", "white"), "frog": ("green",), "pig": ("pink",), "elephant": ("grey", "blue"),
    "lion": ("yellow", "orange"), "hedgehog": ("brown", "grey"), "monkey": ("brown",),
    "girl": ("red", "yellow", "pink", "blue", "green"), "boy": ("blue", "green", "red", "orange"),
    "wizard": ("blue", "purple"), "robot": ("grey", "blue", "yellow"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who is in the picture, as a caption can say it."""

    character: str
    colour: str  #: an animal's fur, a person's clothes
    wear: str
    wear_colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What makes one red fox another than the next; no caption says it."""

    ears: int  #: one of three shapes
    tail: int  #: one of three shapes; a person's hair
    pattern: int  #: plain, belly, spots, stripes
    eyes: int  #: dots, round, with lashes
    iris: int  #: one of four colours
    build: float  #: 0.85 to 1.2, how stout
    shade: float  #: -1 to 1, from dark to light
    hue: float  #: -1 to 1
    skin: int  #: one of four; of people alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenery:
    """Where and when it is, and what happens, as a caption can say it."""

    place: str
    weather: str
    time: str
    activity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """All that can be read back from a picture; ``seed`` decides the rest, such as clouds and trees."""

    subject: Subject
    traits: Traits
    scenery: Scenery
    style: str
    x: float  #: of the figure's feet, in pixels
    size: float  #: of the figure, in pixels
    faces_left: bool
    seed: int


def choose(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    """One of the options, each as likely."""
    return options[int(rng.integers(len(options)))]


def draw_subject(rng: np.random.Generator) -> Subject:
    """Somebody; a third in a colour that nature has for them."""
    character = choose(rng, CHARACTERS)
    colour = choose(rng, NATURAL[character]) if rng.random() < 0.35 else choose(rng, COLOURS)
    wear = choose(rng, WEAR[1:]) if rng.random() < 0.65 else "nothing"
    if character == "wizard" and wear in ("hat", "crown"):
        wear = "nothing"
    return Subject(
        character=character,
        colour=colour,
        wear=wear,
        wear_colour="none" if wear == "nothing" else another_colour(rng, colour),
    )


def another_colour(rng: np.random.Generator, colour: str) -> str:
    """A colour for what somebody wears; never their own, in which it could not be seen."""
    return choose(rng, tuple(other for other in WEAR_COLOURS[1:] if other != colour))


def draw_traits(rng: np.random.Generator, lean: Sequence[float] = (0.0,) * 9, pull: float = 0.0) -> Traits:
    """What chance decides about somebody, or chance and a lean together.

    Each trait is where a normal number falls among its kinds, ``pull`` times its ``lean`` and chance for the
    rest. For leans that are normal themselves every kind stays as frequent as without.
    """
    chance = sqrt(1 - pull**2)
    normals = [pull * each + chance * float(rng.normal()) for each in lean]
    ears, tail, pattern, eyes, iris, build, shade, hue, skin = ((1 + erf(z / sqrt(2))) / 2 for z in normals)

    def kind(share: float, count: int) -> int:
        return min(int(share * count), count - 1)

    return Traits(
        ears=kind(ears, 3),
        tail=kind(tail, 3),
        pattern=kind(pattern, 4),
        eyes=kind(eyes, 3),
        iris=kind(iris, 4),
        build=0.85 + 0.35 * build,
        shade=2 * shade - 1,
        hue=2 * hue - 1,
        skin=kind(skin, 4),
    )


def draw_scenery(rng: np.random.Generator) -> Scenery:
    """A moment: mostly by day and under a clear sky, which is what a caption means that does not say."""
    place = choose(rng, PLACES)
    weather = choose(rng, WEATHERS[1:]) if rng.random() < 0.4 else "clear"
    time = choose(rng, TIMES[1:]) if rng.random() < 0.45 else "day"
    activity = choose(rng, ACTIVITIES[1:]) if rng.random() < 0.6 else "standing"
    if place in WITHOUT_SKY:
        weather, time = "clear", "day"
    if weather == "rainbow" and time == "night":
        time = "day"
    if place == "sea" and activity == "cycling":
        activity = "fishing"
    return Scenery(place=place, weather=weather, time=time, activity=activity)


def draw_attributes(
    rng: np.random.Generator, subject: Subject, traits: Traits, style: str, scenery: Scenery | None = None
) -> Attributes:
    """A picture of somebody in some style, where the scenery has it or anywhere."""
    return Attributes(
        subject=subject,
        traits=traits,
        scenery=scenery or draw_scenery(rng),
        style=style,
        x=float(rng.uniform(108, 148)),
        size=float(rng.uniform(124, 152)),
        faces_left=bool(rng.random() < 0.5),
        seed=int(rng.integers(2**31)),
    )
