"""Overlap of pixels: IoU, Dice, precision and recall of one image and class."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from segbench.definitions import EmptyPolicy

#: What an image scores where truth and prediction are both empty.
EMPTY_VALUE: dict[str, float] = {"exclude": math.nan, "one": 1.0, "zero": 0.0}


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
    pairs = truth.ravel().astype(np.intp)
    pairs *= values
    pairs += prediction.ravel()
    return np.bincount(pairs, minlength=values * values).reshape(values, values)


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
