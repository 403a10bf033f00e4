"""The one palette: a class has the same colour in every picture."""

from __future__ import annotations

from collections.abc import Iterable

#: Colours in the order in which classes get them. The first seven are Okabe and Ito's, told
#: apart with the common kinds of colour blindness (https://jfly.uni-koeln.de/color/), with a
#: darker yellow that is visible on white paper; the others differ from these in lightness.
PALETTE = (
    "#E69F00", "#56B4E9", "#009E73", "#A89B00", "#D55E00", "#CC79A7", "#0072B2",
    "#6FA33B", "#E31A1C", "#9A7DB0", "#8C6D31", "#17BECF", "#E06C75", "#6A3D9A",
    "#4D4D4D", "#393B79", "#8A8A8A", "#637939",
)  # fmt: skip
ORANGE, SKY_BLUE, GREEN, _, VERMILION, _, BLUE = PALETTE[:7]
#: Text and marks.
INK = "#222222"
SOFT_INK = "#555555"
#: Axes and guides.
LINE = "#888888"


def colour_of(number: int) -> str:
    """Colour of the class at a place in the list of all classes; repeats after the last.

    Examples
    --------
    >>> colour_of(0), colour_of(len(PALETTE))
    ('#E69F00', '#E69F00')
    """
    return PALETTE[number % len(PALETTE)]


def class_colours(names: Iterable[str]) -> dict[str, str]:
    """Colour of each class, by its place in the list of all classes.

    Examples
    --------
    >>> class_colours(["skin", "hair"])
    {'skin': '#E69F00', 'hair': '#56B4E9'}
    """
    return {name: colour_of(number) for number, name in enumerate(names)}


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0...255, of ``#RRGGBB``.

    Examples
    --------
    >>> rgb("#E69F00")
    (230, 159, 0)
    """
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue
