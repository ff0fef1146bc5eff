"""The picture book's words: how people say what the illustrator can draw."""

from __future__ import annotations

NAMES: dict[str, tuple[str, ...]] = {
    "rabbit": ("rabbit", "bunny"), "dog": ("dog", "puppy"), "cat": ("cat", "kitten"),
    "duck": ("duck", "duckling"),
    "bear": ("bear", "teddy bear"), "pig": ("pig", "piglet"), "girl": ("girl",), "boy": ("boy",),
}  # fmt: skip
"""A character's names, where there is more than one; the first is the usual."""

MANNERS = ("little", "cute", "happy", "small", "young", "friendly", "brave", "curious", "cheerful")
"""Said of anybody and seen in nobody."""

CLOTHES: dict[str, tuple[str, ...]] = {
    "girl": ("in a {} dress", "wearing a {} dress", "in {}"),
    "boy": ("in a {} sweater", "wearing a {} shirt", "in {}"),
    "wizard": ("in a {} robe", "in {} robes", "in {}"),
}
"""How a person's colour is said; an animal's comes before its name."""

WORN: dict[str, tuple[str, ...]] = {
    "scarf": ("with a {} scarf", "wearing a {} scarf", "in a {} scarf"),
    "hat": ("with a {} hat", "wearing a {} hat", "in a {} hat"),
    "bow tie": ("with a {} bow tie", "wearing a {} bow tie"),
    "glasses": ("with {} glasses", "wearing {} glasses"),
    "crown": ("with a {} crown", "wearing a {} crown"),
    "cape": ("with a {} cape", "wearing a {} cape", "in a {} cape"),
    "backpack": ("with a {} backpack", "carrying a {} backpack"),
    "balloon": ("with a {} balloon", "holding a {} balloon"),
    "umbrella": ("with a {} umbrella", "holding a {} umbrella", "under a {} umbrella"),
    "basket": ("with a {} basket", "carrying a {} basket"),
}

PLACE_WORDS: dict[str, tuple[str, ...]] = {
    "meadow": ("in a meadow", "in the meadow", "on a green hill", "in the grass"),
    "forest": ("in the forest", "in a forest", "in the woods", "among the fir trees"),
    "park": ("in the park", "in an autumn park", "under autumn trees", "in the autumn leaves"),
    "beach": ("on the beach", "at the beach", "by the seaside", "on a sandy beach"),
    "sea": (
        "in a boat",
        "in a boat on the sea",
        "sailing on the sea",
        "sailing in a boat",
        "in a little boat",
    ),
    "mountains": ("in the mountains", "on a mountain", "high in the mountains", "climbing a mountain"),
    "desert": ("in the desert", "in a desert", "among the cacti"),
    "city": ("in the city", "on a city street", "in a big city"),
    "village": ("in the village", "in a small village", "on a village path"),
    "castle": ("at the castle", "in front of a castle", "near a castle", "at a castle"),
    "garden": ("in the garden", "in a flower garden", "in a garden"),
    "farm": ("on the farm", "on a farm", "in front of a barn", "at the barn"),
    "lake": ("by the lake", "at the lake", "by a pond", "at the pond"),
    "cave": ("in a cave", "in a dark cave", "in the cave", "in a crystal cave"),
    "jungle": ("in the jungle", "in a jungle", "in the rainforest"),
    "kitchen": ("in the kitchen", "in a kitchen"),
    "bedroom": ("in the bedroom", "in a bedroom"),
    "library": ("in the library", "in a library", "among the bookshelves"),
    "space": ("in space", "on the moon", "in outer space"),
    "underwater": ("underwater", "under the sea", "at the bottom of the sea"),
}

WEATHER_WORDS: dict[str, tuple[str, ...]] = {
    "clear": ("in the sunshine", "on a sunny day"),
    "rain": ("in the rain", "on a rainy day", "while it rains"),
    "snow": ("in the snow", "in falling snow", "while it snows", "in winter"),
    "storm": ("in a storm", "in a thunderstorm", "during a storm"),
    "rainbow": ("under a rainbow", "with a rainbow in the sky"),
}

TIME_WORDS: dict[str, tuple[str, ...]] = {
    "day": ("by day",),
    "sunset": ("at sunset", "at dusk", "in the evening"),
    "night": ("at night", "under the stars", "in the moonlight"),
}

ACTIVITY_WORDS: dict[str, tuple[str, ...]] = {
    "standing": (
        "standing",
        "walking",
        "looking around",
        "waiting",
        "smiling",
        "running",
        "playing",
        "sitting",
    ),
    "reading": ("reading a book", "reading"),
    "sleeping": ("sleeping", "asleep", "taking a nap", "sleeping under a blanket"),
    "eating": ("eating ice cream", "eating an ice cream"),
    "fishing": ("fishing", "catching a fish"),
    "kite": ("flying a kite",),
    "ball": ("playing with a ball", "playing ball"),
    "dancing": ("dancing", "dancing to music"),
    "painting": ("painting a picture", "painting"),
    "guitar": ("playing the guitar", "playing guitar"),
    "cycling": ("riding a bicycle", "riding a bike", "cycling"),
    "tea": ("drinking tea", "having tea", "drinking a cup of tea"),
    "watering": ("watering flowers", "watering the flowers"),
    "cooking": ("cooking soup", "cooking", "making soup"),
}

STYLE_WORDS: dict[str, tuple[str, ...]] = {
    "storybook": (
        "a storybook illustration of {}", "a picture book illustration of {}", "a drawing of {}",
        "{}, children's picture book illustration", "{}, storybook illustration",
    ),
    "watercolor": (
        "a watercolor of {}", "a watercolor painting of {}", "a watercolour of {}", "{} in watercolor",
        "{}, soft watercolor painting, gentle washes of colour", "{}, watercolor",
    ),
    "ink": (
        "an ink drawing of {}", "a black ink drawing of {}", "a comic of {}",
        "{}, black ink drawing, fine lines", "{}, ink drawing",
    ),
    "crayon": (
        "a crayon drawing of {}", "a child's crayon drawing of {}", "{}, crayon drawing", "{} in crayon",
    ),
    "paper": ("a paper cutout of {}", "a paper collage of {}", "{}, paper cutout", "{} made of cut paper"),
    "pixel": ("pixel art of {}", "a pixel art picture of {}", "{}, pixel art"),
}  # fmt: skip

LITTLE_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "hers",
        "him",
        "his",
        "i",
        "in",
        "into",
        "is",
        "it",
        "its",
        "me",
        "my",
        "of",
        "off",
        "on",
        "or",
        "our",
        "over",
        "out",
        "she",
        "so",
        "some",
        "still",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "they",
        "this",
        "to",
        "together",
        "too",
        "under",
        "up",
        "upon",
        "very",
        "was",
        "we",
        "were",
        "while",
        "who",
        "whose",
        "with",
        "without",
        "you",
        "your",
        "one",
        "two",
        "near",
        "next",
        "through",
        "around",
        "along",
        "again",
        "all",
        "alone",
        "another",
        "back",
        "behind",
        "before",
        "beside",
        "down",
        "every",
        "first",
        "last",
        "just",
        "no",
        "not",
        "now",
    ]
)
"""Words that name nothing to draw."""
