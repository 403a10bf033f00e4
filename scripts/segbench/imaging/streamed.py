"""Preprocessing of an image that is too large to be in memory: measured first, then changed.

What a step must know of the whole image (its extremes, mean, percentiles) is measured in passes
over parts of it. Extremes and percentiles are exact; means and deviations are, to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from segbench.config.preprocessing import Preprocessing
from segbench.errors import SegbenchError
from segbench.imaging.pixel_values import require_unit
from segbench.imaging.steps import (
    PERCENTILES,
    STEPS,
    Line,
    Step,
    between,
    between_percentiles,
    by_channel,
    is_bright,
    stretch,
    z_scores,
)
from segbench.known_pixels import fill_unknown, known_pixels

#: Each call passes over all parts of an image: float32 (y, x, channel), NaN where there is no
#: value.
Parts = Callable[[], Iterator[np.ndarray]]
#: Changes any part of an image.
Change = Callable[[np.ndarray], np.ndarray]
#: Each call passes over all values that count, float32 (n,).
Values = Callable[[], Iterator[np.ndarray]]


def measured(
    parts: Parts, channels: int, recipe: Preprocessing, remarks: set[str], complete: bool = False
) -> Change:
    """What `segbench.imaging.steps.apply_steps` does to an image, as a function of its parts.

    Parameters
    ----------
    parts : callable
        Passes over the image, once or several times for each step that must know it whole.
    channels : int
        Of the parts.
    recipe : Preprocessing
    remarks : set of str
        Gets remarks on the image.
    complete : bool, optional
        Every pixel is known to have a value, as in images of integers.

    Returns
    -------
    callable
        Part -> part after all steps, without NaN.

    Raises
    ------
    SegbenchError
        A step is neither local nor a linear stretch.
    """
    changes: list[Change] = []

    def changed(part: np.ndarray) -> np.ndarray:
        for change in changes:
            part = change(part)
        return part

    def so_far() -> Iterator[np.ndarray]:
        return map(changed, parts())

    for each in STEPS:
        if not each.is_on(recipe):
            continue
        if each.local:
            changes.append(partial(_local, each, recipe, remarks))
        elif each.key in MEASURED:
            changes.append(MEASURED[each.key](so_far, channels, recipe, remarks))
        else:
            raise SegbenchError(
                f"preprocessing step {each.key}, for an image that is read part by part",
                "steps that stretch the whole image alike, or change each pixel by itself",
                "cut the image into pieces, read a smaller level of it, or apply a model whose "
                f"preprocessing has no {each.key}",
            )
    if complete:
        return changed
    lowest = 0.0 if recipe.normalise != "none" else _lowest(so_far, channels)
    return lambda part: _filled(changed(part), lowest)


def _local(step: Step, recipe: Preprocessing, remarks: set[str], part: np.ndarray) -> np.ndarray:
    if step.unit_only:
        require_unit(part, step.key)
    return step.change(part, recipe, remarks)


def _lowest(parts: Parts, channels: int) -> np.ndarray:
    """Smallest value of each channel; 0 where none is known."""
    lowest = np.full(channels, np.inf, np.float32)
    for part in parts():
        lowest = np.fmin(lowest, np.fmin.reduce(part, axis=(0, 1)))
    return np.where(np.isfinite(lowest), lowest, 0)


def _filled(part: np.ndarray, lowest: np.ndarray | float) -> np.ndarray:
    known = known_pixels(part)
    if known is None:
        return part
    if isinstance(lowest, float):
        return fill_unknown(part, lowest)
    return np.where(known, part, lowest.astype(part.dtype))


def _invert(parts: Parts, channels: int, recipe: Preprocessing, remarks: set[str]) -> Change:
    """See `segbench.imaging.steps.invert`."""

    def values() -> Iterator[np.ndarray]:
        return (part[np.isfinite(part)] for part in parts())

    count, low, high = _extent(values)
    if not count:
        return lambda part: part
    middle = ranked(values, [(count - 1) // 2, count // 2])
    bright = is_bright(low, high, np.mean(middle, dtype=np.float32))
    return (lambda part: (low + high) - part) if bright else (lambda part: part)


def _normalise(parts: Parts, channels: int, recipe: Preprocessing, remarks: set[str]) -> Change:
    """See `segbench.imaging.steps.normalise`."""
    how = recipe.normalise
    lines = [
        _line_of(_counted(parts, channel, recipe), how, remarks) for channel in range(channels)
    ]

    def change(part: np.ndarray) -> np.ndarray:
        return by_channel(part, recipe, lambda channel, found: stretch(found, lines[channel], how))

    return change


def _counted(parts: Parts, channel: int, recipe: Preprocessing) -> Values:
    """The values of a channel that count."""

    def values() -> Iterator[np.ndarray]:
        for part in parts():
            found = part[..., channel]
            kept = np.isfinite(found)
            yield found[kept & (found != 0) if recipe.normalise_within == "nonzero" else kept]

    return values


def _line_of(values: Values, how: str, remarks: set[str]) -> Line:
    """The stretch of one channel."""
    count, low, high = _extent(values)
    if not count:
        return Line(np.zeros(1), np.zeros(1))
    if how == "zscore":
        mean = sum(float(part.sum(dtype=np.float64)) for part in values()) / count
        squares = sum(float(((part - mean) ** 2).sum(dtype=np.float64)) for part in values())
        return z_scores(np.array([mean]), np.array([np.sqrt(squares / count)]))
    ends = np.array([low]), np.array([high])
    if how == "minmax":
        return between(*ends)
    return between_percentiles(*_percentiles(values, count), *ends, remarks)


def _extent(values: Values) -> tuple[int, np.float32, np.float32]:
    """How many values there are, the smallest and the largest."""
    count, low, high = 0, np.float32(np.inf), np.float32(-np.inf)
    for part in values():
        if part.size:
            count, low, high = count + part.size, min(low, part.min()), max(high, part.max())
    return count, low, high


def _percentiles(values: Values, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The two percentiles of a stretch, between neighbouring values as `numpy.percentile`."""
    places = [share / 100 * (count - 1) for share in PERCENTILES]
    ranks = [rank for place in places for rank in (int(place), min(int(place) + 1, count - 1))]
    found = ranked(values, ranks)
    first, second = (
        np.array([np.percentile(found[2 * n : 2 * n + 2], 100 * (place % 1))], np.float64)
        for n, place in enumerate(places)
    )
    return first, second


def ranked(values: Values, ranks: Sequence[int]) -> np.ndarray:
    """The values that would have these places if all were sorted; exact.

    Parameters
    ----------
    values : callable
        Passes over the values, without NaN; it is called twice.
    ranks : sequence of int
        From 0.

    Returns
    -------
    ndarray of float32, (rank,)

    Notes
    -----
    float32 is mapped to unsigned integers in the same order. A first pass counts their upper
    halves, a second one the lower halves of those values whose upper half the ranks fall on.

    Examples
    --------
    >>> ranked(lambda: iter([np.float32([3, -1]), np.float32([2])]), [0, 1]).tolist()
    [-1.0, 2.0]
    """
    upper = np.zeros(2**16, np.int64)
    for part in values():
        upper += np.bincount(_ordered(part) >> 16, minlength=2**16)
    ends = np.cumsum(upper)
    bins = np.searchsorted(ends, ranks, side="right")
    lower = {int(number): np.zeros(2**16, np.int64) for number in bins}
    for part in values():
        ordered = _ordered(part)
        high = ordered >> 16
        for number in lower:
            lower[number] += np.bincount(ordered[high == number] & 0xFFFF, minlength=2**16)
    found = []
    for rank, number in zip(ranks, bins, strict=True):
        inside = rank - (ends[number] - upper[number])
        low = np.searchsorted(np.cumsum(lower[int(number)]), inside, side="right")
        found.append((int(number) << 16) | int(low))
    return _unordered(np.array(found, np.uint32))


def _ordered(values: np.ndarray) -> np.ndarray:
    """Unsigned integers in the order of float32 values."""
    bits = (values.astype(np.float32) + np.float32(0)).view(np.uint32)  # -0.0 becomes 0.0
    return np.where(bits >> 31, ~bits, bits | np.uint32(2**31))


def _unordered(ordered: np.ndarray) -> np.ndarray:
    """The inverse of `_ordered`."""
    bits = np.where(ordered >> 31, ordered & np.uint32(2**31 - 1), ~ordered)
    return np.asarray(bits, np.uint32).view(np.float32)


#: Steps that must know the whole image, by the recipe's key that switches them on.
MEASURED: dict[str, Callable[[Parts, int, Preprocessing, set[str]], Change]] = {
    "invert": _invert,
    "normalise": _normalise,
}
