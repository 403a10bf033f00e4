"""One row of the sample sheet: a sample opened, checked and described."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segbench.config.dataset import Dataset
from segbench.datasets.base import RawSample, Reader
from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes

#: Columns of `samples.tsv`.
COLUMNS = (
    "sample",
    "group",
    "split",
    "stratum",
    "classes",
    "objects",
    "depth",
    "height",
    "width",
    "channels",
    "dtype",
    "spacing_z_mm",
    "spacing_y_mm",
    "spacing_x_mm",
    "stack",
    "position",
    "image_sha256",
    "shard",
)


def describe(
    dataset: Dataset, source: Reader, raw: Path, sample: RawSample, shard: int
) -> dict[str, str]:
    """Read one sample, check it and give its row of the sheet.

    Parameters
    ----------
    dataset : Dataset
        Task, classes, spacing.
    source : Reader
        The dataset's reader.
    raw : Path
        The raw tree.
    sample : RawSample
        From the reader's scan.
    shard : int
        Number of the shard.

    Returns
    -------
    dict of str
        A value for each of `COLUMNS`. `image_sha256` is taken over the decoded pixels and
        their shape, so that one picture in two file formats has one digest.

    Raises
    ------
    SegbenchError
        Image and label differ in size, or a label is outside the classes.
    """
    image, label = source.read_image(raw, sample), source.read_label(raw, sample)
    size = image.shape[:-1]
    if dataset.task != "classification":
        found = label.shape[:-1] if dataset.task == "overlapping" else label.shape
        if found != size:
            raise SegbenchError(
                f"{raw / (sample.labels or sample.images)[0]}: {shown(found)} pixels",
                f"{shown(size)} pixels, as {sample.images[0]}",
                "fetch the image and its mask again",
            )
    classes, objects = contents(dataset, raw, sample, label)
    values = (
        sample.sample,
        sample.group or sample.sample,
        sample.split,
        source.stratum(sample, image, label).replace("\t", " "),
        ",".join(classes),
        objects,
        *([""] if len(size) == 2 else []),
        *map(str, size),
        str(image.shape[-1]),
        image.dtype.name,
        *_spacing(dataset, source, raw, sample),
        sample.stack,
        str(sample.position) if sample.stack else "",
        pixel_digest(image),
        str(shard),
    )
    return dict(zip(COLUMNS, values, strict=True))


def shown(size: tuple[int, ...]) -> str:
    """A size as people write it.

    Examples
    --------
    >>> shown((256, 320))
    '256 x 320'
    """
    return " x ".join(map(str, size))


def pixel_digest(image: np.ndarray) -> str:
    """SHA-256 of an image's shape, dtype and pixels, independent of its file format."""
    head = f"{image.dtype.name} {'x'.join(map(str, image.shape))}\n".encode()
    little = image.astype(image.dtype.newbyteorder("<"), copy=False)
    return sha256_of_bytes(head + np.ascontiguousarray(little).tobytes())


def spacing_of(
    dataset: Dataset, source: Reader, raw: Path, sample: RawSample
) -> tuple[float, ...] | None:
    """Spacing of a sample in mm: as its files say it, else as the dataset's config does.

    Returns
    -------
    tuple of float or None
        (y, x), or (z, y, x) for volumes and for slices whose distance is known.
    """
    said = source.spacing_mm(raw, sample)
    if said is None and dataset.spacing_um is not None:
        said = tuple(um / 1000 for um in dataset.spacing_um)
    if said is not None and not (len(said) in (2, 3) and min(said) > 0 and max(said) < np.inf):
        raise SegbenchError(
            f"{raw / sample.images[0]}: its spacing is {said} mm",
            "two or three numbers > 0",
            "correct the file's head or name",
        )
    return said


def _spacing(dataset: Dataset, source: Reader, raw: Path, sample: RawSample) -> list[str]:
    """The three columns of the spacing: z, y, x."""
    said = spacing_of(dataset, source, raw, sample)
    if said is None:
        return ["", "", ""]
    return [""] * (3 - len(said)) + [f"{mm:.9g}" for mm in said]


def contents(
    dataset: Dataset, raw: Path, sample: RawSample, label: np.ndarray
) -> tuple[list[str], str]:
    """Names of the classes that occur, and the number of objects.

    Parameters
    ----------
    dataset : Dataset
        Task, classes, regions.
    raw, sample
        For the message, if a label is outside the classes.
    label : ndarray
        As the reader gives it.

    Returns
    -------
    classes : list of str
        Of the classes, or of the regions where there are some.
    objects : str
        Numbered objects, else connected pieces (8 or 26 neighbours) of each class; empty for
        classified images.
    """
    if dataset.task == "instances":
        number = int(label.max(initial=0))
        return ([c.name for c in dataset.classes] if number else []), str(number)
    masks = {}
    if dataset.task == "overlapping":
        masks = {c.name: label[..., k] for k, c in enumerate(dataset.classes)}
    else:
        present = _known_values(dataset, raw, sample, label)
        if dataset.task == "classification":
            return [c.name for c in dataset.classes if c.value in present], ""
        if dataset.regions:
            value = {c.name: c.value for c in dataset.classes}
            for region, names in dataset.regions.items():
                masks[region] = np.isin(label, [value[name] for name in names])
        else:
            masks = {c.name: label == c.value for c in dataset.classes if c.value in present}
    held = {name: mask for name, mask in masks.items() if mask.any()}
    return list(held), str(sum(map(_pieces, held.values())))


def _known_values(dataset: Dataset, raw: Path, sample: RawSample, label: np.ndarray) -> set[int]:
    present = set(np.flatnonzero(np.bincount(label.ravel(), minlength=1)).tolist()) - {0}
    known = {c.value: c.name for c in dataset.classes}
    strange = sorted(present - known.keys())
    if strange:
        where = raw / (sample.labels or sample.images)[0]
        raise SegbenchError(
            f"{where}: holds the labels {', '.join(map(str, strange))}",
            f"0 and {', '.join(f'{v} ({n})' for v, n in known.items())}",
            "correct the file, or list the classes in the dataset's config",
        )
    return present


def _pieces(mask: np.ndarray) -> int:
    """Number of connected pieces, diagonals included."""
    if mask.ndim == 2:
        import cv2

        return int(cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0]) - 1
    from scipy import ndimage

    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    return int(ndimage.label(mask[box], np.ones((3, 3, 3)))[1])
