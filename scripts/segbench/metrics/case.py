"""Truth and prediction of one sample, and what metrics ask of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from segbench.errors import SegbenchError
from segbench.metrics.counts import Counts, contingency, counts_of, mask_counts
from segbench.metrics.metric import EmptyPolicy
from segbench.metrics.surfaces import Surfaces, surfaces


@dataclass(frozen=True)
class Value:
    """One score.

    Attributes
    ----------
    class_name, metric : str
    value : float
        NaN: left out.
    weight : float
        How much it counts in the mean over samples; 1 unless it is a part of a pooled figure.
    """

    class_name: str
    metric: str
    value: float
    weight: float = 1.0


@dataclass
class Case:
    """Truth and prediction of one sample.

    Attributes
    ----------
    truth, prediction : ndarray of uint8 or uint16
        Label maps (y, x) or (z, y, x); numbered objects (0 is the background); or masks
        0 / 1 with the class as last axis.
    task : {"semantic", "overlapping", "instances"}
        Which of them.
    classes : dict of str to int
        Names and values of the classes of a label map; the names of masks in their order.
        Numbered objects of one class are scored as that class, whatever its value.
    empty : {"exclude", "one", "zero"}
        What a class that is in neither scores.
    background : str or None
        Name under which the background is scored like a class.
    spacing_mm : tuple of float or None
        Distance of pixels along (y, x) or (z, y, x); None: unknown.
    name : str
        Of the sample, for errors.
    """

    truth: np.ndarray
    prediction: np.ndarray
    task: str
    classes: dict[str, int]
    empty: EmptyPolicy
    background: str | None = None
    spacing_mm: tuple[float, ...] | None = None
    name: str = ""
    _surfaces: dict[str, Surfaces | None] = field(default_factory=dict, repr=False)

    @property
    def objects(self) -> str:
        """Name of the class of numbered objects."""
        return next(iter(self.classes)) if len(self.classes) == 1 else "foreground"

    @property
    def names(self) -> list[str]:
        """What is scored: the classes, and the background where it has a name."""
        if self.task == "instances":
            return [self.objects]
        return [*self.classes, *([self.background] if self.background else [])]

    @property
    def shape(self) -> tuple[int, ...]:
        """Size in pixels, without an axis of classes."""
        return self.truth.shape[:-1] if self.task == "overlapping" else self.truth.shape

    @cached_property
    def counts(self) -> dict[str, Counts]:
        """Pixels of each class."""
        if self.task == "instances":
            table = contingency(self.truth > 0, self.prediction > 0, 2)
            return {self.objects: counts_of(table, 1)}
        if self.task == "overlapping":
            found = mask_counts(self.truth, self.prediction)
            counts = dict(zip(self.classes, found, strict=True))
            if self.background:
                table = contingency(*self.masks(self.background), 2)
                counts[self.background] = counts_of(table, 1)
            return counts
        size = 1 + max(int(self.truth.max()), int(self.prediction.max()), *self.classes.values())
        table = contingency(self.truth, self.prediction, size)
        values = {**self.classes, **({self.background: 0} if self.background else {})}
        return {name: counts_of(table, value) for name, value in values.items()}

    def masks(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Where one class is, in truth and prediction.

        Returns
        -------
        truth, prediction : ndarray of bool, shape (y, x) or (z, y, x)
        """
        return self._mask(self.truth, name), self._mask(self.prediction, name)

    def _mask(self, label: np.ndarray, name: str) -> np.ndarray:
        mask: np.ndarray
        if self.task == "instances":
            mask = label > 0
        elif self.task == "semantic":
            mask = label == (0 if name == self.background else self.classes[name])
        elif name == self.background:
            mask = np.asarray((label == 0).all(axis=-1))
        else:
            mask = label[..., list(self.classes).index(name)] > 0
        return mask

    def surfaces(self, name: str, metric: str) -> Surfaces | None:
        """Surfaces of one class, found once for all metrics; None where it is in neither."""
        if name not in self._surfaces:
            self._surfaces[name] = surfaces(*self.masks(name), self.spacing(metric))
        return self._surfaces[name]

    def spacing(self, metric: str) -> tuple[float, ...]:
        """Distance of pixels in mm, for a metric that needs it; unknown is an error."""
        if self.spacing_mm is None:
            raise SegbenchError(
                f"sample {self.name!r}: its spacing is unknown, but {metric} is in millimetres",
                "a spacing in the publisher's file, the dataset's sheet or spacing_um",
                "set spacing_um in the dataset's config, or remove the metric from the study",
            )
        return self.spacing_mm[-len(self.shape) :]
