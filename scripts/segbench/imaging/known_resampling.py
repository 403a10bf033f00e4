"""Resampling images in which some pixels have no value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from segbench.known_pixels import known_pixels

#: A new pixel has a value if known pixels carry at least this part of its weight.
LEAST_WEIGHT = 0.5


def resample_known(image: np.ndarray, resample: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Resample an image from the pixels that have a value.

    Parameters
    ----------
    image : ndarray of float32, (..., channel)
        NaN where there is no value.
    resample : callable
        A linear resampling whose weights add up to 1, such as
        `segbench.imaging.resampling.resize_image`.

    Returns
    -------
    ndarray of float32
        The mean of the known pixels, with the weights of `resample`; NaN where unknown pixels
        carry more than half of the weight.

    References
    ----------
    Knutsson, H. & Westin, C.-F. Normalized and differential convolution. CVPR 1993,
    doi:10.1109/CVPR.1993.341081

    Examples
    --------
    >>> pairs = lambda x: (x[0::2] + x[1::2]) / 2
    >>> image = np.float32([[1], [np.nan], [3], [5], [np.nan], [np.nan]])
    >>> resample_known(image, pairs).ravel().tolist()
    [1.0, 4.0, nan]
    """
    known = known_pixels(image)
    if known is None:
        return resample(image)
    weight = resample(known.astype(np.float32))
    value = resample(np.where(known, image, np.float32(0)))
    result = np.full_like(value, np.nan)
    if known.any():
        with np.errstate(over="ignore"):
            np.divide(value, weight, out=result, where=weight >= LEAST_WEIGHT)
        np.clip(result, image[known].min(), image[known].max(), out=result)
    return result
