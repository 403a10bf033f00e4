"""Pixels without a value: NaN, infinities, and numbers beyond float32.

Tools write them outside a brain, a scanned area or a stitched mosaic. The rule, everywhere: they
are not part of the object, count in no statistic, and are never written to JSON. In images
of floats they are NaN until the last step of preprocessing fills them.
"""

from __future__ import annotations

import numpy as np

#: Largest value of float32, the type in which images are prepared.
LARGEST = float(np.finfo(np.float32).max)


def mark_unknown(image: np.ndarray) -> np.ndarray:
    """Replace infinities, and numbers beyond float32, by NaN.

    Parameters
    ----------
    image : ndarray, any shape
        Integers and booleans always have a value.

    Returns
    -------
    ndarray, same shape and dtype
        The image itself where every value is known.

    Examples
    --------
    >>> mark_unknown(np.array([1.0, np.inf, 1e300])).tolist()
    [1.0, nan, nan]
    """
    image = np.asarray(image)
    if image.dtype.kind != "f":
        return image
    known = np.isfinite(image) if image.dtype.itemsize <= 4 else np.abs(image) <= LARGEST
    return image if known.all() else np.where(known, image, image.dtype.type(np.nan))


def known_pixels(image: np.ndarray) -> np.ndarray | None:
    """Which values of an image are known; None if all are.

    Examples
    --------
    >>> known_pixels(np.array([1.0, np.nan])).tolist(), known_pixels(np.array([1, 2]))
    ([True, False], None)
    """
    if image.dtype.kind != "f":
        return None
    known: np.ndarray = np.isfinite(image)
    return None if known.all() else known


def fill_unknown(image: np.ndarray, value: float | None = None) -> np.ndarray:
    """Give the pixels without a value one; an image without such pixels is returned itself.

    Parameters
    ----------
    image : ndarray, (..., channel)
    value : float, optional
        By default each channel's smallest known value, or 0 if none is known.

    Examples
    --------
    >>> fill_unknown(np.array([[np.nan, 1.0], [2.0, np.nan], [5.0, 4.0]])).tolist()
    [[2.0, 1.0], [2.0, 1.0], [5.0, 4.0]]
    """
    known = known_pixels(image)
    if known is None:
        return image
    if value is not None:
        return np.where(known, image, image.dtype.type(value))
    axes = tuple(range(image.ndim - 1))
    lowest = np.where(known, image, np.inf).min(axis=axes, initial=np.inf)
    return np.where(known, image, np.where(np.isfinite(lowest), lowest, 0).astype(image.dtype))
