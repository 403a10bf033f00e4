"""From logits to averaged probabilities: activation, mirrored and turned views, ensembles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segbench.instances.targets import Activation
from segbench.prediction.blending import Forward


def views(flips: bool, rotations: bool) -> list[tuple[int, bool]]:
    """The views of an image that are averaged: quarter turns and whether mirrored.

    Parameters
    ----------
    flips : bool
        Mirrored along x, along y and along both.
    rotations : bool
        Turned by 90, 180 and 270 degrees. With `flips`: all eight symmetries of a square.

    Returns
    -------
    list of (int, bool)
        Mirror along x if asked, then turn by so many quarters; the first is the image.

    Examples
    --------
    >>> views(False, False), views(True, False)
    ([(0, False)], [(0, False), (0, True), (2, False), (2, True)])
    >>> len(views(True, True))
    8
    """
    turns = (0, 1, 2, 3) if rotations else (0, 2) if flips else (0,)
    return [(turn, mirrored) for turn in turns for mirrored in ((False, True)[: 1 + flips])]


def see(tiles: np.ndarray, turns: int, mirrored: bool) -> np.ndarray:
    """One view of some tiles (n, y, x, channel)."""
    tiles = tiles[:, :, ::-1] if mirrored else tiles
    return np.ascontiguousarray(np.rot90(tiles, turns, axes=(1, 2)))


def unsee(maps: np.ndarray, turns: int, mirrored: bool) -> np.ndarray:
    """The inverse of `see`, for the maps (n, y, x, map) of a view."""
    maps = np.rot90(maps, -turns, axes=(1, 2))
    return maps[:, :, ::-1] if mirrored else maps


def over_views(forward: Forward, flips: bool, rotations: bool) -> Forward:
    """Average a network over mirrored and turned views of its input.

    Parameters
    ----------
    forward : callable
        Tiles to probabilities.
    flips, rotations : bool
        See `views`.

    Returns
    -------
    callable
        Costs as many passes as there are views.
    """
    chosen = views(flips, rotations)
    if len(chosen) == 1:
        return forward

    def averaged(tiles: np.ndarray) -> np.ndarray:
        total = sum(unsee(forward(see(tiles, *view)), *view) for view in chosen)
        return np.asarray(total / np.float32(len(chosen)))

    return averaged


def over_models(forwards: Sequence[Forward]) -> Forward:
    """Average the probabilities of several networks."""
    if len(forwards) == 1:
        return forwards[0]

    def averaged(tiles: np.ndarray) -> np.ndarray:
        return np.asarray(sum(forward(tiles) for forward in forwards) / np.float32(len(forwards)))

    return averaged


def activated(forward: Forward, activation: Activation) -> Forward:
    """Turn logits into probabilities.

    Parameters
    ----------
    forward : callable
        Tiles to logits.
    activation : {"sigmoid", "softmax"}
        Independent or exclusive maps.

    Returns
    -------
    callable
        Tiles to float32 probabilities, in [0, 1].
    """
    from scipy.special import expit, softmax

    def probabilities(tiles: np.ndarray) -> np.ndarray:
        logits = np.asarray(forward(tiles), np.float32)
        return np.asarray(softmax(logits, axis=-1) if activation == "softmax" else expit(logits))

    return probabilities
