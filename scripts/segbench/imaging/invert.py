"""Negatives of images whose background is bright."""

from __future__ import annotations

import numpy as np

from segbench.imaging.unit_range import require_unit


def is_bright(image: np.ndarray) -> bool:
    """Whether most of an image is bright: its mean is above the middle of the range.

    Parameters
    ----------
    image : ndarray of float32, (y, x, channel), 0...1

    Examples
    --------
    >>> is_bright(np.full((4, 4, 1), 0.8, np.float32))
    True
    """
    return bool(image.mean(dtype=np.float64) > 0.5)


def invert_bright(image: np.ndarray) -> np.ndarray:
    """Turn an image with a bright background into its negative; leave others alone.

    Transmitted light (stained nuclei, dark on bright) and fluorescence (bright on dark)
    then look alike to a network.

    Parameters
    ----------
    image : ndarray of float32, (y, x, channel), 0...1

    Returns
    -------
    ndarray of float32
        ``1 - image`` or the image itself.

    Raises
    ------
    SegbenchError
        If values lie outside 0...1: the middle of the range is then unknown.

    Examples
    --------
    >>> invert_bright(np.ones((1, 2, 1), np.float32)).ravel().tolist()
    [0.0, 0.0]
    """
    require_unit(image, "invert")
    return np.float32(1) - image if is_bright(image) else image
