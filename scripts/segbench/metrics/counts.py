"""Counts of pixels that truth and prediction share: what measures of overlap are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Pixels that are counted at a time: volumes are large, and pairs of labels eight times larger.
BLOCK = 2**20

#: Rows of masks that are added up side by side.
_TOGETHER = 1024


@dataclass(frozen=True)
class Counts:
    """Pixels of one class in one image.

    Attributes
    ----------
    tp, fp, fn : int
        In both, in the prediction only, in the truth only.
    """

    tp: int
    fp: int
    fn: int


def contingency(truth: np.ndarray, prediction: np.ndarray, values: int) -> np.ndarray:
    """Count the pixels of each pair of labels.

    Parameters
    ----------
    truth, prediction : ndarray of unsigned int or bool
        Of one shape, labels 0 ... values - 1.
    values : int
        Number of labels with the background.

    Returns
    -------
    ndarray of int64, shape (values, values)
        Row: label in the truth. Column: label in the prediction.

    Examples
    --------
    >>> contingency(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    first, second = truth.ravel(), prediction.ravel()
    table = np.zeros(values * values, np.int64)
    for start in range(0, first.size, BLOCK):
        pairs = first[start : start + BLOCK].astype(np.intp)
        pairs *= values
        pairs += second[start : start + BLOCK]
        table += np.bincount(pairs, minlength=values * values)
    return table.reshape(values, values)


def mask_counts(truth: np.ndarray, prediction: np.ndarray) -> list[Counts]:
    """Count the pixels of overlapping masks 0 / 1, shape (..., class): one count for each class.

    Examples
    --------
    >>> mask_counts(np.array([[1, 0], [1, 1]]), np.array([[1, 1], [0, 1]]))
    [Counts(tp=1, fp=0, fn=1), Counts(tp=1, fp=1, fn=0)]
    """
    classes = truth.shape[-1]
    first, second = truth.reshape(-1, classes), prediction.reshape(-1, classes)
    sums = np.zeros((3, classes), np.int64)
    for start in range(0, len(first), BLOCK):
        here = slice(start, start + BLOCK)
        for n, masks in enumerate((first[here] & second[here], second[here], first[here])):
            sums[n] += _column_sums(masks)
    return [Counts(tp, p - tp, t - tp) for tp, p, t in sums.T.tolist()]


def _column_sums(masks: np.ndarray) -> np.ndarray:
    """Sum over all rows. Of a few columns NumPy adds up row by row; in long rows it is quick."""
    classes = masks.shape[1]
    whole = len(masks) // _TOGETHER * _TOGETHER
    rows = masks[:whole].reshape(-1, _TOGETHER * classes)
    sums = rows.sum(axis=0, dtype=np.uint32).reshape(-1, classes).sum(axis=0, dtype=np.int64)
    total: np.ndarray = sums + masks[whole:].sum(axis=0, dtype=np.int64)
    return total


def counts_of(table: np.ndarray, label: int) -> Counts:
    """Read the counts of one label from a contingency table."""
    tp = int(table[label, label])
    return Counts(tp, int(table[:, label].sum()) - tp, int(table[label].sum()) - tp)
