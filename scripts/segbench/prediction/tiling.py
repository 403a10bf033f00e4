"""Positions of the tiles of an image or volume, and their weights at each pixel.

Images are mirrored up to a side that the network can pool, and covered by a grid of equal
tiles. Tiles are blended by the product of one window per axis, normalised so that the
weights of all tiles at a pixel sum to 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from segbench.errors import SegbenchError

#: Images smaller than the tile are mirrored up to the smallest of these parts of it: few
#: shapes to compile a network for, and few mirrored pixels.
PARTS_OF_A_TILE = (4, 2, 1)


def hann(side: int) -> np.ndarray:
    """A Hann window centred on a tile, with its zeros half a pixel outside: (side,)."""
    return np.asarray(np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2)


def gaussian(side: int) -> np.ndarray:
    """A Gaussian about a tile's middle, standard deviation 1/8 of the side: (side,).

    As nnU-Net blends its patches (there 1/8 as well).

    References
    ----------
    Isensee et al. 2021, nnU-Net: a self-configuring method for deep learning-based
    biomedical image segmentation, Nature Methods 18:203, doi:10.1038/s41592-020-01008-z.

    Examples
    --------
    >>> float(round(gaussian(65)[40] / gaussian(65)[32], 3))  # 8 of 65 pixels from the middle
    0.616
    """
    place = (np.arange(side) + 0.5 - side / 2) / (side / 8)
    return np.asarray(np.exp(-0.5 * place**2))


#: Windows by the name that a recipe's `prediction.blend` gives them.
WINDOWS: dict[str, Callable[[int], np.ndarray]] = {"hann": hann, "gaussian": gaussian}


@dataclass(frozen=True)
class Axis:
    """The tiles along one axis.

    Attributes
    ----------
    length, tile : int
        Pixels of the image and of a tile.
    before, after : int
        Mirrored pixels at the two ends.
    starts : tuple of int
        Where the tiles begin, counted from the first mirrored pixel, ascending.
    blend : str
        Name of the window, see `WINDOWS`.
    """

    length: int
    tile: int
    before: int
    after: int
    starts: tuple[int, ...]
    blend: str = "hann"

    @property
    def padded(self) -> int:
        """Pixels of the image including mirrored ones."""
        return self.length + self.before + self.after

    def weights(self) -> np.ndarray:
        """Weights of the tiles: float32 (tile number, pixel of the tile), each above 0.

        The window of a tile over the sum of all tiles' windows at that pixel: tile borders, where
        the network sees least context, count least.
        """
        window = WINDOWS[self.blend](self.tile)
        total = np.zeros(self.padded)
        for start in self.starts:
            total[start : start + self.tile] += window
        return np.stack(
            [window / total[start : start + self.tile] for start in self.starts]
        ).astype(np.float32)


def plan_axis(
    length: int, tile: int | None, overlap: float, unit: int, blend: str = "hann"
) -> Axis:
    """Cover one axis with tiles.

    Parameters
    ----------
    length : int
        Pixels of the image.
    tile : int or None
        Pixels of a tile, rounded up to a multiple of `unit`. None: the whole axis is one tile,
        with lengths rounded up to at most eight sizes per octave.
    overlap : float
        Least share of a tile that its neighbour also covers, in [0, 1).
    unit : int
        2 to the power of the network's depth, so that it can pool.
    blend : {"hann", "gaussian"}, optional

    Returns
    -------
    Axis
        Tiles are evenly spaced and lie inside the image; only images smaller than a tile are
        mirrored.

    Examples
    --------
    >>> plan_axis(20, 8, 0.5, 4).starts
    (0, 4, 8, 12)
    >>> plan_axis(5, 16, 0.5, 4)
    Axis(length=5, tile=8, before=1, after=2, starts=(0,), blend='hann')
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
        return Axis(length, side, missing // 2, missing - missing // 2, (0,), blend)
    stride = max(int(side * (1 - overlap)), 1)
    count = math.ceil((length - side) / stride) + 1
    starts = tuple(i * (length - side) // (count - 1) for i in range(count))
    return Axis(length, side, 0, 0, starts, blend)


def _up(value: int, unit: int) -> int:
    return -(-value // unit) * unit


@dataclass(frozen=True)
class Tiling:
    """How images are cut.

    Attributes
    ----------
    tile : tuple of int or None
        Sides along (y, x) or (z, y, x); None: whole images.
    overlap, unit, blend
        See `plan_axis`.
    """

    tile: tuple[int, ...] | None
    overlap: float
    unit: int
    blend: str = "hann"

    def plan(self, *size: int) -> tuple[Axis, ...]:
        """The tiles of an image of this size, along each of its axes."""
        tile = self.tile or (None,) * len(size)
        if len(tile) != len(size):
            raise SegbenchError(
                f"tiles of {' x '.join(map(str, tile))} px for images with {len(size)} axes",
                f"{len(size)} sides: {'depth, ' * (len(size) == 3)}height and width",
                "correct the model recipe's `prediction.tile`, or `training.patch`, which is "
                "the tile where none is given",
            )
        return tuple(
            plan_axis(length, side, self.overlap, self.unit, self.blend)
            for length, side in zip(size, tile, strict=True)
        )


def mirror(image: np.ndarray, axes: Sequence[Axis]) -> np.ndarray:
    """Mirror an image beyond its edges by each axis's `before` and `after` pixels.

    The edge pixel itself is not repeated; images smaller than the padding are mirrored back
    and forth.
    """
    padding = [(axis.before, axis.after) for axis in axes]
    if not np.any(padding):
        return image
    return np.pad(image, (*padding, (0, 0)), mode="reflect")
