"""The way back: maps on the network's grid to the image's original size."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import numpy as np

from segbench.imaging.cropping import Box, check_box, window
from segbench.imaging.resampling import resize_image
from segbench.imaging.volume_resampling import resampled_slices


def to_original(maps: np.ndarray, original_size: tuple[int, int]) -> np.ndarray:
    """Bring probabilities back to the original size, bilinearly.

    Parameters
    ----------
    maps : ndarray of float, (y, x, map)
    original_size : (int, int)
        Height and width of the raw image in pixels.

    Returns
    -------
    ndarray of float32, (*original_size, map)
        Within the range of the values given; maps that sum to 1 still do, to rounding.

    Examples
    --------
    >>> to_original(np.full((2, 2, 1), 0.25, np.float16), (3, 5)).ravel()[:2].tolist()
    [0.25, 0.25]
    """
    height, width = original_size
    return resize_image(maps, (height, width), "bilinear", antialias=False)


def volume_to_original(
    maps: np.ndarray,
    original_size: tuple[int, ...],
    crop: Box | None,
    decode: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Bring the probabilities of a volume back and make its label, slice by slice.

    Parameters
    ----------
    maps : ndarray of float, (z, y, x, map)
        On the network's grid.
    original_size : (int, int, int)
        Depth, height and width of the raw volume in voxels.
    crop : tuple of (int, int) or None
        The box of the raw volume that the maps cover; None: all of it. Outside the label
        is 0.
    decode : callable
        Makes the label of one slice, (y, x) or (y, x, class), of its maps (y, x, map), float32.

    Returns
    -------
    ndarray, `original_size` or (*original_size, class)
        Of the dtype that `decode` gives.

    Raises
    ------
    SegbenchError
        If the crop does not lie in the volume.

    Notes
    -----
    Maps are interpolated, trilinearly, and decided on then. Never more than one slice of
    them exists at the original size: four maps of a brain would be 143 MB as float32.

    Examples
    --------
    >>> maps = np.full((1, 1, 2, 1), 0.75, np.float16)
    >>> found = volume_to_original(
    ...     maps, (2, 1, 4), ((1, 2), (0, 1), (1, 3)), lambda m: np.uint8(m[..., 0] > 0.5)
    ... )
    >>> found.tolist()
    [[[0, 0, 0, 0]], [[0, 1, 1, 0]]]
    """
    box = crop or tuple((0, side) for side in original_size)
    check_box(box, original_size)
    inside = tuple(stop - first for first, stop in box)
    slices = resampled_slices(maps, inside, "bilinear", antialias=False)
    first = decode(next(slices))
    label = np.zeros((*original_size, *first.shape[2:]), first.dtype)
    target = label[window(box)]
    for number, found in enumerate(chain([first], map(decode, slices))):
        target[number] = found
    return label
