"""One mask for each object joined into numbered objects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segbench.errors import SegbenchError
from segbench.unannotated import UNANNOTATED_OBJECT


def number_objects(masks: Sequence[np.ndarray], shape: tuple[int, ...]) -> tuple[np.ndarray, int]:
    """Join one mask per object into numbered objects.

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
    if len(masks) >= UNANNOTATED_OBJECT:
        raise SegbenchError(
            f"{len(masks)} objects in one image", "at most 65534", "cut the image into parts"
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
