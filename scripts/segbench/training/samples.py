"""The samples of a training, in memory or read as they are needed. No Keras here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from segbench.archives import ArchiveSet
from segbench.config.model import LOCAL_TARGETS, Model
from segbench.errors import SegbenchError
from segbench.training.task import Task, to_target


class Samples(Protocol):
    """A sample that can be cut into windows."""

    @property
    def size(self) -> tuple[int, ...]:
        """Pixels along the spatial axes."""

    @property
    def annotated(self) -> np.ndarray | None:
        """Which classes of a label map were annotated, (class,), bool; None: all."""

    def window(self, start: Sequence[int], sides: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Image and target of a window, mirrored beyond the border of the sample."""

    def whole_target(self) -> np.ndarray:
        """Target of the whole sample."""


@dataclass(frozen=True)
class Sample:
    """One sample in memory.

    Attributes
    ----------
    image : ndarray (..., channel)
        As stored.
    target : ndarray (..., k), uint8
        See `to_target`; of whole images (1,).
    annotated : ndarray of bool (class,) or None
        Which classes of a label map were annotated; None: all.
    """

    image: np.ndarray
    target: np.ndarray
    annotated: np.ndarray | None = None

    @property
    def size(self) -> tuple[int, ...]:
        """Pixels along the spatial axes."""
        return self.image.shape[:-1]

    def window(self, start: Sequence[int], sides: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Image and target of a window, see `Samples`."""
        place = tuple(slice(a, a + n) for a, n in zip(start, sides, strict=True))
        image = reflect_to(self.image[place], *sides)
        if self.target.ndim == 1:
            return image, self.target
        return image, reflect_to(self.target[place], *sides)

    def whole_target(self) -> np.ndarray:
        """Target of the whole sample."""
        return self.target


@dataclass(frozen=True)
class StoredSample:
    """One sample in an archive, of which only windows are read.

    Attributes
    ----------
    archives : ArchiveSet
        Where it is.
    name : str
        Its id.
    recipe : Model
        How its target is made.
    task : Task
        What is learnt.
    """

    archives: ArchiveSet
    name: str
    recipe: Model
    task: Task

    @property
    def size(self) -> tuple[int, ...]:
        """Pixels along the spatial axes."""
        return self.archives.shape(self.name, "image")[:-1]

    @property
    def annotated(self) -> np.ndarray | None:
        """Which classes of a label map were annotated; None: all."""
        names = self.archives.record(self.name).get("annotated")
        if names is None:
            return None
        return np.array([name in names for name in self.archives.attributes["classes"]])

    def _to_target(self, label: np.ndarray) -> np.ndarray:
        return to_target(label, self.recipe, self.task, self.annotated)

    def window(self, start: Sequence[int], sides: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Image and target of a window, see `Samples`."""
        stop = [min(a + n, end) for a, n, end in zip(start, sides, self.size, strict=True)]
        image = self.archives.read_window(self.name, "image", tuple(start), tuple(stop))
        image = reflect_to(image, *sides)
        if self.task.whole:
            return image, self.whole_target()
        label = self.archives.read_window(self.name, "label", tuple(start), tuple(stop))
        return image, reflect_to(self._to_target(label), *sides)

    def whole_target(self) -> np.ndarray:
        """Target of the whole sample."""
        return self._to_target(self.archives.read(self.name, "label"))


def fit_in_memory(
    archives: ArchiveSet, ids: Sequence[str], recipe: Model, task: Task, memory_bytes: int
) -> bool:
    """Whether images and targets fit in memory: they take no more than `memory_bytes`.

    Targets that depend on the neighbourhood (boundaries, distances) are kept whatever they take.
    """
    if recipe.target not in LOCAL_TARGETS or not ids:
        return True
    corner = (0,) * task.dimensions, (1,) * task.dimensions
    itemsize = archives.read_window(ids[0], "image", *corner).dtype.itemsize
    maps = 0 if task.whole else (1 if task.exclusive else len(task.maps))
    pixels = sum(math.prod(archives.shape(name, "image")[:-1]) for name in ids)
    return pixels * (task.channels * itemsize + maps) <= memory_bytes


def load(
    archives: ArchiveSet, ids: Sequence[str], recipe: Model, task: Task, in_memory: bool = True
) -> list[Samples]:
    """Read samples and make their targets once, or prepare to read them in parts.

    Parameters
    ----------
    archives : ArchiveSet
        Preprocessed samples.
    ids : sequence of str
        Which ones.
    recipe : Model
        Its target.
    task : Task
        What is learnt.
    in_memory : bool, optional
        Whether they are read now; else windows of them as they are needed.

    Returns
    -------
    list of Sample or of StoredSample
        Their windows are the same.

    Raises
    ------
    SegbenchError
        If a label does not fit its image.

    Notes
    -----
    Targets are made from the label as it is stored, before any jitter, which then moves
    them by nearest neighbour: a boundary of 2 pixels becomes one of 4 where the jitter
    zooms in by 2.
    """
    for name in ids:
        _check_shapes(archives, name, task)
    stored = [StoredSample(archives, name, recipe, task) for name in ids]
    if not in_memory:
        return list(stored)
    return [
        Sample(archives.read(item.name, "image"), item.whole_target(), item.annotated)
        for item in stored
    ]


def _check_shapes(archives: ArchiveSet, name: str, task: Task) -> None:
    image, label = archives.shape(name, "image"), archives.shape(name, "label")
    fits = label == (1,) if task.whole else label[: task.dimensions] == image[:-1]
    if image[-1] != task.channels or len(image) != task.dimensions + 1 or not fits:
        sides = ", ".join("zyx"[-task.dimensions :])
        wanted = "(1,)" if task.whole else f"the same ({sides})"
        raise SegbenchError(
            f"sample {name!r}: image {image}, label {label}",
            f"({sides}, {task.channels}) and {wanted}",
            "delete the archives and run the same command again",
        )


def window_size(samples: Sequence[Samples], recipe: Model, task: Task) -> tuple[int, ...]:
    """Sides of what enters the network: multiples of `recipe.network.unit`.

    A patch is no larger than the largest sample: the rest would be padding, computed in every
    step. A classifier takes whole images as they are.

    Raises
    ------
    SegbenchError
        If whole images are asked for and they differ in size, or the patch has other axes
        than the samples.
    """
    sizes = {sample.size for sample in samples}
    patch = recipe.training.patch
    if patch is not None and len(patch) != task.dimensions:
        raise SegbenchError(
            f"training.patch is {list(patch)}, but the samples have {task.dimensions} sides",
            f"{task.dimensions} numbers",
            "correct the model recipe's `training.patch`",
        )
    if patch is not None:
        largest = np.max(list(sizes), axis=0).tolist()
        patch = tuple(min(a, b) for a, b in zip(patch, largest, strict=True))
    else:
        if len(sizes) > 1:
            shown = ", ".join(" x ".join(map(str, size)) for size in sorted(sizes)[:4])
            raise SegbenchError(
                f"the images have {len(sizes)} sizes ({shown} ...)",
                "one size" if task.whole else "one size, or a patch",
                "resize in the preprocessing"
                if task.whole
                else "set the model recipe's `training.patch`, or resize in the preprocessing",
            )
        (patch,) = sizes
    if task.whole:
        return patch
    unit = recipe.network.unit
    return tuple(math.ceil(side / unit) * unit for side in patch)


def reflect_to(array: np.ndarray, *sides: int) -> np.ndarray:
    """Mirror an array at the far end of its leading axes until it has at least these sides."""
    missing = [max(side - have, 0) for side, have in zip(sides, array.shape, strict=False)]
    if not any(missing):
        return array
    padding = [(0, n) for n in missing] + [(0, 0)] * (array.ndim - len(missing))
    return np.pad(array, padding, mode="symmetric")
