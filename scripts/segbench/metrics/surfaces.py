"""Surfaces of masks, and the distances in millimetres from one surface to another.

The definition is that of DeepMind's package surface-distance, written anew: a surface runs
between the pixels, in elements at the corners where pixels meet, and each element counts
with its length (2-D) or area (3-D) in the physical unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations, product

import numpy as np

#: The cases of marching cubes: which corners of a cube are inside (bit 7: the corner at the
#: smallest z, y and x; bit 0: at the largest), and the normals of the triangles between, in
#: eighths of a pixel's side squared. All other cases are these, turned, mirrored or inverted.
_CUBES: dict[int, tuple[tuple[int, int, int], ...]] = {
    0b00000001: ((1, 1, 1),),
    0b00000011: ((2, 2, 0),) * 2,
    0b00000110: ((1, 1, 1),) * 2,
    0b00000111: ((4, 0, 0), (2, 2, 2), (1, 1, 1)),
    0b00001111: ((4, 0, 0),) * 2,
    0b00010110: ((1, 1, 1),) * 3,
    0b00010111: ((1, 1, 1), (2, 2, 2)) * 2,
    0b00011000: ((1, 1, 1),) * 2,
    0b00011001: ((0, 2, 2), (0, 2, 2), (1, 1, 1)),
    0b00011011: ((1, 1, 1), (3, 3, 3), (0, 2, 2), (2, 0, 2)),
    0b00011110: ((4, 0, 0), (1, 1, 1), (2, 2, 2), (1, 1, 1)),
    0b00111100: ((2, 2, 0),) * 4,
    0b01101001: ((1, 1, 1),) * 4,
}


@dataclass(frozen=True)
class Surfaces:
    """Distances from each element of one surface to the nearest one of the other.

    Attributes
    ----------
    from_truth, from_prediction : ndarray of float64, shape (element,)
        Distances in mm, ascending. Infinite where the other mask is empty.
    truth_sizes, prediction_sizes : ndarray of float64, shape (element,)
        Length in mm (2-D) or area in mm² (3-D) of these elements.
    """

    from_truth: np.ndarray
    truth_sizes: np.ndarray
    from_prediction: np.ndarray
    prediction_sizes: np.ndarray


@lru_cache(maxsize=64)
def element_sizes(spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Length or area of the surface in a cell between neighbouring pixels.

    Parameters
    ----------
    spacing_mm : tuple of float
        (y, x) or (z, y, x).

    Returns
    -------
    ndarray of float64, shape (16,) or (256,)
        By the code of the cell: its corners, in C order, as the bits of a number, the first
        as the highest; 1 is inside.

    References
    ----------
    Lorensen and Cline 1987, doi:10.1145/37402.37422

    Examples
    --------
    >>> element_sizes((3.0, 4.0))[[0b0001, 0b0011, 0b0101, 0b0110]].tolist()
    [2.5, 4.0, 3.0, 5.0]
    """
    if len(spacing_mm) == 2:
        y, x = spacing_mm
        half = 0.5 * math.sqrt(y**2 + x**2)
        lengths = np.full(16, half)
        lengths[[0b0000, 0b1111]] = 0.0
        lengths[[0b0011, 0b1100]] = x
        lengths[[0b0101, 0b1010]] = y
        lengths[[0b0110, 0b1001]] = 2 * half
        return lengths
    z, y, x = spacing_mm
    faces = np.array([y * x, z * x, z * y]) / 8
    areas = np.zeros(256)
    bits = (1 << np.arange(7, -1, -1)).reshape(2, 2, 2)
    for code, normals in _CUBES.items():
        corners = (bits & code) > 0
        for axes, flips in product(permutations(range(3)), product((1, -1), repeat=3)):
            turned = corners.transpose(axes)[:: flips[0], :: flips[1], :: flips[2]]
            area = sum(math.hypot(*(np.array(n)[list(axes)] * faces)) for n in normals)
            here = int(bits[turned].sum())
            areas[here] = areas[255 - here] = area
    return areas


def surfaces(
    truth: np.ndarray, prediction: np.ndarray, spacing_mm: Sequence[float]
) -> Surfaces | None:
    """Find the surfaces of two masks and how far they are from each other.

    Parameters
    ----------
    truth, prediction : ndarray of bool, shape (y, x) or (z, y, x)
    spacing_mm : sequence of float
        Distance of pixels along each axis.

    Returns
    -------
    Surfaces or None
        None where both are empty.

    Notes
    -----
    Only the box around both masks is looked at. Outside the image is outside the mask.
    """
    spacing = tuple(float(s) for s in spacing_mm)
    box = bounds(truth, prediction)
    if box is None:
        return None
    sizes = element_sizes(spacing)
    codes = [_codes(mask[box]) for mask in (truth, prediction)]
    borders = [(code != 0) & (code != sizes.size - 1) for code in codes]
    distances = [
        _distances(borders[0], borders[1], spacing),
        _distances(borders[1], borders[0], spacing),
    ]
    ordered = []
    for code, border, found in zip(codes, borders, distances, strict=True):
        size = sizes[code[border]]
        order = np.lexsort((size, found))
        ordered += [found[order], size[order]]
    return Surfaces(*ordered)


def bounds(*masks: np.ndarray) -> tuple[slice, ...] | None:
    """Box around what is in any of some masks; None if nothing is.

    Examples
    --------
    >>> bounds(np.array([False, True, False, True, False]))
    (slice(1, 4, None),)
    """
    found = []
    for axis in range(masks[0].ndim):
        others = tuple(n for n in range(masks[0].ndim) if n != axis)
        here = np.zeros(masks[0].shape[axis], bool)
        for mask in masks:
            here |= mask.any(axis=others)
        places = np.flatnonzero(here)
        if not places.size:
            return None
        found.append(slice(int(places[0]), int(places[-1]) + 1))
    return tuple(found)


def _codes(mask: np.ndarray) -> np.ndarray:
    """Code of the cell at each corner between pixels, one more along each axis than pixels."""
    padded = np.pad(mask.astype(np.uint8), 1)
    codes = np.zeros([n - 1 for n in padded.shape], np.uint8)
    for corner in product((0, 1), repeat=mask.ndim):
        shifted = tuple(slice(c, c + n) for c, n in zip(corner, codes.shape, strict=True))
        codes <<= 1
        codes |= padded[shifted]
    return codes


def _distances(here: np.ndarray, there: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Distance in mm from each element of one border to the nearest of another."""
    from scipy import ndimage

    places = np.nonzero(here)
    if not there.any():
        return np.full(places[0].size, math.inf)
    nearest = ndimage.distance_transform_edt(
        ~there, sampling=spacing, return_distances=False, return_indices=True
    )
    squared = np.zeros(places[0].size)
    for axis, side in enumerate(spacing):
        squared += ((nearest[axis][places] - places[axis]) * side) ** 2
    return np.sqrt(squared)
