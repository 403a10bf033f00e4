"""The metrics by name: what a study may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from segbench.definitions import DSB_TWENTIETHS, TOLERANCES_MM, EmptyPolicy, dsb_metric
from segbench.metrics import classification, overlap, stacks
from segbench.metrics.case import Case, Value
from segbench.metrics.classification import SetMetric
from segbench.metrics.dsb_map import dsb_precisions
from segbench.metrics.stacks import StackMetric
from segbench.metrics.surface import diagonal, hausdorff_95, surface_dice

#: A metric of masks or objects: the scores of one sample.
CaseMetric = Callable[[Case], Iterator[Value]]


def _pixels(name: str, function: Callable[[overlap.Counts, EmptyPolicy], float]) -> CaseMetric:
    """Make a metric of one image and class from a function of its counts."""

    def measure(case: Case) -> Iterator[Value]:
        for class_name, counts in case.counts.items():
            yield Value(class_name, name, function(counts, case.empty))

    return measure


def _pooled(name: str, kind: str) -> CaseMetric:
    """Make a metric of which the counts of all images are added up."""

    def measure(case: Case) -> Iterator[Value]:
        for class_name, counts in case.counts.items():
            yield Value(class_name, name, *overlap.pooled(kind, counts))

    return measure


def _hausdorff(case: Case) -> Iterator[Value]:
    """Distance between the surfaces of each class."""
    longest = diagonal(case.shape, case.spacing("hd95"))
    for name in case.names:
        yield Value(name, "hd95", hausdorff_95(case.surfaces(name, "hd95"), case.empty, longest))


def _within(name: str, tolerance_mm: float) -> CaseMetric:
    """Make a metric of the surfaces within a tolerance of each other."""

    def measure(case: Case) -> Iterator[Value]:
        for class_name in case.names:
            found = case.surfaces(class_name, name)
            yield Value(class_name, name, surface_dice(found, case.empty, tolerance_mm))

    return measure


def _objects(case: Case) -> Iterator[Value]:
    """Score of the Data Science Bowl, and its ten parts."""
    values = dsb_precisions(case.truth, case.prediction, case.empty)
    yield Value(case.objects, "dsb_map", sum(values) / len(values))
    for k, value in zip(DSB_TWENTIETHS, values, strict=True):
        yield Value(case.objects, dsb_metric(k), value)


#: Of numbered objects.
OBJECT_METRICS: dict[str, CaseMetric] = {"dsb_map": _objects}

#: Of masks and label maps, of objects as a whole, too.
MASK_METRICS: dict[str, CaseMetric] = {
    "iou": _pixels("iou", overlap.iou),
    "dice": _pixels("dice", overlap.dice),
    "precision": _pixels("precision", overlap.precision),
    "recall": _pixels("recall", overlap.recall),
    "iou_present": _pixels("iou_present", overlap.iou_where_present),
    **{f"{kind}_pooled": _pooled(f"{kind}_pooled", kind)
       for kind in ("iou", "dice", "precision", "recall")},
    "hd95": _hausdorff,
    **{name: _within(name, tolerance) for name, tolerance in TOLERANCES_MM.items()},
}  # fmt: skip

#: Of masks, of whole stacks of slices.
STACK_METRICS: dict[str, StackMetric] = {
    "uw_mlebench": stacks.mlebench,
    "uw_per_class": stacks.per_class,
}

#: Of classified images, of a whole test fold.
SET_METRICS: dict[str, SetMetric] = {
    "accuracy": classification.accuracy,
    "balanced_accuracy": classification.of_counts("balanced_accuracy", "recall"),
    "f1": classification.of_counts("f1", "dice"),
    "class_recall": classification.of_counts("class_recall", "recall"),
    "class_precision": classification.of_counts("class_precision", "precision"),
    "roc_auc": classification.roc_auc,
    "calibration_error": classification.calibration_error,
    "brier": classification.brier,
    "log_loss": classification.log_loss,
}

#: What a study may name in `metrics`.
METRICS = (*MASK_METRICS, *STACK_METRICS, *OBJECT_METRICS, *SET_METRICS)


def tasks_of(metric: str) -> frozenset[str]:
    """Tasks whose segmentations a metric can score."""
    if metric in SET_METRICS:
        return frozenset({"classification"})
    if metric in OBJECT_METRICS:
        return frozenset({"instances"})
    if metric in STACK_METRICS:
        return frozenset({"semantic", "overlapping"})
    return frozenset({"semantic", "overlapping", "instances"})
