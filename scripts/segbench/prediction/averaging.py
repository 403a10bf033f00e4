"""From logits to averaged probabilities: activation, mirrored and turned views, ensembles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segbench.errors import SegbenchError
from segbench.instances.targets import Activation
from segbench.prediction.blending import Forward


@dataclass(frozen=True)
class View:
    """A view of an image: optionally mirrored, then turned.

    Attributes
    ----------
    turns : int
        Quarter turns in the plane of y and x.
    mirrored, upended : bool
        Along x; along z, of volumes only.
    """

    turns: int = 0
    mirrored: bool = False
    upended: bool = False

    def of(self, tiles: np.ndarray) -> np.ndarray:
        """Tiles in this view: (n, y, x, channel) or (n, z, y, x, channel)."""
        tiles = tiles[:, ::-1] if self.upended else tiles
        tiles = tiles[..., ::-1, :] if self.mirrored else tiles
        return np.ascontiguousarray(np.rot90(tiles, self.turns, axes=(-3, -2)))

    def back(self, maps: np.ndarray) -> np.ndarray:
        """The inverse of `of`, for the maps of a view."""
        maps = np.rot90(maps, -self.turns, axes=(-3, -2))
        maps = maps[..., ::-1, :] if self.mirrored else maps
        return maps[:, ::-1] if self.upended else maps


def views(flips: bool, rotations: bool, axes: int = 2) -> list[View]:
    """The views of an image to average over; the first is the image itself.

    Parameters
    ----------
    flips : bool
        Mirror along every axis and every set of axes: 4 views of an image, 8 of a volume.
    rotations : bool
        Turn by 90, 180 and 270 degrees. With `flips`: all eight symmetries of a square.
    axes : {2, 3}
        Spatial axes.

    Raises
    ------
    SegbenchError
        Volumes cannot be turned: their voxels are not cubes.

    Examples
    --------
    >>> [(view.turns, view.mirrored) for view in views(True, False)]
    [(0, False), (0, True), (2, False), (2, True)]
    >>> len(views(True, True)), len(views(True, False, axes=3))
    (8, 8)
    """
    if rotations and axes != 2:
        raise SegbenchError(
            "prediction.rotations on volumes",
            "quarter turns of 2-D images only",
            "set the model recipe's `prediction.rotations` to false; `flips` works on volumes",
        )
    turns = (0, 1, 2, 3) if rotations else (0, 2) if flips else (0,)
    either = (False, True)[: 1 + flips]
    return [
        View(turn, mirrored, upended)
        for upended in (either if axes == 3 else (False,))
        for turn in turns
        for mirrored in either
    ]


def over_views(
    forward: Forward, flips: bool, rotations: bool, axes: int = 2, whole: bool = False
) -> Forward:
    """Average a network over the `views` of its input, one pass per view.

    `whole` is set for classifiers, whose output has no orientation to restore.
    """
    chosen = views(flips, rotations, axes)
    if len(chosen) == 1:
        return forward

    def averaged(tiles: np.ndarray) -> np.ndarray:
        total: np.ndarray | int = 0
        for view in chosen:
            maps = forward(view.of(tiles))
            total = total + (maps if whole else view.back(maps))
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
    """Turn logits into float32 probabilities in [0, 1]: independent or exclusive maps."""
    from scipy.special import expit, softmax

    def probabilities(tiles: np.ndarray) -> np.ndarray:
        logits = np.asarray(forward(tiles), np.float32)
        return np.asarray(softmax(logits, axis=-1) if activation == "softmax" else expit(logits))

    return probabilities


def check_finite(what: str, probability: np.ndarray, action: str) -> None:
    """Check that the output of a network is finite; `action` is the advice if it is not."""
    if not np.isfinite(probability).all():
        raise SegbenchError(
            f"{what}: the network's output is not a number", "finite logits", action
        )
