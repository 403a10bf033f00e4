"""Truth and prediction of one sample, and what metrics ask of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from segbench.errors import SegbenchError
from segbench.metrics.counts import Counts, contingency, counts_of, mask_counts
from segbench.metrics.metric import EmptyPolicy
from segbench.metrics.surfaces import Surfaces, surfaces
from segbench.unannotated import unannotated


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
        0 / 1 with the class as last axis. Both are 0 where the truth was not annotated, see
        `segbench.unannotated`.
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
    annotated : tuple of str
        Classes of a label map that were annotated in the sample; empty: all.
    hidden : ndarray of bool or None
        Where the truth was not annotated, of its shape; None: nowhere.
    """

    truth: np.ndarray
    prediction: np.ndarray
    task: str
    classes: dict[str, int]
    empty: EmptyPolicy
    background: str | None = None
    spacing_mm: tuple[float, ...] | None = None
    name: str = ""
    annotated: tuple[str, ...] = ()
    hidden: np.ndarray | None = field(init=False, default=None)
    _surfaces: dict[str, Surfaces | None] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        hidden = unannotated(self.truth)
        if hidden.any():
            self.hidden = hidden
            self.truth, self.prediction = (
                np.where(hidden, label.dtype.type(0), label)
                for label in (self.truth, self.prediction)
            )

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
    def left_out(self) -> frozenset[str]:
        """What has no score in this sample because it was not annotated anywhere in it."""
        found = {name for name in self.names if self.annotated and name not in self.annotated}
        if self.hidden is not None:
            found |= {name for name in self.names if self._hidden(name).all()}
        return frozenset(found)

    def _hidden(self, name: str) -> np.ndarray:
        """Pixels in which a class was not annotated; the background: in which any was not."""
        assert self.hidden is not None
        if self.task != "overlapping":
            return self.hidden
        if name == self.background:
            return np.asarray(self.hidden.any(axis=-1))
        return np.asarray(self.hidden[..., list(self.classes).index(name)])

    @cached_property
    def counts(self) -> dict[str, Counts]:
        """Pixels of each class; none of one that is left out."""
        nothing = dict.fromkeys(self.left_out, Counts(0, 0, 0))
        return {name: nothing.get(name, found) for name, found in self._counts().items()}

    def _counts(self) -> dict[str, Counts]:
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
        if self.hidden is not None:
            table[0, 0] -= np.count_nonzero(self.hidden)
        values = {**self.classes, **({self.background: 0} if self.background else {})}
        return {name: counts_of(table, value) for name, value in values.items()}

    def masks(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Where one class is, in truth and prediction.

        Returns
        -------
        truth, prediction : ndarray of bool, shape (y, x) or (z, y, x)
            Neither is where the class was not annotated.
        """
        return self._mask(self.truth, name), self._mask(self.prediction, name)

    def _mask(self, label: np.ndarray, name: str) -> np.ndarray:
        mask: np.ndarray
        if name in self.left_out:
            return np.zeros(self.shape, bool)
        if self.task == "instances":
            mask = label > 0
        elif self.task == "semantic":
            mask = label == (0 if name == self.background else self.classes[name])
        elif name == self.background:
            mask = np.asarray((label == 0).all(axis=-1))
        else:
            mask = label[..., list(self.classes).index(name)] > 0
        if name == self.background and self.hidden is not None:
            mask &= ~self._hidden(name)
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
