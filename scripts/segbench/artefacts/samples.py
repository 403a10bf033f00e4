"""The sample sheet, `samples.tsv`: one row for each sample of a dataset."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from segbench.artefacts.tsv import (
    join_names,
    read_table,
    split_names,
    whole_number,
    write_table,
)
from segbench.errors import SegbenchError

COLUMNS = (
    "sample",
    "group",
    "split",
    "stratum",
    "classes",
    "objects",
    "annotated",
    "ignored",
    "depth",
    "height",
    "width",
    "channels",
    "channel_names",
    "dtype",
    "spacing_z_mm",
    "spacing_y_mm",
    "spacing_x_mm",
    "stack",
    "position",
    "image_sha256",
    "shard",
    "joined",
)
_SIZE = ("depth", "height", "width")
_SPACING = ("spacing_z_mm", "spacing_y_mm", "spacing_x_mm")


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of the sample sheet.

    Attributes
    ----------
    sample : str
        Id, unique in the sheet.
    group : str
        Samples of one group (patient, source image, copies of a picture) never part.
    split : str
        The publisher's own split, ``train`` or ``test``.
    stratum : str
        What `Protocol.stratify` balances over the folds; may be empty.
    image_sha256 : str
        Digest of the decoded pixels. Empty where all pixels are equal: such pictures show
        nothing, and that two of them are equal says nothing.
    classes : tuple of str
        Classes, or regions, that occur.
    objects : int or None
        How many objects there are; None where whole images are classified.
    annotated : tuple of str
        Classes that were annotated; empty: all.
    ignored : float
        Share of the label that was not annotated, 0 ... 1; to 6 digits in the file. Of masks
        the mean over the classes.
    size : tuple of int
        (y, x) or (z, y, x), in pixels.
    channels : int
    channel_names : tuple of str
        As the file gives them, in its order; empty: it does not.
    dtype : str
        NumPy's name of it.
    spacing_mm : tuple of float or None
        Size of a pixel (y, x) or voxel (z, y, x), or the distance of a stack's slices and the
        size of their pixels; to 9 digits in the file. None: not known.
    stack : str
        Samples of one stack are slices of one volume; empty: the sample is none.
    position : int or None
        Place of a slice in its stack.
    shard : int
        Number of the shard that holds the sample.
    joined : str
        Why the group is another than the sample's own; empty: it is not.
    """

    sample: str
    group: str
    split: str = "train"
    stratum: str = ""
    image_sha256: str = ""
    classes: tuple[str, ...] = ()
    objects: int | None = None
    annotated: tuple[str, ...] = ()
    ignored: float = 0.0
    size: tuple[int, ...] = (1, 1)
    channels: int = 1
    channel_names: tuple[str, ...] = ()
    dtype: str = "uint8"
    spacing_mm: tuple[float, ...] | None = None
    stack: str = ""
    position: int | None = None
    shard: int = 0
    joined: str = ""


def write_samples(samples: Iterable[Sample], path: str | Path) -> None:
    """Write a sample sheet, or a shard's part of it.

    Parameters
    ----------
    samples : iterable of Sample
        Written sorted by id.
    path : str or Path
        Tab-separated, with `COLUMNS`.

    Raises
    ------
    SegbenchError
        A text holds a tab, a line end or another control character; file, row and column are
        named.
    """
    write_table(path, COLUMNS, [_cells(row) for row in sorted(samples, key=_id)])


def read_samples(path: str | Path, allow_empty: bool = False) -> list[Sample]:
    """Read and check a sample sheet.

    Parameters
    ----------
    path : str or Path
        `samples.tsv`, or a shard's part of it.
    allow_empty : bool, optional
        Whether there may be no sample, as in a shard.

    Returns
    -------
    list of Sample
        Sorted by id, whatever the order of the rows.

    Raises
    ------
    SegbenchError
        The file is no sample sheet or is empty, an id occurs twice or is empty, a group is
        empty, or a split is neither ``train`` nor ``test``.
    """
    samples = sorted(read_table(path, COLUMNS, _sample), key=_id)
    check_samples(samples, path, allow_empty)
    return samples


def check_samples(samples: Iterable[Sample], where: str | Path, allow_empty: bool = False) -> None:
    """Refuse sheets that cannot be put into folds; see `read_samples`."""
    seen: set[str] = set()
    for row in samples:
        if not row.sample or not row.group:
            empty = "sample" if not row.sample else "group"
            raise SegbenchError(
                f"{where}: sample {row.sample!r} (group {row.group!r}) has no {empty}",
                "an id and a group for each sample; a sample alone is its own group",
                "correct the dataset's reader or its sheet",
            )
        if row.sample in seen:
            raise SegbenchError(
                f"{where}: sample {row.sample!r} occurs twice",
                "unique sample ids",
                "rename or remove one of the two in the raw data",
            )
        if row.split not in ("train", "test"):
            raise SegbenchError(
                f"{where}: sample {row.sample!r} has split {row.split!r}",
                "train or test",
                "correct the dataset's reader or its sheet",
            )
        seen.add(row.sample)
    if not seen and not allow_empty:
        raise SegbenchError(
            f"{where}: no samples",
            "at least one sample",
            "check that the raw folder is not empty",
        )


def _id(row: Sample) -> str:
    return row.sample


def _right(values: Sequence[str]) -> tuple[str, str, str]:
    """Three cells (z, y, x) of two or three values, or of none."""
    z, y, x = ("", "", "", *values)[-3:]
    return z, y, x


def _cells(row: Sample) -> tuple[str, ...]:
    return (
        row.sample,
        row.group,
        row.split,
        row.stratum,
        join_names(row.classes),
        "" if row.objects is None else str(row.objects),
        join_names(row.annotated),
        f"{row.ignored:.6g}",
        *_right([str(side) for side in row.size]),
        str(row.channels),
        join_names(row.channel_names),
        row.dtype,
        *_right([f"{mm:.9g}" for mm in row.spacing_mm or ()]),
        row.stack,
        "" if row.position is None else str(row.position),
        row.image_sha256,
        str(row.shard),
        row.joined,
    )


def _sample(row: dict[str, str]) -> Sample:
    return Sample(
        sample=row["sample"],
        group=row["group"],
        split=row["split"],
        stratum=row["stratum"],
        image_sha256=row["image_sha256"],
        classes=split_names(row["classes"]),
        objects=whole_number(row, "objects") if row["objects"] else None,
        annotated=split_names(row["annotated"]),
        ignored=_share(row["ignored"]),
        size=tuple(whole_number(row, name) for name in _SIZE if row[name] or name != "depth"),
        channels=whole_number(row, "channels"),
        channel_names=split_names(row["channel_names"]),
        dtype=row["dtype"],
        spacing_mm=_spacing(row),
        stack=row["stack"],
        position=whole_number(row, "position") if row["position"] else None,
        shard=whole_number(row, "shard"),
        joined=row["joined"],
    )


def _share(cell: str) -> float:
    try:
        share = float(cell)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise ValueError(f"ignored is {cell!r}, not a share from 0 to 1")
    return share


def _spacing(row: dict[str, str]) -> tuple[float, ...] | None:
    given = [row[name] for name in _SPACING if row[name]]
    if not given:
        return None
    try:
        spacing = tuple(float(cell) for cell in given)
    except ValueError:
        spacing = ()
    if len(spacing) < 2 or not row["spacing_x_mm"] or not row["spacing_y_mm"]:
        raise ValueError(f"the spacing is {', '.join(given)}, not two or three millimetres")
    if not all(0 < mm < math.inf for mm in spacing):
        raise ValueError(f"the spacing is {', '.join(given)}, not millimetres > 0")
    return spacing
