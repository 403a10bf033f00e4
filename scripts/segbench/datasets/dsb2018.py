"""Data Science Bowl 2018, stage 1 training set, as published (Kaggle; corrected release CC0).

Found at the raw root or up to four folders below it::

    stage1_train/<id>/images/<id>.png    8-bit RGBA, nine sizes
    stage1_train/<id>/masks/*.png        8-bit, 0 and 255, one nucleus a file
    stage1_train_labels.csv              ImageId,EncodedPixels: one row a nucleus

Kaggle's own zip has the ids at its top level. The table (1-based runs along columns) is read
for those samples that have no folder `masks`. `stage1_test` has no truth and is not read.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from segbench.datasets.base import RawSample, Reader
from segbench.datasets.tree import check_id, locate, pictures, subfolders
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
        # Between the raw root and the folder of samples: never look above the raw root.
        above = [base, *(p for p in base.parents if p.is_relative_to(root))]
        table = next((p / TABLE for p in above if (p / TABLE).is_file()), None)
        for name in subfolders(base):
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
                    "one mask a nucleus",
                    "fetch the training set: stage1_test has no masks",
                )
            yield RawSample(
                sample=check_id(name, folder),
                images=((folder / "images" / images[0]).relative_to(root).as_posix(),),
                labels=tuple(mask.relative_to(root).as_posix() for mask in masks),
                group=name,
            )

    def read_image(self, root: Path, raw: RawSample) -> np.ndarray:
        """Read the picture without its alpha channel, which is 255 throughout and says nothing.

        Returns
        -------
        ndarray
            (y, x, 3), uint8. Grey files are given in three equal channels.

        Raises
        ------
        SegbenchError
            The file cannot be decoded, has more than 8 bits, or an alpha channel that is
            not constant and so may carry something.
        """
        from segbench.datasets.pixels import read_pixels

        path = root / raw.images[0]
        pixels = read_pixels(path)
        if pixels.dtype != np.uint8:
            raise SegbenchError(
                f"{path}: {pixels.dtype} pixels", "8 bits a channel", "restore the published file"
            )
        if pixels.ndim == 2:
            return np.repeat(pixels[..., None], 3, axis=2)
        if pixels.shape[2] == 4 and pixels[..., 3].min() != 255:
            raise SegbenchError(
                f"{path}: parts of the picture are transparent",
                "an alpha channel of 255 throughout, as published",
                "restore the published file",
            )
        return np.ascontiguousarray(pixels[..., :3])

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
        from segbench.datasets.pixels import read_binary

        shape = _image_shape(root / raw.images[0])
        if raw.labels[0].endswith(".csv"):
            names = [f"{root / raw.labels[0]}: {raw.sample}"]
            masks = _table_masks(root / raw.labels[0], raw.sample, shape)
            names = [f"{names[0]}, row {k + 1} of this image" for k in range(len(masks))]
        else:
            names = [str(root / label) for label in raw.labels]
            masks = [read_binary(root / label) for label in raw.labels]
        for name, mask in zip(names, masks, strict=True):
            if mask.shape != shape:
                raise SegbenchError(
                    f"{name}: {mask.shape[0]} x {mask.shape[1]} pixels",
                    f"{shape[0]} x {shape[1]} pixels, as its image",
                    "fetch the image and its masks again",
                )
            if not mask.any():
                raise SegbenchError(
                    f"{name}: the mask is empty", "one nucleus a mask", "remove the file"
                )
        label, overlap = number_objects(masks, shape)
        if overlap:
            log.warning("%s: %d pixels lie in more than one mask", raw.sample, overlap)
        return label

    def stratum(self, raw: RawSample, image: np.ndarray, label: np.ndarray) -> str:
        """Say how the picture was made, from its colours; see `appearance`."""
        return appearance(image)


def number_objects(masks: Sequence[np.ndarray], shape: tuple[int, int]) -> tuple[np.ndarray, int]:
    """Join one mask an object into numbered objects.

    A pixel in several masks goes to the smallest of them (of equal ones to the first), so
    that no small object is hidden by a large one. An object of which nothing is left, a copy
    of another mask, gets no number: the numbers have no gaps.

    Parameters
    ----------
    masks : sequence of ndarray
        (y, x), bool, not empty.
    shape : tuple of int
        Height and width in pixels.

    Returns
    -------
    label : ndarray
        (y, x), uint16: 0 background, objects from 1 in the order of `masks`.
    overlap : int
        Pixels in more than one mask.
    """
    if len(masks) > np.iinfo(np.uint16).max:
        raise SegbenchError(
            f"{len(masks)} objects in one image", "at most 65535", "cut the image into parts"
        )
    label = np.zeros(shape, np.uint16)
    areas = [int(np.count_nonzero(mask)) for mask in masks]
    for index in sorted(range(len(masks)), key=lambda k: (areas[k], k), reverse=True):
        label[masks[index]] = index + 1
    present = np.bincount(label.ravel(), minlength=len(masks) + 1)
    overlap = 0
    if sum(areas) != int(present[1:].sum()):
        count = np.zeros(shape, np.uint16)
        for mask in masks:
            count += mask
        overlap = int(np.count_nonzero(count > 1))
    if (present[1:] == 0).any():
        new = np.cumsum(present > 0) - int(present[0] > 0)
        new[0] = 0
        label = new.astype(np.uint16)[label]
    return label, overlap


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


def _image_shape(path: Path) -> tuple[int, int]:
    """Read height and width from the file's head."""
    from PIL import Image

    from segbench.datasets.pixels import naming

    with naming(path), Image.open(path) as image:
        return image.height, image.width


def _table_masks(path: Path, sample: str, shape: tuple[int, int]) -> list[np.ndarray]:
    from segbench.datasets.rle import decode

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
    """Line number and runs of each nucleus, by image; read once a process and content."""
    rows: dict[str, list[tuple[int, str]]] = {}
    with path.open(newline="", encoding="utf-8") as handle:
        reader = csv.reader(handle)
        if next(reader, None) != ["ImageId", "EncodedPixels"]:
            raise SegbenchError(
                f"{path}: line 1 is not the publisher's",
                "ImageId,EncodedPixels",
                "fetch the table again",
            )
        for row in reader:
            if len(row) != 2:
                raise SegbenchError(
                    f"{path}: line {reader.line_num} has {len(row)} fields",
                    "ImageId,EncodedPixels",
                    "fetch the table again",
                )
            rows.setdefault(row[0], []).append((reader.line_num, row[1]))
    return {sample: tuple(found) for sample, found in rows.items()}


#: The reader of this format.
READER = Dsb2018
