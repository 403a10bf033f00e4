"""Convert values or colours of a mask to label maps and numbered objects."""

from __future__ import annotations

from collections.abc import Mapping, Set
from pathlib import Path

import numpy as np

from segbench.datasets import folder_diagnosis as diagnosis
from segbench.datasets.folder_legend import Labels
from segbench.datasets.label_values import counted, looked_up, whole_numbers
from segbench.decoders.decoder import Decoded
from segbench.decoders.images import as_image
from segbench.errors import SegbenchError
from segbench.unannotated import UNANNOTATED_OBJECT

#: The highest numbers of 8 and 16 bits, which mark pixels in many formats.
_HIGHEST = (255, 65535)


def to_classes(path: Path, mask: Decoded, labels: Labels) -> np.ndarray:
    """Turn a mask into a label map.

    Parameters
    ----------
    path : Path
        For messages.
    mask : Decoded
        Values or colours.
    labels : Labels
        What stands for what.

    Returns
    -------
    ndarray
        (y, x) or (z, y, x), uint8.

    Raises
    ------
    SegbenchError
        The mask holds an unknown label; the message says the likely cause.
    """
    numbers = as_colours(path, mask) if labels.by_colour else whole_numbers(path, mask, labels)
    counts = counted(numbers)
    if counts.keys() - labels.classes.keys():
        raise diagnosis.unknown_labels(path, counts, labels)
    return looked_up(numbers, {value: labels.classes[value] for value in counts}, np.uint8)


def as_colours(path: Path, mask: Decoded) -> np.ndarray:
    """The colours of a mask as numbers, see `colour_number`.

    Returns
    -------
    ndarray
        (y, x), int32.

    Raises
    ------
    SegbenchError
        The mask has other than 8 bits per channel, or is partly transparent.
    """
    shown = as_image(path, mask)
    if shown.ndim == 3 and shown.shape[-1] == 1:
        shown = np.repeat(shown, 3, axis=2)
    if shown.dtype != np.uint8 or shown.ndim != 3 or shown.shape[-1] != 3:
        raise SegbenchError(
            f"{path}: {shown.dtype} values, {' x '.join(map(str, shown.shape))}",
            "a picture of 8 bits per channel: the classes' labels are colours",
            "save the mask as PNG in colour, or write values under `labels` in the config",
        )
    red, green, blue = (shown[..., k].astype(np.int32) for k in range(3))
    return np.asarray((red << 16) | (green << 8) | blue)


def to_objects(path: Path, mask: Decoded, ignored: Set[int] = frozenset()) -> np.ndarray:
    """Numbered objects, numbered from 1 without gaps.

    Parameters
    ----------
    path : Path
        For messages.
    mask : Decoded
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
    numbers = whole_numbers(path, mask)
    counts = counted(numbers)
    hidden = counts.keys() & ignored
    objects = [value for value in counts if value and value not in hidden]
    if len(objects) >= UNANNOTATED_OBJECT:
        raise SegbenchError(
            f"{path}: {len(objects)} objects", "at most 65534", "cut the image into parts"
        )
    table = {0: 0} | {value: number for number, value in enumerate(objects, start=1)}
    label = looked_up(numbers, table | dict.fromkeys(hidden, UNANNOTATED_OBJECT), np.uint16)
    shown = {value: count for value, count in counts.items() if value not in hidden}
    check_numbers(path, label, shown)
    return label


def check_numbers(path: Path, label: np.ndarray, counts: Mapping[int, int]) -> None:
    """Refuse what cannot be numbered objects.

    Parameters
    ----------
    path : Path
        The mask.
    label : ndarray of uint16
        From `to_objects`.
    counts : mapping of int to int
        Values in the file that are annotated, with their numbers of pixels.

    Raises
    ------
    SegbenchError
        A JPEG with more values than two, negative numbers, the one number 255 (or 65535, or
        True) for several objects that do not touch, or such a number in several pieces beside
        numbered objects, as the outlines of PASCAL VOC have it.
    """
    if path.suffix.lower() in diagnosis.JPEG:
        raise SegbenchError(
            f"{path}: a JPEG mask, whose {len(counts)} values are smeared: "
            f"{diagnosis.counted(counts)}",
            "one number per object",
            f"{diagnosis.SAVE_PNG}: JPEG does not keep numbers",
        )
    if label.ndim != 2:
        raise SegbenchError(
            f"{path}: a volume of {' x '.join(map(str, label.shape))} numbered voxels",
            "a picture: objects are numbered in rows and columns",
            "save each slice of image and mask as a picture; or give all objects the value of "
            "their class, and set `task: semantic` in the dataset's config",
        )
    below = sorted(value for value in counts if value < 0)
    if below:
        shown = {value: counts[value] for value in below}
        raise SegbenchError(
            f"{path}: holds numbers below 0: {diagnosis.counted(shown)}",
            "numbers of objects from 1 on, and 0 where none is",
            f"set `ignore: {{labels: [{', '.join(map(str, below[:6]))}]}}` in the dataset's config "
            "if nobody annotated these pixels; or save them as 0",
        )
    objects = sorted(set(counts) - {0})
    alone = objects in ([1], [255], [65535])
    if alone or (objects and objects[-1] in _HIGHEST and objects[-1] - 1 not in objects):
        import cv2

        last = (label == len(objects)).astype(np.uint8)
        pieces = cv2.connectedComponents(last, connectivity=8)[0] - 1
        if pieces > 1:
            raise SegbenchError(
                f"{path}: {pieces} separate pieces all have the number {objects[-1]}",
                "numbered objects: 1, 2, 3, ...",
                "number the objects; or set `task: semantic` in the dataset's config"
                if alone
                else f"set `ignore: {{labels: [{objects[-1]}]}}` in the dataset's config if nobody "
                "annotated these pixels; or number the pieces",
            )
