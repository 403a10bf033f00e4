"""Truth and predictions out of their archives, checked to fit each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from segbench.archives import Archive, ArchiveSet
from segbench.errors import SegbenchError
from segbench.metrics.case import Case
from segbench.metrics.classification import Predictions
from segbench.metrics.counts import BLOCK
from segbench.metrics.metric import EmptyPolicy

_AGAIN = "delete the file and run the same command again"
#: How far from 1 the probabilities of an image may add up to: they come as halves of floats.
_SLACK = 0.02


class Pairs:
    """A segmentation beside its truth.

    Parameters
    ----------
    segmentation : str or Path
        Archive with an array ``label`` a sample.
    truth : sequence of str or Path
        Shards of the truth; they may hold more samples than are scored.
    groups : mapping of str to str
        Sample -> its group, as in the sample sheet: the unit that is resampled.
    empty : {"exclude", "one", "zero"}
        Policy for empty masks.

    Attributes
    ----------
    task : str
        Of the truth.
    classes : dict of str to int
        Names and values.
    background : str or None
        Its name, where it is scored.
    samples : list of str
        That were predicted, sorted.
    """

    def __init__(
        self,
        segmentation: str | Path,
        truth: Sequence[str | Path],
        groups: Mapping[str, str],
        empty: str,
    ) -> None:
        self._groups = groups
        self.path = Path(segmentation)
        self._predicted = Archive(segmentation)
        self._truths = ArchiveSet(truth)
        self._empty = cast(EmptyPolicy, empty)
        attributes = self._truths.attributes
        self.task: str = attributes["task"]
        self.classes: dict[str, int] = dict(
            zip(attributes["classes"], attributes["class_values"], strict=True)
        )
        self.background: str | None = attributes.get("background")
        self.samples = sorted(self._predicted.ids)
        self._check_archives(attributes)

    def _check_archives(self, attributes: Mapping[str, Any]) -> None:
        if not self.samples:
            raise SegbenchError(
                f"{self.path}: no samples",
                "a prediction for each sample of the test set",
                "look into the log of the prediction",
            )
        theirs = self._predicted.attributes.get("classes", attributes["classes"])
        if list(theirs) != list(attributes["classes"]):
            raise SegbenchError(
                f"{self.path}: its classes are {', '.join(theirs)}",
                f"those of the truth in its order: {', '.join(attributes['classes'])}",
                "delete the segmentation and run the same command again",
            )

    def close(self) -> None:
        """Close the segmentation."""
        self._predicted.close()

    def group(self, sample: str) -> str:
        """Group of a sample, which the folds must have."""
        if sample not in self._groups:
            raise SegbenchError(
                f"{self.path}: sample {sample!r} is in none of the folds",
                "a segmentation of samples that the folds test",
                _AGAIN,
            )
        return self._groups[sample]

    def check(self, sample: str) -> None:
        """Refuse a prediction without truth, without labels, or of another size."""
        if sample not in self._truths:
            raise SegbenchError(
                f"{self.path}: sample {sample!r} has no truth",
                "a prediction for samples of the dataset only",
                "pass all truth shards, or predict again",
            )
        if not self._predicted.has(sample, "label"):
            raise SegbenchError(
                f"{self.path}: sample {sample!r} has no prediction",
                "an array `label` a sample",
                _AGAIN,
            )
        sizes = self._truths.shape(sample, "label"), self._predicted.shape(sample, "label")
        if sizes[0] != sizes[1]:
            raise SegbenchError(
                f"{self.path}: sample {sample!r} has size {_size(sizes[1])}, its truth "
                f"{_size(sizes[0])}",
                "predictions at the original size",
                _AGAIN,
            )

    def case(self, sample: str) -> Case:
        """Read truth and prediction of one sample and check that they fit."""
        self.check(sample)
        record = self._truths.record(sample)
        spacing = record.get("spacing_mm")
        case = Case(
            self._truths.read(sample, "label"),
            self._predicted.read(sample, "label"),
            self.task,
            self.classes,
            self._empty,
            self.background,
            None if spacing is None else tuple(map(float, spacing)),
            sample,
            tuple(record.get("annotated", ())),
        )
        for labels, where in ((case.prediction, str(self.path)), (case.truth, "the truth")):
            if self.task == "semantic":
                _check_labels(sample, labels, self.classes, where)
            elif self.task == "overlapping" and labels.size and int(labels.max()) > 1:
                raise SegbenchError(
                    f"{where}: sample {sample!r} holds {int(labels.max())} in a mask",
                    "0 and 1: a mask for each class, as last axis",
                    _AGAIN,
                )
        return case

    def stacks(self) -> Iterator[tuple[str, str, np.ndarray, np.ndarray, tuple[str, ...]]]:
        """Whole stacks of slices, in the order of their names.

        A class that was annotated in none of a stack's slices is not in its masks; a stack
        without any annotated class is passed over.

        Yields
        ------
        stack, group : str
        truth, prediction : ndarray of bool, shape (z, y, x, class)
        classes : tuple of str
        """
        for stack, members in sorted(self._stack_members().items()):
            cases = [self.case(sample) for sample in members]
            odd = [case for case in cases if case.shape != cases[0].shape]
            if odd:
                raise SegbenchError(
                    f"sample {odd[0].name!r} has size {_size(odd[0].shape)}, others of the stack "
                    f"{stack!r} {_size(cases[0].shape)}",
                    "slices of one size in a stack",
                    "remove the metrics of stacks from the study",
                )
            names = tuple(n for n in self.classes if any(n not in case.left_out for case in cases))
            if not names:
                continue
            sides = [np.stack([np.stack([case.masks(name)[side] for name in names], axis=-1)
                               for case in cases]) for side in (0, 1)]  # fmt: skip
            if len(cases[0].shape) == 3:
                sides = [side[0] for side in sides]
            yield stack, self.group(members[0]), sides[0], sides[1], names

    def _stack_members(self) -> dict[str, list[str]]:
        """Samples of each stack in the order of their positions; volumes are stacks."""
        volumes = len(self._truths.attributes.get("axes", "yx").rstrip("k")) == 3
        members: dict[str, list[tuple[int, str]]] = {}
        for sample in self._truths.ids:
            record = self._truths.record(sample)
            stack = sample if volumes else record.get("stack")
            if stack:
                place = (int(record.get("position") or 0), sample)
                members.setdefault(stack, []).append(place)
        predicted = set(self.samples)
        found = {}
        for stack, places in members.items():
            here = [sample for _, sample in sorted(places)]
            missing = [sample for sample in here if sample not in predicted]
            if len(missing) == len(here):
                continue
            if missing:
                raise SegbenchError(
                    f"{self.path}: stack {stack!r} lacks the slice {missing[0]!r}",
                    "whole stacks: a protocol that keeps the slices of a case together",
                    "choose another protocol, or remove the metrics of stacks from the study",
                )
            found[stack] = here
        alone = sorted(predicted - {sample for here in found.values() for sample in here})
        if alone:
            raise SegbenchError(
                f"{self.path}: sample {alone[0]!r} is of no stack",
                "slices whose truth names a stack, or volumes",
                "remove the metrics of stacks from the study",
            )
        return found

    def predictions(self) -> Predictions:
        """All classified images of the test fold."""
        names = tuple(self.classes)
        place = {value: n for n, value in enumerate(self.classes.values())}
        decided: tuple[list[int], list[int]] = ([], [])
        probabilities = []
        for sample in self.samples:
            self.check(sample)
            sides = (self._truths.read(sample, "label"), self._predicted.read(sample, "label"))
            places = ("the truth", str(self.path))
            for kept, label, where in zip(decided, sides, places, strict=True):
                value = int(label[0])
                if value not in place:
                    raise _unknown(where, sample, value, self.classes)
                kept.append(place[value])
            probabilities.append(self._probability(sample, len(names)))
        truth, label = np.array(decided[0]), np.array(decided[1])
        return Predictions(names, truth, label, np.stack(probabilities))

    def _probability(self, sample: str, classes: int) -> np.ndarray:
        """Probabilities of one classified image, made to add up to 1 exactly."""
        found = (
            self._predicted.read(sample, "probability").astype(np.float64)
            if self._predicted.has(sample, "probability")
            else np.zeros(0)
        )
        total = float(found.sum())
        if found.shape != (classes,) or not (found >= 0).all() or not abs(total - 1) <= _SLACK:
            raise SegbenchError(
                f"{self.path}: sample {sample!r} has {found.size} probabilities that add up to "
                f"{total:.4g}",
                f"an array `probability` of {classes} numbers from 0 that add up to 1",
                _AGAIN,
            )
        return found / total


def _check_labels(sample: str, labels: np.ndarray, classes: Mapping[str, int], where: str) -> None:
    """Refuse a label map with a value that is no class."""
    flat = labels.ravel()
    present: set[int] = set()
    for start in range(0, flat.size, BLOCK):
        present |= set(np.flatnonzero(np.bincount(flat[start : start + BLOCK])).tolist())
    unknown = sorted(present - {0, *classes.values()})
    if unknown:
        raise _unknown(where, sample, unknown[0], classes)


def _unknown(where: str, sample: str, value: int, classes: Mapping[str, int]) -> SegbenchError:
    return SegbenchError(
        f"{where}: sample {sample!r} holds the label {value}",
        f"0 or one of {sorted(classes.values())}",
        "name the class in the dataset's config",
    )


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
