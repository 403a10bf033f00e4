"""Numbered objects from a mask: connected pieces, split pieces, small ones, holes.

Connectivity is 4 for objects (two pixels that touch at a corner are two objects) and 8
for what lies between them, so that a line one pixel wide and slanted parts two objects.
"""

from __future__ import annotations

import cv2
import numpy as np

from segbench.errors import SegbenchError
from segbench.unannotated import UNANNOTATED_OBJECT


def pieces(mask: np.ndarray) -> np.ndarray:
    """Number the 4-connected pieces of a mask.

    Parameters
    ----------
    mask : ndarray (y, x), bool

    Returns
    -------
    ndarray (y, x), int32
        0 outside; 1, 2, ... without gaps.

    Examples
    --------
    >>> pieces(np.array([[1, 1, 0], [0, 0, 1]], bool)).tolist()
    [[1, 1, 0], [0, 0, 2]]
    """
    image = np.ascontiguousarray(mask).view(np.uint8)
    return np.asarray(cv2.connectedComponents(image, connectivity=4, ltype=cv2.CV_32S)[1])


def split(
    mask: np.ndarray, seed_map: np.ndarray, seed_threshold: float, minimum_px: int = 0
) -> np.ndarray:
    """Part the pieces of a mask that hold several seeds, by a watershed.

    Parameters
    ----------
    mask : ndarray (y, x), bool
        What belongs to objects.
    seed_map : ndarray (y, x), float32
        High in the middle of objects, low where they touch. Seeds are the 4-connected
        pieces of the mask where it exceeds the threshold; its negative is the relief
        that is flooded.
    minimum_px : int, optional
        A seed whose object would be smaller is dropped if its piece holds another one,
        and its pixels go to that: a speck in the seed map does not cost pixels. If all
        seeds of a piece are such, the piece is one object.

    Returns
    -------
    ndarray (y, x), int32
        Numbered without gaps; non-zero exactly on the mask. A piece without a seed, or
        with one, is one object.

    References
    ----------
    Meyer 1994, Topographic distance and watershed lines, Signal Processing 38:113,
    doi:10.1016/0165-1684(94)90060-4. Flooding is that of scikit-image.

    Examples
    --------
    >>> height = np.float32([[1, 2, 1, 2, 1, 0, 3]])
    >>> split(height > 0, height, 1.5).tolist()
    [[2, 2, 2, 3, 3, 0, 1]]
    """
    whole = pieces(mask)
    seeds = pieces(mask & (seed_map > seed_threshold))
    objects = _flood(whole, seeds, seed_map)
    if minimum_px > 1:
        small = np.bincount(objects.ravel()) < minimum_px
        dropped = small[objects]
        if dropped.any():
            objects = _flood(whole, np.where(dropped, 0, seeds), seed_map)
    return objects


def _flood(whole: np.ndarray, seeds: np.ndarray, seed_map: np.ndarray) -> np.ndarray:
    """Watershed of those pieces that hold several seeds; the others are objects already."""
    here = seeds > 0
    piece_of_seed = np.zeros(int(seeds.max(initial=0)) + 1, np.int64)
    piece_of_seed[seeds[here]] = whole[here]
    seeds_in_piece = np.bincount(piece_of_seed, minlength=int(whole.max(initial=0)) + 1)
    seeds_in_piece[0] = 0
    contested = (seeds_in_piece > 1)[whole]
    if not contested.any():
        return whole
    from skimage.segmentation import watershed

    rows, columns = (np.flatnonzero(contested.any(axis=axis)) for axis in (1, 0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    inside = contested[box]
    flooded = watershed(-seed_map[box], np.where(inside, seeds[box], 0), mask=inside)
    result = whole.astype(np.int32)
    result[box][inside] = flooded[inside] + whole.max()
    return renumber(result)


def renumber(objects: np.ndarray) -> np.ndarray:
    """Number objects 1, 2, ... without gaps, keeping their order.

    Examples
    --------
    >>> renumber(np.array([[0, 7, 3]])).tolist()
    [[0, 2, 1]]
    """
    present = np.bincount(objects.ravel()) > 0
    present[0] = False
    numbers = np.cumsum(present, dtype=np.int32)
    numbers[~present] = 0
    return np.asarray(numbers[objects])


def remove_small(objects: np.ndarray, minimum_px: int) -> np.ndarray:
    """Turn objects of fewer than `minimum_px` pixels into background; renumber the rest.

    Examples
    --------
    >>> remove_small(np.array([[1, 0, 2, 2]]), 2).tolist()
    [[0, 0, 1, 1]]
    """
    small = np.bincount(objects.ravel()) < minimum_px
    return renumber(np.where(small[objects], 0, objects)) if small[1:].any() else objects


def fill_holes(objects: np.ndarray) -> np.ndarray:
    """Fill the holes that lie in one object; a gap enclosed by several stays a gap.

    Parameters
    ----------
    objects : ndarray (y, x), integers
        Numbered objects, 0 is the background.

    Returns
    -------
    ndarray (y, x)
        A hole is an 8-connected piece of the background that does not touch the edge of
        the image and borders on one object alone.

    Examples
    --------
    >>> fill_holes(np.array([[1, 1, 1, 0], [1, 0, 1, 2], [1, 1, 1, 2]])).tolist()
    [[1, 1, 1, 0], [1, 1, 1, 2], [1, 1, 1, 2]]
    """
    background = np.ascontiguousarray(objects == 0).view(np.uint8)
    count, holes = cv2.connectedComponents(background, connectivity=8, ltype=cv2.CV_32S)
    closed = np.ones(count, bool)
    for edge in (holes[0], holes[-1], holes[:, 0], holes[:, -1]):
        closed[edge] = False
    closed[0] = False
    if not closed.any():
        return objects
    lowest = np.full(count, np.iinfo(np.int64).max)
    highest = np.zeros(count, np.int64)
    for hole, neighbour in _adjacent(holes, objects):
        np.minimum.at(lowest, hole, neighbour)
        np.maximum.at(highest, hole, neighbour)
    filling = np.where(closed & (lowest == highest), highest, 0)
    return np.where(objects == 0, filling[holes], objects).astype(objects.dtype)


def _adjacent(holes: np.ndarray, objects: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Hole and object of all pairs of pixels that share a side, one hole, one object."""
    before, after = np.s_[:-1], np.s_[1:]
    pairs = []
    for here, there in (
        (np.s_[before, :], np.s_[after, :]),
        (np.s_[after, :], np.s_[before, :]),
        (np.s_[:, before], np.s_[:, after]),
        (np.s_[:, after], np.s_[:, before]),
    ):
        meet = (holes[here] > 0) & (objects[there] > 0)
        pairs.append((holes[here][meet], objects[there][meet]))
    return pairs


def as_uint16(objects: np.ndarray) -> np.ndarray:
    """Numbered objects as they are stored.

    Raises
    ------
    SegbenchError
        If there are more than 65534: the network knows nothing and sees specks.
    """
    count = int(objects.max(initial=0))
    if count >= UNANNOTATED_OBJECT:
        raise SegbenchError(
            f"{count} objects in one image",
            "at most 65534",
            "raise the model recipe's `instances.minimum_px`, or train for longer",
        )
    return objects.astype(np.uint16)
