"""Data Science Bowl 2018, stage 1 training set, as published (Kaggle; corrected release CC0).

Found at the raw root or up to four folders below it::

    stage1_train/<id>/images/<id>.png    8-bit RGBA, nine sizes
    stage1_train/<id>/masks/*.png        8-bit, 0 and 255, one nucleus per file
    stage1_train_labels.csv              ImageId,EncodedPixels: one row per nucleus

Kaggle's own zip has the ids at its top level. The table (1-based runs along columns) is read
for those samples that have no folder `masks`. `stage1_test` has no truth and is not read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from pathlib import Path

import numpy as np

from segbench.datasets.base import RawSample, Reader
from segbench.datasets.object_masks import number_objects
from segbench.datasets.published import picture_size, read_binary
from segbench.datasets.rle import decode
from segbench.datasets.run_table import read_rows
from segbench.datasets.sample_ids import ids_of
from segbench.datasets.tree import locate, nearest_above, pictures, subfolders
from segbench.decoders.grids import check_size
from segbench.errors import SegbenchError

LAYOUT = "stage1_train/<id>/images/<id>.png and stage1_train/<id>/masks/*.png"
TABLE = "stage1_train_labels.csv"

log = logging.getLogger(__name__)


def _is_base(folder: Path) -> bool:
    if folder.name in {"stage1_test", "stage2_test_final"}:
        return False
    return any((folder / name / "images").is_dir() for name in subfolders(folder)[:8])


class Dsb2018(Reader):
    """Reader of the Data Science Bowl 2018; see the module for the layouts."""

    def scan(self, root: Path) -> Iterator[RawSample]:
        """List the samples from file names alone, sorted by id.

        Raises
        ------
        SegbenchError
            The folders are not there, or a sample has not one image, or no masks.
        """
        base = locate(root, _is_base, LAYOUT)
        table = nearest_above(base, root, TABLE)
        ids = ids_of(subfolders(base))
        for name, sample in sorted(ids.items(), key=itemgetter(1)):
            folder = base / name
            images = pictures(folder / "images")
            if len(images) != 1:
                raise SegbenchError(
                    f"{folder / 'images'}: {len(images)} pictures",
                    "one picture, <id>.png",
                    "fetch the dataset again, or remove what does not belong there",
                )
            masks = [folder / "masks" / mask for mask in pictures(folder / "masks")]
            if not masks and table is not None:
                masks = [table]
            if not masks:
                raise SegbenchError(
                    f"{folder / 'masks'}: no masks, and no {TABLE}",
                    "one mask per nucleus",
                    "fetch the training set: stage1_test has no masks",
                )
            image = folder / "images" / images[0]
            yield RawSample.below(root, sample, [image], masks, group=sample)

    def read_label(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read the nuclei, numbered from 1 in the order of their files (or rows).

        Returns
        -------
        ndarray
            (y, x), uint16. See `number_objects` for masks that overlap.

        Raises
        ------
        SegbenchError
            A mask cannot be decoded, is empty, or has another size than the image.
        """
        shape = picture_size(root / raw.images[0])
        if raw.labels[0].endswith(".csv"):
            names = [f"{root / raw.labels[0]}: {raw.sample}"]
            masks = _table_masks(root / raw.labels[0], Path(raw.images[0]).parts[-3], shape)
            names = [f"{names[0]}, row {k + 1} of this image" for k in range(len(masks))]
        else:
            names = [str(root / label) for label in raw.labels]
            masks = [read_binary(root / label) for label in raw.labels]
        for name, mask in zip(names, masks, strict=True):
            check_size(name, mask.shape, shape, raw.images[0])
            if not mask.any():
                raise SegbenchError(
                    f"{name}: the mask is empty", "one nucleus per mask", "remove the file"
                )
        label, overlap = number_objects(masks, shape)
        if overlap:
            log.warning("%s: %d pixels lie in more than one mask", raw.sample, overlap)
        return label

    def stratum(self, raw: RawSample, image: np.ndarray, label: np.ndarray) -> str:
        """Say how the picture was made, from its colours; see `appearance`."""
        return appearance(image)


def appearance(image: np.ndarray) -> str:
    """Tell the kinds of picture apart by colour and brightness.

    Parameters
    ----------
    image : ndarray
        (y, x, 3), uint8.

    Returns
    -------
    str
        Grey pictures: ``fluorescence`` (mean below 128) or ``brightfield``. Pictures in
        colour, all of stained tissue: ``histology_white`` if a tenth of the pixels or more
        has a green value of 200 or more (the glass shows), else ``histology_purple``.
    """
    red, green, blue = (image[..., channel] for channel in range(3))
    if (red == green).all() and (green == blue).all():
        return "fluorescence" if float(green.mean()) < 128 else "brightfield"
    return "histology_white" if float((green >= 200).mean()) >= 0.1 else "histology_purple"


def _table_masks(path: Path, sample: str, shape: tuple[int, int]) -> list[np.ndarray]:
    rows = _table(path, path.stat().st_mtime_ns).get(sample, ())
    if not rows:
        raise SegbenchError(
            f"{path}: no row for {sample}",
            "a row for each nucleus of each image",
            "fetch the table again",
        )
    return [decode(text, shape, "column", f"{path}: line {line}") for line, text in rows]


@lru_cache(maxsize=2)
def _table(path: Path, changed: int) -> dict[str, tuple[tuple[int, str], ...]]:
    """Line number and runs of each nucleus, by image; read once per process and content."""
    rows: dict[str, list[tuple[int, str]]] = {}
    for line, (sample, runs) in read_rows(path, "ImageId,EncodedPixels"):
        rows.setdefault(sample, []).append((line, runs))
    return {sample: tuple(found) for sample, found in rows.items()}


#: The reader of this format.
READER = Dsb2018
