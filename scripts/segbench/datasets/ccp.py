"""Clothing Co-Parsing, as published (bearpaw/clothing-co-parsing).

Found at the raw root or up to four folders below it::

    photos/0001.jpg ... 2098.jpg              RGB, 550 px wide
    annotations/pixel-level/0001.mat ...      MATLAB, variable groundtruth (y, x), 0 ... 58
    annotations/image-level/1005.mat ...      tags only; not read
    label_list.mat                            variable label_list: the names of the 59 labels

A photo is a sample if it has pixel labels. Which of the 59 labels make which class is data:
`labels` of the classes and of the background in config/datasets/NAME.yaml. Together they name
each of the 59 once, which is checked against label_list.mat.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Self

import numpy as np

from segbench.config.dataset import Background, Dataset
from segbench.datasets.base import RawSample, Reader
from segbench.datasets.label_values import rounded
from segbench.datasets.published import picture_size
from segbench.datasets.sample_ids import ids_of
from segbench.datasets.tree import by_stem, locate
from segbench.decoders.grids import check_size
from segbench.errors import SegbenchError

LAYOUT = "photos/0001.jpg, annotations/pixel-level/0001.mat and label_list.mat"
PHOTOS, ANNOTATIONS, NAMES = "photos", "annotations/pixel-level", "label_list.mat"

#: The publisher's label of pixels that are neither clothing nor person.
NULL = "null"

#: Name of a class -> its value, and the publisher's labels (names or numbers) that become it;
#: without any, the label of the class's name.
Classes = Mapping[str, tuple[int, tuple[str | int, ...]]]


def _is_base(folder: Path) -> bool:
    return all((folder / name).exists() for name in (PHOTOS, ANNOTATIONS, NAMES))


class Ccp(Reader):
    """Reader of Clothing Co-Parsing; see the module for the layout.

    Parameters
    ----------
    classes : Classes
        With the background, whose value is 0.
    """

    def __init__(self, classes: Classes) -> None:
        self._classes = classes
        self._tables: dict[tuple[Path, int], np.ndarray] = {}

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Make the reader for the classes of a dataset."""
        background = dataset.background or Background()
        classes = {label.name: (label.value, label.labels) for label in dataset.classes}
        return cls({background.name: (0, background.labels or (NULL,)), **classes})

    def scan(self, root: Path) -> Iterator[RawSample]:
        """List the photos that have pixel labels, from file names alone, sorted by id.

        Raises
        ------
        SegbenchError
            The folders are not there, the classes are no partition of the labels, or a photo
            is missing.
        """
        base = locate(root, _is_base, LAYOUT)
        self._table(base / NAMES)
        photos = by_stem(base / PHOTOS, {".jpg"})
        annotations = by_stem(base / ANNOTATIONS, {".mat"})
        missing = sorted(annotations.keys() - photos.keys())
        if missing or not annotations:
            raise SegbenchError(
                f"{base / PHOTOS}: {len(missing)} photos are missing: {', '.join(missing[:20])}"
                if missing
                else f"{base / ANNOTATIONS}: there are no .mat files",
                "a photo NNNN.jpg for each annotation NNNN.mat",
                "fetch the missing files",
            )
        ids = ids_of(annotations)
        for stem in sorted(annotations, key=ids.__getitem__):
            label = base / ANNOTATIONS / annotations[stem]
            images, labels = [base / PHOTOS / photos[stem]], [label, base / NAMES]
            yield RawSample.below(root, ids[stem], images, labels, group=ids[stem])

    def read_label(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read the labels of the pixels, as the classes of the config.

        Returns
        -------
        ndarray
            (y, x), uint8.

        Raises
        ------
        SegbenchError
            The file cannot be read, holds a label that label_list.mat does not name, or has
            another size than the photo.
        """
        path = root / raw.labels[0]
        labels = rounded(path, _variable(path, "groundtruth"))
        check_size(path, labels.shape, picture_size(root / raw.images[0]), raw.images[0])
        table = self._table(root / raw.labels[1])
        top = int(labels.max(initial=0))
        if labels.dtype.kind not in "ui" or top >= table.size or int(labels.min(initial=0)) < 0:
            raise SegbenchError(
                f"{path}: groundtruth holds {labels.dtype} labels up to {top}",
                f"whole numbers from 0 to {table.size - 1}, the labels of {NAMES}",
                "restore the publisher's file",
            )
        classes: np.ndarray = table[labels]
        return classes

    def _table(self, path: Path) -> np.ndarray:
        """Published label -> value of its class, (59,) uint8; read once per process and content."""
        key = (path, path.stat().st_mtime_ns)
        if key not in self._tables:
            names = label_names(path)
            self._tables = {key: class_table(names, self._classes, str(path))}
        return self._tables[key]


def label_names(path: Path) -> tuple[str, ...]:
    """Read the names of the publisher's labels from label_list.mat; the place is the label.

    Raises
    ------
    SegbenchError
        The file cannot be read, or holds no list of names.
    """
    cells = _variable(path, "label_list").ravel()
    names = [cell.item() if getattr(cell, "size", 0) == 1 else None for cell in cells]
    if not names or any(not isinstance(name, str) for name in names):
        raise SegbenchError(
            f"{path}: label_list is not a list of names",
            "a cell array with one name per label",
            "restore the publisher's file",
        )
    return tuple(str(name) for name in names)


def class_table(names: tuple[str, ...], classes: Classes, where: str) -> np.ndarray:
    """Make the lookup from published label to class, and check that it is a partition.

    Parameters
    ----------
    names : tuple of str
        The publisher's labels, in the order of their numbers.
    classes : Classes
    where : str
        What errors call the list of labels.

    Returns
    -------
    ndarray
        (label,), uint8.

    Raises
    ------
    SegbenchError
        A label of a class is unknown, in two classes, or in none.

    Examples
    --------
    >>> class_table(("null", "hat", "cap"), {"sky": (0, ("null",)), "hat": (4, ("cap", 1))}, "-")
    array([0, 4, 4], dtype=uint8)
    """
    owner: dict[int, str] = {}
    table = np.zeros(len(names), np.uint8)
    action = "correct `labels` in the dataset's config"
    for name, (value, labels) in classes.items():
        for label in labels or (name,):
            number = _number(label, names)
            if number is None:
                near = get_close_matches(str(label), names, n=1)
                raise SegbenchError(
                    f"class {name}: the label {label!r} is not in {where}",
                    f"did you mean {near[0]!r}?" if near else ", ".join(names),
                    action,
                )
            if number in owner:
                raise SegbenchError(
                    f"the label {names[number]!r} is in {owner[number]} and in {name}",
                    "each of the publisher's labels in one class",
                    action,
                )
            owner[number] = name
            table[number] = value
    missing = [name for number, name in enumerate(names) if number not in owner]
    if missing:
        raise SegbenchError(
            f"labels of {where} in no class: {', '.join(missing)}",
            f"each of the {len(names)} labels in one class or in the background",
            action,
        )
    return table


def _number(label: str | int, names: tuple[str, ...]) -> int | None:
    """Place of a label that is given by name or by number."""
    if isinstance(label, int):
        return label if 0 <= label < len(names) else None
    return names.index(label) if label in names else None


def _variable(path: Path, name: str) -> np.ndarray:
    """One variable of a MATLAB file."""
    from scipy.io import loadmat

    expected = f"a MATLAB file of the publisher, with the variable {name}"
    try:
        found = loadmat(path, variable_names=[name])
    # A damaged file can fail anywhere in the parser, in its own way.
    except Exception as error:
        raise SegbenchError(
            f"{path}: cannot be read ({type(error).__name__}: {error})",
            expected,
            "fetch this file again",
        ) from error
    if name not in found:
        raise SegbenchError(f"{path}: has no variable {name}", expected, "fetch this file again")
    variable: np.ndarray = found[name]
    return variable


#: The reader of this format.
READER = Ccp
