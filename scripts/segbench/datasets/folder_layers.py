"""Masks that hold a layer for each segment, as ``.seg.nrrd`` and DICOM-SEG files do."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path

import numpy as np

from segbench.config.dataset import Background, Class, Ignore
from segbench.datasets.label_names import class_of_spelling, normalised_name
from segbench.datasets.label_values import to_binary
from segbench.datasets.object_masks import number_objects
from segbench.decoders.decoder import Decoded
from segbench.errors import SegbenchError
from segbench.unannotated import UNANNOTATED, UNANNOTATED_OBJECT


def is_layered(mask: Decoded) -> bool:
    """Whether the channels of a mask are named segments."""
    return mask.header.axes.endswith("c") and bool(mask.header.channels) and not mask.header.colour


def layers(path: Path, mask: Decoded, ignored: Set[int] = frozenset()) -> list[np.ndarray]:
    """One mask of each segment: uint8, 0, 1 or `UNANNOTATED`."""
    header = replace(
        mask.header, axes=mask.header.axes.rstrip("c"), shape=mask.header.size, channels=()
    )
    parts = np.moveaxis(mask.pixels, -1, 0)
    return [to_binary(path, Decoded(header, part), ignored) for part in parts]


def _without_ignored(
    path: Path, mask: Decoded, ignore: Ignore | None
) -> tuple[list[tuple[str, np.ndarray]], np.ndarray]:
    """Names and masks of the segments, and where one is that says that nothing was annotated."""
    labels = ignore.labels if ignore is not None else ()
    values = frozenset(label for label in labels if isinstance(label, int))
    spelt = {normalised_name(label) for label in labels if isinstance(label, str)}
    kept, hidden = [], np.zeros(mask.header.size, bool)
    for name, part in zip(mask.header.channels, layers(path, mask, values), strict=True):
        if normalised_name(name) in spelt:
            hidden |= part == 1
        else:
            kept.append((name, part))
    return kept, hidden


def class_masks(
    path: Path,
    mask: Decoded,
    classes: Sequence[Class],
    background: Background | None,
    ignore: Ignore | None = None,
) -> np.ndarray:
    """Masks of the classes: each the segments that are called as it, or as one of its labels.

    Parameters
    ----------
    path : Path
        For messages.
    mask : Decoded
        One for which `is_layered` holds.
    classes, background, ignore
        As in the dataset's config; what is ignored are values, or names of segments.

    Returns
    -------
    ndarray
        (y, x, class) or (z, y, x, class), uint8, 0, 1 or `UNANNOTATED`. A class without a segment
        does not occur in the image.

    Raises
    ------
    SegbenchError
        A segment belongs to no class.
    """
    spellings = [(one.name, (one.name, *one.labels)) for one in classes]
    nothing = background or Background()
    spellings.append((nothing.name, (nothing.name, *nothing.labels)))
    known = class_of_spelling(spellings, normalised_name)
    found = {one.name: np.zeros(mask.header.size, np.uint8) for one in classes}
    segments, hidden = _without_ignored(path, mask, ignore)
    for name, part in segments:
        owner = known.get(normalised_name(name))
        if owner is None:
            raise SegbenchError(
                f"{path}: the segment {name!r} belongs to no class",
                f"segments called as a class, or as one of its labels: {', '.join(known)}",
                f"in the dataset's config add {name!r} to the `labels` of a class; to "
                "`background: {labels: [...]}` if it means that no class is there; or to "
                "`ignore: {labels: [...]}` if it means that nobody annotated it",
            )
        if owner in found:
            np.maximum(found[owner], part, out=found[owner])
    masks = np.stack(list(found.values()), axis=-1)
    masks[hidden] = UNANNOTATED
    return masks


def label_map(path: Path, masks: np.ndarray, classes: Sequence[Class]) -> np.ndarray:
    """The masks of the classes as one label map.

    Parameters
    ----------
    path : Path
        For messages.
    masks : ndarray
        From `class_masks`.
    classes : sequence of Class

    Returns
    -------
    ndarray
        Without the last axis, uint8.

    Raises
    ------
    SegbenchError
        Masks of two classes overlap.
    """
    inside = masks == 1
    both = int(np.count_nonzero(inside.sum(axis=-1) > 1))
    if both:
        raise SegbenchError(
            f"{path}: {both} pixels are in the segments of two classes",
            "one class for each pixel: task is semantic",
            "set `task: overlapping` in the dataset's config",
        )
    values = np.array([one.value for one in classes], np.uint8)
    label: np.ndarray = (inside * values).max(axis=-1)
    label[(masks == UNANNOTATED).any(axis=-1) & (label == 0)] = UNANNOTATED
    return label


def objects(path: Path, mask: Decoded, ignore: Ignore | None = None) -> np.ndarray:
    """Each segment as an object: (y, x), uint16, see `number_objects`."""
    segments, hidden = _without_ignored(path, mask, ignore)
    parts = [part == 1 for _, part in segments]
    hidden |= np.any([part == UNANNOTATED for _, part in segments], axis=0)
    label, _ = number_objects([part for part in parts if part.any()], mask.header.size)
    label[hidden] = UNANNOTATED_OBJECT
    return label
