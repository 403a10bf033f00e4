"""The inverse of preprocessing: maps on the network's grid to the image's original size."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import numpy as np

from segbench.imaging.cropping import Box, check_box, window
from segbench.imaging.resampling import resize_image
from segbench.imaging.volume_resampling import resampled_slices


def label_at_original_size(
    maps: np.ndarray,
    original_size: tuple[int, ...],
    crop: Box | None,
    decode: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Resize probabilities bilinearly (trilinearly) to the original size, then decode them.

    Parameters
    ----------
    maps : ndarray of float, (y, x, map) or (z, y, x, map)
        On the network's grid.
    original_size : tuple of int
        Height and width of the raw image in pixels; of volumes depth, height and width.
    crop : tuple of (int, int) or None
        The box of the raw volume that the maps cover; None: all of it. Outside the label
        is 0.
    decode : callable
        Makes the label of an image or a slice, (y, x) or (y, x, class), from its maps
        (y, x, map), float32. Maps stay within their range; maps that sum to 1 still do, to
        rounding.

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
    Never more than one slice of a volume's maps exists at the original size: four maps of a
    brain would be 143 MB as float32.

    Examples
    --------
    >>> maps = np.full((1, 1, 2, 1), 0.75, np.float16)
    >>> found = label_at_original_size(
    ...     maps, (2, 1, 4), ((1, 2), (0, 1), (1, 3)), lambda m: np.uint8(m[..., 0] > 0.5)
    ... )
    >>> found.tolist()
    [[[0, 0, 0, 0]], [[0, 1, 1, 0]]]
    """
    if len(original_size) == 2:
        height, width = original_size
        return decode(resize_image(maps, (height, width), "bilinear", antialias=False))
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
