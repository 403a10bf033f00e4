"""Values of masks as whole numbers, whatever they are stored as: one conversion for all readers.

A label may be any integer of 64 bits, a whole number in floats (as scaled labels are), a bit, or
the shade of a picture in colour whose channels are equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from pathlib import Path

import numpy as np

from segbench.datasets import folder_diagnosis as diagnosis
from segbench.datasets.folder_legend import Labels
from segbench.decoders.decoder import Decoded
from segbench.decoders.images import without_alpha
from segbench.unannotated import UNANNOTATED

#: How far a float may be from the whole number that it stands for: scaled values are rounded.
TOLERANCE = 1e-3

#: Lookups by a table span at most so many values; others search.
_SPAN = 1 << 16


def whole_numbers(path: Path, mask: Decoded, labels: Labels | None = None) -> np.ndarray:
    """The values of a mask with one number for each pixel.

    Parameters
    ----------
    path : Path
        For messages.
    mask : Decoded
        Channels must be equal; an opaque alpha channel is dropped.
    labels : Labels, optional
        For messages.

    Returns
    -------
    ndarray
        (y, x) or (z, y, x); see `rounded`.

    Raises
    ------
    SegbenchError
        The mask is in colour, partly transparent, or holds fractions.
    """
    pixels = mask.pixels
    if not mask.header.axes.endswith("c"):
        return rounded(path, pixels)
    if mask.header.alpha:
        pixels = without_alpha(path, pixels)
    if (pixels[..., 1:] != pixels[..., :1]).any():
        raise diagnosis.in_colour(path, pixels, labels)
    return rounded(path, np.ascontiguousarray(pixels[..., 0]))


def rounded(path: Path, values: np.ndarray) -> np.ndarray:
    """Values as integers.

    Returns
    -------
    ndarray
        bool as uint8, floats in the smallest dtype that holds them, integers as they are.

    Raises
    ------
    SegbenchError
        A value is farther than `TOLERANCE` from a whole number, not finite, or beyond 64 bits.
    """
    if values.dtype == bool:
        return values.astype(np.uint8)
    if values.dtype.kind != "f" or not values.size:
        return values
    near = np.rint(values)
    with np.errstate(invalid="ignore"):
        whole = np.abs(values - near) <= TOLERANCE
    if not whole.all():
        raise diagnosis.fractions(path, values[~whole], values.size)
    ends = [np.min_scalar_type(int(end)) for end in (near.min(), near.max())]
    dtype = np.result_type(*ends)
    if dtype.kind not in "iu":
        raise diagnosis.beyond_64_bits(path, near)
    return np.asarray(near.astype(dtype))


def counted(numbers: np.ndarray) -> dict[int, int]:
    """Values that occur, ascending, with their numbers of pixels."""
    if not numbers.size:
        return {}
    low, high = int(numbers.min()), int(numbers.max())
    if high - low >= _SPAN:
        present, counts = np.unique(numbers, return_counts=True)
        return dict(zip(present.tolist(), counts.tolist(), strict=True))
    # Most masks have two values: counting these is ten times as fast as counting all.
    ends = {end: int(np.count_nonzero(numbers == end)) for end in (low, high)}
    if sum(ends.values()) == numbers.size:
        return ends
    counts = np.bincount(_above(numbers, low).ravel())
    return {low + k: int(counts[k]) for k in np.flatnonzero(counts).tolist()}


def looked_up(numbers: np.ndarray, table: Mapping[int, object], dtype: type) -> np.ndarray:
    """What stands for each number.

    Parameters
    ----------
    numbers : ndarray of integers
    table : mapping
        For all that occur: a value, or a list of values of one length.
    dtype : type
        Of the result.

    Returns
    -------
    ndarray
        Of the shape of `numbers`, with a last axis where the table holds lists.

    Examples
    --------
    >>> looked_up(np.array([7, -1, 7]), {7: 2, -1: 0}, np.uint8).tolist()
    [2, 0, 2]
    """
    known = sorted(table)
    rows: np.ndarray = np.array([table[value] for value in known], dtype)
    if numbers.dtype == dtype == np.uint8 and rows.ndim == 1 and numbers.size:
        import cv2

        shades = np.zeros(256, np.uint8)
        shades[known] = rows
        return np.asarray(cv2.LUT(numbers.reshape(1, -1), shades)).reshape(numbers.shape)
    if known and known[-1] - known[0] < _SPAN:
        whole = np.zeros((known[-1] - known[0] + 1, *rows.shape[1:]), dtype)
        whole[[value - known[0] for value in known]] = rows
        return np.asarray(whole[_above(numbers, known[0])])
    return np.asarray(rows[np.searchsorted(np.array(known, numbers.dtype), numbers)])


def _above(numbers: np.ndarray, low: int) -> np.ndarray:
    """How far each number, all within `_SPAN` above `low`, is above it."""
    if numbers.dtype.itemsize < 8:
        return numbers.astype(np.int64) - low if low else numbers
    return np.asarray((numbers - numbers.dtype.type(low)).astype(np.int64))


def to_binary(path: Path, mask: Decoded, ignored: Set[int] = frozenset()) -> np.ndarray:
    """A mask of one class: 0, and one of 1 and 255 (or True) where it is; uint8.

    Parameters
    ----------
    path : Path
        For messages.
    mask : Decoded
    ignored : set of int, optional
        Values of what was not annotated.

    Returns
    -------
    ndarray of uint8
        (y, x) or (z, y, x): 0 or 1; `UNANNOTATED` where the mask holds one of `ignored`.

    Raises
    ------
    SegbenchError
        As `whole_numbers`, or there are other values.
    """
    values = whole_numbers(path, mask)
    counts = counted(values)
    shown = {value: count for value, count in counts.items() if value not in ignored}
    if shown.keys() - {0, 1} and shown.keys() - {0, 255}:
        raise diagnosis.not_binary(path, shown)
    table = {value: UNANNOTATED if value in ignored else int(value != 0) for value in counts}
    return looked_up(values, table, np.uint8)
