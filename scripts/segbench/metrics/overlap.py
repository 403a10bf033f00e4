"""Overlap of pixels: IoU, Dice, precision and recall of one image and class."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from segbench.definitions import EmptyPolicy

#: What an image scores where truth and prediction are both empty.
EMPTY_VALUE: dict[str, float] = {"exclude": math.nan, "one": 1.0, "zero": 0.0}


#: Pixels that are counted at a time: volumes are large, and pairs of labels eight times larger.
BLOCK = 2**20

#: Rows of masks that are added up side by side.
_TOGETHER = 1024

#: Weight of a zero that has none of its own, see `pooled`. No sum of pixels notices it.
TRACE = 1e-12


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
    """Count the pixels of overlapping masks.

    Parameters
    ----------
    truth, prediction : ndarray of uint8, shape (..., class)
        0 or 1.

    Returns
    -------
    list of Counts
        One a class.

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
    """Read the counts of one label from a contingency table.

    Parameters
    ----------
    table : ndarray of int, shape (values, values)
        See `contingency`.
    label : int
        Row and column of the class.
    """
    tp = int(table[label, label])
    return Counts(tp, int(table[:, label].sum()) - tp, int(table[label].sum()) - tp)


def _ratio(numerator: int, denominator: int, counts: Counts, empty: EmptyPolicy) -> float:
    if counts.tp + counts.fp + counts.fn == 0:
        return EMPTY_VALUE[empty]
    # Where only one of the two is empty, precision or recall is 0 / 0: it scores 0.
    return numerator / denominator if denominator else 0.0


def iou(counts: Counts, empty: EmptyPolicy) -> float:
    r"""Intersection over union, :math:`TP / (TP + FP + FN)`, in 0 ... 1.

    Parameters
    ----------
    counts : Counts
        Pixels of one class in one image.
    empty : {"exclude", "one", "zero"}
        What it scores where truth and prediction are both empty; exclude gives NaN.

    References
    ----------
    Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x

    Examples
    --------
    >>> iou(Counts(tp=2, fp=1, fn=1), "exclude")
    0.5
    """
    return _ratio(counts.tp, counts.tp + counts.fp + counts.fn, counts, empty)


def dice(counts: Counts, empty: EmptyPolicy) -> float:
    r"""Dice coefficient, :math:`2 TP / (2 TP + FP + FN)`, in 0 ... 1.

    Parameters
    ----------
    counts, empty
        As in `iou`.

    References
    ----------
    Dice 1945, doi:10.2307/1932409

    Examples
    --------
    >>> dice(Counts(tp=3, fp=1, fn=1), "exclude")
    0.75
    """
    return _ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn, counts, empty)


def precision(counts: Counts, empty: EmptyPolicy) -> float:
    r"""Share of the predicted pixels that are true, :math:`TP / (TP + FP)`, in 0 ... 1.

    Parameters
    ----------
    counts, empty
        As in `iou`. Nothing predicted where something is true scores 0.

    Examples
    --------
    >>> precision(Counts(tp=3, fp=1, fn=9), "exclude")
    0.75
    """
    return _ratio(counts.tp, counts.tp + counts.fp, counts, empty)


def recall(counts: Counts, empty: EmptyPolicy) -> float:
    r"""Share of the true pixels that are predicted, :math:`TP / (TP + FN)`, in 0 ... 1.

    Parameters
    ----------
    counts, empty
        As in `iou`. Something predicted where nothing is true scores 0.

    Examples
    --------
    >>> recall(Counts(tp=3, fp=9, fn=1), "exclude")
    0.75
    """
    return _ratio(counts.tp, counts.tp + counts.fn, counts, empty)


def iou_where_present(counts: Counts, empty: EmptyPolicy) -> float:
    """IoU where the truth holds the class, else NaN (left out), whatever is predicted.

    Examples
    --------
    >>> iou_where_present(Counts(tp=0, fp=5, fn=0), "zero")
    nan
    """
    return iou(counts, empty) if counts.tp + counts.fn else math.nan


def pooled(kind: str, counts: Counts) -> tuple[float, float]:
    r"""A ratio of pixel counts and its weight, so that weighted means are ratios of sums.

    Parameters
    ----------
    kind : {"iou", "dice", "precision", "recall"}
        Which ratio.
    counts : Counts
        Pixels of one class in one image.

    Returns
    -------
    value, weight : float
        With :math:`v_i = a_i / b_i` and :math:`w_i = b_i`, :math:`\sum w_i v_i / \sum w_i =
        \sum a_i / \sum b_i`. NaN and 0 where the image says nothing.

    Notes
    -----
    Where nothing is predicted although there is something, precision is 0 / 0. Such an image
    scores 0 with a weight of 1e-12 pixels: the ratio of all images is what it should be to
    twelve digits, and 0, not undefined, where the class is predicted in none of them. Recall
    likewise.

    Examples
    --------
    >>> pooled("iou", Counts(tp=1, fp=1, fn=2))
    (0.25, 4.0)
    """
    top = counts.tp
    bottom = {
        "iou": counts.tp + counts.fp + counts.fn,
        "dice": 2 * counts.tp + counts.fp + counts.fn,
        "precision": counts.tp + counts.fp,
        "recall": counts.tp + counts.fn,
    }[kind]
    if bottom:
        return (2 * top if kind == "dice" else top) / bottom, float(bottom)
    return (0.0, TRACE) if counts.fp + counts.fn else (math.nan, 0.0)
