"""Overlap of pixels: IoU, Dice, precision and recall, of each image or of all together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from segbench.metrics.case import Case, Value
from segbench.metrics.counts import Counts
from segbench.metrics.metric import EMPTY_VALUE, PIXELS, Definition, EmptyPolicy
from segbench.metrics.registry import metric

#: Weight of a zero that has none of its own, see `pooled`. No sum of pixels notices it.
TRACE = 1e-12

RIJSBERGEN = "van Rijsbergen 1979, Information Retrieval, chapter 7"
_JACCARD = "Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x"
_DICE = "Dice 1945, doi:10.2307/1932409"
_VOC = "Everingham et al. 2010, doi:10.1007/s11263-009-0275-4"
_POOLED = "over the pixels of one class in all images together; left out where there are none"

#: A ratio of the counts of one image and class, under a policy for empty images.
Ratio = Callable[[Counts, EmptyPolicy], float]


def pixel_metric(definition: Definition) -> Callable[[Ratio], Ratio]:
    """Define a metric of each image and class by decorating a function of its counts."""

    def define(ratio: Ratio) -> Ratio:
        def measure(case: Case) -> Iterator[Value]:
            for class_name, counts in case.counts.items():
                yield Value(class_name, definition.name, ratio(counts, case.empty))

        measure.__module__ = ratio.__module__  # which errors name
        metric(definition, PIXELS)(measure)
        return ratio

    return define


def _ratio(numerator: int, denominator: int, counts: Counts, empty: EmptyPolicy) -> float:
    if counts.tp + counts.fp + counts.fn == 0:
        return EMPTY_VALUE[empty]
    # Where only one of the two is empty, precision or recall is 0 / 0: it scores 0.
    return numerator / denominator if denominator else 0.0


@pixel_metric(
    Definition(
        "iou", "IoU", "iou/per-image", "TP / (TP + FP + FN) over the pixels of one image and class",
        _JACCARD, "pixels",
    )
)  # fmt: skip
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


@pixel_metric(
    Definition(
        "dice", "Dice", "dice/per-image",
        "2 TP / (2 TP + FP + FN) over the pixels of one image and class", _DICE, "pixels",
    )
)  # fmt: skip
def dice(counts: Counts, empty: EmptyPolicy) -> float:
    """Dice coefficient, :math:`2 TP / (2 TP + FP + FN)`, in 0 ... 1; see `iou`.

    References
    ----------
    Dice 1945, doi:10.2307/1932409

    Examples
    --------
    >>> dice(Counts(tp=3, fp=1, fn=1), "exclude")
    0.75
    """
    return _ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn, counts, empty)


@pixel_metric(
    Definition(
        "precision", "Precision", "precision/per-image",
        "TP / (TP + FP) over the pixels of one image and class", RIJSBERGEN, "pixels",
    )
)  # fmt: skip
def precision(counts: Counts, empty: EmptyPolicy) -> float:
    """Share of the predicted pixels that are true, in 0 ... 1; 0 where none is predicted.

    Examples
    --------
    >>> precision(Counts(tp=3, fp=1, fn=9), "exclude")
    0.75
    """
    return _ratio(counts.tp, counts.tp + counts.fp, counts, empty)


@pixel_metric(
    Definition(
        "recall", "Recall", "recall/per-image",
        "TP / (TP + FN) over the pixels of one image and class", RIJSBERGEN, "pixels",
    )
)  # fmt: skip
def recall(counts: Counts, empty: EmptyPolicy) -> float:
    """Share of the true pixels that are predicted, in 0 ... 1; 0 where none is true.

    Examples
    --------
    >>> recall(Counts(tp=3, fp=9, fn=1), "exclude")
    0.75
    """
    return _ratio(counts.tp, counts.tp + counts.fn, counts, empty)


@pixel_metric(
    Definition(
        "iou_present", "IoU where present", "iou/per-image/truth-present",
        "TP / (TP + FP + FN) over the pixels of one image and class, averaged over the images "
        "whose truth holds the class; false alarms in other images do not count",
        "Csurka et al. 2013, doi:10.5244/C.27.32",
    )
)  # fmt: skip
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


def _define_pooled(kind: str, title: str, formula: str, source: str, note: str = "") -> None:
    """Define a metric whose counts are summed over all images."""
    text = f"{formula} {_POOLED}{note}"
    definition = Definition(f"{kind}_pooled", f"Pooled {title}", f"{kind}/pooled", text, source)

    @metric(definition, PIXELS)
    def measure(case: Case) -> Iterator[Value]:
        for class_name, counts in case.counts.items():
            yield Value(class_name, definition.name, *pooled(kind, counts))


_define_pooled("iou", "IoU", "TP / (TP + FP + FN)", _VOC)
_define_pooled("dice", "Dice", "2 TP / (2 TP + FP + FN)", _DICE)
_define_pooled(
    "precision", "precision", "TP / (TP + FP)", RIJSBERGEN,
    ", 0 where there are some and none is predicted",
)  # fmt: skip
_define_pooled(
    "recall", "recall", "TP / (TP + FN)", RIJSBERGEN,
    ", 0 where some are predicted and there are none",
)  # fmt: skip
