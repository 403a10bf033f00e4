"""Sums over the pixels of every object at once: areas, moments, boxes, intensities, Crofton."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from segbench.errors import SegbenchError
from segbench.imaging.pixel_values import LUMA
from segbench.known_pixels import known_pixels, mark_unknown


@dataclass(frozen=True)
class Pixels:
    """The pixels (voxels) of n objects.

    Attributes
    ----------
    places : ndarray of int64, (pixel,)
        Positions in the flattened image, in reading order.
    owner : ndarray of int32, (pixel,)
        Number of the object less one.
    size : ndarray of int64, (n,)
        Pixels of each object.
    start, stop : ndarray of int64, (axis, n)
        Bounding box, half open.
    mean : ndarray of float64, (axis, n)
        Centroid; the centre of the first pixel is 0.5.
    covariance : ndarray of float64, (n, axis, axis)
        Second central moments in pixels squared; a pixel is a square, not a point, so
        1/12 is on the diagonal (Sheppard).
    """

    places: np.ndarray
    owner: np.ndarray
    size: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray


def sum_pixels(numbers: np.ndarray, count: int) -> Pixels:
    """Boxes and moments of all objects.

    Parameters
    ----------
    numbers : ndarray of int, (y, x) or (z, y, x)
        0 outside, 1 ... count, all of them present.

    Notes
    -----
    Sums are taken of whole numbers, relative to each object's box: they are exact, and an
    object that lies elsewhere has the same moments to the last bit.

    Examples
    --------
    >>> found = sum_pixels(np.array([[0, 1, 1]]), 1)
    >>> found.mean.tolist(), found.start.tolist()
    ([[0.5], [2.0]], [[0], [1]])
    """
    places = np.flatnonzero(numbers)
    owner = numbers.ravel()[places] - 1
    size = np.bincount(owner, minlength=count)
    axes = numbers.ndim
    start, stop = np.zeros((axes, count), np.int64), np.zeros((axes, count), np.int64)
    local: list[np.ndarray] = []
    sums = np.zeros((axes, count))
    rest = places
    for axis in reversed(range(axes)):
        rest, here = np.divmod(rest, numbers.shape[axis])
        start[axis] = numbers.shape[axis]
        np.minimum.at(start[axis], owner, here)
        np.maximum.at(stop[axis], owner, here + 1)
        here -= start[axis][owner]
        sums[axis] = np.bincount(owner, here, minlength=count)
        local.insert(0, here.astype(np.float64))
    covariance = np.zeros((count, axes, axes))
    for one, other in product(range(axes), repeat=2):
        if other >= one:
            raw = np.bincount(owner, local[one] * local[other], minlength=count)
            central = (raw - sums[one] * sums[other] / size) / size + (one == other) / 12
            covariance[:, one, other] = covariance[:, other, one] = central
    return Pixels(places, owner, size, start, stop, start + sums / size + 0.5, covariance)


def intensities(
    pixels: Pixels, image: np.ndarray | None, shape: tuple[int, ...]
) -> list[dict[str, np.ndarray]]:
    """Mean, spread, extremes and sum of the image in each object, channel by channel.

    Parameters
    ----------
    image : ndarray or None
        (y, x), (y, x, channel), (z, y, x) or (z, y, x, channel); None: nothing is known.
    shape : tuple of int
        Shape of the label, without an axis of classes.

    Returns
    -------
    list of dict
        One per channel; keys as the columns. Pixels without a value (NaN, infinite) are left
        out; NaN for objects that have no others. Planes of 2 to 4 channels are grey or colour with
        or without alpha: alpha is dropped, and colours are one channel, their luma (BT.709).

    Raises
    ------
    SegbenchError
        The image has another size than the label.
    """
    count = len(pixels.size)
    if image is None:
        empty = np.full(count, np.nan)
        return [{f"intensity_{k}": empty for k in ("mean", "sd", "min", "max", "integrated")}]
    if image.shape[: len(shape)] != shape or image.ndim - len(shape) not in (0, 1):
        raise SegbenchError(
            f"an image of shape {image.shape} for a label of shape {shape}",
            "equal heights and widths, and at most an axis of channels",
            "segment again at the image's original size",
        )
    return [_measure(pixels, values) for values in _channels(pixels, image, len(shape))]


def _channels(pixels: Pixels, image: np.ndarray, axes: int) -> list[np.ndarray]:
    """Values at the objects' pixels, one array per channel."""
    depth = image.shape[-1] if image.ndim > axes else 1
    values = mark_unknown(image.reshape(-1, depth)[pixels.places]).astype(np.float64)
    if axes == 2 and depth in (3, 4):
        # Equal channels give exactly that value, as in `segbench.imaging.pixel_values`.
        red, green, blue = values[:, 0], values[:, 1], values[:, 2]
        return [red + LUMA[1] * (green - red) + LUMA[2] * (blue - red)]
    if axes == 2 and depth == 2:
        depth = 1
    return [values[:, channel] for channel in range(depth)]


def _measure(pixels: Pixels, values: np.ndarray) -> dict[str, np.ndarray]:
    count, owner, size = len(pixels.size), pixels.owner, pixels.size.astype(np.float64)
    known = known_pixels(values)
    if known is not None:
        values, owner = values[known], owner[known]
        size = np.bincount(owner, minlength=count).astype(np.float64)
        size[size == 0] = np.nan
    total = np.where(np.isnan(size), np.nan, np.bincount(owner, values, minlength=count))
    mean = total / size
    spread = np.bincount(owner, (values - mean[owner]) ** 2, minlength=count) / size
    low, high = np.full(count, np.nan), np.full(count, np.nan)
    np.fmin.at(low, owner, values)
    np.fmax.at(high, owner, values)
    return {
        "intensity_mean": mean,
        "intensity_sd": np.sqrt(spread),
        "intensity_min": low,
        "intensity_max": high,
        "intensity_integrated": total,
    }


def crossings(numbers: np.ndarray, count: int, step: tuple[int, ...]) -> np.ndarray:
    """How often lines along `step` through the pixels' centres enter or leave each object.

    Parameters
    ----------
    numbers : ndarray of int, any number of axes
        Padded with a margin of zeros that `step` does not leave.
    step : tuple of int
        -1, 0 or 1 along each axis.

    Returns
    -------
    ndarray of int64, (count,)
    """
    here = tuple(slice(max(0, -s), n - max(0, s)) for s, n in zip(step, numbers.shape, strict=True))
    there = tuple(slice(max(0, s), n + min(0, s)) for s, n in zip(step, numbers.shape, strict=True))
    one, other = numbers[here], numbers[there]
    differ = one != other
    found = np.bincount(one[differ], minlength=count + 1)
    found += np.bincount(other[differ], minlength=count + 1)
    return np.asarray(found[1:])
