"""The picture book's colours."""

from __future__ import annotations

from generator.storybook.attributes import Traits
from generator.storybook.shapes import Colour, mix

PAINT: dict[str, Colour] = {
    "red": (219, 66, 60),
    "orange": (242, 144, 52),
    "yellow": (248, 208, 76),
    "green": (104, 176, 84),
    "blue": (78, 138, 214),
    "purple": (146, 98, 188),
    "pink": (244, 158, 186),
    "brown": (150, 102, 66),
    "grey": (156, 158, 166),
    "white": (246, 243, 236),
    "black": (68, 64, 76),
}
IRIS: tuple[Colour, ...] = ((60, 42, 38), (66, 116, 178), (72, 138, 84), (176, 110, 44))
SKIN: tuple[Colour, ...] = ((250, 216, 190), (232, 184, 146), (186, 130, 92), (128, 86, 62))
HAIR: tuple[Colour, ...] = ((74, 50, 42), (222, 170, 84), (46, 42, 50), (190, 92, 50))


def coat(colour: str, traits: Traits) -> Colour:
    """A colour in the shade and hue that are somebody's own."""
    paint = PAINT[colour]
    strength = 0.08 if colour in ("white", "black", "grey") else 0.16
    shaded = mix(paint, (255, 250, 240) if traits.shade > 0 else (40, 24, 40), abs(traits.shade) * strength)
    warm: Colour = (236, 150, 60) if traits.hue > 0 else (150, 90, 190)
    return mix(shaded, warm, abs(traits.hue) * 0.06)
