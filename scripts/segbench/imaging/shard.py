"""What one shard of a dataset consists of: its raw files and its rows of samples.tsv."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segbench.config.dataset import Dataset
from segbench.datasets import RawSample, Reader, reader_of
from segbench.errors import SegbenchError

#: Axes and dtype of the labels of each task, as readers give them.
LABELS: dict[str, tuple[dict[int, str], np.dtype]] = {
    "semantic": ({2: "(y, x)", 3: "(z, y, x)"}, np.dtype(np.uint8)),
    "overlapping": ({3: "(y, x, class)", 4: "(z, y, x, class)"}, np.dtype(np.uint8)),
    "instances": ({2: "(y, x)"}, np.dtype(np.uint16)),
    "classification": ({1: "(1,)"}, np.dtype(np.uint8)),
}


@dataclass(frozen=True)
class ShardSample:
    """One sample with what the stages record about it.

    Attributes
    ----------
    raw : RawSample
    group, split : str
        As in samples.tsv: samples found to be equal share a group there.
    spacing_mm : tuple of float or None
        Pixel height and width in millimetres; before them the depth of a voxel, or the
        distance of a stack's slices, where it is known.
    """

    raw: RawSample
    group: str
    split: str
    spacing_mm: tuple[float, ...] | None


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


def _spacing(row: dict[str, str]) -> tuple[float, ...] | None:
    values = row["spacing_y_mm"], row["spacing_x_mm"]
    if not all(values):
        return None
    depth = row.get("spacing_z_mm", "")
    return tuple(map(float, (depth, *values) if depth else values))


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
    found = {r.sample: r for r in reader_of(dataset).scan(raw) if r.sample in wanted}
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
    """Read a label, check it against the dataset's task and classes, and make its regions.

    Returns
    -------
    ndarray
        semantic: uint8 label map, (y, x) or (z, y, x). overlapping, and semantic with
        regions: uint8 masks with a last axis of classes (regions). instances: uint16
        numbered objects, (y, x). classification: uint8, (1,).

    Raises
    ------
    SegbenchError
        If it is not such an array, or holds a value that is no class.
    """
    label = source.read_label(raw, item.raw)
    name = " ".join(str(raw / file) for file in (item.raw.labels or item.raw.images)[:1])
    axes, dtype = LABELS[dataset.task]
    masks = dataset.task == "overlapping"
    if (
        label.ndim not in axes
        or label.dtype != dtype
        or (dataset.task == "classification" and label.shape != (1,))
        or (masks and label.shape[-1] != len(dataset.classes))
    ):
        raise SegbenchError(
            f"{name}: the label of {item.raw.sample!r} is {label.dtype} {label.shape}",
            f"{dtype} {' or '.join(axes.values())} for task {dataset.task}"
            + (f" with {len(dataset.classes)} classes" if masks else ""),
            "check the reader of the dataset",
        )
    if dataset.task != "instances":
        _check_values(dataset, label, name, item.raw.sample)
    return regions(dataset, label) if dataset.regions else label


def _check_values(dataset: Dataset, label: np.ndarray, name: str, sample: str) -> None:
    present = np.flatnonzero(np.bincount(label.ravel(), minlength=256))
    allowed = {c.value for c in dataset.classes}
    if dataset.task == "overlapping":
        allowed = {0, 1}
    elif dataset.task == "semantic":
        allowed.add(0)
    strange = sorted(set(present.tolist()) - allowed)
    if strange:
        raise SegbenchError(
            f"{name}: the label of {sample!r} holds {strange[:5]}",
            f"the classes' values {sorted(allowed)}",
            "correct the file, or `classes` in the dataset's YAML file",
        )


def regions(dataset: Dataset, label: np.ndarray) -> np.ndarray:
    """Turn a label map into the masks of a dataset's regions.

    Parameters
    ----------
    dataset : Dataset
        Its `regions` are lists of its classes' names.
    label : ndarray of uint8, (y, x) or (z, y, x)
        Values of the classes.

    Returns
    -------
    ndarray of uint8, (..., region)
        0 and 1, in the order of the config.

    Raises
    ------
    SegbenchError
        If a region consists of something that is no class.
    """
    values = {c.name: c.value for c in dataset.classes}
    table = np.zeros((256, len(dataset.regions)), np.uint8)
    for number, (region, names) in enumerate(dataset.regions.items()):
        for name in names:
            if name not in values:
                raise SegbenchError(
                    f"regions.{region}: {name!r} is no class of the dataset",
                    f"names among {', '.join(values)}",
                    "correct `regions` in the dataset's config",
                )
            table[values[name], number] = 1
    return np.asarray(table[label])


def present_classes(dataset: Dataset, label: np.ndarray) -> list[str]:
    """Names of the classes (regions, where there are some) that a label holds.

    Parameters
    ----------
    dataset : Dataset
    label : ndarray
        From `read_label`, perhaps resized.
    """
    classes = dataset.label_classes
    if dataset.label_task == "overlapping":
        axes = tuple(range(label.ndim - 1))
        held = np.asarray(label.any(axis=axes))
        return [name for name, there in zip(classes, held, strict=True) if there]
    if dataset.label_task == "instances":
        return list(classes) if label.any() else []
    there = np.bincount(label.ravel(), minlength=256) > 0
    return [name for name, value in classes.items() if there[value]]
