"""Convert values or colours of a mask to label maps, numbered objects and binary masks."""

from __future__ import annotations

from collections.abc import Mapping, Set
from pathlib import Path

import numpy as np

from segbench.datasets import folder_diagnosis as diagnosis
from segbench.datasets.folder_legend import Labels
from segbench.decoders.images import without_alpha
from segbench.errors import SegbenchError
from segbench.unannotated import UNANNOTATED, UNANNOTATED_OBJECT


def to_classes(path: Path, mask: np.ndarray, labels: Labels) -> np.ndarray:
    """Turn a mask into a label map.

    Parameters
    ----------
    path : Path
        For messages.
    mask : ndarray
        Values: (y, x) or (z, y, x). Colours: with a last axis of 3.
    labels : Labels
        What stands for what.

    Returns
    -------
    ndarray
        Without the axis of the channels, uint8.

    Raises
    ------
    SegbenchError
        The mask holds an unknown label; the message says the likely cause.
    """
    numbers = as_colours(path, mask) if labels.by_colour else as_values(path, mask, labels)
    present, counts = _counted(numbers)
    unknown = [value for value in present if value not in labels.classes]
    if unknown:
        raise diagnosis.unknown_labels(path, dict(zip(present, counts, strict=True)), labels)
    table = np.array([labels.classes[value] for value in present], np.uint8)
    low = present[0] if present else 0
    if numbers.dtype == np.uint8:
        look = np.zeros(256, np.uint8)
        look[present] = table
        return np.asarray(look[numbers])
    if present and present[-1] - low < 1 << 16:
        look = np.zeros(present[-1] - low + 1, np.uint8)
        look[np.array(present) - low] = table
        return np.asarray(look[numbers.astype(np.int64) - low])
    return np.asarray(table[np.searchsorted(present, numbers)])


def _counted(numbers: np.ndarray) -> tuple[list[int], list[int]]:
    """Values that occur, ascending, and how often."""
    if numbers.dtype == np.uint8:
        counts = np.bincount(numbers.ravel(), minlength=256)
        present = np.flatnonzero(counts)
        return present.tolist(), counts[present].tolist()
    present, counts = np.unique(numbers, return_counts=True)
    return present.tolist(), counts.tolist()


def as_values(path: Path, mask: np.ndarray, labels: Labels | None = None) -> np.ndarray:
    """Whole numbers of a mask of one channel.

    Parameters
    ----------
    path : Path
        For messages.
    mask : ndarray
        (y, x) or (z, y, x); of pictures also with equal channels.
    labels : Labels, optional
        For messages.

    Returns
    -------
    ndarray
        bool as uint8, floats as int64, integers as they are.

    Raises
    ------
    SegbenchError
        The mask is in colour, partly transparent, or holds fractions.
    """
    if mask.ndim == 3 and mask.shape[-1] <= 4:
        mask = one_channel(path, mask, labels)
    if mask.dtype == bool:
        return mask.astype(np.uint8)
    if mask.dtype.kind == "f":
        whole = np.isfinite(mask) & (mask == np.rint(mask))
        if not whole.all():
            raise diagnosis.fractions(path, mask[~whole], mask.size)
        return mask.astype(np.int64)
    return mask


def one_channel(path: Path, mask: np.ndarray, labels: Labels | None) -> np.ndarray:
    """A mask whose channels are equal as one of them; an opaque alpha channel is dropped."""
    if mask.shape[-1] in {2, 4}:
        mask = without_alpha(path, mask)
    grey = mask[..., 0]
    if any((mask[..., k] != grey).any() for k in range(1, mask.shape[-1])):
        raise diagnosis.in_colour(path, mask, labels)
    return np.ascontiguousarray(grey)


def as_colours(path: Path, mask: np.ndarray) -> np.ndarray:
    """The colours of a mask as numbers, see `colour_number`.

    Returns
    -------
    ndarray
        Without the axis of the channels, int32.

    Raises
    ------
    SegbenchError
        The mask has other than 8 bits per channel, or is partly transparent.
    """
    if mask.dtype == bool:
        mask = mask.astype(np.uint8) * np.uint8(255)
    if mask.ndim == 3 and mask.shape[-1] in {2, 4}:
        mask = without_alpha(path, mask)
    if mask.ndim == 2 or mask.shape[-1] == 1:
        mask = np.repeat(mask.reshape(*mask.shape[:2], 1), 3, axis=2)
    if mask.dtype != np.uint8 or mask.ndim != 3 or mask.shape[-1] != 3:
        raise SegbenchError(
            f"{path}: {mask.dtype} values, {' x '.join(map(str, mask.shape))}",
            "a picture of 8 bits per channel: the classes' labels are colours",
            "save the mask as PNG in colour, or write values under `labels` in the config",
        )
    red, green, blue = (mask[..., k].astype(np.int32) for k in range(3))
    return np.asarray((red << 16) | (green << 8) | blue)


def to_objects(path: Path, mask: np.ndarray, ignored: Set[int] = frozenset()) -> np.ndarray:
    """Numbered objects, numbered from 1 without gaps.

    Parameters
    ----------
    ignored : set of int, optional
        Values of what was not annotated.

    Returns
    -------
    ndarray
        (y, x), uint16; `UNANNOTATED_OBJECT` where nothing was annotated.

    Raises
    ------
    SegbenchError
        The mask is in colour or negative, holds fractions or more than 65534 objects, or has
        one number for objects that do not touch, as a mask that is not numbered has.
    """
    numbers, hidden = _parted(as_values(path, mask), ignored)
    present, counts = _counted(numbers)
    check_numbers(path, numbers, dict(zip(present, counts, strict=True)))
    objects = [value for value in present if value]
    if len(objects) >= UNANNOTATED_OBJECT:
        raise SegbenchError(
            f"{path}: {len(objects)} objects", "at most 65534", "cut the image into parts"
        )
    place = np.searchsorted(objects, numbers) + 1
    label = np.where(numbers == 0, 0, place).astype(np.uint16)
    label[hidden] = UNANNOTATED_OBJECT
    return np.asarray(label)


def to_binary(path: Path, mask: np.ndarray, ignored: Set[int] = frozenset()) -> np.ndarray:
    """A mask of one class: 0, and one of 1 and 255 (or True) where it is; uint8.

    Returns
    -------
    ndarray of uint8
        0 or 1; `UNANNOTATED` where the mask holds one of the values `ignored`.
    """
    values, hidden = _parted(as_values(path, mask), ignored)
    present, counts = _counted(values)
    if set(present) - {0, 1} and set(present) - {0, 255}:
        raise diagnosis.not_binary(path, dict(zip(present, counts, strict=True)))
    label = np.asarray(values != 0, np.uint8)
    label[hidden] = UNANNOTATED
    return label


def _parted(values: np.ndarray, ignored: Set[int]) -> tuple[np.ndarray, np.ndarray]:
    """Values with 0 in place of the ignored ones, and where these are."""
    hidden = np.isin(values, sorted(ignored))
    return np.where(hidden, values.dtype.type(0), values), hidden


def check_numbers(path: Path, numbers: np.ndarray, counts: Mapping[int, int]) -> None:
    """Refuse what cannot be numbered objects.

    Raises
    ------
    SegbenchError
        A JPEG with more values than two, negative numbers, or the one number 255 (or 65535,
        or True) for several objects that do not touch.
    """
    if path.suffix.lower() in diagnosis.JPEG:
        raise SegbenchError(
            f"{path}: a JPEG mask, whose {len(counts)} values are smeared: "
            f"{diagnosis.counted(counts)}",
            "one number per object",
            f"{diagnosis.SAVE_PNG}: JPEG does not keep numbers",
        )
    if min(counts) < 0 or numbers.ndim != 2:
        raise SegbenchError(
            f"{path}: {' x '.join(map(str, numbers.shape))} values from {min(counts)} on",
            "rows and columns of numbers from 0 on",
            "correct the mask",
        )
    objects = set(counts) - {0}
    if len(objects) == 1 and objects <= {1, 255, 65535}:
        import cv2

        pieces = cv2.connectedComponents((numbers != 0).astype(np.uint8), connectivity=8)[0] - 1
        if pieces > 1:
            raise SegbenchError(
                f"{path}: {pieces} separate pieces all have the number {objects.pop()}",
                "numbered objects: 1, 2, 3, ...",
                "number the objects; or set `task: semantic` in the dataset's config",
            )
