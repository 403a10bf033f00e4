"""Linear stretches of the intensities."""

from __future__ import annotations

from typing import Literal

import numpy as np

#: The percentiles that become 0 and 1.
PERCENTILES = (1.0, 99.0)

How = Literal["none", "minmax", "percentile", "zscore"]


def normalise(
    image: np.ndarray, how: How, within: Literal["image", "nonzero"] = "image"
) -> np.ndarray:
    """Stretch each channel of an image or a volume linearly.

    Parameters
    ----------
    image : ndarray of float32, (y, x, channel) or (z, y, x, channel), finite
    how : {"none", "minmax", "percentile", "zscore"}
        minmax: smallest value to 0, largest to 1. percentile: 1st to 0, 99th to 1,
        clipped to 0...1. zscore: mean 0, standard deviation 1 (population).
    within : {"image", "nonzero"}, optional
        Which values count. nonzero: those of the channel that are not 0; the others stay 0,
        e.g. around a brain that was cut out.

    Returns
    -------
    ndarray of float32, same shape
        A channel without contrast becomes 0.

    Examples
    --------
    >>> image = np.array([2, 3, 4], dtype=np.float32).reshape(1, 3, 1)
    >>> normalise(image, "minmax").ravel().tolist()
    [0.0, 0.5, 1.0]
    >>> normalise(image * 0, "minmax").ravel().tolist()
    [0.0, 0.0, 0.0]
    >>> brain = np.array([0, 0, 5, 7], dtype=np.float32).reshape(1, 4, 1)
    >>> normalise(brain, "zscore", "nonzero").ravel().tolist()
    [0.0, 0.0, -1.0, 1.0]
    """
    if how == "none":
        return image
    if within == "image" and image.ndim == 3:
        return _stretched(image, how)
    # One channel at a time: the doubles of a whole volume would fill half a gigabyte.
    result = np.zeros(image.shape, np.float32)
    for channel in range(image.shape[-1]):
        values = image[..., channel]
        if within == "image":
            result[..., channel] = _stretched(values.reshape(-1, 1, 1), how).reshape(values.shape)
            continue
        there = values != 0
        if there.any():
            result[there, channel] = _stretched(values[there][:, None, None], how)[:, 0, 0]
    return result


def _stretched(image: np.ndarray, how: How) -> np.ndarray:
    """All channels of (y, x, channel) over all their values."""
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
