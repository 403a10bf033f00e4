"""How 0...1 is stored."""

from __future__ import annotations

from typing import Literal

import numpy as np

from segbench.imaging.unit_range import require_unit

Stored = Literal["uint8", "uint16", "float32"]


def image_scale(dtype: Stored) -> float:
    """Give the factor that turns stored numbers back into values: value = stored * scale.

    Examples
    --------
    >>> image_scale("float32"), 255 * image_scale("uint8")
    (1.0, 1.0)
    """
    return 1.0 if dtype == "float32" else 1.0 / np.iinfo(dtype).max


def quantise(image: np.ndarray, dtype: Stored) -> np.ndarray:
    """Store an image as integers, rounded to the nearest, or as it is.

    Parameters
    ----------
    image : ndarray of float32, any shape
        0...1 unless `dtype` is float32.
    dtype : {"uint8", "uint16", "float32"}

    Returns
    -------
    ndarray of `dtype`, contiguous

    Raises
    ------
    SegbenchError
        If values that integers cannot hold lie outside 0...1.

    Examples
    --------
    >>> quantise(np.array([0, 0.5, 1], np.float32), "uint8").tolist()
    [0, 128, 255]
    """
    if dtype == "float32":
        return np.ascontiguousarray(image, dtype=np.float32)
    require_unit(image, "dtype")
    return np.rint(image * np.float32(np.iinfo(dtype).max)).astype(dtype)
