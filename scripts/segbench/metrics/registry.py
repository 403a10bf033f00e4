"""The metrics by name: what a study may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from segbench.definitions import DSB_TWENTIETHS, EmptyPolicy, dsb_metric
from segbench.metrics import overlap
from segbench.metrics.dsb_map import dsb_precisions


@dataclass(frozen=True)
class Value:
    """One score: class, name of the metric, value in 0 ... 1 or NaN (left out)."""

    class_name: str
    metric: str
    value: float


@dataclass
class Case:
    """Truth and prediction of one sample.

    Attributes
    ----------
    truth, prediction : ndarray of uint8 or uint16, shape (y, x)
        A label map, or numbered objects (0 is the background).
    task : {"semantic", "instances"}
        Which of the two.
    classes : dict of str to int
        Names and values of the classes of a label map. Numbered objects of one class
        are scored as that class, whatever its value.
    empty : {"exclude", "one", "zero"}
        What a class that is in neither scores.
    """

    truth: np.ndarray
    prediction: np.ndarray
    task: str
    classes: dict[str, int]
    empty: EmptyPolicy

    @cached_property
    def counts(self) -> dict[str, overlap.Counts]:
        """Pixels of each class."""
        if self.task == "instances":
            table = overlap.contingency(self.truth > 0, self.prediction > 0, 2)
            return {self.objects: overlap.counts_of(table, 1)}
        size = 1 + max(int(self.truth.max()), int(self.prediction.max()), *self.classes.values())
        table = overlap.contingency(self.truth, self.prediction, size)
        return {name: overlap.counts_of(table, value) for name, value in self.classes.items()}

    @property
    def objects(self) -> str:
        """Name of the class of numbered objects."""
        return next(iter(self.classes)) if len(self.classes) == 1 else "foreground"


#: A metric: the scores of one sample.
Metric = Callable[[Case], Iterator[Value]]


def _pixels(name: str, function: Callable[[overlap.Counts, EmptyPolicy], float]) -> Metric:
    """Make a metric of one image and class from a function of its counts."""

    def measure(case: Case) -> Iterator[Value]:
        for class_name, counts in case.counts.items():
            yield Value(class_name, name, function(counts, case.empty))

    return measure


def _objects(case: Case) -> Iterator[Value]:
    """Score of the Data Science Bowl, and its ten parts."""
    values = dsb_precisions(case.truth, case.prediction, case.empty)
    yield Value(case.objects, "dsb_map", sum(values) / len(values))
    for k, value in zip(DSB_TWENTIETHS, values, strict=True):
        yield Value(case.objects, dsb_metric(k), value)


#: What a study may name in `metrics`.
METRICS: dict[str, Metric] = {
    "iou": _pixels("iou", overlap.iou),
    "dice": _pixels("dice", overlap.dice),
    "precision": _pixels("precision", overlap.precision),
    "recall": _pixels("recall", overlap.recall),
    "dsb_map": _objects,
}

#: Metrics that need numbered objects.
OBJECT_METRICS = frozenset({"dsb_map"})
