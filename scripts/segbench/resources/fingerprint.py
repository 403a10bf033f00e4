"""What is known about a dataset's samples before a job runs.

From `samples.tsv` where it is there, else from the config alone: numbers of samples as the
config says them, sizes as the publisher's images have them. That is less exact, and is what a
dry run on an empty folder shows; Snakemake asks again once a job's inputs are there.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from segbench.artefacts.samples import read_samples
from segbench.config.augmentation import Augmentation
from segbench.config.dataset import Dataset, Fixed, Protocol
from segbench.config.model import Model
from segbench.config.preprocessing import Preprocessing
from segbench.errors import SegbenchError

#: Bytes of a stored number.
_ITEMSIZE = {"uint8": 1, "uint16": 2, "float16": 2, "float32": 4}

#: Tasks whose maps are the classes alone, see `segbench.instances.targets`.
_WITHOUT_BACKGROUND = ("overlapping", "classification")


@dataclass(frozen=True)
class Sheet:
    """The samples of a dataset as they are published.

    Attributes
    ----------
    samples, test : int
        All; those that the publisher tests on.
    largest : tuple of int
        Sides (y, x) or (z, y, x) that no sample exceeds.
    pixels : float
        Of a sample, on average.
    channels : int
        Of an image.
    itemsize : int
        Bytes of a number of an image.
    spacing_mm : tuple of float
        Of a volume, the smallest along each axis; empty where it is not known.
    """

    samples: int
    test: int
    largest: tuple[int, ...]
    pixels: float
    channels: int
    itemsize: int = 1
    spacing_mm: tuple[float, ...] = ()


#: Publishers' data by format, for when nothing is on the disk yet. Of `folder` nothing is known:
#: a thousand images of a megapixel.
PUBLISHED = {
    "kidney_nuclei": Sheet(72, 7, (1100, 1100), 1e6, 1),
    "kidney_mitochondria": Sheet(500, 100, (1024, 1024), 1024**2, 1),
    "dsb2018": Sheet(670, 0, (1040, 1388), 1.2e5, 3),
    "ccp": Sheet(1004, 0, (900, 600), 4.6e5, 3),
    "uw_madison": Sheet(38_496, 0, (360, 310), 8e4, 1, 2),
    "msd": Sheet(484, 0, (155, 240, 240), 155 * 240 * 240, 4, 4, (1.0, 1.0, 1.0)),
    "organ_tissue": Sheet(1800, 600, (3000, 3000), 9e6, 3),
    "organ_crypts": Sheet(8, 2, (4536, 4704), 4536 * 4704, 3),
    "folder": Sheet(1000, 0, (1024, 1024), 1024**2, 3),
}


@dataclass(frozen=True)
class Fingerprint:
    """The samples that training and prediction read.

    Attributes
    ----------
    training, validation, test : int
        Samples in these roles in one fold; copies are counted in `training`.
    largest : tuple of int
        Sides of the largest prepared sample: (y, x) or (z, y, x).
    pixels : float
        Of a prepared sample, on average.
    channels, itemsize : int
        Channels of a prepared image and bytes of one of its numbers.
    classes : int
        Classes without the background.
    task : str
        What the labels are.
    original : Sheet
        The samples as they are published.
    shards : int
        Parts into which the samples are cut.
    """

    training: int
    validation: int
    test: int
    largest: tuple[int, ...]
    pixels: float
    channels: int
    itemsize: int
    classes: int
    task: str
    original: Sheet
    shards: int = 1

    @property
    def dimensions(self) -> int:
        """Spatial axes."""
        return len(self.largest)

    def maps(self, recipe: Model) -> int:
        """Maps that a network learns, see `segbench.instances.targets.map_names`."""
        if recipe.target != "classes":
            return len(recipe.target.split("_"))
        alone = self.classes == 1 or self.task in _WITHOUT_BACKGROUND
        return self.classes + (not alone)

    def exclusive(self, recipe: Model) -> bool:
        """Whether a target is kept as one map of numbers."""
        several = self.classes > 1 and self.task != "overlapping"
        return self.task == "classification" or (recipe.target == "classes" and several)


def fingerprint(
    dataset: Dataset,
    protocol: Protocol,
    preprocessing: Preprocessing,
    augmentation: Augmentation,
    sheet: Sheet | None = None,
) -> Fingerprint:
    """The samples that training and prediction will read.

    Parameters
    ----------
    dataset, protocol, preprocessing, augmentation
        The recipes of an arm.
    sheet : Sheet, optional
        From `read_sheet`; None: the config alone is asked.
    """
    sheet = sheet or sheet_of(dataset)
    largest, pixels, channels = _prepared(sheet, preprocessing)
    training, validation, test = _roles(sheet, protocol)
    copies = augmentation.amplification.copies if augmentation.amplification else 1
    return Fingerprint(
        training=training * copies,
        validation=validation,
        test=test,
        largest=largest,
        pixels=pixels,
        channels=channels,
        itemsize=_ITEMSIZE[preprocessing.dtype],
        classes=len(dataset.label_classes),
        task=dataset.label_task,
        original=sheet,
        shards=dataset.shards,
    )


def sheet_of(dataset: Dataset) -> Sheet:
    """What the config alone states about the samples; sizes are the published ones."""
    known = PUBLISHED.get(dataset.format, PUBLISHED["folder"])
    made = dataset.generated
    if dataset.source != "generated" or made is None:
        return known
    count = made.samples + made.test_samples
    return Sheet(**{**vars(known), "samples": count, "test": made.test_samples})


def read_sheet(path: str | Path) -> Sheet | None:
    """What `samples.tsv` states about the samples; None if it cannot be read.

    Read anew only when the file changes: its size and time are looked at each time.
    """
    try:
        status = os.stat(path)
    except OSError:
        return None
    return _read_sheet(str(path), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=256)
def _read_sheet(path: str, _time: int, _size: int) -> Sheet | None:
    try:
        rows = read_samples(path)
    except SegbenchError:
        # A sheet that is no sheet is for the jobs that read it to refuse.
        return None
    if len({len(row.size) for row in rows}) > 1:
        return None
    spacings = [row.spacing_mm if len(row.spacing_mm or ()) == 3 else None for row in rows]
    known = [spacing for spacing in spacings if spacing is not None]
    return Sheet(
        samples=len(rows),
        test=sum(row.split == "test" for row in rows),
        largest=tuple(map(max, zip(*(row.size for row in rows), strict=True))),
        pixels=sum(math.prod(row.size) for row in rows) / len(rows),
        channels=max(row.channels for row in rows),
        itemsize=max(_ITEMSIZE.get(row.dtype, 4) for row in rows),
        spacing_mm=tuple(map(min, zip(*known, strict=True))) if len(known) == len(rows) else (),
    )


def _prepared(sheet: Sheet, recipe: Preprocessing) -> tuple[tuple[int, ...], float, int]:
    """Largest sides, mean pixels and channels after preprocessing.

    What `crop` takes away is not known before it is done and is counted still.
    """
    channels = {"grey": 1, "rgb": 3, "all": sheet.channels}[recipe.channels]
    channels *= 2 * recipe.neighbours + 1
    largest, pixels = sheet.largest, sheet.pixels
    if recipe.resize is not None:
        largest = (*largest[:-2], recipe.resize.height, recipe.resize.width)
        pixels = float(math.prod(largest))
    if recipe.spacing_mm is not None and len(sheet.spacing_mm) == len(largest) == 3:
        factors = [a / b for a, b in zip(sheet.spacing_mm, recipe.spacing_mm, strict=True)]
        largest = tuple(math.ceil(n * f) for n, f in zip(largest, factors, strict=True))
        pixels *= math.prod(factors)
    return largest, pixels, channels


def _count(chosen: Fixed, among: int, test: int) -> int:
    """How many samples a protocol chooses."""
    if chosen.by == "publisher":
        return test
    if chosen.by == "count":
        return min(chosen.count or 0, among)
    return math.ceil((chosen.fraction or 0) * among) if chosen.by == "fraction" else 0


def _roles(sheet: Sheet, protocol: Protocol) -> tuple[int, int, int]:
    """Samples that are trained on, validated on and tested on in one fold, about."""
    everything = sheet.samples
    test = _count(protocol.test, everything, sheet.test)
    if protocol.test.by == "none" and protocol.folds > 1:
        test = math.ceil(everything / protocol.folds)
    left = max(everything - test, 1)
    validation = _count(protocol.validation, left, 0)
    if protocol.validation.by == "none" and protocol.folds > 1:
        validation = math.ceil(left / protocol.folds)
    return max(left - validation, 1), validation, test


def window(recipe: Model, data: Fingerprint) -> tuple[int, ...]:
    """Sides of what enters the network, see `segbench.training.samples.window_size`."""
    return fitted(recipe.training.patch, recipe, data)


def fitted(patch: Sequence[int] | None, recipe: Model, data: Fingerprint) -> tuple[int, ...]:
    """A patch, no larger than the largest sample, in multiples that the network can pool."""
    sides = data.largest
    if patch is not None and len(patch) == len(sides):
        sides = tuple(min(a, b) for a, b in zip(patch, sides, strict=True))
    if data.task == "classification":
        return sides
    unit = recipe.network.unit
    return tuple(math.ceil(side / unit) * unit for side in sides)
