"""How 0...1 is stored."""

from __future__ import annotations

from typing import Literal

import numpy as np

from segbench.errors import SegbenchError
from segbench.imaging.unit_range import require_unit

Stored = Literal["uint8", "uint16", "float16", "float32"]

#: Largest number of float16.
HALF_MAX = float(np.finfo(np.float16).max)


def image_scale(dtype: Stored) -> float:
    """Give the factor that turns stored numbers back into values: value = stored * scale.

    Examples
    --------
    >>> image_scale("float32"), 255 * image_scale("uint8")
    (1.0, 1.0)
    """
    return 1.0 if dtype.startswith("float") else 1.0 / np.iinfo(dtype).max


def quantise(image: np.ndarray, dtype: Stored) -> np.ndarray:
    """Store an image as integers, rounded to the nearest, or as it is.

    Parameters
    ----------
    image : ndarray of float32, any shape
        0...1 unless `dtype` is a float.
    dtype : {"uint8", "uint16", "float16", "float32"}
        float16 keeps three digits: enough for z-scores, half the bytes.

    Returns
    -------
    ndarray of `dtype`, contiguous

    Raises
    ------
    SegbenchError
        If values that integers cannot hold lie outside 0...1, or beyond what float16 holds.

    Examples
    --------
    >>> quantise(np.array([0, 0.5, 1], np.float32), "uint8").tolist()
    [0, 128, 255]
    """
    if dtype == "float16" and image.size and max(-image.min(), image.max()) > HALF_MAX:
        raise SegbenchError(
            f"dtype float16 for values of {float(image.min()):.6g}...{float(image.max()):.6g}",
            f"at most {HALF_MAX:.0f} on either side of 0",
            "set `normalise` in the preprocessing recipe, or `dtype: float32`",
        )
    if dtype in {"float16", "float32"}:
        return np.ascontiguousarray(image, dtype=dtype)
    require_unit(image, "dtype")
    return np.rint(image * np.float32(np.iinfo(dtype).max)).astype(dtype)
