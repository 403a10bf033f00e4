"""One row of the sample sheet: a sample opened, checked and described."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segbench.artefacts.samples import Sample
from segbench.config.dataset import Dataset
from segbench.datasets.base import RawSample, Reader
from segbench.datasets.labels import count_objects, present_classes, read_label
from segbench.decoders.grids import check_size
from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes
from segbench.unannotated import unannotated


def describe(dataset: Dataset, source: Reader, raw: Path, sample: RawSample, shard: int) -> Sample:
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
    Sample
        Its digest is taken over the decoded pixels and their shape, so that one picture in two
        file formats has one digest; an image whose pixels are all equal has none.

    Raises
    ------
    SegbenchError
        Image and label differ in size, or the label is not as the config says.
    """
    image = source.read_image(raw, sample)
    label = read_label(dataset, source, raw, sample)
    size, names = image.shape[:-1], source.channel_names(raw, sample)
    if dataset.label_task != "classification":
        found = label.shape[:-1] if dataset.label_task == "overlapping" else label.shape
        where = raw / (sample.labels or sample.images)[0]
        check_size(where, found, size, sample.images[0])
    return Sample(
        sample=sample.sample,
        group=sample.group or sample.sample,
        split=sample.split,
        stratum=source.stratum(sample, image, label),
        image_sha256="" if is_constant(image) else pixel_digest(image),
        classes=tuple(present_classes(dataset, label)),
        objects=count_objects(dataset, label),
        annotated=sample.annotated,
        ignored=float(unannotated(label).mean()),
        size=size,
        channels=image.shape[-1],
        # A segmentation, or one file of several, may name other things than these channels.
        channel_names=names if len(names) == image.shape[-1] else (),
        dtype=image.dtype.name,
        spacing_mm=spacing_of(dataset, source, raw, sample),
        stack=sample.stack,
        position=sample.position if sample.stack else None,
        shard=shard,
        joined=sample.joined,
    )


def is_constant(image: np.ndarray) -> bool:
    """Whether every channel of an image has one value throughout: it shows nothing.

    Parameters
    ----------
    image : ndarray, (y, x, channel) or (z, y, x, channel)
        Pixels that are not a number count as equal.

    Examples
    --------
    >>> is_constant(np.zeros((2, 2, 1))), is_constant(np.eye(2)[..., None])
    (True, False)
    """
    first = image.reshape(-1, image.shape[-1])[:1]
    kinds = image.dtype.kind in "fc"
    # Row by row: of almost every image the first row decides.
    return all(np.array_equal(row, np.broadcast_to(first, row.shape), kinds) for row in image)


def pixel_digest(image: np.ndarray) -> str:
    """SHA-256 of an image's shape, dtype and pixels, independent of its file format.

    There are many bit patterns that say NaN; all count as the same.
    """
    if image.dtype.kind == "f":
        image = np.where(np.isnan(image), image.dtype.type(np.nan), image)
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
    spacing = source.spacing_mm(raw, sample)
    if spacing is None and dataset.spacing_um is not None:
        spacing = tuple(um / 1000 for um in dataset.spacing_um)
    if spacing is not None and not (
        len(spacing) in (2, 3) and all(0 < mm < np.inf for mm in spacing)
    ):
        raise SegbenchError(
            f"{raw / sample.images[0]}: its spacing is {spacing} mm",
            "two or three numbers > 0",
            "correct the file's header or name",
        )
    return spacing
