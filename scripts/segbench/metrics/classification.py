"""Scores of classified images, as values and weights of single images.

Each figure is a weighted mean over images, so that it can be resampled and compared like any
other: what is not a mean by nature (an area under a curve, a calibration error) is split into
what each image contributes to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from segbench.metrics.case import Value
from segbench.metrics.counts import Counts
from segbench.metrics.metric import ALL, IMAGES, Definition
from segbench.metrics.overlap import RIJSBERGEN, pooled
from segbench.metrics.registry import metric

#: Bins of the calibration error.
CALIBRATION_BINS = 15

_BRODERSEN = "Brodersen et al. 2010, doi:10.1109/ICPR.2010.764"

#: The least probability of the true class: what separates neighbours of 1 in float32.
LEAST = 2.0**-23


@dataclass(frozen=True)
class Predictions:
    """A test fold of classified images.

    Attributes
    ----------
    classes : tuple of str
        Names.
    truth, label : ndarray of int, shape (sample,)
        Places in `classes`: the true class and the one decided for.
    probability : ndarray of float64, shape (sample, class)
        Each row adds up to 1.
    """

    classes: tuple[str, ...]
    truth: np.ndarray
    label: np.ndarray
    probability: np.ndarray


@metric(
    Definition(
        "accuracy", "Accuracy", "accuracy", "share of the images whose class is right", _BRODERSEN,
    ),
    IMAGES,
    per="fold",
)  # fmt: skip
def accuracy(found: Predictions) -> Iterator[tuple[int, Value]]:
    """1 where the class is right, else 0; with the place of the image."""
    for n, right in enumerate((found.truth == found.label).tolist()):
        yield n, Value(ALL, "accuracy", float(right))


def _define_of_counts(kind: str, definition: Definition) -> None:
    """Define a metric of each class from a ratio of counts over all images, see `pooled`."""

    @metric(definition, IMAGES, per="fold")
    def measure(found: Predictions) -> Iterator[tuple[int, Value]]:
        for c, class_name in enumerate(found.classes):
            true, said = found.truth == c, found.label == c
            for n, (t, s) in enumerate(zip(true.tolist(), said.tolist(), strict=True)):
                value, weight = pooled(kind, Counts(t and s, s and not t, t and not s))
                if kind == "recall" and not t:
                    value, weight = math.nan, 1.0  # left out: only images of the class count
                yield n, Value(class_name, definition.name, value, weight)


_define_of_counts(
    "recall",
    Definition(
        "balanced_accuracy", "Balanced accuracy", "accuracy/balanced",
        "share of a class's images that are found, averaged over classes", _BRODERSEN,
        by_class=False,
    ),
)  # fmt: skip
_define_of_counts(
    "dice",
    Definition(
        "f1", "F1", "f1/macro", "2 TP / (2 TP + FP + FN) over all images, averaged over classes",
        f"{RIJSBERGEN}; mean over classes: Opitz and Burst 2019, doi:10.48550/arXiv.1911.03347",
    ),
)  # fmt: skip
_define_of_counts(
    "recall",
    Definition(
        "class_recall", "Class recall", "class-recall",
        "TP / (TP + FN): share of a class's images that are found", RIJSBERGEN,
    ),
)  # fmt: skip
_define_of_counts(
    "precision",
    Definition(
        "class_precision", "Class precision", "class-precision",
        "TP / (TP + FP): share of the images said to be of a class that are; 0 where none is "
        "said to be", RIJSBERGEN,
    ),
)  # fmt: skip


def placements(scores: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Share of the negatives that each positive is above, ties half.

    NaN for negatives, and where there are none. The mean over the positives is the area under the
    ROC curve, exactly.

    Parameters
    ----------
    scores : ndarray of float, shape (sample,)
        Higher: rather positive.
    positive : ndarray of bool, shape (sample,)

    References
    ----------
    Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747; DeLong et al. 1988,
    doi:10.2307/2531595

    Examples
    --------
    >>> placements(np.array([0.9, 0.4, 0.4, 0.1]), np.array([True, True, False, False])).tolist()
    [1.0, 0.75, nan, nan]
    """
    result = np.full(scores.shape, math.nan)
    negatives = np.sort(scores[~positive])
    if negatives.size:
        below = np.searchsorted(negatives, scores[positive], side="left")
        not_above = np.searchsorted(negatives, scores[positive], side="right")
        result[positive] = (below + not_above) / (2 * negatives.size)
    return result


@metric(
    Definition(
        "roc_auc", "ROC AUC", "roc-auc/one-vs-rest",
        "chance that an image of a class is given a higher probability of it than one of the "
        "others in the same test fold, ties half, averaged over classes; resampled over the "
        "images of the class alone",
        "Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747; as a mean of placements: "
        "DeLong et al. 1988, doi:10.2307/2531595",
    ),
    IMAGES,
    per="fold",
)  # fmt: skip
def roc_auc(found: Predictions) -> Iterator[tuple[int, Value]]:
    """Placement of each image of a class among those of the others."""
    for c, class_name in enumerate(found.classes):
        values = placements(found.probability[:, c], found.truth == c)
        for n, value in enumerate(values.tolist()):
            yield n, Value(class_name, "roc_auc", value)


def calibration_parts(
    confidence: np.ndarray, right: np.ndarray, bins: int = CALIBRATION_BINS
) -> np.ndarray:
    r"""What each image contributes to the expected calibration error, in -1 ... 1; it is the mean.

    Parameters
    ----------
    confidence : ndarray of float, shape (sample,)
        Highest probability, in 0 ... 1.
    right : ndarray of bool, shape (sample,)
        Whether that class is true.
    bins : int
        Equally wide bins ((m - 1) / M, m / M].

    Notes
    -----
    :math:`\sum_b \frac{n_b}{n} |acc_b - conf_b| = \frac{1}{n} \sum_i s_{b(i)} (right_i - conf_i)`
    with :math:`s_b` the sign of :math:`acc_b - conf_b` (Guo et al. 2017,
    doi:10.48550/arXiv.1706.04599).

    Examples
    --------
    >>> parts = calibration_parts(np.array([0.75, 0.75, 1.0]), np.array([True, False, True]), 4)
    >>> parts.tolist(), round(float(parts.mean()), 4)
    ([-0.25, 0.75, 0.0], 0.1667)
    """
    edges = np.arange(bins + 1) / bins
    places = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    gaps = right - confidence
    signs = np.sign(np.bincount(places, weights=gaps, minlength=bins))
    parts: np.ndarray = signs[places] * gaps
    return parts


@metric(
    Definition(
        "calibration_error", "ECE", f"ece/top-label/{CALIBRATION_BINS}-bins",
        "mean over images of |accuracy - confidence| of the image's bin, of "
        f"{CALIBRATION_BINS} equally wide bins of the highest probability in the test fold; "
        "right is whose most probable class is true",
        "Guo et al. 2017, doi:10.48550/arXiv.1706.04599", higher_is_better=False,
    ),
    IMAGES,
    per="fold",
)  # fmt: skip
def calibration_error(found: Predictions) -> Iterator[tuple[int, Value]]:
    """Contribution of each image to the expected calibration error."""
    confidence = found.probability.max(axis=1)
    right = found.probability.argmax(axis=1) == found.truth
    for n, value in enumerate(calibration_parts(confidence, right).tolist()):
        yield n, Value(ALL, "calibration_error", value)


@metric(
    Definition(
        "brier", "Brier score", "brier/multi-class",
        "sum over classes of the squared difference of probability and truth, 0 ... 2",
        "Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2", higher_is_better=False,
    ),
    IMAGES,
    per="fold",
)  # fmt: skip
def brier(found: Predictions) -> Iterator[tuple[int, Value]]:
    """Squared distance of the probabilities from the truth, in 0 ... 2."""
    truth = np.eye(len(found.classes))[found.truth]
    for n, value in enumerate(((found.probability - truth) ** 2).sum(axis=1).tolist()):
        yield n, Value(ALL, "brier", value)


@metric(
    Definition(
        "log_loss", "Log loss", "log-loss/natural",
        "- ln of the probability of the true class, which counts as 2^-23 at least",
        "Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x", higher_is_better=False,
    ),
    IMAGES,
    per="fold",
)  # fmt: skip
def log_loss(found: Predictions) -> Iterator[tuple[int, Value]]:
    """- ln of the probability of the true class."""
    chosen = found.probability[np.arange(found.truth.size), found.truth]
    for n, value in enumerate((-np.log(np.maximum(chosen, LEAST))).tolist()):
        yield n, Value(ALL, "log_loss", abs(value))
