"""Outlines of objects, as annotation tools write them, and masks made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

#: What marks, in masks of numbered objects, regions of which single objects were not annotated.
CROWD = 65535


@dataclass(frozen=True)
class Shape:
    """One annotated object.

    Attributes
    ----------
    category : int
        Index into the names of the classes.
    rings : tuple of ndarray, (n, 2)
        Corners x, y in pixels; 0 is the left or upper border of the first pixel. The object is
        the union of their insides.
    mask : ndarray of bool, (y, x), or None
        Instead of rings.
    crowd : bool
        A region of several objects that were not annotated one by one.
    """

    category: int
    rings: tuple[np.ndarray, ...] = ()
    mask: np.ndarray | None = None
    crowd: bool = False


@dataclass(frozen=True)
class Annotated:
    """One image with its objects.

    Attributes
    ----------
    image : str
        File, relative to the folder that is inspected.
    key : str
        Name of its mask without ending; folders are those of the split.
    size : tuple of int
        (y, x) of the masks.
    shapes : list of Shape
    split : str
        ``train`` or ``test``; empty: not said.
    """

    image: str
    key: str
    size: tuple[int, int]
    shapes: list[Shape] = field(default_factory=list)
    split: str = ""


def filled(rings: Iterable[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """The pixels whose centres lie inside any of some polygons.

    Parameters
    ----------
    rings : iterable of ndarray, (n, 2)
        As in `Shape`.
    size : (int, int)
        Rows and columns.

    Returns
    -------
    ndarray of bool, (y, x)

    Examples
    --------
    >>> filled([np.array([[0, 0], [2, 0], [2, 1], [0, 1]])], (2, 3)).astype(int).tolist()
    [[1, 1, 0], [0, 0, 0]]
    """
    mask = np.zeros(size, bool)
    for ring in rings:
        mask |= _inside(np.asarray(ring, np.float64), size)
    return mask


def _inside(ring: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Even-odd rule along each row of pixels."""
    mask = np.zeros(size, bool)
    start, end = ring, np.roll(ring, -1, axis=0)
    low, high = ring[:, 1].min(), ring[:, 1].max()
    first, last = max(int(np.ceil(low - 0.5)), 0), min(int(np.floor(high - 0.5)), size[0] - 1)
    for row in range(first, last + 1):
        y = row + 0.5
        # Half open: a corner on the line counts for one of its two edges.
        crossing = (start[:, 1] <= y) != (end[:, 1] <= y)
        if not crossing.any():
            continue
        (x0, y0), (x1, y1) = start[crossing].T, end[crossing].T
        borders = np.sort(x0 + (y - y0) * (x1 - x0) / (y1 - y0))
        # Pixel k is inside from its centre k + 1/2 on.
        columns = np.clip(np.ceil(borders - 0.5), 0, size[1]).astype(int)
        for left, right in columns.reshape(-1, 2):
            mask[row, left:right] = True
    return mask


def drawn(annotated: Annotated, instances: bool) -> tuple[np.ndarray, int]:
    """The mask of an image: numbered objects, or the numbers of their classes from 1.

    Parameters
    ----------
    annotated : Annotated
    instances : bool
        Numbered objects; else a label map.

    Returns
    -------
    mask : ndarray of uint8 or uint16, (y, x)
        Where objects overlap, the smaller one is on top.
    overlap : int
        Pixels of more than one object, or of objects of different classes.
    """
    mask = np.zeros(annotated.size, np.uint16 if instances else np.uint8)
    masks = [
        shape.mask if shape.mask is not None else filled(shape.rings, annotated.size)
        for shape in annotated.shapes
    ]
    order = sorted(range(len(masks)), key=lambda n: (-int(masks[n].sum()), n))
    overlap = np.zeros(annotated.size, bool)
    number = 0
    for n in order:
        shape = annotated.shapes[n]
        if not masks[n].any():
            continue
        if instances:
            number += not shape.crowd
            value = CROWD if shape.crowd else number
        else:
            value = shape.category + 1
        overlap |= masks[n] & (mask != 0) & (mask != value)
        mask[masks[n]] = value
    return mask, int(overlap.sum())


def ring_of(numbers: Sequence[float]) -> np.ndarray | None:
    """Corners of a polygon from x, y, x, y, ...; None if they are none.

    Examples
    --------
    >>> ring_of([0, 0, 4, 0, 4, 3]).shape, ring_of([0, 0, 4, 0])
    ((3, 2), None)
    """
    if len(numbers) < 6 or len(numbers) % 2:
        return None
    corners = np.asarray(numbers, np.float64).reshape(-1, 2)
    return corners if np.isfinite(corners).all() else None
