"""Crypts of the colon in stained tissue, as published: whole images and their masks.

Found at the raw root or up to four folders below it::

    Colonic_crypt_dataset/
        train/<id>.tiff  train_mask/<id>.tiff    6 images, RGB, 4536 x 4704 px
        test/<id>.tiff   test_mask/<id>.tiff     2 images
    train.csv  test.csv                          id,predicted: runs along columns, from 1

The tables lie beside these folders or above them (never above the raw root). A mask may also
be called ``<id>_mask.tiff``. The masks are read; where a table has a row for the image, the two
must agree, and where there is no mask, the row is read. The row ``0 0`` is an empty mask: the
publisher's training table has one, of ``HandE_B005_CL_b_RGB_topright``. Its stratum is
``empty``, and a model recipe with ``empty_images: drop`` trains without it, on the five that the
publisher calls usable. A row ``0 0`` without an image is no sample.

The eight images are the quarters of two slides: ``CL_HandE_1234_B004_bottomright`` is a quarter
of the slide ``CL_HandE_1234_B004``. The slide is the group. The publisher's split has quarters
of both slides on both sides, so it cannot be used without a leak: the folds are the slides.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np

from segbench.datasets.base import RawSample, Reader, sorted_by_id
from segbench.datasets.published import picture_size, read_binary
from segbench.datasets.rle import decode
from segbench.datasets.run_table import read_rows
from segbench.datasets.sample_ids import ids_of
from segbench.datasets.tree import by_stem, locate, nearest_above, pictures
from segbench.decoders.grids import check_size
from segbench.errors import SegbenchError

LAYOUT = "Colonic_crypt_dataset/train, train_mask, test and test_mask with <id>.tiff"
SPLITS: tuple[Literal["train", "test"], ...] = ("train", "test")

_QUARTER = re.compile(r"_(top|bottom)_?(left|right)$", re.IGNORECASE)
_MASK = re.compile(r"[_-]mask$", re.IGNORECASE)

log = logging.getLogger(__name__)


def slide_of(sample: str) -> str:
    """Name the slide of which an image is a quarter; another image is its own.

    Examples
    --------
    >>> slide_of("HandE_B005_CL_b_RGB_topright"), slide_of("slide_7")
    ('HandE_B005_CL_b_RGB', 'slide_7')
    """
    return _QUARTER.sub("", sample)


def _is_base(folder: Path) -> bool:
    return all(pictures(folder / split) for split in SPLITS)


class OrganCrypts(Reader):
    """Reader of the colonic crypts; see the module for the layout."""

    def scan(self, root: Path) -> Iterator[RawSample]:
        """List the samples from file names and the tables, sorted by id.

        Raises
        ------
        SegbenchError
            The folders are not there, an image has neither mask nor row, a mask or a row
            that is not empty has no image, or an id occurs twice.
        """
        base = locate(root, _is_base, LAYOUT)
        yield from sorted_by_id(root, chain(*(_split(root, base, split) for split in SPLITS)))

    def is_table(self, name: str) -> bool:
        """Whether a file is a table of runs."""
        return name.endswith(".csv")

    def rows_of(self, root: Path, name: str, samples: Iterable[RawSample]) -> dict[str, str]:
        """Runs of each image, see `segbench.datasets.base.Reader.rows_of`."""
        path = root / name
        rows = _rows(path, path.stat().st_mtime_ns)
        return {raw.sample: rows[stem_of(raw)][1] for raw in samples if stem_of(raw) in rows}

    def read_label(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read the crypts from the mask, the table, or both.

        Returns
        -------
        ndarray
            (y, x), uint8: 0 background, 1 crypt.

        Raises
        ------
        SegbenchError
            The mask or the row is damaged, or has another size than the image, or the two
            differ.
        """
        shape = picture_size(root / raw.images[0])
        masks = {
            label: _of_table(root / label, stem_of(raw), shape)
            if label.endswith(".csv")
            else read_binary(root / label)
            for label in raw.labels
        }
        for label, mask in masks.items():
            check_size(root / label, mask.shape, shape, raw.images[0])
        first = masks[raw.labels[0]]
        for label, mask in masks.items():
            different = int(np.count_nonzero(mask != first))
            if different:
                raise SegbenchError(
                    f"{root / raw.labels[0]} and the row {raw.sample} of {label} differ in "
                    f"{different} of {first.size} pixels",
                    "one truth: a mask that agrees with the table",
                    "fetch both again, or remove the one that is wrong",
                )
        return first.astype(np.uint8)

    def stratum(self, raw: RawSample, image: np.ndarray, label: np.ndarray) -> str:
        """Say whether there are crypts: ``crypts`` or ``empty``."""
        return "crypts" if label.any() else "empty"


def stem_of(raw: RawSample) -> str:
    """What the publisher's tables call a sample: its image's name."""
    return Path(raw.images[0]).stem


def _split(root: Path, base: Path, split: Literal["train", "test"]) -> Iterator[RawSample]:
    """Samples of one folder of images."""
    table = nearest_above(base / split, root, f"{split}.csv")
    rows = _rows(table, table.stat().st_mtime_ns) if table else {}
    folder = base / f"{split}_mask"
    images = by_stem(base / split)
    masks = {_MASK.sub("", stem): folder / name for stem, name in by_stem(folder).items()}
    _check_images(folder, table, images, set(masks), rows)
    ids = ids_of(images)
    for stem, name in images.items():
        labels = [masks[stem]] if stem in masks else []
        if table is not None and stem in rows:
            labels.append(table)
        if not labels:
            raise SegbenchError(
                f"{base / split / name}: has no mask",
                f"{folder / name}, or a row {stem} in {split}.csv",
                "fetch the masks or the table of this split",
            )
        image = base / split / name
        yield RawSample.below(
            root, ids[stem], [image], labels, split=split, group=slide_of(ids[stem])
        )


def _check_images(
    folder: Path,
    table: Path | None,
    images: dict[str, str],
    masks: set[str],
    rows: dict[str, tuple[int, str]],
) -> None:
    """Refuse masks and rows of images that are not there."""
    unpaired = sorted(masks - images.keys())
    if unpaired:
        raise SegbenchError(
            f"{folder}: masks of {', '.join(unpaired)}, of which there is no image",
            "an image for each mask",
            "fetch the missing images, or remove these masks",
        )
    for name in sorted(rows.keys() - images.keys()):
        line, runs = rows[name]
        if runs.split() not in ([], ["0", "0"]):
            raise SegbenchError(
                f"{table}: line {line}: there is no image {name}",
                "an image for each row that is not empty",
                "fetch the missing image, or remove the row",
            )
        log.info("%s: line %d: an empty row without an image, left out", table, line)


def _of_table(path: Path, sample: str, shape: tuple[int, int]) -> np.ndarray:
    line, runs = _rows(path, path.stat().st_mtime_ns)[sample]
    return decode(runs, shape, "column", f"{path}: line {line} ({sample})")


@lru_cache(maxsize=4)
def _rows(path: Path, changed: int) -> dict[str, tuple[int, str]]:
    """Line and runs of each image; read once per process and content."""
    rows: dict[str, tuple[int, str]] = {}
    for line, (name, runs) in read_rows(path, "id,predicted"):
        if name in rows:
            raise SegbenchError(
                f"{path}: lines {rows[name][0]} and {line} are both of {name}",
                "one row per image",
                "remove one of the two",
            )
        rows[name] = (line, runs)
    return rows


#: The reader of this format.
READER = OrganCrypts
