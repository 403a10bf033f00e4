"""Sheets of samples: a contact sheet with outlines, and the groups by appearance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from segbench.exploration.appearance import RULE
from segbench.exploration.measure import plane_of, shrink
from segbench.figures.canvas import class_handles, draw_lines, plain_legend, shortened, show_image
from segbench.figures.images import display_image
from segbench.figures.layers import Layer, layers_of, outlines, tinted
from segbench.figures.planes import fullest_slice
from segbench.figures.saving import save
from segbench.figures.style import house_style
from segbench.unannotated import as_background

#: Longest side of a sample on the sheet, in pixels.
SIDE = 260
COLUMNS = 6
#: Percentiles of a tile's values displayed as black and white.
STRETCH = (0.5, 99.5)
#: Images shown of each group.
SHOWN = 8


@dataclass(frozen=True)
class Tile:
    """One sample of the contact sheet, already small.

    Attributes
    ----------
    image : (y, x, 1 or 3) ndarray of float32
        In the image's own values.
    layers : tuple of Layer
        Classes that occur, at the size of `image`.
    lines : tuple of (str, list of ndarray)
        Colour and closed lines (x, y), in pixels of `image`.
    note : str
        Second line: the class of a whole image, or the slice of a volume.
    """

    sample: str
    image: np.ndarray
    layers: tuple[Layer, ...]
    lines: tuple[tuple[str, list[np.ndarray]], ...]
    note: str


def _size(image: np.ndarray) -> tuple[int, int]:
    return image.shape[0], image.shape[1]


def make_tile(
    sample: str, image: np.ndarray, label: np.ndarray, attributes: Mapping[str, Any]
) -> Tile:
    """Prepare one sample for the contact sheet; of a volume the slice with the largest label.

    Parameters
    ----------
    sample : str
    image : (y, x, c) or (z, y, x, c) ndarray
        As published.
    label, attributes
        As in the archive of the truth.
    """
    axes = str(attributes["axes"])
    if axes == "s":
        names = dict(zip(attributes["class_values"], attributes["classes"], strict=True))
        note = str(names.get(int(label[0]), f"class {int(label[0])}"))
        return Tile(sample, shrink(plane_of(image), SIDE), (), (), note)
    label = as_background(label)
    position = fullest_slice(label) if axes.startswith("z") else None
    plane = label if position is None else label[position]
    small = shrink(plane_of(image, position), SIDE)
    height, width = small.shape[:2]
    factor = height / plane.shape[0]
    layers = [layer for layer in layers_of(plane, attributes) if layer.label.any()]
    lines = tuple(
        (layer.colour, [(line + 0.5) * factor - 0.5 for line in outlines(layer.label)])
        for layer in layers
    )
    shown = tuple(layer.resized(height, width) for layer in layers)
    note = "" if position is None else f"slice {position}"
    return Tile(sample, small, shown, lines, note)


def brightness(tile: Tile) -> tuple[float, float]:
    """Values displayed as black and white, per tile, so that dark images are visible."""
    known = tile.image[np.isfinite(tile.image)]
    if not known.size:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(known, STRETCH))
    return low, max(high, low + 1e-6)


def draw_sheet(tiles: Sequence[Tile], title: str, output: str | Path) -> None:
    """Draw the contact sheet to a PNG file: small samples with the outlines of their labels."""
    columns = min(COLUMNS, max(len(tiles), 1))
    bands = max(1, -(-len(tiles) // columns))
    ratio = max((tile.image.shape[0] / tile.image.shape[1] for tile in tiles), default=0.5)
    with house_style():
        height = bands * (min(max(ratio, 0.5), 1.6) * 1.75 + 0.32) + 0.4
        figure = Figure(figsize=(1.75 * columns + 0.2, height), layout="constrained")
        cells = figure.subplots(bands, columns, squeeze=False).ravel()
        for cell in cells:
            cell.set_axis_off()
        several = len({layer.name for tile in tiles for layer in tile.layers}) > 1
        for cell, tile in zip(cells, tiles, strict=False):
            image = display_image(tile.image, 1.0, *_size(tile.image), limits=brightness(tile))
            show_image(cell, tinted(image, tile.layers, 0.3) if several else image)
            for colour, lines in tile.lines:
                draw_lines(cell, lines, colour, 0.9)
            head = shortened(tile.sample, 22) + (f"\n{shortened(tile.note, 22)}" * bool(tile.note))
            cell.set_title(head, fontsize=6.5, loc="left", pad=2, parse_math=False)
        handles = class_handles(layer for tile in tiles for layer in tile.layers)
        if handles:
            columns = min(len(handles), 6)
            plain_legend(figure, handles=handles, loc="outside lower center", ncols=columns)
        words = f"{title}: {len(tiles)} samples with their labels, each stretched to its own range"
        save(figure, output, f"{words}.")


def draw_appearance(
    clusters: Mapping[str, int],
    thumbnails: Mapping[str, np.ndarray],
    order: Sequence[str],
    limits: tuple[float, float],
    title: str,
    output: str | Path,
) -> None:
    """Draw some images of each group by appearance, one row per group, to a PNG file.

    Parameters
    ----------
    clusters : mapping of str to int
        Sample -> its group, from 1.
    thumbnails : mapping of str to (y, x, 1 or 3) ndarray
        In the images' own values.
    order : sequence of str
        The first samples of each group in this order are shown.
    limits : (float, float)
        Values displayed as black and white.
    """
    members: dict[int, list[str]] = {}
    for sample in order:
        if sample in clusters:
            members.setdefault(clusters[sample], []).append(sample)
    rows = sorted(members)
    with house_style():
        size = (0.95 * SHOWN + 1.2, max(1.0, 1.02 * len(rows)) + 0.1)
        figure = Figure(figsize=size, layout="constrained")
        cells = figure.subplots(max(len(rows), 1), SHOWN, squeeze=False)
        for cell in cells.ravel():
            cell.set_axis_off()
        for row, cluster in enumerate(rows):
            names = members[cluster]
            for cell, sample in zip(cells[row], names, strict=False):
                small = thumbnails[sample]
                show_image(cell, display_image(small, 1.0, *_size(small), limits=limits))
                cell.set_anchor("C")
            cells[row][0].annotate(
                f"group {cluster}\n{len(names)} image{'' if len(names) == 1 else 's'}",
                (0, 0.5), xytext=(-8, 0), xycoords="axes fraction", textcoords="offset points",
                ha="right", va="center", fontsize=8,
            )  # fmt: skip
        words = ", ".join(f"group {c}: {len(members[c])} images" for c in rows)
        save(
            figure, output, f"{title}: images by appearance. {words or 'no images'}. Rule: {RULE}."
        )
