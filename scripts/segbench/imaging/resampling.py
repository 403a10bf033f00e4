"""Resizing with aligned pixel centres, as one sparse matrix per axis.

Smoothing, interpolation and border are one linear map along each axis, so they are
multiplied out once per pair of sizes into a banded matrix and applied as
``rows @ image @ columns.T``. Only the pixels that are wanted are ever smoothed: that is
where the time goes in the usual smooth-everything-then-sample.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from segbench.imaging.pixel_values import to_unit

Interpolation = Literal["nearest", "bilinear", "bicubic", "area"]
#: The Gaussian is cut at this many standard deviations, as in scipy.ndimage.
TRUNCATE = 4.0
#: About this many rows are converted at a time: half a megabyte of a 1024-pixel image.
BAND_ROWS = 128
#: Keys' parameter: the only value with a third-order error.
CUBIC_A = -0.5


def nearest_index(old: int, new: int) -> np.ndarray:
    """Which old pixel each new pixel's centre falls into, in integers.

    Parameters
    ----------
    old, new : int
        Numbers of pixels along one axis.

    Returns
    -------
    ndarray of int64, (new,)
        floor((i + 1/2) * old / new).

    Examples
    --------
    >>> nearest_index(8, 4).tolist()
    [1, 3, 5, 7]
    >>> nearest_index(2, 4).tolist()
    [0, 0, 1, 1]
    """
    return (2 * np.arange(new, dtype=np.int64) + 1) * old // (2 * new)


def resize_label(label: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Resize a label map, an object map or masks by nearest neighbour.

    Parameters
    ----------
    label : ndarray of integers, (y, x) or (z, y, x), with or without an axis of classes
    size : tuple of int
        New height and width, of volumes depth, height and width.

    Returns
    -------
    ndarray, (*size) or (*size, class), contiguous
        Same dtype; no value that was not there before.

    Examples
    --------
    >>> resize_label(np.array([[1, 2], [3, 4]], np.uint8), (2, 4)).tolist()
    [[1, 1, 2, 2], [3, 3, 4, 4]]
    """
    for axis, new in enumerate(size):
        if label.shape[axis] != new:
            label = label.take(nearest_index(label.shape[axis], new), axis=axis)
    return np.ascontiguousarray(label)


def resize_image(
    image: np.ndarray,
    size: tuple[int, int],
    interpolation: Interpolation = "bilinear",
    antialias: bool = True,
    convert: Callable[[np.ndarray], np.ndarray] = to_unit,
) -> np.ndarray:
    """Resize an image with aligned pixel centres.

    Parameters
    ----------
    image : ndarray, (y, x, channel), or whatever `convert` takes
    size : (int, int)
        New height and width in pixels.
    interpolation : {"nearest", "bilinear", "bicubic", "area"}
        Bilinear is that of `skimage.transform.resize(order=1)`. Bicubic is Keys'
        convolution with a = -1/2 (scikit-image's order 3 is a spline). Area averages
        the old pixels under each new one, weighted by overlap.
    antialias : bool
        Along axes that shrink by a factor f > 1, smooth with a Gaussian of standard
        deviation (f - 1) / 2 pixels first, as scikit-image does. Has no effect on
        nearest and area.
    convert : callable, optional
        Turns some rows of the image into float32 (y, x, channel), each pixel by itself.
        It is given a band of rows at a time: the whole image never exists as floats.

    Returns
    -------
    ndarray of float32, (*size, channel)

    Notes
    -----
    Beyond the border the image is mirrored about the centre of its last pixel
    (scikit-image's mode "reflect"). Bicubic results are clipped to the range of the
    image, as `skimage.transform.resize(clip=True)` does.

    References
    ----------
    Keys, R. (1981). Cubic convolution interpolation for digital image processing.
    doi:10.1109/TASSP.1981.1163711

    Examples
    --------
    >>> ramp = np.arange(4, dtype=np.float32).reshape(1, 4, 1)
    >>> resize_image(ramp, (1, 2), "area").ravel().tolist()
    [0.5, 2.5]
    """
    if image.shape[:2] == tuple(size):
        return convert(image)
    narrow, low, high = _resize_rows(image, size[0], interpolation, antialias, convert)
    width, channels = narrow.shape[1:]
    columns = operator(width, size[1], interpolation, antialias)
    turned = np.ascontiguousarray(narrow.transpose(1, 0, 2)).reshape(width, -1)
    turned = (columns @ turned).reshape(size[1], size[0], channels)
    result = np.ascontiguousarray(turned.transpose(1, 0, 2))
    # Rounding, and the cubic's negative lobes, may step a little over the range.
    return np.clip(result, low, high, out=result)


def _resize_rows(
    image: np.ndarray,
    height: int,
    interpolation: Interpolation,
    antialias: bool,
    convert: Callable[[np.ndarray], np.ndarray],
) -> tuple[np.ndarray, np.float32, np.float32]:
    """Resize along the first axis, band by band; also the range of the converted image."""
    parts, ranges = [], []
    for first, last, rows in _bands(image.shape[0], height, interpolation, antialias):
        band = convert(image[first:last])
        ranges.append((band.min(), band.max()))
        parts.append((rows @ band.reshape(len(band), -1)).reshape(-1, *band.shape[1:]))
    low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
    return np.concatenate(parts), low, high


@lru_cache(maxsize=64)
def _bands(
    old: int, new: int, interpolation: Interpolation, antialias: bool
) -> tuple[tuple[int, int, csr_array], ...]:
    """Cut the operator into bands of new rows: first and last old row of each, its part."""
    matrix = operator(old, new, interpolation, antialias)
    count = max(min(old // BAND_ROWS, new), 1)
    edges = [new * number // count for number in range(count + 1)]
    bands = []
    for start, stop in pairwise(edges):
        part = matrix[start:stop]
        first, last = int(part.indices.min()), int(part.indices.max()) + 1
        bands.append((first, last, csr_array(part[:, first:last])))
    return tuple(bands)


@lru_cache(maxsize=64)
def operator(old: int, new: int, interpolation: Interpolation, antialias: bool) -> csr_array:
    """Make the matrix that resizes one axis.

    Parameters
    ----------
    old, new : int
        Numbers of pixels.
    interpolation, antialias
        As in `resize_image`.

    Returns
    -------
    csr_array of float32, (new, old)
        Each row sums to 1.
    """
    if interpolation == "area":
        index, weight = _area(old, new)
    else:
        index, weight = _interpolation(old, new, interpolation)
        if antialias and interpolation != "nearest" and old > new:
            index, weight = _smoothed(index, weight, sigma=(old / new - 1) / 2)
    rows = np.broadcast_to(np.arange(new)[:, None], index.shape)
    matrix = csr_array(
        (weight.ravel(), (rows.ravel(), _mirror(index, old).ravel())), shape=(new, old)
    )
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    result: csr_array = matrix.astype(np.float32)
    return result


def _mirror(index: np.ndarray, size: int) -> np.ndarray:
    """Fold indices beyond the border back: -1 becomes 1, `size` becomes `size` - 2."""
    if size == 1:
        return np.zeros_like(index)
    period = 2 * (size - 1)
    index = np.abs(index) % period
    return np.asarray(np.minimum(index, period - index))


def _interpolation(old: int, new: int, kind: Interpolation) -> tuple[np.ndarray, np.ndarray]:
    """Old pixels (unbounded) and weights behind each new pixel, both (new, taps)."""
    if kind == "nearest":
        return nearest_index(old, new)[:, None], np.ones((new, 1))
    position = (np.arange(new) + 0.5) * (old / new) - 0.5
    before = np.floor(position).astype(np.int64)
    rest = position - before
    if kind == "bilinear":
        return before[:, None] + np.arange(2), np.stack([1 - rest, rest], axis=1)
    distance = np.abs(rest[:, None] - np.arange(-1, 3))
    near = (CUBIC_A + 2) * distance**3 - (CUBIC_A + 3) * distance**2 + 1
    far = CUBIC_A * (distance**3 - 5 * distance**2 + 8 * distance - 4)
    return before[:, None] + np.arange(-1, 3), np.where(distance <= 1, near, far)


def _smoothed(index: np.ndarray, weight: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Put a Gaussian before each tap."""
    radius = int(TRUNCATE * sigma + 0.5)
    offset = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (offset / sigma) ** 2)
    kernel /= kernel.sum()
    taps = (index[:, :, None] + offset).reshape(len(index), -1)
    return taps, (weight[:, :, None] * kernel).reshape(len(index), -1)


def _area(old: int, new: int) -> tuple[np.ndarray, np.ndarray]:
    """Old pixels under each new one and the share of it that each covers."""
    edges = np.arange(new + 1) * (old / new)
    first = np.floor(edges[:-1]).astype(np.int64)
    index = first[:, None] + np.arange(int(np.ceil(old / new)) + 1)
    overlap = np.minimum(index + 1, edges[1:, None]) - np.maximum(index, edges[:-1, None])
    overlap = np.clip(overlap, 0, None)
    overlap[index >= old] = 0
    return np.minimum(index, old - 1), overlap / overlap.sum(axis=1, keepdims=True)
