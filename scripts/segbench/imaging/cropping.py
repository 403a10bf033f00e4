"""Boxes of volumes: what is not 0, and whether a recorded box fits."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from segbench.errors import SegbenchError
from segbench.known_pixels import known_pixels

#: First and one past the last voxel along z, y and x.
Box = tuple[tuple[int, int], ...]


def nonzero_box(image: np.ndarray) -> Box:
    """Find the smallest box that holds every voxel of which any channel is not 0.

    Parameters
    ----------
    image : ndarray, (z, y, x, channel)
        NaN, a voxel without a value, counts as 0.

    Returns
    -------
    tuple of (int, int)
        First and one past the last voxel along each axis; the whole volume if all is 0.

    Examples
    --------
    >>> image = np.zeros((3, 4, 5, 2))
    >>> image[1, 2:, 3, 0] = image[1, 1, 4, 1] = -1
    >>> nonzero_box(image)
    ((1, 2), (1, 4), (3, 5))
    """
    inside, known = image != 0, known_pixels(image)
    if known is not None:
        inside &= known
    found = ndimage.find_objects(inside.any(axis=-1).view(np.uint8), max_label=1)[0]
    if found is None:
        return tuple((0, side) for side in image.shape[:-1])
    return tuple((part.start, part.stop) for part in found)


def window(box: Box) -> tuple[slice, ...]:
    """A box as an index.

    Examples
    --------
    >>> window(((1, 2), (0, 4)))
    (slice(1, 2, None), slice(0, 4, None))
    """
    return tuple(slice(first, stop) for first, stop in box)


def check_box(box: Box, size: tuple[int, ...]) -> None:
    """Raise a `SegbenchError` if a box is empty or does not lie in a volume."""
    if len(box) != len(size) or not all(
        0 <= first < stop <= side for (first, stop), side in zip(box, size, strict=True)
    ):
        raise SegbenchError(
            f"the crop {[list(pair) for pair in box]} of a volume of {list(size)} voxels",
            "a box inside the volume",
            "delete the archives and run the same command again",
        )
