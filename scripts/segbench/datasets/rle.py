"""Run-length encoding of masks: 1-based start and length pairs, by rows or by columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from segbench.errors import SegbenchError

Order = Literal["row", "column"]
_NUMPY_ORDER: dict[Order, Literal["C", "F"]] = {"row": "C", "column": "F"}


def encode(mask: np.ndarray, order: Order) -> str:
    """Encode a mask.

    Parameters
    ----------
    mask : ndarray
        (y, x); nonzero pixels are the object.
    order : {"row", "column"}
        Whether pixels are counted along rows (x runs fastest, as in UW-Madison) or along
        columns (y runs fastest, as in the Data Science Bowl 2018).

    Returns
    -------
    str
        ``start length start length ...``, starts counted from 1, ascending, runs as long as
        they can be; the empty string for an empty mask.

    Examples
    --------
    >>> mask = np.array([[1, 1, 0], [0, 1, 0]])
    >>> encode(mask, "row"), encode(mask, "column")
    ('1 2 5 1', '1 1 3 2')
    """
    flat = (mask != 0).ravel(_NUMPY_ORDER[order])
    # Runs begin and end alternately where a pixel differs from the one before it.
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if flat.size and flat[0]:
        edges = np.concatenate(([0], edges))
    if flat.size and flat[-1]:
        edges = np.concatenate((edges, [flat.size]))
    runs = edges.reshape(-1, 2)
    pairs = np.column_stack((runs[:, 0] + 1, runs[:, 1] - runs[:, 0]))
    # The text of a list is made in one go, that of its numbers one by one.
    return str(pairs.ravel().tolist())[1:-1].replace(",", "")


def decode(
    text: str, shape: tuple[int, int], order: Order, where: str = "run-length code"
) -> np.ndarray:
    """Decode a mask; the exact inverse of `encode`.

    Parameters
    ----------
    text : str
        ``start length ...``, starts counted from 1, ascending. Empty, or the single pair
        ``0 0`` that some publishers write, is an empty mask.
    shape : tuple of int
        Height and width in pixels.
    order : {"row", "column"}
        As in `encode`.
    where : str
        File and row, for the error.

    Returns
    -------
    ndarray
        (y, x), bool.

    Raises
    ------
    SegbenchError
        Not whole numbers in pairs, a run outside the image, or runs that overlap or are
        not sorted, which is what a mask looks like whose file was damaged or whose rows
        were mixed up.

    Examples
    --------
    >>> decode("1 1 3 2", (2, 3), "column").astype(int)
    array([[1, 1, 0],
           [0, 1, 0]])
    """
    size = shape[0] * shape[1]
    starts, lengths = _runs(text, size, where)
    # Gaps and runs alternate: between adjacent runs there is a gap of length zero.
    spans = np.empty(2 * starts.size + 1, np.int64)
    spans[1::2] = lengths
    spans[0:-1:2] = starts
    spans[-1] = size
    spans[2::2] -= starts + lengths
    inside = np.zeros(spans.size, bool)
    inside[1::2] = True
    flat = np.repeat(inside, spans)
    return np.ascontiguousarray(flat.reshape(shape, order=_NUMPY_ORDER[order]))


def _numbers(text: str) -> np.ndarray:
    """Parse whole numbers; NumPy's reader is six times faster but stops at anything else."""
    if text.isascii() and not text.encode().translate(None, b"0123456789 \n"):
        return np.fromstring(text, dtype=np.int64, sep=" ") if text.strip() else np.zeros(0, int)
    return np.array(text.split(), dtype=np.int64)


def _runs(text: str, size: int, where: str) -> tuple[np.ndarray, np.ndarray]:
    """0-based starts, and lengths, checked."""
    expected = (
        f"pairs of start (from 1) and length inside {size} pixels, ascending, without overlap"
    )
    action = "restore the publisher's file, and check the size of the image"
    try:
        numbers = _numbers(text)
    except (ValueError, OverflowError) as error:
        raise SegbenchError(f"{where}: {error}", expected, action) from error
    if numbers.size % 2:
        raise SegbenchError(f"{where}: {numbers.size} numbers", expected, action)
    if numbers.size == 2 and not numbers.any():
        numbers = numbers[:0]
    starts, lengths = numbers[::2] - 1, numbers[1::2]
    wrong = (starts < 0) | (lengths < 1) | (starts >= size) | (lengths > size - starts)
    if wrong.any():
        k = int(np.argmax(wrong))
        raise SegbenchError(
            f"{where}: run {starts[k] + 1} {lengths[k]} is not inside the image", expected, action
        )
    behind = starts[:-1] + lengths[:-1] > starts[1:]
    if behind.any():
        k = int(np.argmax(behind))
        relation = "comes before" if starts[k + 1] < starts[k] else "begins inside"
        raise SegbenchError(
            f"{where}: run {starts[k + 1] + 1} {relation} run {starts[k] + 1} {lengths[k]}",
            expected,
            action,
        )
    return starts, lengths


def decode_coco(counts: str | Sequence[int], shape: tuple[int, int], where: str) -> np.ndarray:
    """Decode a mask as COCO writes it: runs of 0 and 1 in turn, down the columns.

    Parameters
    ----------
    counts : str or sequence of int
        Lengths of the runs, the first of 0; or these compressed to a text.
    shape : tuple of int
        Height and width in pixels.
    where : str
        File and annotation, for the error.

    Returns
    -------
    ndarray
        (y, x), bool.

    Raises
    ------
    SegbenchError
        The runs do not fill the image.

    References
    ----------
    ``rleFrString`` of https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c

    Examples
    --------
    >>> decode_coco([1, 2, 3], (2, 3), "a.json").astype(int)
    array([[0, 1, 0],
           [1, 0, 0]])
    """
    runs = np.array(_uncompressed(counts) if isinstance(counts, str) else counts, np.int64)
    if (runs < 0).any() or runs.sum() != shape[0] * shape[1]:
        raise SegbenchError(
            f"{where}: run lengths of {int(runs.sum())} pixels",
            f"runs that fill {shape[0]} x {shape[1]} pixels",
            "export the annotations again",
        )
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return np.ascontiguousarray(flat.reshape(shape, order="F"))


def _uncompressed(text: str) -> list[int]:
    """Numbers of 5 bits a character, lowest first; from the fourth on less that two before."""
    runs: list[int] = []
    place = 0
    while place < len(text):
        value, shift, more = 0, 0, True
        while more and place < len(text):
            digit = ord(text[place]) - 48
            value |= (digit & 0x1F) << shift
            more = bool(digit & 0x20)
            place += 1
            shift += 5
            if not more and digit & 0x10:
                value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
    return runs
