"""Tissue of twelve organs under the microscope: one class per image, as published.

Found at the raw root or up to four folders below it::

    data/train/<class>/*    1,200 images, RGB, about 3000 x 3000 px, TIFF (25 MB), PNG or JPEG
    data/test/<class>/*     600 images

The folder is the class. The publisher's spelling of it (``endotherium_1``) becomes a class by
`labels` in the dataset's config; capitals, spaces and hyphens in it do not matter. A sample's
id holds its split and its folder, as files of one name may lie in several folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from segbench.datasets.base import RawSample, Reader, sorted_by_id
from segbench.datasets.label_names import class_of_spelling
from segbench.datasets.sample_ids import safe_id
from segbench.datasets.tree import locate, pictures, subfolders
from segbench.errors import SegbenchError

if TYPE_CHECKING:
    from segbench.config.dataset import Dataset

LAYOUT = "data/train/<class>/* and data/test/<class>/*"
SUFFIXES = frozenset({".tif", ".tiff", ".png", ".jpg", ".jpeg"})
SPLITS: tuple[Literal["train", "test"], ...] = ("train", "test")


def normalised(folder: str) -> str:
    """A folder's name without what people write differently.

    Examples
    --------
    >>> normalised("Lymph node"), normalised("skin-1")
    ('lymph_node', 'skin_1')
    """
    return re.sub(r"[\s_-]+", "_", folder.strip().lower())


def _is_base(folder: Path) -> bool:
    return all((folder / split).is_dir() and subfolders(folder / split) for split in SPLITS)


class OrganTissue(Reader):
    """Reader of the organs' tissue; see the module for the layout.

    Parameters
    ----------
    classes : mapping of str to int
        Name -> value.
    spellings : mapping of str to str
        Folder, as `normalised` gives it -> name of its class.
    """

    def __init__(self, classes: Mapping[str, int], spellings: Mapping[str, str]) -> None:
        self._values = dict(classes)
        self._names = {value: name for name, value in classes.items()}
        self._spellings = dict(spellings)

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Make the reader for the classes of a dataset, in the spellings that it lists.

        Raises
        ------
        SegbenchError
            One spelling is listed for two classes.
        """
        spellings = ((one.name, one.labels or (one.name,)) for one in dataset.classes)
        values = {one.name: one.value for one in dataset.classes}
        return cls(values, class_of_spelling(spellings, normalised))

    def scan(self, root: Path) -> Iterator[RawSample]:
        """List the samples from file names alone, sorted by id.

        Raises
        ------
        SegbenchError
            The folders are not there, one of them is no class, a class has no picture in one
            of the splits, or two pictures have one id.
        """
        base = locate(root, _is_base, LAYOUT)
        samples = []
        for split in SPLITS:
            seen: set[str] = set()
            for name in subfolders(base / split):
                folder = base / split / name
                files = pictures(folder, SUFFIXES)
                if files:
                    seen.add(self._class_of(folder))
                samples += [_sample(root, folder / file, split) for file in files]
            self._check_classes(base / split, seen)
        yield from sorted_by_id(root, samples)

    def _class_of(self, folder: Path) -> str:
        name = normalised(folder.name)
        if name not in self._spellings:
            near = get_close_matches(name, self._spellings, n=1, cutoff=0.5)
            hint = f"is it {self._spellings[near[0]]}? Then " if near else ""
            raise SegbenchError(
                f"{folder}: {folder.name!r} is not a class",
                f"one of {', '.join(sorted(self._spellings))}",
                f"{hint}add {folder.name!r} to the `labels` of its class in the dataset's config",
            )
        return self._spellings[name]

    def _check_classes(self, folder: Path, seen: set[str]) -> None:
        missing = [name for name in self._values if name not in seen]
        if missing:
            raise SegbenchError(
                f"{folder}: no picture of the class {', '.join(missing)}",
                f"at least one {', '.join(sorted(SUFFIXES))} in the folder of each class",
                "fetch the missing folders; or leave these classes out of the dataset's config",
            )

    def read_label(self, root: Path, raw: RawSample) -> np.ndarray:
        """Give the value of the class that the folder names: (1,), uint8."""
        name = self._class_of((root / raw.images[0]).parent)
        return np.array([self._values[name]], np.uint8)

    def stratum(self, raw: RawSample, image: np.ndarray, label: np.ndarray) -> str:
        """Name the class: stratified parts hold each in its share."""
        return self._names[int(label[0])]


def _sample(root: Path, path: Path, split: Literal["train", "test"]) -> RawSample:
    stem = re.sub(r"[^A-Za-z0-9._]+", "_", path.stem)
    name = safe_id(f"{split}.{normalised(path.parent.name)}.{stem}")
    return RawSample.below(root, name, [path], [], split=split, group=name)


#: The reader of this format.
READER = OrganTissue
