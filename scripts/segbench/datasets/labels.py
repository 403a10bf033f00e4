"""Labels read, checked against the dataset's config, and described."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segbench.config.dataset import Dataset
from segbench.datasets.base import RawSample, Reader
from segbench.errors import SegbenchError
from segbench.unannotated import UNANNOTATED, as_background

#: Axes and dtype of the labels of each task, as readers give them.
LABELS: dict[str, tuple[dict[int, str], np.dtype]] = {
    "semantic": ({2: "(y, x)", 3: "(z, y, x)"}, np.dtype(np.uint8)),
    "overlapping": ({3: "(y, x, class)", 4: "(z, y, x, class)"}, np.dtype(np.uint8)),
    "instances": ({2: "(y, x)"}, np.dtype(np.uint16)),
    "classification": ({1: "(1,)"}, np.dtype(np.uint8)),
}


def read_label(dataset: Dataset, source: Reader, raw: Path, sample: RawSample) -> np.ndarray:
    """Read a label, check it against the dataset's task and classes, and make its regions.

    Parameters
    ----------
    dataset : Dataset
        Task, classes, regions.
    source : Reader
        The dataset's reader.
    raw : Path
        The raw tree.
    sample : RawSample
        From the reader's scan.

    Returns
    -------
    ndarray
        semantic: uint8 label map, (y, x) or (z, y, x). overlapping, and semantic with
        regions: uint8 masks with a last axis of classes (regions). instances: uint16
        numbered objects, (y, x). classification: uint8, (1,). What was not annotated is
        marked as `segbench.unannotated` says. Where classes were not annotated in the sample,
        so are their masks as a whole, and those of regions that hold one of them; in a label
        map, 0 stands for the background and for these classes alike.

    Raises
    ------
    SegbenchError
        If it is not such an array, or holds a value that is no class.
    """
    label = source.read_label(raw, sample)
    name = str(raw / (sample.labels or sample.images)[0])
    axes, dtype = LABELS[dataset.task]
    masks = dataset.task == "overlapping"
    if (
        label.ndim not in axes
        or label.dtype != dtype
        or (dataset.task == "classification" and label.shape != (1,))
        or (masks and label.shape[-1] != len(dataset.classes))
    ):
        raise SegbenchError(
            f"{name}: the label of {sample.sample!r} is {label.dtype} {label.shape}",
            f"{dtype} {' or '.join(axes.values())} for task {dataset.task}"
            + (f" with {len(dataset.classes)} classes" if masks else ""),
            "check the reader of the dataset",
        )
    if dataset.task != "instances":
        _check_values(dataset, label, name, sample.sample, source.ignores_labels)
    if dataset.regions:
        label = regions(dataset, label)
    return _annotated_only(dataset, label, sample.annotated) if sample.annotated else label


def _annotated_only(dataset: Dataset, label: np.ndarray, annotated: tuple[str, ...]) -> np.ndarray:
    """The label without what it says of classes that were not annotated."""
    if dataset.label_task == "semantic":
        absent = [c.value for c in dataset.classes if c.name not in annotated]
        return np.where(np.isin(label, absent), np.uint8(0), label)
    parts = dataset.regions or {c.name: (c.name,) for c in dataset.classes}
    hidden = [not set(names) <= set(annotated) for names in parts.values()]
    label = label.copy()
    label[..., hidden] = UNANNOTATED
    return label


def _check_values(
    dataset: Dataset, label: np.ndarray, name: str, sample: str, ignores: bool
) -> None:
    present = np.flatnonzero(np.bincount(label.ravel(), minlength=256))
    allowed = {c.value for c in dataset.classes}
    if dataset.task == "overlapping":
        allowed = {0, 1}
    elif dataset.task == "semantic":
        allowed.add(0)
    unknown = sorted(set(present.tolist()) - allowed - ({UNANNOTATED} if ignores else set()))
    if unknown:
        names = {c.value: f"{c.value} ({c.name})" for c in dataset.classes}
        if dataset.task == "overlapping":
            names = {}
        raise SegbenchError(
            f"{name}: the label of {sample!r} holds {', '.join(map(str, unknown[:5]))}",
            ", ".join(names.get(value, str(value)) for value in sorted(allowed)),
            "correct the file, or list the classes in the dataset's config",
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
        0 and 1, in the order of the config; `UNANNOTATED` where the label map is.

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
                    f"regions.{region}: {name!r} is not a class of the dataset",
                    f"names among {', '.join(values)}",
                    "correct `regions` in the dataset's config",
                )
            table[values[name], number] = 1
    table[UNANNOTATED] = UNANNOTATED
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
    label = as_background(label)
    if dataset.label_task == "overlapping":
        axes = tuple(range(label.ndim - 1))
        held = np.asarray(label.any(axis=axes))
        return [name for name, there in zip(classes, held, strict=True) if there]
    if dataset.label_task == "instances":
        return list(classes) if label.any() else []
    there = np.bincount(label.ravel(), minlength=256) > 0
    return [name for name, value in classes.items() if there[value]]


def count_objects(dataset: Dataset, label: np.ndarray) -> int | None:
    """Count the objects of a label.

    Parameters
    ----------
    dataset : Dataset
    label : ndarray
        From `read_label`.

    Returns
    -------
    int or None
        Numbered objects, else connected pieces (8 or 26 neighbours) of each class or region;
        None for classified images.
    """
    if dataset.label_task == "classification":
        return None
    label = as_background(label)
    if dataset.label_task == "instances":
        return int(label.max(initial=0))
    if dataset.label_task == "overlapping":
        masks = [label[..., k] for k in range(label.shape[-1])]
    else:
        masks = [label == value for value in dataset.label_classes.values()]
    return sum(_pieces(mask) for mask in masks if mask.any())


def _pieces(mask: np.ndarray) -> int:
    """Number of connected pieces, diagonals included."""
    if mask.ndim == 2:
        import cv2

        return int(cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0]) - 1
    from scipy import ndimage

    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    return int(ndimage.label(mask[box], np.ones((3, 3, 3)))[1])
