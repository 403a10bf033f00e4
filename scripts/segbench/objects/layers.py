"""From a label to numbered objects, class by class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from segbench.errors import SegbenchError
from segbench.instances.objects import pieces, renumber

#: Tasks whose labels hold objects.
TASKS = ("semantic", "overlapping", "instances")


@dataclass(frozen=True)
class Layer:
    """The objects of one class in one image.

    Attributes
    ----------
    numbers : ndarray of int32, (y, x) or (z, y, x)
        0 outside, 1 ... n without gaps.
    original : ndarray of int64, (n,)
        The number that each object has in the label; counted in reading order of the first
        pixels where the label numbers none.
    """

    class_name: str
    numbers: np.ndarray
    original: np.ndarray

    @property
    def count(self) -> int:
        """How many objects there are."""
        return len(self.original)


def layers(label: np.ndarray, classes: Mapping[str, int], task: str) -> Iterator[Layer]:
    """Number the objects of each class.

    Parameters
    ----------
    label : ndarray
        By task: semantic (y, x) or (z, y, x), values of classes; overlapping the same with a
        last axis of one mask per class; instances (y, x) or (z, y, x), numbered objects.
    classes : mapping of str to int
        Name -> value. A class of value 0 is the background and has no objects.
    task : {"semantic", "overlapping", "instances"}

    Yields
    ------
    Layer
        In the order of the classes; one layer for instances, of the only class (or of
        ``foreground`` where there are several).

    Raises
    ------
    SegbenchError
        If the label does not fit the task.

    Notes
    -----
    Objects of semantic and overlapping labels are connected pieces: over sides in a plane
    (4 neighbours), over faces in a volume (6), so that what touches at a corner is two.
    """
    _check(label, classes, task)
    if task == "instances":
        name = next(iter(classes)) if len(classes) == 1 else "foreground"
        present = np.flatnonzero(np.bincount(label.ravel()))
        yield Layer(name, renumber(label), present[present > 0])
        return
    for place, (name, value) in enumerate(classes.items()):
        if task == "overlapping":
            yield _pieces(name, label[..., place] > 0)
        elif value != 0:
            yield _pieces(name, label == value)


def _check(label: np.ndarray, classes: Mapping[str, int], task: str) -> None:
    if task not in TASKS:
        raise SegbenchError(
            f"objects of the task {task!r}",
            f"one of {', '.join(TASKS)}",
            "measure objects of segmentations only",
        )
    axes = label.ndim - (task == "overlapping")
    if axes not in (2, 3) or label.dtype.kind not in "bui":
        raise SegbenchError(
            f"a label of {label.dtype} with {label.ndim} axes for the task {task}",
            "integers, (y, x) or (z, y, x), and a last axis of classes where they overlap",
            "segment again",
        )
    if task == "overlapping" and label.shape[-1] != len(classes):
        raise SegbenchError(
            f"a label of {label.shape[-1]} masks for {len(classes)} classes",
            "one mask per class",
            "segment again with the dataset's classes",
        )


def _pieces(name: str, mask: np.ndarray) -> Layer:
    """Connected pieces, in reading order of their first pixels."""
    if mask.ndim == 2:
        found = pieces(mask)
    else:
        from scipy import ndimage

        found = ndimage.label(mask, output=np.int32)[0]
    count = int(found.max(initial=0))
    inside = np.flatnonzero(found)
    first = np.zeros(count + 1, np.int64)
    first[found.ravel()[inside[::-1]]] = inside[::-1]
    order = np.zeros(count + 1, np.int32)
    order[np.argsort(first[1:], kind="stable") + 1] = np.arange(1, count + 1)
    return Layer(name, order[found], np.arange(1, count + 1))
