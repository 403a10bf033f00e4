"""Images, lines, legends and titles on Matplotlib axes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from segbench.figures.layers import Layer
from segbench.figures.palette import PALETTE, SOFT_INK


def draw_lines(
    axes: Axes, lines: list[np.ndarray], colour: str, width: float, dashes: object = "solid"
) -> None:
    """Draw closed lines with a dark rim, which keeps them visible on bright images."""
    collection = LineCollection(lines, colors=colour, linewidths=width, linestyles=[dashes])
    collection.set_path_effects([withStroke(linewidth=width + 1.1, foreground="#00000099")])
    axes.add_collection(collection)


def show_image(axes: Axes, image: np.ndarray) -> None:
    """Draw an image without axes, at the top of its cell."""
    height, width = image.shape[:2]
    axes.imshow(image, interpolation="antialiased", vmin=0, vmax=1)
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    axes.set_axis_off()
    axes.set_anchor("N")


def plain_legend(owner: Axes | Figure, **options: Any) -> None:
    """Draw a legend whose labels are names, not formulas, whatever characters they contain."""
    legend = owner.legend(**{"fontsize": 8, "handlelength": 1.4, **options})
    for text in legend.get_texts():
        text.set_parse_math(False)


def class_handles(layers: Iterable[Layer]) -> list[Line2D]:
    """Entries of a legend for the classes that occur, in the order of the palette."""
    seen = {layer.name: layer.colour for layer in layers if layer.label.any()}
    return [
        Line2D(
            [], [], color=seen[name], linewidth=4, solid_capstyle="butt", label=shortened(name, 22)
        )
        for name in sorted(seen, key=lambda name: PALETTE.index(seen[name]))
    ]


def shortened(text: str, length: int = 30) -> str:
    """Cut the middle out of a long text.

    Examples
    --------
    >>> shortened("0123456789abcdef", 9)
    '012…def'
    """
    half = length // 2 - 1
    return text if len(text) <= length else f"{text[:half]}…{text[-half:]}"


def wrapped(title: str, width: int = 60) -> str:
    """Break a title into lines that fit above a picture, between its parts where possible.

    Examples
    --------
    >>> wrapped("size 64 · jitter · a-network--rate-0.1", 20).splitlines()
    ['size 64 · jitter', 'a-network--rate-0.1']
    """
    lines = [""]
    for part in title.split(" · "):
        longer = f"{lines[-1]} · {part}" if lines[-1] else part
        if len(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(part)
    return "\n".join(piece for line in lines for piece in textwrap.wrap(line, width))


def message(text: str, title: str = "") -> Figure:
    """A figure that only says something, e.g. that there is nothing to draw."""
    figure = Figure(figsize=(4.0, 1.6), layout="constrained")
    if title:
        figure.suptitle(title, fontsize=9.5, parse_math=False)
    figure.text(0.5, 0.4, text, ha="center", color=SOFT_INK)
    return figure
