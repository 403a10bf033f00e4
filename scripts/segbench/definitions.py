"""What each score means: ids of definitions, their text and where they come from.

Data only, below all other parts: the metrics write the ids, the tables explain them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from segbench.errors import SegbenchError

#: Score of an image where truth and prediction are both empty.
EmptyPolicy = Literal["exclude", "one", "zero"]
EMPTY_POLICIES: tuple[EmptyPolicy, ...] = ("exclude", "one", "zero")

#: Class of scores that are of no class: of a whole image, or of all classes together.
ALL = "all"

#: Ten thresholds of the Data Science Bowl, in twentieths: k / 20 = 0.50 ... 0.95.
DSB_TWENTIETHS = tuple(range(10, 20))

#: Tolerances of the normalised surface Dice in mm, by metric.
TOLERANCES_MM = {"nsd_1mm": 1.0, "nsd_2mm": 2.0}

#: Bins of the calibration error.
CALIBRATION_BINS = 15

#: Where the competition of the UW-Madison images weighs its two parts.
UW_WEIGHTS = {"Dice": 0.4, "1 - Hausdorff": 0.6}

#: The last part of a definition's id, and what it says; by what can be empty.
_EMPTY: dict[str, dict[str, tuple[str, str]]] = {
    one: {
        "exclude": ("empty-excluded", f"left out and counted where both are empty, {zero}"),
        "one": (best, f"{best_text} where both are empty, {zero}"),
        "zero": (worst, f"{worst_text} where both are empty, {zero}"),
    }
    for one, best, best_text, worst, worst_text, zero in (
        ("pixels", "empty-one", "1", "empty-zero", "0", "0 where only one has pixels"),
        ("objects", "empty-one", "1", "empty-zero", "0", "0 where only one has objects"),
        ("surface", "empty-0mm", "0 mm", "empty-diagonal", "the image's diagonal",
         "the image's diagonal where only one has pixels (as the 374 mm of BraTS 2023)"),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Definition:
    """A definition of a score.

    Attributes
    ----------
    title : str
        Short name for a heading, e.g. ``IoU``.
    text : str
        What is computed, in one sentence.
    source : str
        Publication or code that defines it so.
    higher_is_better : bool
        Whether arms are ranked from the highest; false for errors and distances.
    by_class : bool
        Whether its figures of single classes say something of their own.
    class_weights : mapping of str to float
        How much each class counts in the mean over classes; empty: all the same.
    """

    title: str
    text: str
    source: str
    higher_is_better: bool = True
    by_class: bool = True
    class_weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Metric:
    """A metric before its policy for empty images is known; `empty`: what can be empty."""

    title: str
    identifier: str
    text: str
    source: str
    empty: str = ""
    lower: bool = False
    by_class: bool = True
    class_weights: Mapping[str, float] = field(default_factory=dict)


_RIJSBERGEN = "van Rijsbergen 1979, Information Retrieval, chapter 7"
_JACCARD = "Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x"
_DICE = "Dice 1945, doi:10.2307/1932409"
_VOC = "Everingham et al. 2010, doi:10.1007/s11263-009-0275-4"
_DSB = "Caicedo et al. 2019, doi:10.1038/s41592-019-0612-7"
_NIKOLOV = "Nikolov et al. 2021, doi:10.2196/26151"
_MLEBENCH = "Chan et al. 2024, doi:10.48550/arXiv.2410.07095, grade.py of the competition"
_FIRST_PLACE = "first place of the competition, github.com/CarnoZhao/Kaggle-UWMGIT, monai/metric.py"
_BRODERSEN = "Brodersen et al. 2010, doi:10.1109/ICPR.2010.764"
_POOLED = "over the pixels of one class in all images together; left out where there are none"

_MASKS = {
    "iou": _Metric(
        "IoU", "iou/per-image", "TP / (TP + FP + FN) over the pixels of one image and class",
        _JACCARD, "pixels",
    ),
    "dice": _Metric(
        "Dice", "dice/per-image", "2 TP / (2 TP + FP + FN) over the pixels of one image and class",
        _DICE, "pixels",
    ),
    "precision": _Metric(
        "Precision", "precision/per-image",
        "TP / (TP + FP) over the pixels of one image and class", _RIJSBERGEN, "pixels",
    ),
    "recall": _Metric(
        "Recall", "recall/per-image",
        "TP / (TP + FN) over the pixels of one image and class", _RIJSBERGEN, "pixels",
    ),
    "iou_present": _Metric(
        "IoU where present", "iou/per-image/truth-present",
        "TP / (TP + FP + FN) over the pixels of one image and class, averaged over the images "
        "whose truth holds the class; false alarms in other images do not count",
        "Csurka et al. 2013, doi:10.5244/C.27.32",
    ),
    "iou_pooled": _Metric("Pooled IoU", "iou/pooled", f"TP / (TP + FP + FN) {_POOLED}", _VOC),
    "dice_pooled": _Metric("Pooled Dice", "dice/pooled", f"2 TP / (2 TP + FP + FN) {_POOLED}",
                           _DICE),
    "precision_pooled": _Metric(
        "Pooled precision", "precision/pooled",
        f"TP / (TP + FP) {_POOLED}, 0 where there are some and none is predicted", _RIJSBERGEN,
    ),
    "recall_pooled": _Metric(
        "Pooled recall", "recall/pooled",
        f"TP / (TP + FN) {_POOLED}, 0 where some are predicted and there are none", _RIJSBERGEN,
    ),
    "hd95": _Metric(
        "HD95 (mm)", "hd95/surface-distance",
        "95th percentile of the distances of one surface's elements from the other surface, "
        "elements weighted by their length (2-D) or area (3-D), the larger of both directions, "
        "in mm",
        f"Huttenlocher et al. 1993, doi:10.1109/34.232073; surface elements: {_NIKOLOV}",
        "surface", lower=True,
    ),
    "dsb_map": _Metric(
        "mAP", "dsb-map/strict",
        "TP / (TP + FP + FN) over the objects of one image, an object being hit where IoU is "
        "strictly above t, averaged over t = 0.50, 0.55, ..., 0.95", _DSB, "objects",
    ),
}  # fmt: skip

_STACKS = {
    "uw_mlebench": _Metric(
        "Score (mle-bench)", "uw/mle-bench",
        "0.4 Dice + 0.6 (1 - Hausdorff distance), the two as defined below", _MLEBENCH,
        by_class=False, class_weights=UW_WEIGHTS,
    ),
    "uw_per_class": _Metric(
        "Score (per class)", "uw/per-class",
        "0.4 Dice + 0.6 (1 - Hausdorff distance), the two as defined below", _FIRST_PLACE,
        by_class=False, class_weights=UW_WEIGHTS,
    ),
    "uw_dice@mlebench": _Metric(
        "Dice (mle-bench)", "uw-dice/mle-bench",
        "2 TP / (2 TP + FP + FN) of each slice and class, averaged over all pairs of them that "
        "are not empty in both truth and prediction", _MLEBENCH,
    ),
    "uw_hausdorff@mlebench": _Metric(
        "Hausdorff (mle-bench)", "uw-hausdorff/mle-bench",
        "largest distance of a pixel of one mask from the other, in a stack of slices with the "
        "classes joined, coordinates divided by the stack's size, over the square root of 3; "
        "0 where equal, 1 where one is empty or the prediction has over 10 times the pixels, left "
        "out where both are empty", _MLEBENCH, lower=True,
    ),
    "uw_dice@per_class": _Metric(
        "Dice (per class)", "uw-dice/per-class",
        "2 TP / (2 TP + FP + FN) of each slice and class whose truth is not empty, averaged over "
        "the classes of a slice, then over slices", _FIRST_PLACE,
    ),
    "uw_hausdorff@per_class": _Metric(
        "Hausdorff (per class)", "uw-hausdorff/per-class",
        "largest distance of a surface pixel of the prediction from the surface of the truth, in "
        "pixels, of each stack and class, over the stack's diagonal; 0 where equal, also where "
        "both are empty, 1 where one is empty; one direction only, as in the code, which its own "
        "training loop applies slice by slice", _FIRST_PLACE, lower=True,
    ),
}  # fmt: skip

_CLASSIFICATION = {
    "accuracy": _Metric("Accuracy", "accuracy", "share of the images whose class is right",
                        _BRODERSEN),
    "balanced_accuracy": _Metric(
        "Balanced accuracy", "accuracy/balanced",
        "share of a class's images that are found, averaged over classes", _BRODERSEN,
        by_class=False,
    ),
    "f1": _Metric(
        "F1", "f1/macro", "2 TP / (2 TP + FP + FN) over all images, averaged over classes",
        f"{_RIJSBERGEN}; mean over classes: Opitz and Burst 2019, doi:10.48550/arXiv.1911.03347",
    ),
    "class_recall": _Metric("Class recall", "class-recall",
                            "TP / (TP + FN): share of a class's images that are found",
                            _RIJSBERGEN),
    "class_precision": _Metric(
        "Class precision", "class-precision",
        "TP / (TP + FP): share of the images said to be of a class that are; 0 where none is "
        "said to be", _RIJSBERGEN,
    ),
    "roc_auc": _Metric(
        "ROC AUC", "roc-auc/one-vs-rest",
        "chance that an image of a class is given a higher probability of it than one of the "
        "others in the same test fold, ties half, averaged over classes; resampled over the "
        "images of the class alone",
        "Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747; as a mean of placements: "
        "DeLong et al. 1988, doi:10.2307/2531595",
    ),
    "calibration_error": _Metric(
        "ECE", f"ece/top-label/{CALIBRATION_BINS}-bins",
        "mean over images of |accuracy - confidence| of the image's bin, of "
        f"{CALIBRATION_BINS} equally wide bins of the highest probability in the test fold; "
        "right is whose most probable class is true",
        "Guo et al. 2017, doi:10.48550/arXiv.1706.04599", lower=True,
    ),
    "brier": _Metric(
        "Brier score", "brier/multi-class",
        "sum over classes of the squared difference of probability and truth, 0 ... 2",
        "Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2", lower=True,
    ),
    "log_loss": _Metric(
        "Log loss", "log-loss/natural",
        "- ln of the probability of the true class, which counts as 2^-23 at least",
        "Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x", lower=True,
    ),
}  # fmt: skip


def dsb_metric(twentieths: int) -> str:
    """Name of the score at one threshold.

    Examples
    --------
    >>> dsb_metric(11)
    'dsb_ap@0.55'
    """
    return f"dsb_ap@{twentieths / 20:.2f}"


def _thresholds() -> Iterator[tuple[str, _Metric]]:
    """The scores of which there is one a threshold or tolerance."""
    for k in DSB_TWENTIETHS:
        yield (
            dsb_metric(k),
            _Metric(
                f"AP@{k / 20:.2f}",
                f"dsb-ap@{k / 20:.2f}/strict",
                "TP / (TP + FP + FN) over the objects of one image, an object being hit where IoU "
                f"is strictly above {k / 20:.2f}",
                _DSB,
                "objects",
            ),
        )
    for name, tolerance in TOLERANCES_MM.items():
        yield (
            name,
            _Metric(
                f"NSD at {tolerance:g} mm",
                f"nsd@{tolerance:g}mm/surface-distance",
                f"share of both surfaces, by length (2-D) or area (3-D), within {tolerance:g} mm "
                "of the other",
                _NIKOLOV,
                "pixels",
            ),
        )


_METRICS: dict[str, _Metric] = {**_MASKS, **_STACKS, **_CLASSIFICATION, **dict(_thresholds())}

#: Metrics that are written beside a metric whenever it is asked for, in this order.
PARTS: dict[str, tuple[str, ...]] = {
    "dsb_map": tuple(map(dsb_metric, DSB_TWENTIETHS)),
    "uw_mlebench": ("uw_dice@mlebench", "uw_hausdorff@mlebench"),
    "uw_per_class": ("uw_dice@per_class", "uw_hausdorff@per_class"),
}


def definition_id(metric: str, empty: str) -> str:
    """Id of the definition of a metric under a policy for empty images.

    Examples
    --------
    >>> definition_id("iou", "exclude"), definition_id("accuracy", "exclude")
    ('iou/per-image/empty-excluded', 'accuracy')
    """
    if empty not in EMPTY_POLICIES:
        raise SegbenchError(
            f"policy for empty images: {empty!r}",
            f"one of {', '.join(EMPTY_POLICIES)}",
            "correct `empty` in the study",
        )
    entry = _METRICS[metric]
    if not entry.empty:
        return entry.identifier
    return f"{entry.identifier}/{_EMPTY[entry.empty][empty][0]}"


def _all() -> dict[str, Definition]:
    """Every metric under every policy; those that cannot be empty once."""
    found = {}
    for name, one in _METRICS.items():
        for empty in EMPTY_POLICIES:
            words = f"; {_EMPTY[one.empty][empty][1]}" if one.empty else ""
            found[definition_id(name, empty)] = Definition(
                one.title,
                one.text + words,
                one.source,
                not one.lower,
                one.by_class,
                one.class_weights,
            )
    return found


#: Every definition by its id.
DEFINITIONS: dict[str, Definition] = _all()


def define(identifier: str) -> Definition:
    """Look up a definition.

    Raises
    ------
    SegbenchError
        The id is unknown.
    """
    if identifier not in DEFINITIONS:
        raise SegbenchError(
            f"definition {identifier!r} is unknown",
            f"one of {', '.join(sorted(DEFINITIONS))}",
            "score again with this version of segbench",
        )
    return DEFINITIONS[identifier]
