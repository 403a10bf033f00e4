"""Outlines along the edges of the pixels: exact polygons, as ImageJ and OME draw them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Directions of an edge: right, down, left, up; as steps (y, x) from corner to corner.
_STEPS = np.array([(0, 1), (1, 0), (0, -1), (-1, 0)])


@dataclass(frozen=True)
class Outline:
    """One closed line around an object (clockwise) or around a hole in it.

    Attributes
    ----------
    owner : int
        Number of the object less one.
    corners : ndarray of int64, (corner, 2)
        x, y; the first pixel covers 0 to 1. From the topmost left one; the last is joined to
        the first.
    """

    owner: int
    corners: np.ndarray


def outlines(numbers: np.ndarray) -> list[Outline]:
    """Trace the outlines of all objects.

    Parameters
    ----------
    numbers : ndarray of int, (y, x)
        0 outside, 1, 2, ...

    Returns
    -------
    list of Outline
        Sorted by object. A polygon encloses exactly the object's pixels; where pixels of an
        object touch at a corner only, the line turns, so that they are apart.

    Examples
    --------
    >>> outlines(np.array([[0, 1, 1]]))[0].corners.tolist()
    [[1, 0], [3, 0], [3, 1], [1, 1]]
    """
    if not numbers.any():
        return []
    owner, corner, direction, following = _edges(numbers)
    turns = np.empty(len(following), bool)
    turns[following] = direction != direction[following]
    width = numbers.shape[1] + 1
    steps = following.tolist()
    todo = bytearray(b"\1") * len(steps)
    found = []
    edge = 0
    while edge >= 0:
        loop = []
        here = edge
        while todo[here]:
            todo[here] = 0
            loop.append(here)
            here = steps[here]
        kept = np.array(loop)
        y, x = np.divmod(corner[kept[turns[kept]]], width)
        found.append(Outline(int(owner[edge]), np.stack([x, y], axis=1)))
        edge = todo.find(1, edge)
    return found


def _edges(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """All directed edges of all objects, each with the object on its right.

    Returns
    -------
    tuple of ndarray
        owner, corner where it starts, direction and the edge that follows; sorted by object
        and corner.
    """
    padded = np.pad(numbers.astype(np.int64), 1)
    width = numbers.shape[1] + 1
    parts = []
    for axis, (of_first, of_second) in ((1, (1, 3)), (0, (2, 0))):
        if axis == 1:
            first, second = padded[1:-1, :-1], padded[1:-1, 1:]
        else:
            first, second = padded[:-1, 1:-1], padded[1:, 1:-1]
        where: tuple[np.ndarray, ...] = np.nonzero(first != second)
        y, x = where
        for label, direction in ((first[y, x], of_first), (second[y, x], of_second)):
            inside = label > 0
            # Edges that run up or left start at their far end.
            backwards = direction in (2, 3)
            start_y = y[inside] + (backwards and axis == 1)
            start_x = x[inside] + (backwards and axis == 0)
            parts.append((label[inside], start_y * width + start_x, direction))
    owner = np.concatenate([part[0] for part in parts])
    corner = np.concatenate([part[1] for part in parts])
    towards = np.concatenate([np.full(len(part[0]), part[2]) for part in parts])
    corners = width * (numbers.shape[0] + 1)
    node = owner * corners + corner
    order = np.argsort(node * 4 + towards)
    node, towards = node[order], towards[order]
    step = _STEPS @ np.array([width, 1])
    ends = node + step[towards]
    following = np.searchsorted(node, ends)
    # Where the object touches itself at a corner two edges go on: turn right, stay at the pixel.
    last = np.minimum(following + 1, len(node) - 1)
    two = (node[last] == ends) & (towards[following] != (towards + 1) % 4) & (last > following)
    return owner[order] - 1, corner[order], towards, following + two
