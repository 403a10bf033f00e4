"""The way back: maps on the network's grid to the image's original size."""

from __future__ import annotations

import numpy as np

from segbench.imaging.resampling import resize_image, resize_label


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


def label_to_original(label: np.ndarray, original_size: tuple[int, int]) -> np.ndarray:
    """Bring a label map or an object map back to the original size, by nearest neighbour.

    Parameters
    ----------
    label : ndarray of integers, (y, x)
    original_size : (int, int)
        Height and width of the raw image in pixels.

    Returns
    -------
    ndarray, `original_size`
        Same dtype.

    Examples
    --------
    >>> label_to_original(np.array([[0, 7]], np.uint8), (1, 4)).tolist()
    [[0, 0, 7, 7]]
    """
    height, width = original_size
    return resize_label(label, (height, width))
