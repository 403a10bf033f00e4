"""What one shard of a dataset consists of: its raw files and its rows of samples.tsv."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segbench.config.dataset import Dataset
from segbench.datasets import RawSample, Reader, reader
from segbench.errors import SegbenchError

#: dtype of the labels of each task.
LABEL_DTYPE = {"semantic": np.dtype(np.uint8), "instances": np.dtype(np.uint16)}


@dataclass(frozen=True)
class ShardSample:
    """One sample with what the stages record about it.

    Attributes
    ----------
    raw : RawSample
    group, split : str
        As in samples.tsv: samples found to be equal share a group there.
    spacing_mm : tuple of float or None
        Pixel height and width in millimetres.
    """

    raw: RawSample
    group: str
    split: str
    spacing_mm: tuple[float, float] | None


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Rows of a table, which must have the columns named."""
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            table = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
            missing = [name for name in columns if name not in (table.fieldnames or ())]
            rows = list(table)
    except (OSError, UnicodeDecodeError) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})",
            "a table of tab-separated text",
            "delete it and run the same command again",
        ) from error
    if missing:
        raise SegbenchError(
            f"{path}: has no column {', '.join(missing)}",
            f"the columns {', '.join(columns)}",
            "delete it and run the same command again",
        )
    return rows


def _spacing(row: dict[str, str]) -> tuple[float, float] | None:
    values = row["spacing_y_mm"], row["spacing_x_mm"]
    return (float(values[0]), float(values[1])) if all(values) else None


def shard_samples(
    dataset: Dataset, raw: Path, inventory: Path, samples: Path
) -> Iterator[ShardSample]:
    """List the samples of one shard, sorted by id; reads no pixels.

    Parameters
    ----------
    dataset : Dataset
    raw : Path
        The publisher's tree.
    inventory : Path
        The shard's manifest; it says which samples and files belong to the shard.
    samples : Path
        samples.tsv, of the shard or of the whole dataset.

    Raises
    ------
    SegbenchError
        If the tree, the manifest and the table do not agree.
    """
    wanted: dict[str, set[str]] = {}
    for row in _rows(inventory, ("sample", "path")):
        wanted.setdefault(row["sample"], set()).add(row["path"])
    columns = ("sample", "group", "split", "spacing_y_mm", "spacing_x_mm")
    rows = {row["sample"]: row for row in _rows(samples, columns)}
    found = {r.sample: r for r in reader(dataset.format).scan(raw) if r.sample in wanted}
    for sample in sorted(wanted):
        if sample not in found or set(found[sample].files) != wanted[sample]:
            raise SegbenchError(
                f"{inventory}: sample {sample!r} is not as in {raw}",
                "a manifest made from the files that are there now",
                "run the same command again; the manifests are made anew at its start",
            )
        if sample not in rows:
            raise SegbenchError(
                f"{samples}: sample {sample!r} of {inventory} has no row",
                "a row for each sample",
                "delete the table and run the same command again",
            )
        row = rows[sample]
        yield ShardSample(found[sample], row["group"], row["split"], _spacing(row))


def read_label(dataset: Dataset, source: Reader, raw: Path, item: ShardSample) -> np.ndarray:
    """Read a label and check it against the dataset's task and classes.

    Returns
    -------
    ndarray, (y, x)
        uint8 label map (semantic) or uint16 numbered objects (instances).

    Raises
    ------
    SegbenchError
        If it is not such an array, or holds a value that is no class.
    """
    label = source.read_label(raw, item.raw)
    name = " ".join(str(raw / file) for file in (item.raw.labels or item.raw.images)[:1])
    dtype = LABEL_DTYPE[dataset.task]
    if label.ndim != 2 or label.dtype != dtype:
        raise SegbenchError(
            f"{name}: the label of {item.raw.sample!r} is {label.dtype} {label.shape}",
            f"{dtype} (y, x) for task {dataset.task}",
            "check the reader of the dataset",
        )
    if dataset.task == "semantic":
        present = np.flatnonzero(np.bincount(label.ravel(), minlength=256))
        allowed = {0, *(c.value for c in dataset.classes)}
        strange = sorted(set(present.tolist()) - allowed)
        if strange:
            raise SegbenchError(
                f"{name}: the label of {item.raw.sample!r} holds {strange[:5]}",
                f"the classes' values {sorted(allowed)}",
                "correct the file, or `classes` in the dataset's YAML file",
            )
    return label
