"""Where the tiles of an image lie, and how much each of them counts at each pixel.

An image of any size is mirrored up to a side that the network can pool, and covered by a
grid of tiles of one shape. Tiles are blended by the product of two windows, one an axis,
which are divided beforehand by their sum: the weights of all tiles at a pixel sum to 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from segbench.errors import SegbenchError

#: Images smaller than the tile are mirrored up to the smallest of these parts of it, so
#: that a network meets few shapes (each is compiled once) and computes few mirrored pixels.
PARTS_OF_A_TILE = (4, 2, 1)


@dataclass(frozen=True)
class Axis:
    """The tiles along one axis.

    Attributes
    ----------
    length : int
        Pixels of the image.
    tile : int
        Pixels of a tile.
    before, after : int
        Mirrored pixels at the two ends.
    starts : tuple of int
        Where the tiles begin, counted from the first mirrored pixel, ascending.
    """

    length: int
    tile: int
    before: int
    after: int
    starts: tuple[int, ...]

    @property
    def padded(self) -> int:
        """Pixels of the image with the mirrored ones."""
        return self.length + self.before + self.after

    def weights(self) -> np.ndarray:
        """Weights of the tiles: float32 (tile number, pixel of the tile), each above 0.

        A Hann window about the tile's middle, whose zeros lie half a pixel outside, over
        the sum of the windows of all tiles at that pixel: borders of tiles, where the
        network sees least, count least.
        """
        window = np.sin(np.pi * (np.arange(self.tile) + 0.5) / self.tile) ** 2
        total = np.zeros(self.padded)
        for start in self.starts:
            total[start : start + self.tile] += window
        return np.stack(
            [window / total[start : start + self.tile] for start in self.starts]
        ).astype(np.float32)


def plan_axis(length: int, tile: int | None, overlap: float, unit: int) -> Axis:
    """Cover one axis with tiles.

    Parameters
    ----------
    length : int
        Pixels of the image.
    tile : int or None
        Pixels of a tile, rounded up to a multiple of `unit`. None: the whole axis is one
        tile; then lengths are rounded up to one of at most eight an octave.
    overlap : float
        Least share of a tile that its neighbour also covers, in [0, 1).
    unit : int
        What the network can pool: 2 to the power of its depth.

    Returns
    -------
    Axis
        Tiles are spread evenly and lie inside the image; no pixel beyond it is made up
        unless the image is smaller than a tile.

    Raises
    ------
    SegbenchError
        If the overlap is not in [0, 1).

    Examples
    --------
    >>> plan_axis(20, 8, 0.5, 4).starts
    (0, 4, 8, 12)
    >>> plan_axis(5, 16, 0.5, 4)
    Axis(length=5, tile=8, before=1, after=2, starts=(0,))
    """
    if not 0 <= overlap < 1:
        raise SegbenchError(
            f"prediction.overlap is {overlap}",
            "at least 0 and below 1",
            "correct the model recipe's `prediction.overlap`; 0.5 is usual",
        )
    if tile is None:
        octave = 2 ** int(math.log2(length))
        side = _up(length, _up(max(octave // 8, 1), unit))
    else:
        tile = _up(tile, unit)
        sides = [_up(math.ceil(tile / part), unit) for part in PARTS_OF_A_TILE]
        side = next((s for s in sides if s >= length), tile)
    if length <= side:
        missing = side - length
        return Axis(length, side, missing // 2, missing - missing // 2, (0,))
    stride = max(int(side * (1 - overlap)), 1)
    count = math.ceil((length - side) / stride) + 1
    starts = tuple(i * (length - side) // (count - 1) for i in range(count))
    return Axis(length, side, 0, 0, starts)


def _up(value: int, unit: int) -> int:
    return -(-value // unit) * unit


@dataclass(frozen=True)
class Tiling:
    """How images are cut.

    Attributes
    ----------
    tile : (int, int) or None
        Height and width; None: whole images.
    overlap : float
        Of neighbouring tiles, in [0, 1).
    unit : int
        Sides of tiles are multiples of this.
    """

    tile: tuple[int, int] | None
    overlap: float
    unit: int

    def plan(self, height: int, width: int) -> tuple[Axis, Axis]:
        """The tiles of an image of this size, along y and along x."""
        tile = self.tile or (None, None)
        return (
            plan_axis(height, tile[0], self.overlap, self.unit),
            plan_axis(width, tile[1], self.overlap, self.unit),
        )


def mirror(image: np.ndarray, rows: Axis, columns: Axis) -> np.ndarray:
    """Continue an image beyond its edges as a mirror would.

    Parameters
    ----------
    image : ndarray (y, x, channel)
    rows, columns : Axis

    Returns
    -------
    ndarray (rows.padded, columns.padded, channel)
        The edge pixel itself is not repeated; images smaller than what is missing are
        mirrored to and fro.
    """
    padding = ((rows.before, rows.after), (columns.before, columns.after), (0, 0))
    return np.pad(image, padding, mode="reflect") if np.any(padding) else image
