"""Images as float32 in 0...1, the scale in which every step works."""

from __future__ import annotations

import numpy as np

from segbench.errors import SegbenchError


def to_unit(image: np.ndarray) -> np.ndarray:
    """Express an image in the units of its own dtype's full range.

    Parameters
    ----------
    image : ndarray, any shape
        Integers (divided by the dtype's maximum), booleans (0 and 1) or floats (which
        keep their values).

    Returns
    -------
    ndarray of float32
        Same shape; integers lie in 0...1.

    Examples
    --------
    >>> to_unit(np.array([0, 255], dtype=np.uint8)).tolist()
    [0.0, 1.0]
    """
    image = np.asarray(image)
    if image.dtype == bool:
        return image.astype(np.float32)
    if np.issubdtype(image.dtype, np.integer):
        scale = np.float32(1.0 / np.iinfo(image.dtype).max)
        unit: np.ndarray = np.multiply(image, scale, dtype=np.float32, casting="unsafe")
        return unit
    if not np.issubdtype(image.dtype, np.floating):
        raise SegbenchError(
            f"an image has dtype {image.dtype}",
            "integers, booleans or floats",
            "check the reader of the dataset",
        )
    return image.astype(np.float32, copy=False)


def finite(image: np.ndarray) -> np.ndarray:
    """Replace what is not a finite number, so that one pixel does not spoil its surroundings.

    Parameters
    ----------
    image : ndarray, any shape and dtype

    Returns
    -------
    ndarray
        Same dtype; the image itself if there is nothing to replace. NaN and both
        infinities become the smallest finite value, or 0 if there is none.

    Examples
    --------
    >>> finite(np.array([np.nan, 0.5, np.inf, 2.0])).tolist()
    [0.5, 0.5, 0.5, 2.0]
    """
    image = np.asarray(image)
    if not np.issubdtype(image.dtype, np.floating):
        return image
    good = np.isfinite(image)
    if good.all():
        return image
    return np.where(good, image, image[good].min() if good.any() else image.dtype.type(0))


def require_unit(image: np.ndarray, step: str) -> None:
    """Refuse an image that leaves 0...1 before a step that is defined only there.

    Raises
    ------
    SegbenchError
        Naming the step.
    """
    if image.size and (image.min() < 0 or image.max() > 1):
        raise SegbenchError(
            f"preprocessing step {step}: image values lie in "
            f"{float(image.min()):.6g}...{float(image.max()):.6g}",
            "values in 0...1",
            "set `normalise: minmax` or `percentile` in the preprocessing recipe",
        )
