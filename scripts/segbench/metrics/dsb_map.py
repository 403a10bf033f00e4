"""The score of the Data Science Bowl 2018: mean average precision over IoU thresholds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from segbench.metrics.case import Case, Value
from segbench.metrics.metric import EMPTY_VALUE, OBJECTS, Definition, EmptyPolicy
from segbench.metrics.registry import metric

#: Ten thresholds of the Data Science Bowl, in twentieths: k / 20 = 0.50 ... 0.95.
DSB_TWENTIETHS = tuple(range(10, 20))

_DSB = "Caicedo et al. 2019, doi:10.1038/s41592-019-0612-7"


def relabel(labels: np.ndarray) -> tuple[np.ndarray, int]:
    """Number the objects 1, 2, 3, ... in the order of their old numbers, and count them.

    Examples
    --------
    >>> relabel(np.array([0, 50, 2, 50], np.uint16))
    (array([0, 2, 1, 2], dtype=int32), 2)
    """
    present = np.bincount(labels.ravel()) > 0
    present[0] = False
    new = np.cumsum(present, dtype=np.int32)
    new[~present] = 0
    return new[labels], int(present.sum())


def hits(truth: np.ndarray, prediction: np.ndarray) -> tuple[np.ndarray, int, int]:
    r"""Count the objects that are hit at each threshold.

    Parameters
    ----------
    truth, prediction : ndarray of unsigned int, shape (y, x)
        Numbered objects, 0 is the background. The numbers may have gaps.

    Returns
    -------
    hits : ndarray of int64, shape (10,)
        Pairs of a true and a predicted object with an IoU strictly above 0.50, 0.55,
        ..., 0.95.
    true_objects, predicted_objects : int
        Number of objects in each.

    Notes
    -----
    IoU > k / 20 is decided in integers, :math:`20 |A \cap B| > k |A \cup B|`: in floating
    point ``0.6000000000000001`` and its like decide by rounding. Above one half no
    object can be hit twice, so counting pairs is matching them.
    """
    truth, true_objects = relabel(truth)
    prediction, predicted_objects = relabel(prediction)
    columns = predicted_objects + 1
    pairs = truth.ravel().astype(np.intp)
    pairs *= columns
    pairs += prediction.ravel()
    table = np.bincount(pairs, minlength=(true_objects + 1) * columns).reshape(-1, columns)
    rows, cols = np.nonzero(table[1:, 1:])
    intersection = table[rows + 1, cols + 1]
    union = table.sum(axis=1)[rows + 1] + table.sum(axis=0)[cols + 1] - intersection
    above = 20 * intersection[:, None] > np.array(DSB_TWENTIETHS) * union[:, None]
    return above.sum(axis=0), true_objects, predicted_objects


def average_precision(hits: int, true_objects: int, predicted_objects: int) -> float:
    """What the competition calls precision: :math:`TP / (TP + FP + FN)`; of one object or more.

    Examples
    --------
    >>> round(average_precision(5, 7, 7), 3)
    0.556
    """
    return hits / (true_objects + predicted_objects - hits)


def dsb_precisions(
    truth: np.ndarray, prediction: np.ndarray, empty: EmptyPolicy = "exclude"
) -> list[float]:
    """TP / (TP + FP + FN) of one image at each of the ten thresholds.

    Parameters
    ----------
    truth, prediction : ndarray of unsigned int, shape (y, x)
        Numbered objects, 0 is the background.
    empty : {"exclude", "one", "zero"}
        What an image without true and predicted objects scores; exclude gives NaN.

    Returns
    -------
    list of float
        At 0.50, 0.55, ..., 0.95, each in 0 ... 1.

    References
    ----------
    Caicedo et al. 2019, doi:10.1038/s41592-019-0612-7

    Examples
    --------
    An IoU of exactly one half is not a hit, whatever the numbers of the objects:

    >>> truth = np.array([[2, 2, 0, 50]], np.uint16)
    >>> dsb_precisions(truth, np.array([[7, 0, 0, 9]], np.uint16))[0]
    0.3333333333333333
    """
    found, true_objects, predicted_objects = hits(truth, prediction)
    if true_objects + predicted_objects == 0:
        return [EMPTY_VALUE[empty]] * len(DSB_TWENTIETHS)
    return [average_precision(int(n), true_objects, predicted_objects) for n in found]


def _at_threshold(twentieths: int) -> Definition:
    """Define the score at one threshold, a part of the mean."""
    threshold = f"{twentieths / 20:.2f}"
    return Definition(
        f"dsb_ap@{threshold}", f"AP@{threshold}", f"dsb-ap@{threshold}/strict",
        "TP / (TP + FP + FN) over the objects of one image, an object being hit where IoU is "
        f"strictly above {threshold}",
        _DSB, "objects",
    )  # fmt: skip


_THRESHOLDS = tuple(map(_at_threshold, DSB_TWENTIETHS))


@metric(
    Definition(
        "dsb_map", "mAP", "dsb-map/strict",
        "TP / (TP + FP + FN) over the objects of one image, an object being hit where IoU is "
        "strictly above t, averaged over t = 0.50, 0.55, ..., 0.95", _DSB, "objects",
    ),
    OBJECTS,
    parts=_THRESHOLDS,
)  # fmt: skip
def _measure_objects(case: Case) -> Iterator[Value]:
    values = dsb_precisions(case.truth, case.prediction, case.empty)
    yield Value(case.objects, "dsb_map", sum(values) / len(values))
    for part, value in zip(_THRESHOLDS, values, strict=True):
        yield Value(case.objects, part.name, value)
