"""Linear stretches of the intensities."""

from __future__ import annotations

from typing import Literal

import numpy as np

#: The percentiles that become 0 and 1.
PERCENTILES = (1.0, 99.0)


def normalise(
    image: np.ndarray, how: Literal["none", "minmax", "percentile", "zscore"]
) -> np.ndarray:
    """Stretch each channel of an image linearly.

    Parameters
    ----------
    image : ndarray of float32, (y, x, channel), finite
    how : {"none", "minmax", "percentile", "zscore"}
        minmax: smallest value to 0, largest to 1. percentile: 1st to 0, 99th to 1,
        clipped to 0...1. zscore: mean 0, standard deviation 1 (population).

    Returns
    -------
    ndarray of float32, (y, x, channel)
        A channel without contrast becomes 0.

    Examples
    --------
    >>> image = np.array([2, 3, 4], dtype=np.float32).reshape(1, 3, 1)
    >>> normalise(image, "minmax").ravel().tolist()
    [0.0, 0.5, 1.0]
    >>> normalise(image * 0, "minmax").ravel().tolist()
    [0.0, 0.0, 0.0]
    """
    if how == "none":
        return image
    if how == "zscore":
        zero = image.mean(axis=(0, 1), dtype=np.float64)
        span = image.std(axis=(0, 1), dtype=np.float64)
    else:
        if how == "minmax":
            zero, one = image.min(axis=(0, 1)), image.max(axis=(0, 1))
        else:
            zero, one = np.percentile(image, PERCENTILES, axis=(0, 1))
        # In double precision: the difference of two float32 may overflow.
        zero, one = np.asarray(zero, np.float64), np.asarray(one, np.float64)
        span = one - zero
    # A constant channel of large values has a spread of rounding errors only.
    flat = span <= np.finfo(np.float32).eps * np.maximum(np.abs(zero), np.finfo(np.float32).tiny)
    factor = np.where(flat, 0.0, 1.0 / np.where(flat, 1.0, span))
    result: np.ndarray = ((image - zero) * factor).astype(np.float32)
    if how != "zscore":
        np.clip(result, 0, 1, out=result)
    return result
