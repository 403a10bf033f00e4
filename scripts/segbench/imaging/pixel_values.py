"""Pixel values: the units of a dtype, grey and colour, and how prepared images are stored."""

from __future__ import annotations

from typing import Literal

import numpy as np

from segbench.errors import SegbenchError

Stored = Literal["uint8", "uint16", "float16", "float32"]

#: Luma of linear RGB, ITU-R Recommendation BT.709, as in `skimage.color.rgb2gray`.
LUMA = (0.2125, 0.7154, 0.0721)

#: Largest value of float16.
HALF_MAX = float(np.finfo(np.float16).max)


def to_unit(image: np.ndarray) -> np.ndarray:
    """Express an image as a fraction of its dtype's full range.

    Parameters
    ----------
    image : ndarray, any shape
        Integers are divided by the dtype's maximum, booleans become 0 and 1, floats keep
        their values.

    Returns
    -------
    ndarray of float32, same shape

    Examples
    --------
    >>> to_unit(np.array([0, 255], dtype=np.uint8)).tolist()
    [0.0, 1.0]
    """
    image = np.asarray(image)
    if np.issubdtype(image.dtype, np.integer):
        scale = np.float32(1.0 / np.iinfo(image.dtype).max)
        return np.asarray(np.multiply(image, scale, dtype=np.float32, casting="unsafe"))
    if image.dtype.kind not in "bf":
        raise SegbenchError(
            f"an image has dtype {image.dtype}",
            "integers, booleans or floats",
            "check the reader of the dataset",
        )
    return image.astype(np.float32, copy=False)


def require_unit(image: np.ndarray, step: str) -> None:
    """Raise a `SegbenchError` that names the step if values lie outside 0...1."""
    # NaN, a pixel without a value, compares as neither.
    low, high = np.fmin.reduce(image, axis=None, initial=0), np.fmax.reduce(image, None, initial=1)
    if low < 0 or high > 1:
        raise SegbenchError(
            f"preprocessing step {step}: image values lie in {_range(image)}",
            "values in 0...1",
            "set `normalise: minmax` or `percentile` in the preprocessing recipe",
        )


def _range(image: np.ndarray) -> str:
    known = image[np.isfinite(image)]
    return f"{float(known.min()):.6g}...{float(known.max()):.6g}"


def to_channels(image: np.ndarray, channels: Literal["grey", "rgb", "all"]) -> np.ndarray:
    """Convert an image to one channel, to three, or keep all.

    Parameters
    ----------
    image : ndarray, (y, x), (y, x, channel) or (z, y, x, channel)
        Any dtype that `to_unit` takes. For grey and rgb 1 (grey), 2 (grey and alpha),
        3 (RGB) or 4 (RGBA) channels; alpha is dropped. Volumes of several channels have no
        colours.
    channels : {"grey", "rgb", "all"}

    Returns
    -------
    ndarray of float32, (..., 1), (..., 3) or (..., channel)
        Grey is the BT.709 luma; RGB of a grey image repeats it. A colour image whose
        channels are equal becomes exactly that channel. The luma of a pixel is NaN where one
        of its colours is.

    Raises
    ------
    SegbenchError
        For another number of axes or channels.

    References
    ----------
    ITU-R Recommendation BT.709-6 (2015), https://www.itu.int/rec/R-REC-BT.709

    Examples
    --------
    >>> to_channels(np.ones((2, 2, 3), np.float32), "grey").shape
    (2, 2, 1)
    >>> to_channels(np.zeros((2, 2), np.float32), "rgb").shape
    (2, 2, 3)
    """
    image = to_unit(image)
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim == 4 and image.shape[3] > 1 and channels != "all":
        raise SegbenchError(
            f"channels: {channels} for a volume of {image.shape[3]} channels",
            "channels: all, for volumes of more than one channel",
            "set it in the preprocessing recipe",
        )
    if image.ndim in (3, 4) and (channels == "all" or (image.ndim == 4 and channels == "grey")):
        return np.ascontiguousarray(image)
    if image.ndim != 3 or not 1 <= image.shape[2] <= 4:
        raise SegbenchError(
            f"an image has shape {image.shape}",
            "(y, x) or (y, x, channel) with 1 to 4 channels",
            "check the reader of the dataset, or set `channels: all`",
        )
    colour = image.shape[2] >= 3
    image = image[..., :3] if colour else image[..., :1]
    if channels == "rgb":
        return np.ascontiguousarray(image if colour else np.repeat(image, 3, axis=2))
    return np.ascontiguousarray(_luma(image) if colour else image)


def _luma(image: np.ndarray) -> np.ndarray:
    # Written around the green channel so that r = g = b gives that value to the last bit.
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    grey: np.ndarray = green + np.float32(LUMA[0]) * (red - green)
    grey += np.float32(LUMA[2]) * (blue - green)
    return grey[..., None]


def image_scale(dtype: Stored) -> float:
    """Factor from stored numbers to values: value = stored * scale.

    Examples
    --------
    >>> image_scale("float32"), 255 * image_scale("uint8")
    (1.0, 1.0)
    """
    return 1.0 if dtype.startswith("float") else 1.0 / np.iinfo(dtype).max


def quantise(image: np.ndarray, dtype: Stored) -> np.ndarray:
    """Convert an image to the dtype in which it is stored; integers are rounded to nearest.

    Parameters
    ----------
    image : ndarray of float32, any shape
        0...1 unless `dtype` is a float.
    dtype : {"uint8", "uint16", "float16", "float32"}
        float16 keeps three digits: enough for z-scores at half the size.

    Returns
    -------
    ndarray of `dtype`, contiguous

    Raises
    ------
    SegbenchError
        If values do not fit: integers hold 0...1, float16 up to 65504.

    Examples
    --------
    >>> quantise(np.array([0, 0.5, 1], np.float32), "uint8").tolist()
    [0, 128, 255]
    """
    if dtype == "float16" and image.size and max(-image.min(), image.max()) > HALF_MAX:
        raise SegbenchError(
            f"dtype float16 for values of {_range(image)}",
            f"at most {HALF_MAX:.0f} on either side of 0",
            "set `normalise` in the preprocessing recipe, or `dtype: float32`",
        )
    if dtype in {"float16", "float32"}:
        return np.ascontiguousarray(image, dtype=dtype)
    require_unit(image, "dtype")
    return np.rint(image * np.float32(np.iinfo(dtype).max)).astype(dtype)
