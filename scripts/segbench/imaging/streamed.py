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
#: Each call passes over all values that count, float32 (n,), of each channel.
Values = Callable[[], Iterator[Sequence[np.ndarray]]]


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

    def values() -> Iterator[Sequence[np.ndarray]]:
        return ([part[np.isfinite(part)]] for part in parts())

    count, low, high = (found[0] for found in _extent(values, 1))
    if not count:
        return lambda part: part
    middle = ranked(values, [[(count - 1) // 2, count // 2]])[0]
    bright = is_bright(low, high, np.mean(middle, dtype=np.float32))
    return (lambda part: (low + high) - part) if bright else (lambda part: part)


def _normalise(parts: Parts, channels: int, recipe: Preprocessing, remarks: set[str]) -> Change:
    """See `segbench.imaging.steps.normalise`."""
    how, within = recipe.normalise, recipe.normalise_within

    def values() -> Iterator[Sequence[np.ndarray]]:
        for part in parts():
            kept = np.isfinite(part)
            if within == "nonzero":
                kept &= part != 0
            yield [part[..., channel][kept[..., channel]] for channel in range(channels)]

    line = _line_of(values, channels, how, remarks)

    def change(part: np.ndarray) -> np.ndarray:
        return by_channel(
            part, recipe, lambda channel, found: stretch(found, line.of(channel), how)
        )

    return change


def _line_of(values: Values, channels: int, how: str, remarks: set[str]) -> Line:
    """The stretch of each channel."""
    counts, low, high = _extent(values, channels)
    if how == "zscore":
        mean = _summed(values, channels, lambda part, _: part) / np.maximum(counts, 1)
        squares = _summed(values, channels, lambda part, channel: (part - mean[channel]) ** 2)
        return z_scores(mean, np.sqrt(squares / np.maximum(counts, 1)))
    # Of a channel of which nothing counts nothing is stretched.
    low, high = np.where(counts > 0, low, 0), np.where(counts > 0, high, 0)
    if how == "minmax":
        return between(low, high)
    return between_percentiles(*_percentiles(values, counts), low, high, remarks)


def _extent(values: Values, channels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How many values each channel has, the smallest and the largest: (channel,)."""
    counts = np.zeros(channels, np.int64)
    low, high = np.full(channels, np.inf, np.float32), np.full(channels, -np.inf, np.float32)
    for part in values():
        for channel, found in enumerate(part):
            counts[channel] += found.size
            low[channel] = found.min(initial=low[channel])
            high[channel] = found.max(initial=high[channel])
    return counts, low, high


def _summed(
    values: Values, channels: int, term: Callable[[np.ndarray, int], np.ndarray]
) -> np.ndarray:
    total = np.zeros(channels)
    for part in values():
        total += [term(found, n).sum(dtype=np.float64) for n, found in enumerate(part)]
    return total


def _percentiles(values: Values, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two percentiles of a stretch, between neighbouring values as `numpy.percentile`."""
    places = [[share / 100 * (count - 1) for share in PERCENTILES] for count in counts.tolist()]
    ranks = [
        [min(int(place) + more, count - 1) for place in row for more in (0, 1)]
        for row, count in zip(places, counts.tolist(), strict=True)
    ]
    ends = np.zeros((2, len(counts)))
    for channel, found in enumerate(ranked(values, ranks)):
        if len(found):
            for end, place in enumerate(places[channel]):
                pair = found[2 * end : 2 * end + 2]
                ends[end, channel] = np.percentile(pair, 100 * (place % 1))
    return ends[0], ends[1]


def ranked(values: Values, ranks: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """The values that would have these places if all of a channel were sorted; exact.

    Parameters
    ----------
    values : callable
        Passes over the values of each channel, without NaN; it is called twice.
    ranks : sequence of sequence of int
        From 0, of each channel.

    Returns
    -------
    list of ndarray of float32, (rank,)
        Of each channel; empty for one without values.

    Notes
    -----
    float32 is mapped to unsigned integers in the same order. A first pass counts their upper
    halves, a second one the lower halves of those values whose upper half the ranks fall on.

    Examples
    --------
    >>> ranked(lambda: iter([[np.float32([3, -1])], [np.float32([2])]]), [[0, 1]])[0].tolist()
    [-1.0, 2.0]
    """
    upper = np.zeros((len(ranks), 2**16), np.int64)
    for part in values():
        for channel, found in enumerate(part):
            upper[channel] += np.bincount(_ordered(found) >> 16, minlength=2**16)
    halves = [
        [_found(counts, rank) for rank in of_channel] if counts.any() else []
        for counts, of_channel in zip(upper, ranks, strict=True)
    ]
    lower = {
        (channel, half): np.zeros(2**16, np.int64)
        for channel, of_channel in enumerate(halves)
        for half, _ in of_channel
    }
    for part in values():
        ordered = [_ordered(found) for found in part]
        for channel, half in lower:
            inside = ordered[channel][ordered[channel] >> 16 == half] & 0xFFFF
            lower[channel, half] += np.bincount(inside, minlength=2**16)
    return [
        _unordered(
            [half << 16 | _found(lower[channel, half], rest)[0] for half, rest in of_channel]
        )
        for channel, of_channel in enumerate(halves)
    ]


def _found(counts: np.ndarray, rank: int) -> tuple[int, int]:
    """The bin of a histogram on which a rank falls, and the rank within it."""
    ends = np.cumsum(counts)
    place = int(np.searchsorted(ends, rank, side="right"))
    return place, rank - int(ends[place] - counts[place])


def _ordered(values: np.ndarray) -> np.ndarray:
    """Unsigned integers in the order of float32 values."""
    bits = (values.astype(np.float32) + np.float32(0)).view(np.uint32)  # -0.0 becomes 0.0
    return np.where(bits >> 31, ~bits, bits | np.uint32(2**31))


def _unordered(numbers: Sequence[int]) -> np.ndarray:
    """The inverse of `_ordered`."""
    ordered = np.array(numbers, np.uint32)
    bits = np.where(ordered >> 31, ordered & np.uint32(2**31 - 1), ~ordered)
    return np.asarray(bits, np.uint32).view(np.float32)


#: Steps that must know the whole image, by the recipe's key that switches them on.
MEASURED: dict[str, Callable[[Parts, int, Preprocessing, set[str]], Change]] = {
    "invert": _invert,
    "normalise": _normalise,
}
